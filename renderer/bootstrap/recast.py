"""Promotion and roll back of a character's voice: project file, import and event as one.

The project file is what decides, so it is changed first, whole, by a rename; then the import of
the lines and the event are one transaction. When that fails the file is put back. When the process
dies in between, the file says the new voice and the next import follows it: nothing is half done
that a render would not finish.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from renderer.bootstrap.house import House, open_house
from renderer.bootstrap.workspace import Workspace, open_workspace
from renderer.domain.events import CharacterRecast, standing_recast
from renderer.errors import AnalysisError, InputError
from renderer.services.ingest import IngestReport
from renderer.services.scope import Scope


@dataclass(frozen=True, slots=True)
class Recast:
    """What was done.

    Attributes:
        event: What is recorded.
        report: What the import of the lines did.
        house: The project as it is now.
    """

    event: CharacterRecast
    report: IngestReport
    house: House


def promote(workspace: Workspace, character: str, voices: Mapping[str, str], who: str) -> Recast:
    """Give a character other voices.

    Args:
        workspace: The project; its build folder is held by the caller.
        character: Character id.
        voices: Old voice reference to new one.
        who: Who decides.

    Raises:
        InputError: The project file cannot be changed with certainty, or changed meanwhile.
        UnknownVoiceError: A new voice is not installed where the project looks for voices.
        ManifestError: With the new voice lines have faults; the file is as it was.
    """
    from renderer.manifest.recast import voice_fields

    known = workspace.project.characters.get(character)
    fields = voice_fields(known, voices) if known else ()
    event = CharacterRecast(character, tuple(voices), tuple(voices.values()), who, fields=fields)
    return _recast(workspace, character, voices, event)


def roll_back(workspace: Workspace, character: str, who: str) -> Recast:
    """Give a character the voices back that its last promotion took.

    Raises:
        AnalysisError: There is no promotion to take back.
        InputError: Its fields have other voices by now.
    """
    house = open_house(workspace)
    with house.reading() as unit:
        past = standing_recast(unit.history.recasts(character))
    if past is None:
        raise AnalysisError(f"{character!r} has no promotion that could be taken back.")
    voices = dict(zip(past.now, past.was, strict=True))
    event = CharacterRecast(
        character, past.now, past.was, who, is_rollback=True, fields=past.fields
    )
    return _recast(workspace, character, voices, event)


def _recast(
    workspace: Workspace, character: str, voices: Mapping[str, str], event: CharacterRecast
) -> Recast:
    from renderer.domain.voice import VoiceRef
    from renderer.manifest.recast import recast, write_if_unchanged

    project = workspace.project
    if character not in project.characters:
        raise InputError(
            f"{project.path.name} has no character {character!r}; it has "
            f"{', '.join(sorted(project.characters))}."
        )
    book = open_house(workspace, in_memory=True).voices
    for voice in voices.values():
        book.card(VoiceRef.parse(voice).name)
    before = project.path.read_bytes()
    after = recast(before, project, character, voices, event.fields)
    write_if_unchanged(project.path, before, after)
    return _undo_on_failure(
        lambda: _import(workspace, character, event), project.path, before, after
    )


def _undo_on_failure(work: Callable[[], Recast], path: Path, before: bytes, after: bytes) -> Recast:
    from renderer.manifest.recast import write_if_unchanged

    try:
        return work()
    except BaseException:
        write_if_unchanged(path, after, before)
        raise


def _import(workspace: Workspace, character: str, event: CharacterRecast) -> Recast:
    fresh = open_workspace(workspace.project.path, workspace.settings, workspace.build)
    house = open_house(fresh)
    ingest = house.ingest(Scope(characters=(character,)))
    ingest.also = (event,)
    return Recast(event, ingest.run(), house)
