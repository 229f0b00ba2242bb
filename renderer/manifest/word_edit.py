"""The `words` and `hints` of a line: anchored to the written word, checked against the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from renderer.domain.direction import Emphasis, WordEdit
from renderer.domain.words import Word, find_words, fold
from renderer.manifest.field import (
    near,
    read_choice,
    read_table,
    read_text,
    read_whole_number,
    refuse_unknown,
    shown,
)
from renderer.manifest.markup import is_ipa
from renderer.manifest.performance import out_of_range, read_prosody
from renderer.manifest.phone_edit import GivenPhone, check_phones, read_phones
from renderer.manifest.tree import FaultLog, Place, Row, Table

EMPHASES = tuple(e.value for e in Emphasis)
MAX_OCCURRENCE = 500
WORD_FIELDS = ("word", "occurrence", "emphasis", "phonemes", "prosody", "phones")
_Key = tuple[str, int]


class _Given(NamedTuple):
    edit: WordEdit
    place: Place
    field: str
    phones: Sequence[GivenPhone] = ()


def read_words(
    table: Table, text: str, marked: Sequence[WordEdit], log: FaultLog
) -> tuple[WordEdit, ...]:
    """Return all word edits of a line, in the order of its words.

    Args:
        table: The line.
        text: Its plain text.
        marked: The edits from its markup.
        log: Where faults go: a word that is gone, an edit given twice or contradicting the markup.
    """
    words = find_words(text)
    at = {(fold(w.text), w.occurrence): n for n, w in enumerate(words)}
    edits: dict[_Key, WordEdit] = {(fold(e.word), e.occurrence): e for e in marked}
    seen: set[_Key] = set()
    for given in _given(table, log):
        key = (fold(given.edit.word), given.edit.occurrence)
        if key not in at:
            _report_gone(given, words, log)
        elif key in seen:
            problem = f"The word {shown(given.edit.word)} is edited twice."
            log.error(given.place, given.field, "duplicate-word", problem, "Join the two edits.")
        else:
            seen.add(key)
            edits[key] = _merge(edits.get(key), given, words[at[key]], log)
            check_phones(edits[key], given.phones, log)
    return tuple(edits[key] for key in sorted(edits, key=lambda k: at.get(k, 0)))


def _given(table: Table, log: FaultLog) -> list[_Given]:
    value = table.get("words")
    if not isinstance(value, Row):
        if value is not None:
            problem = f"{shown(value)} is no list of words."
            fix = "Write a list, for example '- {word: never, emphasis: strong}'."
            log.error(table.where("words"), "words", "wrong-type", problem, fix)
        return []
    given = []
    for n, item in enumerate(value):
        field = f"words.{n + 1}"
        if isinstance(item, Table):
            edit, phones = _edit(item, log, f"{field}.")
            if edit is not None:
                given.append(_Given(edit, item.where("word"), f"{field}.word", phones))
        else:
            fix = "Write a mapping, for example {word: never, emphasis: strong}."
            problem = f"{shown(item)} is no word edit."
            log.error(value.where(n), field, "wrong-type", problem, fix)
    return given


def _edit(item: Table, log: FaultLog, prefix: str) -> tuple[WordEdit | None, Sequence[GivenPhone]]:
    refuse_unknown(item, WORD_FIELDS, log, prefix)
    word = read_text(item, "word", log, prefix).strip()
    occurrence = read_whole_number(item, "occurrence", (1, MAX_OCCURRENCE), log, prefix)
    emphasis = read_choice(item, "emphasis", EMPHASES, log, prefix)
    phonemes = read_text(item, "phonemes", log, prefix).strip()
    if phonemes and not is_ipa(phonemes):
        problem = f"{shown(phonemes)} is no IPA."
        fix = "Write IPA phonemes, for example ˈkeɪlɪθ."
        log.error(item.where("phonemes"), f"{prefix}phonemes", "bad-phonemes", problem, fix)
    prosody = read_prosody(item, log, prefix)
    given = read_phones(item, log, prefix)
    phones = tuple(one.edit for one in given)
    if word:
        level = Emphasis(emphasis or "none")
        return WordEdit(word, occurrence or 1, prosody, level, phonemes, phones), given
    fix = "Name the word as it is written in the text: 'word: never'."
    log.error(item.place, f"{prefix}word", "missing-field", "The edit names no word.", fix)
    return None, given


def _report_gone(given: _Given, words: Sequence[Word], log: FaultLog) -> None:
    form = fold(given.edit.word)
    count = sum(fold(w.text) == form for w in words)
    if count:
        problem = (
            f"The word {shown(given.edit.word)} occurs {count} time(s) in the text, "
            f"not {given.edit.occurrence}."
        )
        fix = f"Use an occurrence from 1 to {count}, or delete the edit."
    else:
        guess = near(given.edit.word, {w.text for w in words})
        problem = f"The word {shown(given.edit.word)} is not in the text (any more).{guess}"
        fix = "Name one written word of the text, or delete the edit."
    log.error(given.place, given.field, "word-gone", problem, fix)


def _merge(old: WordEdit | None, given: _Given, word: Word, log: FaultLog) -> WordEdit:
    new = replace(given.edit, word=word.text)
    if old is None:
        return new
    none = Emphasis.NONE
    both = old.emphasis is not none and new.emphasis is not none and old.emphasis != new.emphasis
    if both or (old.phonemes and new.phonemes and old.phonemes != new.phonemes):
        problem = f"The markup asks for something else at {shown(word.text)}."
        log.error(given.place, given.field, "contradiction", problem, "Keep one of the two.")
    prosody = old.prosody.then(new.prosody)
    if bad := out_of_range(prosody):
        problem = f"Together with the markup, {bad} at {shown(word.text)}."
        log.error(given.place, given.field, "out-of-range", problem, "Lower one of the two.")
    return WordEdit(
        word.text,
        word.occurrence,
        prosody,
        old.emphasis if new.emphasis is none else new.emphasis,
        new.phonemes or old.phonemes,
        new.phones,
    )


def read_hints(table: Table, text: str, log: FaultLog) -> tuple[tuple[str, str], ...]:
    """Return the homograph hints of a line, sorted by word.

    A hint whose word is not in the text is a fault: it would silently do nothing.
    """
    inner = read_table(table, "hints", log)
    if not inner:
        return ()
    words = find_words(text)
    forms = {fold(w.text) for w in words}
    hints = []
    for word in inner:
        hint = read_text(inner, word, log, "hints.").strip()
        if fold(word) not in forms:
            guess = near(word, {w.text for w in words})
            problem = f"The word {shown(word)} is not in the text (any more).{guess}"
            fix = "Name one written word of the text, or delete the hint."
            log.error(inner.where(word), f"hints.{word}"[:200], "word-gone", problem, fix)
        elif not hint:
            fix = "Name the meaning as the lexicon does, for example 'lead: metal'."
            at = inner.where(word)
            log.error(at, f"hints.{word}", "missing-field", "The hint is empty.", fix)
        else:
            hints.append((word, hint))
    return tuple(sorted(hints))
