"""How well the text of a line is heard, and how often the check is wrong.

    python benchmarks/heard.py baseline [--voice hearth] [--lines N] [--speakers a,b]
    python benchmarks/heard.py text [--voice hearth] [--lines N] [--speakers a,b] [--json FILE]

Needs no reference data. `baseline` plays every speaker's clean lines at several sizes and prints
the phone error rate of each: the rows of `assets/audibility.yaml`. `text` plants a dropped and a
repeated word of the defect factory, and holds clean lines against a wrong word, swapped words and
another text; it counts what limits of three phones, three phones and 0.7 say, which a project may
set (as shipped they are off).
Voices that are not heard well enough count as inconclusive.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from gate_spec import CLASSES, length_class

from renderer import config
from renderer.audio.waveform import Waveform
from renderer.bootstrap.house import voice_book
from renderer.config import Settings
from renderer.domain.transcript import Transcript, is_phoneme
from renderer.domain.utterance import Utterance
from renderer.judges.recogniser import SphinxRecogniser
from renderer.ports import Speech, SpeechRequest, Synthesiser
from renderer.quality.audibility import SIZES, Audibility, read_audibility
from renderer.quality.defect.catalogue import defects_of, plant
from renderer.quality.defect.material import Sound, Span, Strength
from renderer.quality.heard import TextMetrics, compare
from renderer.services.listen import played_at
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber

TEXTS = Path("assets/training/texts")
SPOILT = ("dropped_word", "repeated_word")
MOST_MISSING, MOST_EXTRA, MOST_WRONG = 3, 3, 0.7  # phones, phones, of the phones


class Line(NamedTuple):
    """A clean line of a voice."""

    kind: str
    transcript: Transcript
    speech: Speech


def texts() -> dict[str, list[Transcript]]:
    """Return transcripts by length; two sentences in one make the longest."""
    transcriber = EspeakTranscriber(Lexicon())
    lines = [*(TEXTS / "en.valid.txt").open(), *(TEXTS / "en.txt").open()]
    lines = [line.strip() for line in lines if line.strip()]
    random.Random(5).shuffle(lines)
    lines = [
        *lines[:400],
        *(f"{a} {b}" for a, b in zip(lines[400:480], lines[480:560], strict=False)),
    ]
    said = [Utterance("l", "en-US", "", "", line, line, "") for line in lines]
    made: dict[str, list[Transcript]] = defaultdict(list)
    for text in transcriber.transcribe(said):
        if isinstance(text, Transcript) and text.words:
            made[length(text)].append(text)
    return made


def length(text: Transcript) -> str:
    return length_class(len(text.words))


def speak(
    voice: Synthesiser, speaker: str, pool: dict[str, list[Transcript]], n: int
) -> list[Line]:
    rng = random.Random(speaker)
    made = []
    for kind in CLASSES:
        for text in rng.sample(pool[kind], min(n, len(pool[kind]))):
            said = voice.speak([SpeechRequest(text, speaker=speaker)])[0]
            if isinstance(said, Speech):
                made.append(Line(kind, text, said))
    return made


def sound_of(line: Line) -> Sound:
    """Return a line with the spans of its words."""
    found: dict[int, list[float]] = {}
    for phone in line.speech.phones:
        if phone.word >= 0:
            found.setdefault(phone.word, []).extend((phone.start_s, phone.end_s))
    words = tuple(Span(min(at), max(at)) for _, at in sorted(found.items()))
    return Sound(line.speech.waveform, words)


def planted(line: Line, pool: dict[str, list[Transcript]], rng: random.Random) -> Iterator:
    """Yield (defect, sound, text); "clean" first."""
    sound, text = line.speech.waveform, line.transcript
    words = list(text.words)
    yield "clean", sound, text
    for kind in SPOILT:
        defect = defects_of(kind)[Strength.AUDIBLE]
        spoilt = plant(sound_of(line), defect, np.random.default_rng(rng.getrandbits(32)))
        if spoilt is not None:
            yield kind, spoilt, text
    big = [i for i, w in enumerate(words) if sum(map(is_phoneme, w.phonemes)) >= 3]
    if big:
        at = rng.choice(big)
        other = rng.choice([w for t in pool[CLASSES[2]] for w in t.words if len(w.phonemes) >= 3])
        changed = [*words[:at], other, *words[at + 1 :]]
        yield "wrong word", sound, Transcript(text.locale, text.written, tuple(changed))
    if len(words) > 2:
        at = rng.randrange(len(words) - 1)
        changed = [*words[:at], words[at + 1], words[at], *words[at + 2 :]]
        yield "swapped words", sound, Transcript(text.locale, text.written, tuple(changed))
    yield "other text", sound, rng.choice([t for t in pool[line.kind] if t != text])


def head(first: str, others: Iterable[str]) -> str:
    """Return the head of a table."""
    cells = [first, *others]
    return f"| {' | '.join(cells)} |\n" + "|---" * len(cells) + "|"


def baseline(lines: dict[str, list[Line]]) -> None:
    """Print the phone error rate of every speaker at every size."""
    recogniser = SphinxRecogniser()
    print(head("speaker", map(str, SIZES)))
    for speaker, said in lines.items():
        rates = []
        for size in SIZES:
            found = [hear(recogniser, x.speech.waveform, x.transcript, size) for x in said]
            wrong = sum(m.phone_error_rate * m.phone_count for m in found)
            rates.append(wrong / sum(m.phone_count for m in found))
        print(f"| {speaker} | " + " | ".join(f"{rate:.2f}" for rate in rates) + " |", flush=True)


def hear(
    recogniser: SphinxRecogniser, sound: Waveform, text: Transcript, size: float
) -> TextMetrics:
    return compare(recogniser.hear(played_at(sound, size), text))


def judge(lines: dict[str, list[Line]], voice: str, pool: dict[str, list[Transcript]]) -> dict:
    """Count findings by defect and length."""
    known = read_audibility(config.assets_dir() / "audibility.yaml")
    recogniser = SphinxRecogniser()
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    cpu_s = audio_s = 0.0
    for speaker, said in lines.items():
        audibility = known.get(f"{voice}#{speaker}", Audibility(1.0, 0.0))
        rng = random.Random(speaker)
        for line in said:
            for defect, sound, text in planted(line, pool, rng):
                if not audibility.is_hearable:
                    counts[defect, line.kind]["inconclusive"] += 1
                    continue
                began = time.process_time()
                found = hear(recogniser, sound, text, audibility.size)
                cpu_s, audio_s = cpu_s + time.process_time() - began, audio_s + sound.duration_s
                is_found = (
                    found.missing_phones > MOST_MISSING
                    or found.extra_phones > MOST_EXTRA
                    or found.phone_error_rate > MOST_WRONG
                )
                counts[defect, line.kind]["found" if is_found else "not found"] += 1
    print(f"cost {cpu_s / max(audio_s, 1e-9):.3f} × real time (CPU)\n")
    print(head("defect", (f"{c} words" for c in CLASSES)))
    for defect in dict.fromkeys(d for d, _ in counts):
        cells = [counts[defect, c] for c in CLASSES]
        told = [
            f"{c['found']} of {c['found'] + c['not found']}, {c['inconclusive']} ?" for c in cells
        ]
        print(f"| {defect} | " + " | ".join(told) + " |")
    return {f"{d}/{c}": dict(n) for (d, c), n in counts.items()}


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("what", choices=("baseline", "text"))
    parser.add_argument("--voice", default="hearth")
    parser.add_argument("--speakers", default="", help="some of them; all by default")
    parser.add_argument("--lines", type=int, default=10, help="per speaker and length")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    voice = voice_book(Settings.read()).open(arguments.voice)
    speakers = [s for s in arguments.speakers.split(",") if s] or list(voice.card.speakers) or [""]
    pool = texts()
    lines = {s: speak(voice, s, pool, arguments.lines) for s in speakers}
    if arguments.what == "baseline":
        baseline(lines)
        return
    result = judge(lines, arguments.voice, pool)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
