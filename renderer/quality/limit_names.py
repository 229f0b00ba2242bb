"""Whether the rows of a limits file are named after something that there is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from renderer.domain.locale import as_locale, is_locale, language_of
from renderer.domain.voice import ENGINES, RECORDING
from renderer.errors import Level

_NAME = r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,79}"
_VOICE_KEY = re.compile(
    rf"(?P<name>{_NAME})(#(?P<speaker>{_NAME}))?"
    r"(@(?P<locale>[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*))?"
)
_SHOWN = 12
Voices = Mapping[str, Collection[str] | None]


@dataclass(frozen=True, slots=True)
class Known:
    """What names are held against beside their spelling, where somebody knows it.

    Attributes:
        locales: Of the project; empty: nobody knows.
        voices: Returns the voices there are, each with its speakers (None: nobody knows them), or
            None where nobody knows; asked for every row of a voice, and only then.
    """

    locales: Collection[str] = ()
    voices: Callable[[], Voices | None] = lambda: None


class Wrong(NamedTuple):
    """What is wrong with a name: an error, or a warning where it may be right elsewhere."""

    problem: str
    fix: str
    level: Level = Level.ERROR


def look_at(table: str, name: str, known: Known) -> Wrong | None:
    """Return what is wrong with the name of a row, or None.

    Args:
        table: `engines`, `locales`, `voices`, or one of the tables of `short`.
        name: Of the row.
        known: What it is held against.
    """
    if table.endswith("engines") and name not in (*ENGINES, RECORDING):
        return Wrong("is no engine.", use_one(name, (*ENGINES, RECORDING)))
    if table == "locales":
        return _locale(name, name, known)
    return _voice(name, known) if table == "voices" else None


def use_one(name: str, there: Iterable[str]) -> str:
    """Return the advice to use one of the names there are: the near ones first, else some."""
    some = sorted(there)
    near = difflib.get_close_matches(name[:100], some, 3) or some[:_SHOWN]
    return f"Use one of {', '.join(near)}."


def _locale(tag: str, name: str, known: Known) -> Wrong | None:
    if not is_locale(tag):
        meant = as_locale(tag)
        fix = f"Write {name.removesuffix(tag)}{meant}." if meant else "Write en-US, de-DE or de."
        return Wrong(f"is not spelt as a locale is, so no line would have it: {tag}.", fix)
    there = {*known.locales, *map(language_of, known.locales)}
    if there and tag not in there:
        return Wrong(f"is of no locale of the project: {tag}.", use_one(tag, there))
    return None


def _voice(key: str, known: Known) -> Wrong | None:
    parts = _VOICE_KEY.fullmatch(key)
    if parts is None:
        fix = "Write name, name#speaker, name@de, name@de-DE or name#speaker@de."
        return Wrong("is no voice.", fix)
    name, speaker, tag = parts["name"], parts["speaker"], parts["locale"]
    if tag and (wrong := _locale(tag, key, known)):
        return wrong
    voices = None if name == RECORDING else known.voices()
    if voices is None:
        return None
    if name not in voices:
        problem = f"No voice {name} is installed here or in the cast."
        return Wrong(problem, use_one(name, voices), Level.WARNING)
    speakers = voices[name]
    if not speaker or speakers is None or speaker in speakers:
        return None
    fix = use_one(speaker, speakers) if speakers else f"Write {name}: it has one speaker."
    return Wrong(f"The voice {name} has no speaker {speaker}.", fix, Level.WARNING)
