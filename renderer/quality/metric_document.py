"""Reads metrics back that any version, or anybody, may have written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields

from renderer.quality.circumstances import Circumstances
from renderer.quality.metrics import NAMES, NOTE_LENGTH, WORDS, Metrics


def read_metrics(plain: object) -> Metrics | None:
    """Read metrics back that anybody may have written.

    What is not known is ignored. What is missing or no number was not measured.

    Returns:
        The metrics; None when what was asked of the line cannot be read, as nothing can be held
        against them then.
    """
    if not isinstance(plain, Mapping):
        return None
    line = _circumstances(plain.get("line"))
    if line is None:
        return None
    found = {name: _float(plain.get(name)) for name in NAMES}
    values = {name: value for name, value in found.items() if value is not None}
    places = {n: v for n, p in _rows(plain, "places") if (v := _float(p)) is not None}
    words = {
        part: {n: w[:NOTE_LENGTH] for n, w in _rows(plain, part) if isinstance(w, str)}
        for part in WORDS
    }
    return Metrics(line, places, words["notes"], words["doubts"], words["errors"], **values)


def _rows(plain: Mapping[object, object], part: str) -> list[tuple[str, object]]:
    rows = plain.get(part)
    if not isinstance(rows, Mapping):
        return []
    return [(name, value) for name, value in rows.items() if name in NAMES]


def _circumstances(plain: object) -> Circumstances | None:
    """Read what was asked; None when anything is missing that every version has written."""
    if not isinstance(plain, Mapping):
        return None
    made: dict[str, object] = {}
    for part in fields(Circumstances):
        kind, *or_none = str(part.type).split(" | ")
        raw = plain.get(part.name)
        value = _READERS[kind](raw)
        if value is not None or (or_none and raw is None and part.name in plain):
            made[part.name] = value
    try:
        return Circumstances(**made)  # type: ignore[arg-type]  # each read by its field's type
    except TypeError:
        return None


def _float(value: object) -> float | None:
    if isinstance(value, str):
        return float(value) if value in ("nan", "inf", "-inf") else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if value >= 0 else None


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= NOTE_LENGTH else None


def _finite(value: object) -> float | None:
    number = _float(value)
    return number if number is not None and math.isfinite(number) else None


_READERS = {"str": _text, "int": _count, "float": _finite, "bool": _truth}
