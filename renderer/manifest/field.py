"""One field of a table: read, checked, and reported with what to do when it is wrong."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Any

from renderer.manifest.charset import forbidden_character
from renderer.manifest.tree import FaultLog, Place, Plain, Row, Table

MAX_NOTE = 10_000
_NOTHING = ("", "~", "null")
_MAX_SHOWN = 60


def is_absent(value: Any) -> bool:  # noqa: ANN401 - any node
    """Whether a value counts as not given: null, or nothing after the colon."""
    return value is None or (type(value) is Plain and value in _NOTHING)


def shown(value: Any) -> str:  # noqa: ANN401 - any node
    """Return a value for a message: quoted, escaped and short."""
    if isinstance(value, Table):
        return "a mapping"
    if isinstance(value, Row):
        return "a list"
    text = repr(str(value)) if isinstance(value, str) else repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def near(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean …?" for a near known word, or "".

    >>> near("angy", ["angry", "sad"])
    " Did you mean 'angry'?"
    """
    by_form = {k.casefold(): k for k in known}
    found = get_close_matches(word.casefold()[:100], by_form, n=1, cutoff=0.6)
    return f" Did you mean {by_form[found[0]]!r}?" if found else ""


def refuse_unknown(table: Table, known: Collection[str], log: FaultLog, prefix: str = "") -> None:
    """Report fields that do not belong into a table."""
    for key in [k for k in table if k not in known]:
        fix = f"Known here are {', '.join(sorted(known))}."
        problem = f"There is no field {shown(key)} here.{near(key, known)}"
        log.error(table.where(key), f"{prefix}{key}"[:200], "unknown-field", problem, fix)


def read_text(table: Table, key: str, log: FaultLog, prefix: str = "") -> str:
    """Return a text field in NFC, or "" when it is absent or wrong."""
    value = table.get(key)
    if is_absent(value):
        return ""
    return clean_text(value, log, table.where(key), prefix + key)


def clean_text(value: Any, log: FaultLog, place: Place, field: str) -> str:  # noqa: ANN401 - node
    """Return a text in NFC, or "" when it is no text or holds forbidden characters."""
    if not isinstance(value, str):
        problem = f"{shown(value)} is no text."
        log.error(place, field, "wrong-type", problem, 'Write a text in "quotes".')
        return ""
    bad = None if value.isascii() and value.isprintable() else forbidden_character(value)
    if bad is not None:
        log.error(place, field, bad.code, bad.problem, bad.fix)
        return ""
    return value if value.isascii() else unicodedata.normalize("NFC", str(value))


def read_note(table: Table, key: str, log: FaultLog, prefix: str = "") -> str:
    """Return a text for people, at most `MAX_NOTE` characters, or ""."""
    text = read_text(table, key, log, prefix)
    if len(text) > MAX_NOTE:
        problem = f"{len(text):,} characters are too many here (at most {MAX_NOTE:,})."
        log.error(table.where(key), prefix + key, "note-too-long", problem, "Shorten it.")
        return ""
    return text.strip()


def read_table(table: Table, key: str, log: FaultLog, prefix: str = "") -> Table | None:
    """Return a mapping field, or None when it is absent or wrong."""
    value = table.get(key)
    if is_absent(value):
        return None
    if isinstance(value, Table):
        return value
    problem = f"{shown(value)} is no mapping."
    fix = f"Write the fields of {key!r} below it, each as 'name: value'."
    log.error(table.where(key), prefix + key, "wrong-type", problem, fix)
    return None


def read_row(table: Table, key: str, log: FaultLog, prefix: str = "") -> Row:
    """Return a list field; a single text counts as a list of one; empty when absent or wrong."""
    value = table.get(key)
    empty = Row(table.where(key))
    if is_absent(value):
        return empty
    if isinstance(value, Row):
        return value
    if isinstance(value, str):
        empty.append(value)
        return empty
    problem = f"{shown(value)} is no list."
    log.error(table.where(key), prefix + key, "wrong-type", problem, "Write it as [one, two].")
    return empty


def as_number(value: Any) -> float | None:  # noqa: ANN401 - any node
    """Return a finite number, or None.

    >>> as_number(Plain("0.8")), as_number("0.8"), as_number(Plain(".nan")), as_number(True)
    (0.8, None, None, None)
    """
    if not isinstance(value, (int, float, Plain)) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and "_" not in str(value) else None


def read_number(
    table: Table, key: str, limits: tuple[float, float], log: FaultLog, prefix: str = ""
) -> float | None:
    """Return a number within limits (inclusive), or None when it is absent or wrong."""
    value = table.get(key)
    if is_absent(value):
        return None
    low, high = limits
    number = as_number(value)
    place, field = table.where(key), prefix + key
    if number is None:
        fix = f"Write a number from {low:g} to {high:g}, with a point and without a unit."
        log.error(place, field, "wrong-type", f"{shown(value)} is no number.", fix)
        return None
    if not low <= number <= high:
        problem = f"{number:g} is out of range."
        log.error(place, field, "out-of-range", problem, f"Use {low:g} to {high:g}.")
        return None
    return number


def read_whole_number(
    table: Table, key: str, limits: tuple[int, int], log: FaultLog, prefix: str = ""
) -> int | None:
    """Return a whole number within limits (inclusive), or None when it is absent or wrong."""
    number = read_number(table, key, limits, log, prefix)
    if number is None:
        return None
    if number != int(number):
        place = table.where(key)
        problem = f"{number:g} is no whole number."
        log.error(place, prefix + key, "wrong-type", problem, f"Write {round(number)}, say.")
        return None
    return int(number)


def read_choice(
    table: Table, key: str, known: Collection[str], log: FaultLog, prefix: str = ""
) -> str:
    """Return one of the known words (in any case), or "" when it is absent or wrong."""
    text = read_text(table, key, log, prefix).strip()
    if not text:
        return ""
    word = text.lower()
    if word in known:
        return word
    unknown_word(text, key, known, log, (table.where(key), prefix + key))
    return ""


def unknown_word(
    text: str, what: str, known: Collection[str], log: FaultLog, at: tuple[Place, str]
) -> None:
    """Report a word that is none of the known ones, naming the nearest."""
    fix = f"Use one of {', '.join(known)}."
    problem = f"There is no {what} {shown(text)}.{near(text, known)}"
    log.error(*at, f"unknown-{what}", problem, fix)
