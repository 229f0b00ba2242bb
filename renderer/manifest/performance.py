"""How a line or a character's lines are to be said: emotion, delivery, prosody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from renderer.domain.direction import (
    ENERGY_RANGE_DB,
    PAUSE_RANGE_S,
    PITCH_RANGE_ST,
    PITCH_SPREAD_RANGE,
    RATE_RANGE,
    Delivery,
    Direction,
    Emotion,
    Prosody,
)
from renderer.manifest.field import (
    as_number,
    is_absent,
    read_choice,
    read_number,
    read_table,
    refuse_unknown,
    shown,
    unknown_word,
)
from renderer.manifest.tree import FaultLog, Plain, Table

EMOTIONS = tuple(e.value for e in Emotion)
DELIVERIES = tuple(d.value for d in Delivery)
DEFAULT_INTENSITY = 0.5
# Field of a manifest: attribute of Prosody, allowed range.
PROSODY_FIELDS: Mapping[str, tuple[str, tuple[float, float]]] = {
    "rate": ("rate", RATE_RANGE),
    "pitch": ("pitch_st", PITCH_RANGE_ST),
    "range": ("pitch_range", PITCH_SPREAD_RANGE),
    "energy": ("energy_db", ENERGY_RANGE_DB),
    "pause_before": ("pause_before_s", PAUSE_RANGE_S),
    "pause_after": ("pause_after_s", PAUSE_RANGE_S),
}
_BY_NAME = {e.value: e for e in Emotion}
_INTENSITY_FIX = "Write a number from 0 (not heard) to 1 (full), for example 'angry 0.8'."


def read_direction(table: Table, base: Direction, log: FaultLog, prefix: str = "") -> Direction:
    """Return a line's direction on top of its character's base.

    Emotion and delivery are the character's when the line gives none; prosody is combined.
    """
    if not (table.keys() & _FIELDS):
        return base
    emotion, intensity = base.emotion, base.intensity
    if not is_absent(table.get("emotion")):
        emotion, intensity = _emotion(table, log, prefix)
    delivery = read_choice(table, "delivery", DELIVERIES, log, prefix)
    direction = Direction(
        emotion, intensity, Delivery(delivery) if delivery else base.delivery, base.prosody
    )
    if "prosody" not in table:
        return direction
    return replace(direction, prosody=read_prosody(table, log, prefix)).with_base(base)


_FIELDS = frozenset({"emotion", "delivery", "prosody"})


def _emotion(table: Table, log: FaultLog, prefix: str) -> tuple[Emotion, float]:
    """Read `angry`, `angry 0.8` or {name: angry, intensity: 0.8}."""
    value = table["emotion"]
    if isinstance(value, Table):
        return _emotion_table(value, log, f"{prefix}emotion.")
    at = (table.where("emotion"), f"{prefix}emotion")
    if not isinstance(value, str):
        fix = "Write a name and an intensity, for example 'angry 0.8'."
        log.error(*at, "wrong-type", f"{shown(value)} is no emotion.", fix)
        return Emotion.NEUTRAL, DEFAULT_INTENSITY
    name, _, rest = value.strip().partition(" ")
    emotion = _BY_NAME.get(name.lower())
    if emotion is None:
        unknown_word(name, "emotion", EMOTIONS, log, at)
    number: float | None = DEFAULT_INTENSITY
    if rest.strip():
        number = _intensity(rest.strip())
        if number is None:
            log.error(*at, "out-of-range", f"{shown(rest)} is no intensity.", _INTENSITY_FIX)
    return emotion or Emotion.NEUTRAL, number if number is not None else DEFAULT_INTENSITY


def _intensity(text: str) -> float | None:
    number = as_number(Plain(text))
    return number if number is not None and 0 <= number <= 1 else None


def _emotion_table(table: Table, log: FaultLog, prefix: str) -> tuple[Emotion, float]:
    refuse_unknown(table, ("name", "intensity"), log, prefix)
    name = read_choice(table, "name", EMOTIONS, log, prefix)
    if is_absent(table.get("name")):
        fix = f"Add 'name:' with one of {', '.join(EMOTIONS)}."
        log.error(table.place, f"{prefix}name", "missing-field", "The emotion has no name.", fix)
    intensity = read_number(table, "intensity", (0.0, 1.0), log, prefix)
    return (
        Emotion(name) if name else Emotion.NEUTRAL,
        DEFAULT_INTENSITY if intensity is None else intensity,
    )


def read_prosody(table: Table, log: FaultLog, prefix: str = "") -> Prosody:
    """Return the `prosody` field of a table."""
    inner = read_table(table, "prosody", log, prefix)
    if inner is None:
        return Prosody()
    prefix = f"{prefix}prosody."
    refuse_unknown(inner, PROSODY_FIELDS, log, prefix)
    given: dict[str, Any] = {}
    for key, (name, limits) in PROSODY_FIELDS.items():
        number = read_number(inner, key, limits, log, prefix)
        if number is not None:
            given[name] = number
    return Prosody(**given)


def out_of_range(prosody: Prosody) -> str:
    """Return what is out of range after prosody was combined, or "".

    >>> out_of_range(Prosody(rate=3.0))
    'rate is 3 (0.5 to 2)'
    """
    for key, (name, (low, high)) in PROSODY_FIELDS.items():
        value = getattr(prosody, name)
        if not low <= value <= high:
            return f"{key} is {value:g} ({low:g} to {high:g})"
    return ""
