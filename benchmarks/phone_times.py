"""Are phones where a voice says they are? Its times against what can be heard.

    python benchmarks/phone_times.py --voice hearth [--speaker kristin …] [--language en]
    python benchmarks/phone_times.py --voice formant
    python benchmarks/phone_times.py --flite rms
    python benchmarks/phone_times.py --piper VOICE.onnx [--number SPEAKER]

Says `--lines` held-out sentences (`assets/training/texts`), finds the moments at which the sound
tells by itself where a phone ends (`phone_landmark.py`), and prints the signed errors of the
reported times: negative is early. For a Piper voice the ways to divide the frames of pads and marks
between two phones stand side by side; all are held against the same moments, looked for around
the middle of what is divided, so that none has an advantage.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from phone_landmark import ORDER, landmarks

from renderer.audio.waveform import Waveform
from renderer.domain.transcript import PhoneSpan, Transcript
from renderer.domain.utterance import Utterance
from renderer.ports import Speech, SpeechRequest
from renderer.speech.phoneme_id import Piece, Row, build_rows
from renderer.speech.piper_config import PiperConfig, read_config
from renderer.speech.piper_model import Job, PiperModel
from renderer.speech.timing import edges_from_durations, spans_of
from renderer.speech.voice_book import Voices
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber
from renderer.training.teacher import Lesson
from renderer.training.teacher_flite import FliteTeacher

ROOT = Path(__file__).parents[1]
TEXTS = ROOT / "assets/training/texts"
LOCALES = {"en": "en-US", "de": "de-DE", "fr": "fr-FR", "ca": "ca-ES"}
STRESS = "ˈˌ"
TOLD = "as reported"

Errors = dict[str, dict[str, list[float]]]  # way -> kind -> seconds
Times = tuple[Waveform, list[PhoneSpan], dict[str, list[float]]]  # way -> start of each phone


def transcripts(language: str, count: int) -> list[Transcript]:
    texts = [t for t in (TEXTS / f"{language}.valid.txt").read_text("utf-8").splitlines() if t]
    lines = [
        Utterance(f"t{n}", LOCALES[language], "", "", t, t, "") for n, t in enumerate(texts[:count])
    ]
    return [
        t for t in EspeakTranscriber(Lexicon(())).transcribe(lines) if isinstance(t, Transcript)
    ]


def reported(waveform: Waveform, phones: Sequence[PhoneSpan]) -> Times:
    return waveform, list(phones), {TOLD: [phone.start_s for phone in phones]}


def installed(options: argparse.Namespace, speaker: str) -> Iterator[Times]:
    voice = Voices([options.voices], threads=1, use_cuda=False).open(options.voice)
    lines = transcripts(options.language, options.lines)
    for line in lines:
        (said,) = voice.speak([SpeechRequest(line, speaker, noise_w=0.0)])
        if isinstance(said, Speech):
            yield reported(said.waveform, said.phones)


def flite(options: argparse.Namespace) -> Iterator[Times]:
    teacher = FliteTeacher(options.flite, EspeakTranscriber(Lexicon(())))
    texts = (TEXTS / "en.valid.txt").read_text("utf-8").splitlines()[: options.lines]
    for lesson in teacher.teach(texts):
        if isinstance(lesson, Lesson):
            yield reported(lesson.waveform, lesson.phones)


# -- ways to divide what stands between two phones of a Piper voice --------------------------------


def piper(options: argparse.Namespace) -> Iterator[Times]:
    model = PiperModel(options.piper.read_bytes(), use_cuda=False)
    config = read_config(options.piper.with_name(f"{options.piper.name}.json").read_bytes())
    for line in transcripts("en", options.lines):
        first = 0
        for sentence in line.sentences():
            for row in build_rows(sentence, first, config):
                yield divided(row, model, config, options.number)
            first += len(sentence)


def divided(row: Row, model: PiperModel, config: PiperConfig, speaker: int) -> Times:
    (sound,) = model.run([Job(row.ids, speaker)])
    assert sound.frames is not None, "this voice does not tell its durations"
    hop_s = sound.hop_length / config.sample_rate
    waveform = Waveform.of(sound.samples, config.sample_rate)

    def starts(pieces: Sequence[Piece]) -> list[PhoneSpan]:
        edges = edges_from_durations(pieces, sound.frames, 1)
        spans = spans_of(pieces, edges)
        return [PhoneSpan(s.phoneme, s.start * hop_s, s.end * hop_s, s.word) for s in spans]

    told = starts(row.pieces)
    before = starts(to_the_phone_before(row, config))
    after = starts(to_the_phone_after(row, config))
    middle = [
        PhoneSpan(b.phoneme, (a.start_s + b.start_s) / 2, (a.end_s + b.end_s) / 2, b.word)
        for a, b in zip(after, before, strict=True)
    ]
    ways = {"to the phone before": before, "halved": middle, "to the phone after": after}
    return waveform, middle, {w: [s.start_s for s in p] for w, p in {**ways, TOLD: told}.items()}


def clusters(row: Row, config: PiperConfig) -> list[tuple[Piece, int, int]]:
    """Return (piece, ids in front of its own, ids behind them): marks, spaces and pads."""
    names = {ids[0]: symbol for symbol, ids in config.ids.items()}
    symbols = [names[i] for i in row.ids]
    found, at = [], 0
    for piece in row.pieces:
        own = symbols[at : at + piece.count]
        core = [n for n, s in enumerate(own) if s not in "_ " and s not in STRESS]
        front, back = (core[0], len(own) - core[-1] - 1) if core else (0, 0)
        found.append((piece, front, back))
        at += piece.count
    return found


def regrouped(row: Row, config: PiperConfig, *, forward: bool) -> list[Piece]:
    """Move what stands between two phones to one of them; silences keep what they have."""
    parts = clusters(row, config)
    counts = [piece.count for piece in row.pieces]
    marks = [stressed(piece.phoneme) for piece in row.pieces]
    for n in range(1, len(parts)):
        (a, _, back), (b, front, _) = parts[n - 1], parts[n]
        if "_" in (a.phoneme, b.phoneme):
            continue
        moved = back if forward else -(front - marks[n])
        counts[n - 1] -= moved
        counts[n] += moved
    return [
        Piece(p.phoneme, count, p.word, p.mark) for p, count in zip(row.pieces, counts, strict=True)
    ]


def stressed(phoneme: str) -> int:
    """Return the ids of a stress mark and the pad behind it."""
    return 2 if phoneme[0] in STRESS else 0


def to_the_phone_before(row: Row, config: PiperConfig) -> list[Piece]:
    return regrouped(row, config, forward=False)


def to_the_phone_after(row: Row, config: PiperConfig) -> list[Piece]:
    return regrouped(row, config, forward=True)


# -- errors ----------------------------------------------------------------------------------------


def collect(times: Iterator[Times]) -> Errors:
    errors: Errors = defaultdict(lambda: defaultdict(list))
    for waveform, phones, ways in times:
        for mark in landmarks(waveform, phones):
            for way, starts in ways.items():
                error = starts[mark.index] - mark.at_s
                errors[way][mark.kind].append(error)
                if mark.kind not in ORDER[-2:]:
                    errors[way]["between words" if mark.across else "inside words"].append(error)
    return errors


def show(title: str, errors: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    print(f"\n{title}\n\n| boundary | n | {' | '.join(errors)} |")
    print("|---" * (len(errors) + 2) + "|")
    for kind in (*ORDER, "inside words", "between words"):
        counts = [len(of.get(kind, ())) for of in errors.values()]
        if min(counts) > 0:
            cells = [quartiles(of[kind]) for of in errors.values()]
            print(f"| {kind} | {counts[0]} | {' | '.join(cells)} |")


def quartiles(errors_s: Sequence[float]) -> str:
    low, middle, high = np.percentile(np.asarray(errors_s) * 1000, [25, 50, 75])
    return f"{middle:+.0f} ({low:+.0f} … {high:+.0f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--voice", help="an installed voice, or one in --voices")
    what.add_argument("--flite", help="a voice of the program flite")
    what.add_argument("--piper", type=Path, help="a Piper model beside its .onnx.json")
    parser.add_argument("--voices", type=Path, default=ROOT / "assets/voices")
    parser.add_argument("--speaker", action="append", help="of the voice; all by default")
    parser.add_argument("--number", type=int, default=0, help="speaker of the Piper model")
    parser.add_argument("--language", choices=list(LOCALES), default="en")
    parser.add_argument("--lines", type=int, default=50)
    options = parser.parse_args()
    print("Errors in ms, median (quartiles); negative is early.")
    if options.piper:
        return show(options.piper.stem, collect(piper(options)))
    if options.flite:
        return show(f"flite {options.flite}", collect(flite(options)))
    card = Voices([options.voices]).card(options.voice)
    everyone = options.speaker or list(card.speakers) or [""]
    found = {s or card.name: collect(installed(options, s))[TOLD] for s in everyone}
    return show(f"{card.name}, {options.language}", found)


if __name__ == "__main__":
    main()
