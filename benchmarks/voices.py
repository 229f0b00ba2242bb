"""How good our own voices are: sound, intelligibility, control, distinctness, speed.

    python benchmarks/voices.py [--voice hearth] [--voices FOLDER] [--corpora FOLDER]
        [--sentences 50] [--only quality --only control …] [--write]

Everything is said through the ports that a render uses, without variation, on held-out sentences
(`assets/training/texts/*.valid.txt`). The teacher is the corpus's own sound of the same sentence,
the copy is the vocoder on the teacher's mel and F0, the student is the voice. Sound and judgements
are kept under build/, so a second run, or another section, is cheap. `--write` puts what was
measured into docs/benchmarks/voices.json and draws voices.md and its pictures from it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import voice_map
import voice_report
from voice_bench import Bench, Pair, distance

from renderer.audio.activity import sound_bounds
from renderer.audio.waveform import Waveform
from renderer.domain.direction import Prosody
from renderer.judges.phone_class import error_rate
from renderer.ports import Speech
from renderer.speech.voice_book import Voices

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs" / "benchmarks"
Row = dict[str, object]
CONTROLS: tuple[tuple[str, str, float, Prosody], ...] = (
    ("pitch", "st", 3.0, Prosody(pitch_st=3.0)),
    ("pitch", "st", -3.0, Prosody(pitch_st=-3.0)),
    ("range", "×", 0.5, Prosody(pitch_range=0.5)),
    ("range", "×", 1.5, Prosody(pitch_range=1.5)),
    ("rate", "×", 0.8, Prosody(rate=0.8)),
    ("rate", "×", 1.25, Prosody(rate=1.25)),
    ("energy", "dB", 6.0, Prosody(energy_db=6.0)),
    ("energy", "dB", -6.0, Prosody(energy_db=-6.0)),
)


# -- quality ---------------------------------------------------------------------------------------


def quality(bench: Bench, pairs: Sequence[Pair], _: argparse.Namespace) -> list[Row]:
    """DNSMOS of teacher, copy and student, and how far student and teacher are apart."""
    return [row for pair in pairs if (row := _quality(bench, pair)) is not None]


def _quality(bench: Bench, pair: Pair) -> Row | None:
    mos: dict[str, list[np.ndarray]] = {"teacher": [], "copy": [], "student": []}
    apart: list[tuple[float, float]] = []
    for text in bench.sentences(pair.language):
        sounds = {
            "teacher": bench.teacher(pair, text),
            "copy": bench.copied(pair, text),
            "student": bench.student(pair, text),
        }
        for kind, sound in sounds.items():
            score = None if sound is None else bench.mos(sound)
            if score is not None:
                mos[kind].append(score)
        if sounds["teacher"] is not None and sounds["student"] is not None:
            apart.append(distance(sounds["student"], sounds["teacher"], _bounds(bench, pair)))
    row: Row = {"speaker": pair.speaker, "language": pair.language}
    for kind, scores in mos.items():
        row[f"{kind}_sentences"] = len(scores)
        if scores:
            row[f"{kind}_ovrl"], row[f"{kind}_p808"] = map(float, np.mean(scores, axis=0))
    if apart:
        row["mel_l1"], row["f0_error_st"] = map(float, np.nanmean(apart, axis=0))
    _say("quality", row)
    return row if any(mos.values()) else None


def _bounds(bench: Bench, pair: Pair) -> tuple[float, float]:
    found = next(t for key, t in bench.taught.items() if key[:2] == (pair.speaker, pair.language))
    speaker = found.corpus.speakers[pair.speaker]
    return speaker.f0_floor_hz, speaker.f0_ceiling_hz


# -- speech ----------------------------------------------------------------------------------------


def speech(bench: Bench, pairs: Sequence[Pair], _: argparse.Namespace) -> list[Row]:
    """Whether every word can be found, and which phones an English recogniser hears."""
    return [row for pair in pairs if (row := _speech(bench, pair)) is not None]


def _speech(bench: Bench, pair: Pair) -> Row | None:
    row: Row = {"speaker": pair.speaker, "language": pair.language}
    heard: dict[tuple[str, str], str] = {}
    for kind, make in (("teacher", bench.teacher), ("student", bench.student)):
        fits, rates = [], []
        for text in bench.sentences(pair.language):
            sound = make(pair, text)
            if sound is None:
                continue
            fits.append(bench.aligned(sound, text, pair.language))
            classes = bench.heard(sound)
            if classes is not None:
                heard[kind, text] = classes
                rates.append(error_rate(classes, bench.expected(text, pair.language)))
        if fits:
            row[f"{kind}_score"] = float(np.mean([score for score, _ in fits]))
            row[f"{kind}_words"] = float(np.mean([found for _, found in fits]))
            row[f"{kind}_whole"] = float(np.mean([found == 1 for _, found in fits]))
            row[f"{kind}_phone_errors"] = float(np.mean(rates)) if rates else float("nan")
    both = [
        error_rate(heard["student", text], heard["teacher", text])
        for kind, text in heard
        if kind == "student" and ("teacher", text) in heard
    ]
    if both:
        row["phone_distance"] = float(np.mean(both))
    _say("speech", row)
    return row if len(row) > 2 else None


# -- control ---------------------------------------------------------------------------------------


def control(bench: Bench, pairs: Sequence[Pair], options: argparse.Namespace) -> list[Row]:
    """What is asked and what is heard, per speaker; and what it costs in DNSMOS."""
    own = [pair for pair in pairs if pair.speaker in bench.speakers]
    texts = {p.language: bench.sentences(p.language)[: options.control_sentences] for p in own}
    rows = []
    for (name, unit, asked, prosody), pair in itertools.product(CONTROLS, own):
        row = _control(bench, pair, texts[pair.language], name, prosody)
        if row is not None:
            rows.append({"control": name, "unit": unit, "asked": asked, **row})
            _say("control", rows[-1])
    return rows


def _control(
    bench: Bench, pair: Pair, texts: Sequence[str], name: str, prosody: Prosody
) -> Row | None:
    got, cost = [], []
    for text in texts:
        plain, changed = bench.student(pair, text), bench.student(pair, text, prosody)
        if plain is None or changed is None:
            continue
        got.append(READ[name](plain, changed))
        before, after = bench.mos(plain), bench.mos(changed)
        if before is not None and after is not None:
            cost.append(after - before)
    if not np.isfinite(got).any():
        return None
    ovrl, p808 = np.mean(cost, axis=0) if cost else (float("nan"), float("nan"))
    return {
        "speaker": pair.speaker,
        "language": pair.language,
        "got": float(np.nanmean(got)),
        "ovrl": float(ovrl),
        "p808": float(p808),
        "sentences": len(got),
    }


def tones(sound: Waveform, middle_hz: float) -> np.ndarray:
    """Semitones of the voiced frames, by Praat, which nothing in the synthesis uses."""
    import parselmouth

    praat = parselmouth.Sound(sound.samples.astype(np.float64), sound.sample_rate)
    pitch = praat.to_pitch_ac(
        0.01, pitch_floor=max(50.0, middle_hz / 2.2), pitch_ceiling=min(800.0, middle_hz * 2.6)
    )
    hz = pitch.selected_array["frequency"]
    found = 12 * np.log2(hz[hz > 0] / 100)
    return found[np.abs(found - np.median(found)) < 9.5] if found.size else found


def middle_hz(sound: Waveform) -> float:
    import parselmouth

    praat = parselmouth.Sound(sound.samples.astype(np.float64), sound.sample_rate)
    hz = praat.to_pitch(0.01, 50.0, 700.0).selected_array["frequency"]
    return float(np.median(hz[hz > 0])) if np.any(hz > 0) else 150.0


def read_pitch(plain: Waveform, changed: Waveform) -> float:
    before, after = (tones(sound, middle_hz(plain)) for sound in (plain, changed))
    return float(after.mean() - before.mean()) if before.size and after.size else float("nan")


def read_range(plain: Waveform, changed: Waveform) -> float:
    before, after = (tones(sound, middle_hz(plain)) for sound in (plain, changed))
    return float(after.std() / before.std()) if before.size and after.size else float("nan")


def read_rate(plain: Waveform, changed: Waveform) -> float:
    lengths = []
    for sound in (plain, changed):
        bounds = sound_bounds(sound)
        lengths.append((bounds.end - bounds.start) / sound.sample_rate)
    return lengths[0] / lengths[1]


def read_energy(plain: Waveform, changed: Waveform) -> float:
    return _level_db(changed) - _level_db(plain)


def _level_db(sound: Waveform) -> float:
    hop = sound.sample_rate // 100
    frames = sound.samples[: sound.samples.size // hop * hop].reshape(-1, hop).astype(np.float64)
    power = (frames**2).mean(axis=1) + 1e-12
    return float(10 * np.log10(power[power > np.quantile(power, 0.95) / 1000].mean()))


READ: dict[str, Callable[[Waveform, Waveform], float]] = {
    "pitch": read_pitch,
    "range": read_range,
    "rate": read_rate,
    "energy": read_energy,
}


# -- distinctness ----------------------------------------------------------------------------------


def distinct(bench: Bench, pairs: Sequence[Pair], options: argparse.Namespace) -> Row:
    """How like itself each voice is, and how like the others; the same for the teachers."""
    first: dict[str, Pair] = {}  # a speaker's first language
    for pair in pairs:
        if pair.speaker in bench.speakers:
            first.setdefault(pair.speaker, pair)
    return {
        kind: _likeness(bench, list(first.values()), make, options.distinct_sentences)
        for kind, make in (("student", bench.student), ("teacher", bench.teacher))
    }


def _likeness(
    bench: Bench, pairs: Sequence[Pair], make: Callable[..., Waveform | None], count: int
) -> Row:
    names, centroids, selves, f0_hz = [], [], [], []
    for pair in pairs:
        texts = bench.sentences(pair.language)[:count]
        sounds = [s for text in texts if (s := make(pair, text)) is not None]
        vectors = np.array([v for s in sounds if (v := bench.vector(s)) is not None])
        if len(vectors) < 2:
            continue
        cosines = vectors @ vectors.T
        names.append(pair.speaker or bench.card.name)
        selves.append(float(cosines[np.triu_indices(len(cosines), 1)].mean()))
        centroid = vectors.mean(axis=0)
        centroids.append(centroid / np.linalg.norm(centroid))
        f0_hz.append(float(np.median([middle_hz(sound) for sound in sounds[:5]])))
        print(f"distinct {names[-1]}: self {selves[-1]:.2f}, F0 {f0_hz[-1]:.0f} Hz", flush=True)
    table = np.array(centroids) @ np.array(centroids).T if centroids else np.zeros((0, 0))
    return {"names": names, "self": selves, "f0_hz": f0_hz, "cosines": table.round(4).tolist()}


# -- speed -----------------------------------------------------------------------------------------


def speed(bench: Bench, pairs: Sequence[Pair], options: argparse.Namespace) -> Row:
    """× real time from a transcript to samples, and what one line of three seconds takes."""
    pair = next(p for p in pairs if p.speaker in bench.speakers)
    texts = bench.sentences(pair.language)
    lines = [bench.transcript(text, pair.language) for text in (texts * 16)[:16]]
    requests = [bench.request(line, pair.speaker) for line in lines]
    row: Row = {"speaker": pair.speaker, "load": os.getloadavg()[0], "cores": os.cpu_count()}
    for threads, batch in itertools.product((1, 2), (1, 16)):
        voice = Voices(options.voices, threads=threads, use_cuda=False).open(bench.card.name)
        voice.speak(requests)  # warm
        rates = []
        for _ in range(3):
            wall, cpu, sound_s = time.perf_counter(), time.process_time(), 0.0
            for start in range(0, 16, batch):
                said = voice.speak(requests[start : start + batch])
                sound_s += sum(s.waveform.duration_s for s in said if isinstance(s, Speech))
            rates.append(
                (sound_s / (time.perf_counter() - wall), sound_s / (time.process_time() - cpu))
            )
        wall_rate, cpu_rate = np.median(rates, axis=0)
        row[f"threads_{threads}_batch_{batch}"] = [float(wall_rate), float(cpu_rate)]
        print(f"speed: {threads} threads, batch {batch}: × {wall_rate:.0f} wall", flush=True)
    row |= _three_seconds(bench, pair, texts, options)
    return row


def _three_seconds(
    bench: Bench, pair: Pair, texts: Sequence[str], options: argparse.Namespace
) -> Row:
    """From text to samples, warm, the transcriber's cache defeated by new texts."""
    voice = Voices(options.voices, threads=2, use_cuda=False).open(bench.card.name)

    def length(text: str) -> float:
        sound = bench.student(pair, text)
        return 0.0 if sound is None else sound.duration_s

    near = sorted(texts, key=lambda text: abs(length(text) - 3.0))[:10]
    took = []
    for text in [near[0], *near, *near]:
        start = time.perf_counter()
        voice.speak([bench.request(bench.transcript(text, pair.language), pair.speaker)])
        took.append(1000 * (time.perf_counter() - start))
    p50, p95 = np.quantile(took[1:], (0.5, 0.95))
    return {"line_s": length(near[0]), "line_p50_ms": float(p50), "line_p95_ms": float(p95)}


SECTIONS: dict[str, Callable[[Bench, Sequence[Pair], argparse.Namespace], object]] = {
    "quality": quality,
    "speech": speech,
    "control": control,
    "distinct": distinct,
    "speed": speed,
}


def _say(section: str, row: Row) -> None:
    shown = (f"{k} {v:.2f}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items())
    print(f"{section}: {', '.join(shown)}", flush=True)


def plain(value: object) -> object:
    """Put null where there is no number: JSON has no NaN."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voice", default="hearth", help="name of the voice")
    parser.add_argument("--voices", type=Path, action="append", help="folders of voices")
    parser.add_argument("--corpora", type=Path, default=ROOT / "build/hearth/corpora")
    parser.add_argument("--texts", type=Path, default=ROOT / "assets/training/texts")
    parser.add_argument("--cache", type=Path, default=ROOT / "build/benchmarks/voices")
    parser.add_argument("--sentences", type=int, default=50, help="per language")
    parser.add_argument("--control-sentences", type=int, default=6)
    parser.add_argument("--distinct-sentences", type=int, default=12)
    parser.add_argument("--speaker", action="append", help="only these")
    parser.add_argument("--language", action="append", help="only these")
    parser.add_argument("--cross", action="store_true", help="everyone in every language")
    parser.add_argument("--baseline", default="espeak", help="teachers measured for comparison")
    parser.add_argument("--only", choices=SECTIONS, action="append")
    parser.add_argument("--write", action="store_true", help=f"write {DOCS.relative_to(ROOT)}")
    options = parser.parse_args()
    if options.write and (options.speaker or options.language):
        parser.error("--write wants all speakers and languages, or rows would go missing")
    options.voices = options.voices or [ROOT / "assets" / "voices"]
    return options


def main() -> None:
    options = read_options()
    bench = Bench(
        Voices(options.voices, threads=1, use_cuda=False),
        options.voice,
        options.corpora,
        options.texts,
        options.cache,
        options.sentences,
    )
    pairs = [
        pair
        for pair in bench.pairs(options.baseline, cross=options.cross)
        if pair.speaker in (options.speaker or [pair.speaker])
        and pair.language in (options.language or [pair.language])
    ]
    measured: dict[str, Any] = {}
    for section in options.only or SECTIONS:
        measured[section] = SECTIONS[section](bench, pairs, options)
        bench.save()
    about = {
        "voice": bench.card.name,
        "model": bench.card.model_sha256[:12],
        "sentences": options.sentences,
    }
    results: dict[str, Any] = {"about": about, **measured}
    if options.write:
        file = DOCS / "voices.json"
        known = json.loads(file.read_text("utf-8")) if file.exists() else {}
        results = (
            known | results if known.get("about", {}).get("model") == about["model"] else results
        )
        text = json.dumps(plain(results), indent=1, ensure_ascii=False, allow_nan=False)
        file.write_text(text + "\n", "utf-8")
        (DOCS / "voices.md").write_text(voice_report.page(plain(results)), "utf-8")
        found = results.get("distinct", {}).get("student", {})
        if found.get("names"):
            voice_map.write(found)
    else:
        print(voice_report.page(plain(results)))


if __name__ == "__main__":
    main()
