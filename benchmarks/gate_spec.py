"""Which clean lines there are for the error rates of the gate, by side of the split.

Nothing is spoken here; recordings are looked at for their pauses alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import yaml

from renderer.audio.activity import (
    frame_levels_dbfs,
    silence_threshold_dbfs,
    silent_spans,
    sound_bounds,
)
from renderer.audio.waveform import Waveform

ROOT = Path(__file__).parents[1]
SPLIT = Path(__file__).with_name("gate_split.yaml")
CLASSES = ("1", "2–3", "4–10", "11+")
WORDS_PER_S = 2.7  # of read English; for recordings whose words nobody knows
PHRASE_S = (0.25, 1.3)
LEAST_PAUSE_S = 0.16
LOUD_SHARE = 0.2
RAVDESS = {1: "Kids are talking by the door.", 2: "Dogs are sitting by the door."}
EMODB = {
    "a01": "Der Lappen liegt auf dem Eisschrank.",
    "a02": "Das will sie am Mittwoch abgeben.",
    "a04": "Heute Abend könnte ich es ihm sagen.",
    "a05": "Das schwarze Stück Papier befindet sich da oben neben dem Holzstück.",
    "a07": "In sieben Stunden wird es so weit sein.",
    "b01": "Was sind denn das für Tüten, die da unter dem Tisch stehen?",
    "b02": "Sie haben es gerade hochgetragen und jetzt gehen sie wieder runter.",
    "b03": "An den Wochenenden bin ich jetzt immer nach Hause gefahren und habe Agnes besucht.",
    "b09": "Ich will das eben wegbringen und dann mit Karl was trinken gehen.",
    "b10": "Die wird auf dem Platz sein, wo wir sie immer hinlegen.",
}


@dataclass(frozen=True, slots=True)
class Spec:
    """One clean line there could be.

    Attributes:
        id: Unique and stable.
        group: Corpus or voice, as the tables name it.
        speaker: Who speaks; the same person has the same name.
        text: What is said, "" where nobody knows.
        locale: BCP 47 tag.
        words: How many, estimated where nobody knows.
        voice: Voice reference, "" for a recording.
        path: Of a recording.
        part_s: Which part of the recording, seconds; () for all of it.
        emotion: Asked of a voice ("angry 0.5").
    """

    id: str
    group: str
    speaker: str
    text: str
    locale: str
    words: int
    voice: str = ""
    path: str = ""
    part_s: tuple[float, ...] = ()
    emotion: str = ""

    @property
    def is_real(self) -> bool:
        """Whether a person speaks."""
        return not self.voice

    @property
    def length(self) -> str:
        """Length class."""
        return length_class(self.words)


def length_class(words: int) -> str:
    """Return the length class of a line of so many words."""
    return CLASSES[sum(words > edge for edge in (1, 3, 10))]


def read_split(side: str) -> Mapping[str, Any]:
    """Return one side of the split."""
    return yaml.safe_load(SPLIT.read_text(encoding="utf-8"))[side]


def specs(side: str, data: Path | None, *, only: Sequence[str] = ()) -> list[Spec]:
    """List the clean lines of a side; without reference data shipped voices alone.

    Args:
        side: `tuning` or `evaluation`.
        data: The reference data, or None.
        only: Voices to leave out all others for.
    """
    split = read_split(side)
    listed = list(_voice_specs(split, data is not None, only))
    if data is not None and not only:
        listed += _recording_specs(split["recordings"], data, side)
    return listed


def _voice_specs(split: Mapping[str, Any], has_data: bool, only: Sequence[str]) -> Iterator[Spec]:
    for name, speakers in split["voices"].items():
        if (only and name not in only) or (not has_data and name.startswith("en_US-sano")):
            continue
        for speaker in speakers:
            voice = f"{name}#{speaker}" if speaker else name
            short = name.removeprefix("en_US-sano_").removesuffix("-tiny")
            group = f"{short}#{speaker}" if speaker else short
            for locale, lines in split["lines"].items():
                if not name.startswith("en_US") or locale == "en-US":
                    yield from _said(voice, group, locale, lines)


def _said(voice: str, group: str, locale: str, lines: Sequence[Any]) -> Iterator[Spec]:
    for index, line in enumerate(lines):
        text, emotion = (line, "") if isinstance(line, str) else (line["text"], line["emotion"])
        name = f"{group}/{locale}/{index:02d}"
        count = len(text.split())
        yield Spec(name, group, group, text, locale, count, voice=voice, emotion=emotion)


def _recording_specs(split: Mapping[str, Any], data: Path, side: str) -> Iterator[Spec]:
    if split["ljspeech"]:
        yield from _ljspeech(data / "speech" / "ljspeech")
    yield from _librispeech(data / "speech" / "librispeech", side)
    for path in sorted((data / "emotion" / "ravdess").glob("*.flac")):
        *_, statement, _, actor = path.stem.split("-")
        if int(actor) in split["ravdess"]:
            text = RAVDESS[int(statement)]
            yield Spec(
                f"ravdess/{path.stem}", "RAVDESS", f"r{actor}", text, "en-US", 6, path=str(path)
            )
    for path in sorted((data / "emotion" / "emodb").glob("*.flac")):
        if path.stem[:2] in split["emodb"]:
            text, who = EMODB[path.stem[2:5]], f"e{path.stem[:2]}"
            count = len(text.split())
            yield Spec(f"emodb/{path.stem}", "EmoDB", who, text, "de-DE", count, path=str(path))


def _ljspeech(folder: Path) -> Iterator[Spec]:
    rows = (folder / "metadata.csv").read_text(encoding="utf-8").splitlines()
    texts = dict(row.split("|")[:2] for row in rows if "|" in row)
    for path in sorted(p for p in folder.iterdir() if p.suffix in (".wav", ".flac")):
        text = texts.get(path.stem, "")
        count = len(text.split()) or _estimate(read(path))
        yield Spec(f"lj/{path.stem}", "LJSpeech", "lj", text, "en-US", count, path=str(path))


def _librispeech(folder: Path, side: str) -> Iterator[Spec]:
    """Each speaker's clip, and one short phrase of it that has silence on both sides."""
    for path in sorted(folder.glob("*.flac")):
        speaker = path.stem.split("-")[0]
        is_tuning = hashlib.sha256(speaker.encode()).digest()[0] < 64
        if is_tuning is (side == "tuning"):
            waveform = read(path)
            ends = _whole_words(waveform)
            if not ends:
                continue
            whole = Spec(
                f"libri/{speaker}",
                "LibriSpeech",
                f"l{speaker}",
                "",
                "en-US",
                _estimate(part_of(waveform, ends)),
                path=str(path),
                part_s=ends,
            )
            yield whole
            for part in _phrases(waveform)[:1]:
                count = _estimate(part_of(waveform, part))
                yield replace(
                    whole,
                    id=f"{whole.id}/phrase",
                    group="LibriSpeech, phrases",
                    words=count,
                    part_s=part,
                )


def _whole_words(waveform: Waveform) -> tuple[float, ...]:
    """Return the part up to the last pause: the clips are cut off after six seconds, in words."""
    pauses = [(start + end) / 2 for start, end in _pauses(waveform)]
    return (0.0, pauses[-1]) if pauses and pauses[-1] > waveform.duration_s / 3 else ()


def _pauses(waveform: Waveform) -> list[tuple[float, float]]:
    levels = frame_levels_dbfs(waveform.samples, round(0.005 * waveform.sample_rate))
    return silent_spans(waveform, silence_threshold_dbfs(levels), LEAST_PAUSE_S)


def _phrases(waveform: Waveform) -> list[tuple[float, float]]:
    """Return short stretches between two pauses that are speech: as loud as the rest, no breath."""
    found = []
    for (start, end), (later, last) in pairwise(_pauses(waveform)):
        part = (start + end) / 2, (later + last) / 2
        if PHRASE_S[0] <= later - end <= PHRASE_S[1]:
            loud = float(np.abs(part_of(waveform, part).samples).max())
            if loud > LOUD_SHARE * float(np.abs(waveform.samples).max()):
                found.append(part)
    return found


def read(path: Path | str) -> Waveform:
    """Read a recording."""
    samples, rate = soundfile.read(path, dtype="float32")
    return Waveform.of(samples, rate)


def part_of(waveform: Waveform, part_s: Sequence[float]) -> Waveform:
    """Return a part of a sound, given its start and end in seconds."""
    start, end = (round(s * waveform.sample_rate) for s in part_s)
    return Waveform(waveform.samples[start:end].copy(), waveform.sample_rate)


def _estimate(waveform: Waveform) -> int:
    start, end = sound_bounds(waveform)
    return max(1, round(WORDS_PER_S * (end - start) / waveform.sample_rate))
