"""The `phones` of a word edit: single phones, named by their IPA and which one of them it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from renderer.domain.direction import PhoneEdit, WordEdit
from renderer.domain.transcript import Transcript, find_spoken
from renderer.domain.utterance import Utterance
from renderer.errors import Fault, TextError
from renderer.manifest.field import (
    is_absent,
    read_number,
    read_row,
    read_table,
    read_text,
    read_whole_number,
    refuse_unknown,
    shown,
)
from renderer.manifest.performance import PROSODY_FIELDS
from renderer.manifest.tree import FaultLog, Place, Table
from renderer.text import phones
from renderer.text.inventory import is_voiceless
from renderer.text.lexicon import Lexicon
from renderer.text.phone_place import misfit, symbols

PHONE_FIELDS = ("phone", "occurrence", "prosody")
PHONE_PROSODY = {name: PROSODY_FIELDS[name] for name in ("rate", "pitch", "energy")}
MAX_PHONE_OCCURRENCE = 100
_EXAMPLE = "{phone: ɛ, prosody: {rate: 0.6}}"


class GivenPhone(NamedTuple):
    """One edit as it was written.

    Attributes:
        edit: The edit.
        place: Where it is.
        field: Its `phone` field, for messages.
    """

    edit: PhoneEdit
    place: Place
    field: str


def read_phones(table: Table, log: FaultLog, prefix: str) -> list[GivenPhone]:
    """Return the phone edits of a word edit, in the order they are written.

    Args:
        table: The word edit.
        log: Where faults go: what is no phone, a phone named twice, an edit that asks for nothing.
        prefix: Put before the names of fields in messages.
    """
    if is_absent(table.get("phones")):
        return []
    found: list[GivenPhone] = []
    row = read_row(table, "phones", log, prefix)
    for number, item in enumerate(row):
        field = f"{prefix}phones.{number + 1}"
        if isinstance(item, Table):
            given = _phone(item, log, f"{field}.")
            found += [given] if given else []
        else:
            problem = f"{shown(item)} is no phone edit."
            fix = f"Write a mapping, for example {_EXAMPLE}."
            log.error(row.where(number), field, "wrong-type", problem, fix)
    _refuse_twice(found, log)
    return found


def _phone(item: Table, log: FaultLog, prefix: str) -> GivenPhone | None:
    refuse_unknown(item, PHONE_FIELDS, log, prefix)
    phone = read_text(item, "phone", log, prefix).strip()
    limits = (1, MAX_PHONE_OCCURRENCE)
    occurrence = read_whole_number(item, "occurrence", limits, log, prefix) or 1
    rate, pitch, energy = _prosody(item, log, prefix)
    at = item.where("phone"), f"{prefix}phone"
    if not phone:
        fix = f"Name the phone in IPA, as in {_EXAMPLE}."
        log.error(item.place, at[1], "missing-field", "The edit names no phone.", fix)
        return None
    if problem := _no_phone(phone):
        fix = "Write one phone in IPA as the word is spoken, for example ɛ, oʊ or tʃ."
        log.error(*at, "bad-phone", f"{shown(phone)} {problem}.", fix)
        return None
    if pitch and all(is_voiceless(symbol) for symbol in symbols(phone)):
        fix = "Give the pitch to a vowel beside it."
        problem = f"The phone {shown(phone)} has no voice, so that pitch does nothing there."
        log.warning(*at, "phone-without-voice", problem, fix)
    return GivenPhone(PhoneEdit(phone, occurrence, rate, pitch, energy), *at)


def _prosody(item: Table, log: FaultLog, prefix: str) -> tuple[float, float, float]:
    """Return rate, pitch and energy of one phone."""
    inner = read_table(item, "prosody", log, prefix)
    if inner is None or all(is_absent(value) for value in inner.values()):
        if inner is not None or is_absent(item.get("prosody")):
            fix = f"Add 'prosody' with one of {', '.join(PHONE_PROSODY)}, as in {_EXAMPLE}."
            problem = "The edit asks nothing of the phone."
            log.error(item.place, f"{prefix}prosody", "missing-field", problem, fix)
        return 1.0, 0.0, 0.0
    prefix = f"{prefix}prosody."
    refuse_unknown(inner, PHONE_PROSODY, log, prefix)
    rate, pitch, energy = (
        read_number(inner, name, limits, log, prefix) for name, (_, limits) in PHONE_PROSODY.items()
    )
    return 1.0 if rate is None else rate, pitch or 0.0, energy or 0.0


def _no_phone(phone: str) -> str:
    """Return why a text is no phone, or ""."""
    ipa = phones.tidy(phone)
    if " " in ipa:
        return "is more than one phone"
    if problem := phones.problem(ipa):
        return problem
    try:
        symbols(phone)
    except TextError:
        return "is no phone any voice knows"
    return ""


def _refuse_twice(found: Sequence[GivenPhone], log: FaultLog) -> None:
    seen: set[tuple[tuple[str, ...], int]] = set()
    for edit, place, field in found:
        key = symbols(edit.phone), edit.occurrence
        if key in seen:
            which = f", number {edit.occurrence}," if edit.occurrence > 1 else ""
            problem = f"The phone {shown(edit.phone)}{which} is edited twice."
            log.error(place, field, "duplicate-phone", problem, "Join the two edits.")
        seen.add(key)


def check_phones(word: WordEdit, given: Sequence[GivenPhone], log: FaultLog) -> None:
    """Report phones that are not in the phonemes a line gives to its word.

    How other words are spoken is looked up for all lines at once (`phone_faults`).
    """
    spoken = phones.tidy(word.phonemes).split()
    for edit, place, field in given if spoken else ():
        if found := _gone(word, edit, spoken):
            log.error(place, field, "phone-gone", *found)


def phone_faults(lines: Sequence[Utterance], lexicon: Lexicon) -> Iterator[Fault]:
    """Yield a fault for every phone edit that finds no phone in its word as it is spoken.

    A line that cannot be spoken here, for want of espeak-ng or for another reason, is left to the
    render, which says why.

    Args:
        lines: Lines with phone edits.
        lexicon: The project's.
    """
    if not lines:
        return
    from renderer.text.transcriber import EspeakTranscriber  # few lines need it

    answers = EspeakTranscriber(lexicon).transcribe(lines)
    for line, answer in zip(lines, answers, strict=True):
        if isinstance(answer, Transcript):
            yield from _line_faults(line, answer)


def _line_faults(line: Utterance, transcript: Transcript) -> Iterator[Fault]:
    for word in line.direction.words:
        places = find_spoken(word.word, word.occurrence, transcript)
        spoken = [transcript.words[place].phonemes for place in places]
        for edit in word.phones if spoken else ():
            if found := _gone(word, edit, spoken):
                at = line.origin
                yield Fault(at.path, at.line, "words", *found, "phone-gone")


def _gone(word: WordEdit, edit: PhoneEdit, spoken: Sequence[str]) -> tuple[str, str] | None:
    """Return what is wrong with a phone edit and what to do, or None."""
    try:
        problem = misfit(word.word, edit, spoken)
    except TextError:
        return None  # the word's phonemes are at fault, not the edit; rendering says how
    what, _, fix = problem.rpartition(". ")
    return (f"{what}.", fix) if problem else None
