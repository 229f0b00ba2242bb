"""Measure how acted emotions move a voice, and write `assets/emotion_profiles.json`.

Run by hand; the recordings stay where they are and only aggregate figures are written:

    BARKLINE_REFERENCE_DATA=/path/to/data python scripts/measure_emotions.py

Each recording is compared with recordings of the same actor and the same sentence spoken
neutrally. What is kept is the median over actors of the actor's own mean change, its spread (half
the distance of the quartiles) and the number of actors.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from renderer.audio.pitch import semitones, speaker_range, track_f0
from renderer.audio.waveform import Waveform

VARIABLE = "BARKLINE_REFERENCE_DATA"
HOP_S = 0.01
SILENCE_DB = -32.0  # below the clip's own loud frames: pauses, breath, room
MIN_PAUSE_S = 0.08
LOW_HZ, HIGH_HZ = (50, 1000), (1000, 5000)  # alpha ratio: Eyben et al. 2016, eGeMAPS
NORMAL, STRONG = 0.5, 1.0
FEATURES = ("pitch_st", "pitch_range", "rate", "energy_db", "tilt_db", "pause_scale")
FACTORS = frozenset({"pitch_range", "rate", "pause_scale"})
# How far a rendering may follow a measured figure: louder and higher than this, a synthetic voice
# breaks before it sounds more moved. A figure nears its limit smoothly (limit x tanh(x / limit),
# factors by their logarithm), so that stronger stays stronger and small figures stay as measured.
LIMITS = {
    "pitch_st": (-5.0, 7.0),
    "pitch_range": (0.5, 2.0),
    "rate": (0.75, 1.35),
    "energy_db": (-8.0, 10.0),
    "tilt_db": (-6.0, 8.0),
    "pause_scale": (0.6, 2.5),
}
# Strong sadness was played as weeping: higher and louder than neutral, where normal sadness is
# lower and softer. Without sobs that reads as excitement, and turning up the intensity would turn
# the emotion round. So these four follow normal sadness, half as much again; rate and pauses are as
# measured.
CONTINUED = {("sad", STRONG): ("pitch_st", "pitch_range", "energy_db", "tilt_db")}
CONTINUED_BY = 1.5
RAVDESS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgusted", "surprised")
EMODB = {"W": "angry", "E": "disgusted", "A": "fearful", "F": "happy", "T": "sad", "N": "neutral"}
SOURCES = [
    {
        "name": "RAVDESS",
        "citation": "Livingstone SR, Russo FA (2018). The Ryerson Audio-Visual Database of "
        "Emotional Speech and Song (RAVDESS). PLoS ONE 13(5): e0196391. "
        "https://doi.org/10.1371/journal.pone.0196391",
        "licence": "Recordings: CC BY-NC-SA 4.0; not shipped. Shipped: aggregate figures only.",
        "used": "Speech, actors 01–12, two sentences, two repetitions, normal and strong "
        "intensity (neutral has one).",
    },
    {
        "name": "EmoDB",
        "citation": "Burkhardt F, Paeschke A, Rolfes M, Sendlmeier W, Weiss B (2005). A Database "
        "of German Emotional Speech. Interspeech 2005, 1517–1520.",
        "licence": "Recordings: free for research; not shipped. Shipped: aggregate figures only.",
        "used": "Seven speakers, one intensity. Its level is set per recording, so it does not "
        "count for energy; it counts as normal intensity for everything else.",
    },
]


@dataclass(frozen=True)
class Clip:
    """One recording: who, what sentence, how."""

    path: Path
    source: str
    actor: str
    text: str
    emotion: str
    level: float


def find_clips(root: Path) -> Iterator[Clip]:
    """Yield the recordings of both sets."""
    for path in sorted((root / "emotion" / "ravdess").glob("*.flac")):
        _, _, emotion, level, text, _, actor = path.stem.split("-")
        name = RAVDESS[int(emotion) - 1]
        intensity = 0.0 if name == "neutral" else {"01": NORMAL, "02": STRONG}[level]
        yield Clip(path, "ravdess", actor, text, name, intensity)
    for path in sorted((root / "emotion" / "emodb").glob("*.flac")):
        name = EMODB.get(path.stem[5], "")
        if name:
            intensity = 0.0 if name == "neutral" else NORMAL
            yield Clip(path, "emodb", path.stem[:2], path.stem[2:5], name, intensity)


def measure(path: Path) -> dict[str, float]:
    """Return one recording's F0 centre and spread, speech and pause time, level and tilt."""
    samples, rate = soundfile.read(path, dtype="float32")
    waveform = Waveform.of(samples, rate)
    size, hop = int(0.025 * rate), int(HOP_S * rate)
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop].astype(np.float64)
    power = (frames**2).mean(axis=1) + 1e-12
    level = 10 * np.log10(power)
    loud = level > np.quantile(level, 0.95) + SILENCE_DB
    first, last = np.flatnonzero(loud)[[0, -1]]
    inner = loud[first : last + 1]
    pause = _pause_frames(inner) * HOP_S
    f0, voiced = track_f0(waveform, *speaker_range(waveform), HOP_S)
    tones = semitones(f0[first : last + 1][voiced[first : last + 1]])
    spectrum = np.abs(np.fft.rfft(frames[loud] * np.hanning(size), axis=1)) ** 2
    hz = np.fft.rfftfreq(size, 1 / rate)
    low, high = (spectrum[:, (hz >= a) & (hz < b)].sum() for a, b in (LOW_HZ, HIGH_HZ))
    return {
        "mean_st": float(np.mean(tones)),
        "spread_st": float(np.std(tones)),
        "speech_s": inner.size * HOP_S - pause,
        "pause_s": pause,
        "energy_db": float(10 * np.log10(power[loud].mean())),
        "tilt_db": float(10 * np.log10(high / low)),
    }


def _pause_frames(inner: np.ndarray) -> int:
    """Count the frames of silences that are long enough to be pauses."""
    edges = np.flatnonzero(np.diff(np.concatenate([[1], inner.astype(int), [1]])))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= MIN_PAUSE_S / HOP_S].sum())


def change(clip: dict[str, float], neutral: dict[str, float]) -> dict[str, float]:
    """Return how a recording differs from the same actor's neutral one."""
    return {
        "pitch_st": clip["mean_st"] - neutral["mean_st"],
        "pitch_range": clip["spread_st"] / max(neutral["spread_st"], 0.3),
        "rate": neutral["speech_s"] / clip["speech_s"],
        "energy_db": clip["energy_db"] - neutral["energy_db"],
        "tilt_db": clip["tilt_db"] - neutral["tilt_db"],
        # A short sentence often has no pause: 0.1 s on both sides keeps the ratio finite.
        "pause_scale": (clip["pause_s"] + 0.1) / (neutral["pause_s"] + 0.1),
    }


def changes_by_actor(
    clips: list[Clip],
) -> dict[tuple[str, float], dict[str, dict[str, float]]]:
    """Return (emotion, level) → actor → mean change (factors: geometric mean)."""
    measured = {clip: measure(clip.path) for clip in clips}
    neutral: dict[tuple[str, ...], list[dict[str, float]]] = defaultdict(list)
    for clip, values in measured.items():
        if clip.emotion == "neutral":
            neutral[clip.source, clip.actor, clip.text].append(values)
            neutral[clip.source, clip.actor].append(values)
    pool: dict[tuple[str, float], dict[str, list[dict[str, float]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for clip, values in measured.items():
        if clip.emotion == "neutral":
            continue
        base = neutral.get((clip.source, clip.actor, clip.text))
        same_text = base is not None
        rows = base or neutral[clip.source, clip.actor]
        average = {k: float(np.mean([r[k] for r in rows])) for k in rows[0]}
        row = change(values, average)
        if not same_text:
            row["rate"] = row["pause_scale"] = float("nan")  # another sentence: no common length
        if clip.source == "emodb":
            row["energy_db"] = float("nan")  # level set per recording
        pool[clip.emotion, clip.level][f"{clip.source}-{clip.actor}"].append(row)
    return {
        key: {actor: _average(rows) for actor, rows in actors.items()}
        for key, actors in pool.items()
    }


def _average(rows: list[dict[str, float]]) -> dict[str, float]:
    out = {}
    for name in FEATURES:
        values = np.array([r[name] for r in rows])
        values = values[np.isfinite(values)]
        if not values.size:
            out[name] = float("nan")
        elif name in FACTORS:
            out[name] = float(np.exp(np.log(values).mean()))
        else:
            out[name] = float(values.mean())
    return out


def summarise(actors: dict[str, dict[str, float]]) -> tuple[dict[str, float], dict[str, object]]:
    """Return the figures to render with, and what was measured."""
    shape, measured = {}, {}
    for name in FEATURES:
        values = np.array([row[name] for row in actors.values()])
        values = values[np.isfinite(values)]
        low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
        shape[name] = round(within_limits(name, float(middle)), 3)
        measured[name] = {
            "median": round(float(middle), 3),
            "half_quartile_range": round(float(high - low) / 2, 3),
            "actors": int(values.size),
        }
    return shape, measured


def within_limits(name: str, value: float) -> float:
    """Return the figure, bent smoothly so that it never passes its limit."""
    bounds = np.array(LIMITS[name])
    if name in FACTORS:
        bounds, value = np.log(bounds), float(np.log(value))
    limit = abs(bounds[1] if value > 0 else bounds[0])
    bent = limit * np.tanh(value / limit)
    return float(np.exp(bent) if name in FACTORS else bent)


def continue_normal(
    normal: dict[str, float], strong: dict[str, float], names: tuple[str, ...]
) -> dict[str, float]:
    """Return the strong shape with some figures taken from the normal one, enlarged."""
    enlarged = {
        name: normal[name] ** CONTINUED_BY if name in FACTORS else normal[name] * CONTINUED_BY
        for name in names
    }
    return strong | {name: round(value, 3) for name, value in enlarged.items()}


def build(root: Path) -> dict[str, object]:
    """Measure everything and return the document."""
    clips = list(find_clips(root))
    if not clips:
        sys.exit(f"no recordings under {root}/emotion; set BARKLINE_REFERENCE_DATA")
    by_actor = changes_by_actor(clips)
    emotions: dict[str, dict[str, object]] = {}
    shapes: dict[tuple[str, float], dict[str, float]] = {}
    for emotion in RAVDESS[1:]:
        emotions[emotion] = {}
        for level in (NORMAL, STRONG):
            shape, measured = summarise(by_actor[emotion, level])
            row: dict[str, object] = {"shape": shape, "measured": measured}
            if names := CONTINUED.get((emotion, level)):
                shape |= continue_normal(shapes[emotion, NORMAL], shape, names)
                row["note"] = (
                    f"{', '.join(names)} continue normal intensity (x {CONTINUED_BY}): the strong "
                    "recordings are weeping, which turns these figures round."
                )
            shapes[emotion, level] = shape
            emotions[emotion][f"{level}"] = row
    return {
        "format": "barkline-emotion-profiles",
        "version": 1,
        "about": "How each acted emotion differs from the same actor's neutral. `shape` is what "
        "is rendered: `measured` medians that near their `limits` smoothly (limit x "
        "tanh(x / limit)). Intensity 0 is no change; 0.5 and "
        "1.0 are the recorded intensities (normal, strong); anything between is interpolated "
        "(shifts linearly, factors geometrically), not measured. Neutral has no rows: it is the "
        "reference.",
        "units": {
            "pitch_st": "semitones, mean F0",
            "pitch_range": "x, standard deviation of F0 in semitones",
            "rate": "x, 1 / speaking time without pauses",
            "energy_db": "dB, RMS of speech",
            "tilt_db": "dB, level of 1-5 kHz against 50-1000 Hz (alpha ratio)",
            "pause_scale": "x, pause time inside the line (0.1 s added to both sides)",
        },
        "limits": {name: list(bounds) for name, bounds in LIMITS.items()},
        "sources": SOURCES,
        "emotions": emotions,
    }


def main() -> None:
    """Parse the command line, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get(VARIABLE))  # noqa: TID251 - run by hand
    parser.add_argument("--output", type=Path, default=Path("assets/emotion_profiles.json"))
    options = parser.parse_args()
    if options.data is None:
        parser.error("set BARKLINE_REFERENCE_DATA or give --data")
    document = build(Path(options.data))
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
