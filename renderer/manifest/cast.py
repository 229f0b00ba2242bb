"""The cast: the characters of a project file and their voices."""

from __future__ import annotations

from renderer.domain.direction import Direction
from renderer.domain.project import Character
from renderer.domain.voice import VoiceRef
from renderer.manifest.field import (
    clean_text,
    near,
    read_note,
    read_table,
    read_text,
    refuse_unknown,
    shown,
)
from renderer.manifest.identifier import ID_FIX, id_form, is_id
from renderer.manifest.performance import read_direction
from renderer.manifest.tree import FaultLog, Table

CHARACTER_FIELDS = ("name", "voice", "voices", "emotion", "delivery", "prosody", "notes")


def is_voice(text: str) -> bool:
    """Whether a text is a voice reference: `name` or `name#speaker`."""
    try:
        VoiceRef.parse(text)
    except ValueError:
        return False
    return True


def read_cast(tree: Table, locales: tuple[str, ...], log: FaultLog) -> dict[str, Character]:
    """Return the characters of a project file by id."""
    table = read_table(tree, "characters", log)
    if not table:
        if "characters" not in tree or table is not None:
            fix = "Add 'characters:' and below it one character per id, each with a voice."
            place = tree.where("characters")
            log.error(place, "characters", "missing-field", "The project has no characters.", fix)
        return {}
    seen: dict[str, str] = {}
    characters = {}
    for key in table:
        id_ = clean_text(key, log, table.where(key), "characters")
        prefix = f"characters.{id_}."
        if not is_id(id_):
            problem = f"{shown(key)} cannot be a character's id."
            log.error(table.where(key), "characters", "unsafe-id", problem, ID_FIX)
        other = seen.setdefault(id_form(id_, ""), key)
        if other != key:
            problem = f"The characters {shown(other)} and {shown(key)} differ only in form."
            log.error(table.where(key), "characters", "duplicate-id", problem, "Rename one.")
        inner = read_table(table, key, log, "characters.") or Table(table.where(key))
        characters[id_] = _character(id_, inner, locales, prefix, log)
    return characters


def _character(
    id_: str, inner: Table, locales: tuple[str, ...], prefix: str, log: FaultLog
) -> Character:
    refuse_unknown(inner, CHARACTER_FIELDS, log, prefix)
    voices = read_table(inner, "voices", log, prefix) or Table(inner.place)
    for locale in voices:
        if locale not in locales:
            problem = f"The project has no locale {shown(locale)}.{near(locale, locales)}"
            fix = "Add it to 'locales' or correct it."
            log.error(
                voices.where(locale), f"{prefix}voices.{locale}", "unknown-locale", problem, fix
            )
    if "voice" not in inner:
        fix = "Add 'voice:', for example 'voice: formant'."
        problem = f"The character {id_!r} has no voice."
        log.error(inner.place, f"{prefix}voice", "missing-field", problem, fix)
    return Character(
        id=id_,
        name=read_text(inner, "name", log, prefix).strip() or id_,
        voice=_voice(inner, "voice", log, prefix),
        voices={loc: _voice(voices, loc, log, f"{prefix}voices.") for loc in voices},
        direction=read_direction(inner, Direction(), log, prefix),
        notes=read_note(inner, "notes", log, prefix),
    )


def _voice(table: Table, key: str, log: FaultLog, prefix: str) -> str:
    if key not in table:
        return ""
    voice = read_text(table, key, log, prefix).strip()
    if not is_voice(voice):
        problem = f"{shown(voice)} is no voice."
        fix = "Write the name of an installed voice, or name#speaker ('barkline voices list')."
        log.error(table.where(key), prefix + key, "bad-voice", problem, fix)
    return voice
