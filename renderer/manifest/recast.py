"""Changes which voice a character has in a project file, and not one byte else.

The places of the values are told by the YAML parser (JSON is read by it too); the new values are
put there, comments and layout stay. Then the file as it would be is read like any other and held
against what it should say: an edit that cannot be proven right is refused.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import yaml

from renderer.domain.project import Character, Project
from renderer.errors import InputError
from renderer.manifest.project import read_project
from renderer.whole_file import write_whole

VOICE, VOICES = "voice", "voices"
BOM = "﻿"
BY_HAND = "Change the voice in {} by hand, then run `barkline render`."


def voice_fields(character: Character, voices: Collection[str]) -> tuple[str, ...]:
    """Return the fields of a character that name one of some voices: `voice`, `voices.LOCALE`."""
    named = {VOICE: character.voice}
    named |= {f"{VOICES}.{locale}": voice for locale, voice in character.voices.items()}
    return tuple(field for field, voice in named.items() if voice in voices)


def recast(
    data: bytes,
    project: Project,
    character: str,
    voices: Mapping[str, str],
    fields: Collection[str] | None = None,
) -> bytes:
    """Return a project file with other voices for one character.

    Args:
        data: The file as it is.
        project: The same, read.
        character: Character id.
        voices: Old voice reference to the new one.
        fields: Which fields change, of those that name an old voice (`voice_fields`); None for
            all of them.

    Raises:
        InputError: The file cannot be changed so with certainty; says what to do by hand.
    """
    name = project.path.name
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not UTF-8. {BY_HAND.format(name)}") from error
    bom = BOM if text.startswith(BOM) else ""
    text = text.removeprefix(BOM)
    if fields is None:
        fields = voice_fields(project.characters[character], voices)
    changed = text
    places = _places(text, name, character, voices, fields)
    for start, end, voice in sorted(places, reverse=True):
        changed = changed[:start] + voice + changed[end:]
    if changed == text:
        raise InputError(
            f"{name} gives {character!r} none of {', '.join(voices)} any more; "
            "run `barkline analyse upgrade` again."
        )
    made = (bom + changed).encode("utf-8")
    _prove(made, project, character, voices, fields)
    return made


def _places(
    text: str, name: str, character: str, voices: Mapping[str, str], fields: Collection[str]
) -> list[tuple[int, int, str]]:
    """Return (start, end, new value) of every one of the fields that names an old voice."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise InputError(f"{name} cannot be read as YAML. {BY_HAND.format(name)}") from error
    entry = _field(_field(root, "characters"), character)
    nodes = {VOICE: _field(entry, VOICE)}
    by_locale = _field(entry, VOICES)
    if isinstance(by_locale, yaml.MappingNode):
        nodes |= {f"{VOICES}.{key.value}": value for key, value in by_locale.value}
    found = []
    for field, node in nodes.items():
        if field not in fields:
            continue
        if isinstance(node, yaml.ScalarNode) and node.value in voices:
            quote = node.style if node.style in ("'", '"') else ""
            new = f"{quote}{voices[node.value]}{quote}"
            found.append((node.start_mark.index, node.end_mark.index, new))
    return sorted(set(found))


def _field(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _prove(
    made: bytes,
    before: Project,
    character: str,
    voices: Mapping[str, str],
    fields: Collection[str],
) -> None:
    """Hold a changed file against what it should say."""
    probe = before.path.with_name(f".{before.path.stem}.{os.getpid()}.tmp{before.path.suffix}")
    try:
        probe.write_bytes(made)
        after = replace(read_project(probe), path=before.path)
    finally:
        probe.unlink(missing_ok=True)
    wanted = dict(before.characters)
    wanted[character] = with_voices(before.characters[character], voices, fields)
    if after != replace(before, characters=wanted):
        name = before.path.name
        raise InputError(f"{name} would not say what it should. {BY_HAND.format(name)}")


def with_voices(
    character: Character, voices: Mapping[str, str], fields: Collection[str]
) -> Character:
    """Return a character with other voices where some fields have old ones."""

    def new(field: str, voice: str) -> str:
        return voices.get(voice, voice) if field in fields else voice

    return replace(
        character,
        voice=new(VOICE, character.voice),
        voices={at: new(f"{VOICES}.{at}", voice) for at, voice in character.voices.items()},
    )


def write_if_unchanged(path: Path, before: bytes, after: bytes) -> None:
    """Replace a file whole, unless it changed since it was read.

    Raises:
        InputError: It changed; nothing was written.
    """
    if path.read_bytes() != before:
        raise InputError(f"{path.name} was changed meanwhile; run the command again.")
    write_whole(path, after, is_durable=True)
