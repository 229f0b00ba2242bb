"""Recordings to a corpus: read, checked clip by clip, trimmed, levelled, phonemised, split.

Two passes over the sound. The first decodes and measures every recording and collects every fault
of the whole folder; nothing is written unless there is none. The second writes each clip: one gain
per speaker, so that loud and soft lines stay loud and soft. What failed a check is written too,
with its faults, so that it can be heard on the page; it is never trained on.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from renderer.errors import InputError, TrainingError
from renderer.ports import Transcriber
from renderer.ports.judge import Recogniser, WordAlignment
from renderer.training.corpus import CORPUS_FILE, MEL, TRAIN, VALID, Clip, Corpus, Speaker
from renderer.training.duplicate import normal_text
from renderer.training.features import frame_count
from renderer.training.levelling import f0_bounds_hz, gains_db, levelled
from renderer.training.listening import Heard, Progress, listen, transcribe
from renderer.training.metadata import METADATA_FILE, Defaults, read_metadata
from renderer.training.qc import ClipLimits, faults_of, judge_clips
from renderer.training.qc_card import CARD_FILE, PAGE_FILE, QcCard, make_card
from renderer.training.qc_page import draw_page
from renderer.training.sound import file_name, write_bytes, write_sound


@dataclass(frozen=True, slots=True)
class Rights:
    """Under which terms the recordings may be used; see `corpus.Speaker`."""

    licence: str = ""
    may_publish: bool = False
    source: str = ""
    attribution: str = ""


@dataclass(frozen=True, slots=True)
class Preparation:
    """How recordings are made a corpus.

    Attributes:
        defaults: Speaker, language and emotion of lines that do not say them.
        rights: Of the recordings.
        limits: Bounds of the checks.
        valid_share: Share of each speaker's texts that is kept for validation.
        most_valid: Most texts per speaker that are.
        seed: Decides which.
        expected: Phones per language that every speaker should have, for the card.
    """

    defaults: Defaults
    rights: Rights = field(default_factory=Rights)
    limits: ClipLimits = field(default_factory=ClipLimits)
    valid_share: float = 0.05
    most_valid: int = 50
    seed: int = 1
    expected: Mapping[str, frozenset[str]] = field(default_factory=dict)


def prepare(
    folder: Path,
    out: Path,
    how: Preparation,
    transcriber: Transcriber,
    recogniser: Recogniser | None = None,
    progress: Progress | None = None,
    *,
    replaces: bool = False,
) -> QcCard:
    """Make a corpus of a folder of recordings.

    Args:
        folder: With `metadata.csv` (see `metadata`) and WAV, FLAC or Ogg files.
        out: Folder of the corpus; appears when all is done.
        how: Defaults, rights, limits, split.
        transcriber: Text to phonemes.
        recogniser: Holds English texts against their sounds, or None for no such check.
        progress: Called with ("listening" or "writing", recordings done, in all).
        replaces: Whether a corpus that is there already is replaced.

    Returns:
        The card; its corpus is saved, with `qc.json` and `qc.html` beside it.

    Raises:
        InputError: All that is wrong with metadata, texts and files. Nothing is written.
        TrainingError: `out` is in the way, or cannot be written.
    """
    _check_out(folder, out, replaces)
    tell = progress or (lambda _what, _done, _total: None)
    recordings, faults = read_metadata(folder, how.defaults)
    spoken = transcribe(recordings, transcriber, faults)
    heard = list(listen(recordings, spoken, faults, recogniser, tell))
    if faults:
        faults.sort(key=lambda fault: fault.line)
        raise InputError(
            f"{len(faults)} faults in {folder / METADATA_FILE} and its recordings; "
            "nothing was written.",
            faults,
        )
    if not heard:
        raise InputError(f"{folder / METADATA_FILE} names no recording.")
    with _replaced_at_once(out) as made:
        return _write(heard, made, out, how, tell)


def _check_out(folder: Path, out: Path, replaces: bool) -> None:
    if folder.resolve().is_relative_to(out.resolve()):
        raise TrainingError(f"{out} holds the recordings themselves; choose another folder.")
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / CORPUS_FILE).is_file():
        raise TrainingError(f"{out} exists and is no corpus; choose another folder.")
    if not replaces:
        raise TrainingError(f"{out} holds a corpus already; replace it knowingly (--replace).")


@contextmanager
def _replaced_at_once(out: Path) -> Iterator[Path]:
    """Give a folder beside `out` that takes its place when all went well, or is removed."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
    except OSError as error:
        raise TrainingError(f"{out} cannot be made ({error.strerror or error}).") from error
    try:
        made.chmod(0o755)
        yield made
        _take_place(made, out)
    except OSError as error:
        raise TrainingError(
            f"{out} cannot be written ({error.strerror or error}); nothing of it is left. Make "
            "room and start again."
        ) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _take_place(made: Path, out: Path) -> None:
    """Rename `made` to `out`; what is there steps aside, and comes back when that fails."""
    if not out.exists():
        made.rename(out)
        return
    old = made.with_name(f"{made.name}-old")
    out.rename(old)
    try:
        made.rename(out)
    except OSError:
        old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _write(
    heard: Sequence[Heard], made: Path, out: Path, how: Preparation, tell: Progress
) -> QcCard:
    """Write the corpus into `made`; the card speaks of it as lying in `out`."""
    findings = judge_clips([one.candidate for one in heard], how.limits)
    faults = {clip: faults_of(found) for clip, found in findings.items()}
    valid = _validation_texts([one for one in heard if not faults[one.recording.id]], how)
    gains = gains_db([one for one in heard if not faults[one.recording.id]] or heard)
    clips: list[Clip] = []
    for done, one in enumerate(heard, 1):
        tell("writing", done, len(heard))
        clip = _clip(one, faults[one.recording.id], _text(one) in valid)
        samples = levelled(one, gains.get(one.recording.speaker, 0.0))
        write_sound(made / clip.audio, samples, MEL.sample_rate)
        clips.append(replace(clip, frames=frame_count(samples.size)))
    clips.sort(key=lambda clip: clip.id)
    bounds = {name: f0_bounds_hz(name, heard, faults) for name in {c.speaker for c in clips}}
    speakers = {
        name: Speaker(
            name,
            how.rights.licence,
            how.rights.may_publish,
            how.rights.source,
            how.rights.attribution,
            *bounds[name],
        )
        for name in sorted(bounds)
    }
    Corpus(made, speakers, tuple(clips)).save()
    card = make_card(Corpus(out, speakers, tuple(clips)), findings, how.limits, how.expected)
    data = json.dumps(card.plain(), ensure_ascii=False, indent=1)
    write_bytes(made / CARD_FILE, f"{data}\n".encode())
    write_bytes(made / PAGE_FILE, draw_page(card, made).encode())
    return card


def _validation_texts(heard: Sequence[Heard], how: Preparation) -> set[tuple[str, str]]:
    """Choose texts for validation, of every speaker some: no text is ever in both splits."""
    texts: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for one in heard:
        texts[one.recording.speaker].add(_text(one))
    chosen: set[tuple[str, str]] = set()
    for own in texts.values():
        count = min(how.most_valid, round(how.valid_share * len(own)))
        if how.valid_share > 0 and len(own) > 1:
            count = max(1, count)
        chosen |= set(sorted(own, key=lambda text: _rank(text, how.seed))[:count])
    return chosen


def _rank(text: tuple[str, str], seed: int) -> bytes:
    return hashlib.sha256(f"{seed}/{'/'.join(text)}".encode()).digest()


def _text(one: Heard) -> tuple[str, str]:
    return one.language, normal_text(one.recording.text)


def _clip(one: Heard, faults: tuple[str, ...], is_valid: bool) -> Clip:
    """Return the clip of a recording, its length still unknown."""
    r, candidate = one.recording, one.candidate
    aligned = {}
    if isinstance(one.alignment, WordAlignment):
        aligned["words_fit"] = round(one.alignment.score, 4)
        aligned["words_found"] = round(one.alignment.coverage, 4)
    return Clip(
        id=r.id,
        speaker=r.speaker,
        language=one.language,
        text=r.text,
        audio=f"audio/{file_name(r.id)}.flac",
        frames=0,
        emotion=r.emotion,
        phones=one.tokens.symbols,
        stresses=one.tokens.stresses,
        words=one.tokens.words,
        split=VALID if is_valid else TRAIN,
        faults=faults,
        checks={
            **one.sound.plain(),
            "phones_per_s": round(min(candidate.rate, 999.0), 3),
            **aligned,
        },
    )
