"""Is what was asked what was got? Each control over twenty lines and two engines.

    BARKLINE_REFERENCE_DATA=... python benchmarks/direction.py [--lines 20] [--write]

Every line takes the real walk (controls → engine → stage → mastering with the voice's one gain →
Ogg Vorbis) and is measured on the decoded Ogg: F0 by librosa's pYIN, which nothing in the synthesis
uses, level and tilt by code of this file. The change is against the same line said neutrally.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import librosa
import numpy as np
import soxr

from renderer.audio.codec import decode, encode
from renderer.audio.mastering import master, voice_gain_db
from renderer.audio.waveform import Waveform
from renderer.direction.controls import plan_controls
from renderer.direction.profile import EmotionProfiles, read_profiles
from renderer.direction.stage import direct
from renderer.domain.direction import Delivery, Direction, Emotion, Prosody, WordEdit
from renderer.domain.project import MasteringTarget
from renderer.domain.transcript import PhoneSpan, Transcript, shift
from renderer.domain.utterance import Utterance
from renderer.domain.voice import VoiceCard
from renderer.judges.dnsmos import DnsmosJudge
from renderer.ports import Speech, SpeechRequest, Synthesiser
from renderer.speech import formant, piper
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "docs" / "benchmarks" / "direction.md"
RATE = 16_000
HOP = 160
NOTES = """\
How to read it. Pitch, range, rate, energy and tilt come out within a few per cent of what was
asked. At −4 st the recorded voice is exactly that much lower in the frames voiced before and after;
the mean is pulled down by low frames which the tracker hears as voiced only afterwards. Level falls
short where the master meets its −1 dBTP ceiling (+8 dB and more). The formant engine stretches its
pauses more than its words, so slow emotions pause longer than asked. A pause in the recorded voice
measures 0.04 s long: the stage adds 0.400 s, and mastering, hearing a quieter line, trims its ends
less. DNSMOS was not made for whispers: it hears breath as noise, and the gate does not judge them
by it.
"""
# (line, the word that is edited)
LINES = (
    ("The harbour lights went out one by one, and nobody said a word.", "lights"),
    ("I never wanted the crown, but somebody has to wear it.", "crown"),
    ("Bring the lantern over here and hold it steady.", "lantern"),
    ("You said the bridge was safe, and we believed you.", "bridge"),
    ("My mother built this house, and her mother built the wall.", "house"),
    ("Nobody leaves the valley before the snow melts.", "valley"),
    ("We were told to wait, so we waited all winter.", "winter"),
    ("There are wolves on the road between here and the mill.", "wolves"),
    ("Give me the letter, and I will tell you who wrote it.", "letter"),
    ("The old man knows the way, but he will not say it.", "way"),
    ("Every morning the bells remind us of what we lost.", "bells"),
    ("Lower the gate now, before they reach the river.", "gate"),
    ("I remember the summer when we were all still here.", "summer"),
    ("Nine riders came along the northern road today.", "riders"),
    ("She left the money under the window, in a green bowl.", "money"),
    ("Remember, the door is never locked from inside.", "door"),
    ("The king was wrong, and all of us will pay for it.", "king"),
    ("Only a fool would row a boat over the lake tonight.", "boat"),
    ("Hold your line, and let them come nearer to the wall.", "line"),
    ("When the moon is down, we move along the garden wall.", "moon"),
)


@dataclass(frozen=True, eq=False)
class Rendered:
    """One line as the game would get it."""

    waveform: Waveform
    phones: tuple[PhoneSpan, ...]
    stage_s: float
    spoken_s: float


@dataclass(frozen=True)
class Control:
    """One control: what is asked, and how to read what was got."""

    name: str
    asked: float
    unit: str
    direction: Callable[[str], Direction]
    read: Callable[[Rendered, Rendered, int], float]


class Bench:
    """One engine with everything behind it."""

    def __init__(self, synthesiser: Synthesiser, profiles: EmotionProfiles) -> None:
        self.synthesiser, self.profiles = synthesiser, profiles
        self.transcriber = EspeakTranscriber(Lexicon(()))
        spoken = [self.speak(self.transcript(text), Direction())[0] for text, _ in LINES[:3]]
        self.gain_db = voice_gain_db(spoken, MasteringTarget())

    def transcript(self, text: str) -> Transcript:
        said = Utterance("bench", "en-US", "bench", "bench", text, text, "bench")
        (answer,) = self.transcriber.transcribe([said])
        assert isinstance(answer, Transcript), answer
        return answer

    def speak(
        self, transcript: Transcript, direction: Direction
    ) -> tuple[Waveform, tuple[PhoneSpan, ...], float, float]:
        shape = self.profiles.shape(direction.emotion, direction.intensity)
        engine, signal = plan_controls(direction, transcript, shape)
        request = SpeechRequest(transcript, rate=engine.rate, pause_scale=engine.pause_scale)
        (speech,) = self.synthesiser.speak([request])
        assert isinstance(speech, Speech), speech
        start = time.perf_counter()
        waveform, phones = direct(speech.waveform, speech.phones, signal)
        return waveform, phones, time.perf_counter() - start, speech.waveform.duration_s

    def render(self, text: str, direction: Direction) -> Rendered:
        waveform, phones, stage_s, spoken_s = self.speak(self.transcript(text), direction)
        mastered = master(waveform, MasteringTarget(), self.gain_db)
        heard = decode(encode(mastered.waveform, "ogg", 0.5))
        thin = soxr.resample(heard.samples, heard.sample_rate, RATE)
        moved = shift(phones, mastered.shift_s, heard.duration_s)
        return Rendered(Waveform.of(thin, RATE), moved, stage_s, spoken_s)


# -- what is heard: no code of the synthesis below ------------------------------------------------


@lru_cache(maxsize=256)
def f0_of(line: Rendered) -> tuple[np.ndarray, np.ndarray]:
    f0, voiced, _ = librosa.pyin(
        line.waveform.samples, fmin=48, fmax=700, sr=RATE, frame_length=1024, hop_length=HOP
    )
    return 12 * np.log2(np.where(voiced, f0, 100.0) / 100.0), voiced


def clean(tones: np.ndarray) -> np.ndarray:
    """Drop what can only be octave errors."""
    return tones[np.abs(tones - np.median(tones)) < 9.5] if tones.size else tones


def word_frames(line: Rendered, word: int, size: int) -> np.ndarray:
    spans = [p for p in line.phones if p.word == word]
    at = np.arange(size) * HOP / RATE
    return (at >= spans[0].start_s + 0.02) & (at < spans[-1].end_s - 0.02)


def word_length(line: Rendered, word: int) -> float:
    spans = [p for p in line.phones if p.word == word]
    return spans[-1].end_s - spans[0].start_s


def frames_of(line: Rendered) -> np.ndarray:
    samples = np.pad(line.waveform.samples.astype(np.float64), 200)
    return np.lib.stride_tricks.sliding_window_view(samples, 400)[::HOP]


def loudness(frames: np.ndarray) -> np.ndarray:
    return 10 * np.log10((frames**2).mean(axis=1) + 1e-12)


def speech_mask(levels: np.ndarray) -> np.ndarray:
    return levels > np.quantile(levels, 0.95) - 30


def level_db(line: Rendered) -> float:
    levels = loudness(frames_of(line))
    return float(10 * np.log10((10 ** (levels[speech_mask(levels)] / 10)).mean()))


def tilt_db(line: Rendered) -> float:
    frames = frames_of(line)
    frames = frames[speech_mask(loudness(frames))]
    power = (np.abs(np.fft.rfft(frames * np.hanning(400), axis=1)) ** 2).mean(axis=0)
    hz = np.fft.rfftfreq(400, 1 / RATE)
    low, high = power[(hz >= 50) & (hz < 1000)].sum(), power[(hz >= 1000) & (hz < 5000)].sum()
    return float(10 * np.log10(high / low))


def speech_and_pause(line: Rendered) -> tuple[float, float]:
    """Seconds of speech, and of silences of at least 80 ms inside the line."""
    mask = speech_mask(loudness(frames_of(line)))
    first, last = np.flatnonzero(mask)[[0, -1]]
    inner = mask[first : last + 1]
    edges = np.flatnonzero(np.diff(np.concatenate([[1], inner.astype(int), [1]])))
    lengths = edges[1::2] - edges[::2]
    pause = lengths[lengths >= 8].sum() * HOP / RATE
    return inner.size * HOP / RATE - pause, pause


def read_pitch(a: Rendered, b: Rendered, _: int) -> float:
    (ta, va), (tb, vb) = f0_of(a), f0_of(b)
    return float(clean(tb[vb]).mean() - clean(ta[va]).mean())


def read_range(a: Rendered, b: Rendered, _: int) -> float:
    (ta, va), (tb, vb) = f0_of(a), f0_of(b)
    return float(clean(tb[vb]).std() / clean(ta[va]).std())


def read_rate(a: Rendered, b: Rendered, _: int) -> float:
    return speech_and_pause(a)[0] / speech_and_pause(b)[0]


def read_pauses(a: Rendered, b: Rendered, _: int) -> float:
    before, after = speech_and_pause(a)[1], speech_and_pause(b)[1]
    return after / before if before > 0.12 else float("nan")


def read_energy(a: Rendered, b: Rendered, _: int) -> float:
    return level_db(b) - level_db(a)


def read_tilt(a: Rendered, b: Rendered, _: int) -> float:
    return tilt_db(b) - tilt_db(a)


def read_length(a: Rendered, b: Rendered, _: int) -> float:
    return b.waveform.duration_s - a.waveform.duration_s


def read_word_pitch(a: Rendered, b: Rendered, word: int) -> float:
    (ta, va), (tb, vb) = f0_of(a), f0_of(b)
    ia, ib = va & word_frames(a, word, va.size), vb & word_frames(b, word, vb.size)
    if ia.sum() < 3 or ib.sum() < 3:
        return float("nan")
    return float(clean(tb[ib]).mean() - clean(ta[ia]).mean())


def read_word_rate(a: Rendered, b: Rendered, word: int) -> float:
    length = word_length(a, word)
    return length / (length + read_length(a, b, word))


def read_word_energy(a: Rendered, b: Rendered, word: int) -> float:
    la, lb = loudness(frames_of(a)), loudness(frames_of(b))
    pa = 10 ** (la[word_frames(a, word, la.size)] / 10)
    pb = 10 ** (lb[word_frames(b, word, lb.size)] / 10)
    return float(10 * np.log10(pb.mean() / pa.mean()))


def read_elsewhere(a: Rendered, b: Rendered, word: int) -> float:
    (ta, va), (tb, vb) = f0_of(a), f0_of(b)
    size = min(va.size, vb.size)
    far = ~(np.convolve(word_frames(a, word, size).astype(float), np.ones(17), mode="same") > 0.5)
    both = va[:size] & vb[:size] & far
    return float(np.median(np.abs(tb[:size][both] - ta[:size][both])))


def read_voiced(_: Rendered, b: Rendered, __: int) -> float:
    return float(f0_of(b)[1].mean())


# -- the controls ----------------------------------------------------------------------------------


def on_line(**change: float) -> Callable[[str], Direction]:
    return lambda _: Direction(prosody=Prosody(**change))


def on_word(**change: float) -> Callable[[str], Direction]:
    return lambda word: Direction(words=(WordEdit(word, 1, Prosody(**change)),))


def delivered(delivery: Delivery) -> Callable[[str], Direction]:
    return lambda _: Direction(delivery=delivery)


def controls() -> list[Control]:
    return [
        *(
            Control("pitch", st, "st", on_line(pitch_st=st), read_pitch)
            for st in (-4.0, -2.0, 2.0, 4.0)
        ),
        *(Control("pitch range", x, "×", on_line(pitch_range=x), read_range) for x in (0.5, 1.5)),
        *(Control("rate", x, "×", on_line(rate=x), read_rate) for x in (0.8, 1.25)),
        *(Control("energy", db, "dB", on_line(energy_db=db), read_energy) for db in (-6.0, 6.0)),
        Control("pause after a word", 0.4, "s", on_word(pause_after_s=0.4), read_length),
        Control("word pitch", 3.0, "st", on_word(pitch_st=3.0), read_word_pitch),
        Control("… F0 elsewhere", 0.0, "st", on_word(pitch_st=3.0), read_elsewhere),
        Control("word rate", 0.75, "×", on_word(rate=0.75), read_word_rate),
        Control("word energy", 4.0, "dB", on_word(energy_db=4.0), read_word_energy),
        Control("whisper: level", -12.0, "dB", delivered(Delivery.WHISPER), read_energy),
        Control("whisper: voiced frames", 0.0, "1", delivered(Delivery.WHISPER), read_voiced),
        Control("shout: pitch", 4.0, "st", delivered(Delivery.SHOUT), read_pitch),
        Control("shout: level", 6.0, "dB", delivered(Delivery.SHOUT), read_energy),
        Control("shout: tilt", 4.0, "dB", delivered(Delivery.SHOUT), read_tilt),
    ]


def emotion_controls(profiles: EmotionProfiles) -> list[Control]:
    found = []
    for emotion in Emotion:
        if emotion is Emotion.NEUTRAL:
            continue
        for intensity in (0.5, 1.0):
            shape = profiles.shape(emotion, intensity)
            direction = Direction(emotion=emotion, intensity=intensity)
            name = f"{emotion.value} {intensity}"
            found += [
                Control(f"{name}: pitch", shape.pitch_st, "st", _always(direction), read_pitch),
                Control(f"{name}: range", shape.pitch_range, "×", _always(direction), read_range),
                Control(f"{name}: rate", shape.rate, "×", _always(direction), read_rate),
                Control(f"{name}: pauses", shape.pause_scale, "×", _always(direction), read_pauses),
                Control(f"{name}: level", shape.energy_db, "dB", _always(direction), read_energy),
                Control(f"{name}: tilt", shape.tilt_db, "dB", _always(direction), read_tilt),
            ]
    return found


def _always(direction: Direction) -> Callable[[str], Direction]:
    return lambda _: direction


# -- running ---------------------------------------------------------------------------------------


def dnsmos_cost(
    judge: DnsmosJudge, neutral: Sequence[Rendered], made: Sequence[Rendered]
) -> tuple[float, float]:
    """Mean change of OVRL and P.808 against the neutral lines."""
    before = [_scores(judge, r) for r in neutral]
    after = [_scores(judge, r) for r in made]
    pairs = [(a, b) for a, b in zip(before, after, strict=True) if isinstance(b, dict)]
    return tuple(
        float(np.mean([b[name] - a[name] for a, b in pairs]))
        for name in ("dnsmos_ovrl", "dnsmos_p808")
    )


@lru_cache(maxsize=256)
def _scores(judge: DnsmosJudge, line: Rendered) -> object:
    return judge.score([line.waveform])[0]


def measure(bench: Bench, count: int, judged: int, only: str) -> tuple[list[str], list[str], float]:
    """Return the rows of both tables and the stage's share of real time."""
    judge = DnsmosJudge()
    lines = LINES[:count]
    neutral = [bench.render(text, Direction()) for text, _ in lines]
    rows, quality = [], []
    spent = spoken = 0.0
    held: dict[str, list[Rendered]] = {}
    for control in [*controls(), *emotion_controls(bench.profiles)]:
        if only not in control.name:
            continue
        directions = [control.direction(word) for _, word in lines]
        key = repr(directions)
        if key not in held:
            held = {
                key: [bench.render(text, d) for (text, _), d in zip(lines, directions, strict=True)]
            }
            spent += sum(r.stage_s for r in held[key])
            spoken += sum(r.spoken_s for r in held[key])
            if judged and not control.name.startswith("…"):
                ovrl, p808 = dnsmos_cost(judge, neutral[:judged], held[key][:judged])
                label = control.name.split(":")[0]
                label += "" if ":" in control.name else f" {control.asked:+g} {control.unit}"
                quality.append(f"| {label} | {ovrl:+.2f} | {p808:+.2f} |")
                print(quality[-1], flush=True)
        got = np.array(
            [
                control.read(a, b, _index(bench, text, word))
                for a, b, (text, word) in zip(neutral, held[key], lines, strict=True)
            ]
        )
        got = got[np.isfinite(got)]
        if not got.size:
            continue
        error = np.median(np.abs(got - control.asked))
        low, high = np.quantile(got, (0.1, 0.9))
        rows.append(
            f"| {control.name} | {control.asked:+.2f} {control.unit} | {np.median(got):+.2f} | "
            f"{low:+.2f} … {high:+.2f} | {error:.2f} | {got.size} |"
        )
        print(rows[-1], flush=True)
    return rows, quality, spent / spoken


def _index(bench: Bench, text: str, word: str) -> int:
    transcript = bench.transcript(text)
    written = next(i for i, w in enumerate(transcript.written) if w == word)
    return next(i for i, w in enumerate(transcript.words) if w.written == written)


def reference_voice(data: Path, folder: Path) -> Synthesiser:
    source = data / "voices" / "en_US-sano_kristin-tiny.onnx"
    shutil.copy(source, folder / "model.onnx")
    shutil.copy(source.with_suffix(".onnx.json"), folder / piper.CONFIG)
    sha256 = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    card = VoiceCard("kristin", "piper", sha256, ("en-US",), batchable=False, folder=str(folder))
    return piper.PiperVoice.load(card)


def section(job: tuple[str, int, int, str]) -> str:
    """Return one engine's part of the report."""
    engine, count, judged, only = job
    profiles = read_profiles(ROOT / "assets" / "emotion_profiles.json")
    voice: Synthesiser = formant.FormantVoice()
    with tempfile.TemporaryDirectory() as folder:
        if engine == "piper":
            voice = reference_voice(Path(os.environ["BARKLINE_REFERENCE_DATA"]), Path(folder))
        rows, quality, share = measure(Bench(voice, profiles), count, judged, only)
    parts = [
        f"\n## {engine}",
        f"\nThe stage took {share:.3f} × real time on one core, over all of these.\n",
        "| control | asked | got (median) | 10–90 % of lines | median error | lines |",
        "|---|---|---|---|---|---|",
        *rows,
        f"\nChange of DNSMOS against the same lines said neutrally, mean of {judged} lines:",
        "\n| direction | OVRL | P.808 |",
        "|---|---|---|",
        *quality,
    ]
    return "\n".join(parts)


def update(measured: str) -> None:
    """Put rows that were measured again into the report, engine by engine."""

    def rows(text: str) -> dict[tuple[str, str], str]:
        found, engine = {}, ""
        for line in text.splitlines():
            engine = line if line.startswith("## ") else engine
            if line.count("|") > 5:
                found[engine, "|".join(line.split("|")[1:3])] = line
        return found

    text = REPORT.read_text(encoding="utf-8")
    new, engine, out = rows(measured), "", []
    for line in text.splitlines():
        engine = line if line.startswith("## ") else engine
        name = "|".join(line.split("|")[1:3]) if line.count("|") > 5 else ""
        out.append(new.get((engine, name), line))
    REPORT.write_text("\n".join(out) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=len(LINES))
    parser.add_argument("--judged", type=int, default=6, help="lines scored by DNSMOS")
    parser.add_argument("--engine", choices=["formant", "piper"], action="append")
    parser.add_argument("--only", default="", help="controls whose name holds this")
    parser.add_argument("--write", action="store_true", help=f"write {REPORT.relative_to(ROOT)}")
    options = parser.parse_args()
    engines = options.engine or ["formant", "piper"]
    jobs = [(engine, options.lines, options.judged, options.only) for engine in engines]
    with ProcessPoolExecutor(len(jobs)) as pool:
        sections = list(pool.map(section, jobs))
    about = __doc__.strip().split("\n\n")[-1]
    text = ["# Direction: what was asked and what was got", "", about, "", NOTES.strip(), *sections]
    if options.write and options.only:
        update("\n".join(sections))
    elif options.write:
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        REPORT.write_text("\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
