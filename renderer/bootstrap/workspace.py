"""What people commit, read and keyed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from renderer import config
from renderer.config import Settings
from renderer.domain.project import Project
from renderer.domain.voice import VoiceRef
from renderer.errors import Fault, InputError, Level, ManifestError, VoiceError

if TYPE_CHECKING:
    from renderer.direction.profile import EmotionProfiles
    from renderer.quality.limit_file import Known
    from renderer.services.input_key import InputKeyer
    from renderer.services.recording import Recording
    from renderer.text.lexicon import Lexicon


@dataclass(frozen=True, slots=True)
class Workspace:
    """What people commit, read.

    Attributes:
        settings: From the environment.
        project: The project file.
        build: Folder for everything generated.
        lexicon: The shipped and the project's entries.
        profiles: Emotion profiles.
        recordings: (line_id, locale) to a human recording.
        inputs: Digests of what people commit.
        warnings: What is odd but no error.
    """

    settings: Settings
    project: Project
    build: Path
    lexicon: Lexicon
    profiles: EmotionProfiles
    recordings: Mapping[tuple[str, str], Recording]
    inputs: InputKeyer
    warnings: tuple[Fault, ...] = ()

    @property
    def lock_path(self) -> Path:
        """Where the voice lock is written unless told otherwise."""
        return self.build / "voice.lock"

    @property
    def owns_store(self) -> bool:
        """Whether the object store is this build folder's own, not one that others share."""
        return not self.settings.store


def lexicon_paths(project: Project) -> list[tuple[Path, str]]:
    """Return lexicon files and their names for people: shipped ones first, then the project's."""
    shipped = sorted((config.assets_dir() / "lexicons").glob("*.yaml"))
    own = sorted({p for pattern in project.lexicons for p in project.root.glob(pattern)})
    return [(p, f"assets/lexicons/{p.name}") for p in shipped] + [
        (p, p.relative_to(project.root).as_posix()) for p in own
    ]


def profiles_path(project: Project) -> Path:
    """Return the emotion profiles: the project's own, else the shipped ones."""
    own = project.root / "emotion_profiles.json"
    return own if own.is_file() else config.assets_dir() / "emotion_profiles.json"


def gate_path(project: Project) -> Path:
    """Return where a project may have limits of its own for the gate."""
    return project.root / "gate.yaml"


def gate_names(project: Project, settings: Settings) -> Known:
    """Return what the rows of a project's limits may be named after."""
    from renderer.quality.limit_file import Known

    return Known(project.locales, cache(lambda: _speakers(project, settings)))


def _speakers(project: Project, settings: Settings) -> dict[str, Collection[str] | None] | None:
    """Return the voices of the cast and those that are installed; None where a card is broken."""
    from renderer.speech import language
    from renderer.speech.card import read_folders

    cast = (v for c in project.characters.values() for v in (c.voice, *c.voices.values()))
    found: dict[str, Collection[str] | None] = {VoiceRef.parse(v).name: None for v in cast}
    folders = (project.root / "voices", settings.voices, config.assets_dir() / "voices")
    try:
        found |= {name: card.speakers for name, card in read_folders(folders).items()}
        found["formant"] = language.speakers()
    except InputError:
        return None
    except VoiceError:  # without espeak-ng nobody knows its speakers
        found["formant"] = None
    return found


def open_workspace(path: Path, settings: Settings, build: Path | None = None) -> Workspace:
    """Read a project and everything beside its scenes.

    Args:
        path: Project folder or file.
        settings: From the environment.
        build: Folder for everything generated; None for the settings' or `build/<project>`.

    Raises:
        ManifestError: The project file, a lexicon or a recording is wrong.
        InputError: The project's own limits for the gate are wrong.
        ConfigError: The project's own emotion profiles are wrong.
    """
    from renderer.direction.profile import read_profiles
    from renderer.manifest.project import read_project
    from renderer.quality.limit_file import read_limits
    from renderer.services.recording import FOLDER, find_recordings
    from renderer.text.lexicon import read_lexicons

    project = read_project(path)
    faults: list[Fault] = []
    lexicon = read_lexicons(lexicon_paths(project), faults)
    errors = [f for f in faults if f.level is Level.ERROR]
    if errors:
        raise ManifestError(f"{len(errors)} faults in the lexicons", faults)
    profiles = read_profiles(profiles_path(project))
    if gate_path(project).is_file():  # said now, not when the first take is judged
        read_limits(gate_path(project), gate_names(project, settings), faults)
    recordings = find_recordings(project.root / FOLDER)
    return Workspace(
        settings=settings,
        project=project,
        build=build or settings.build or Path("build") / project.name,
        lexicon=lexicon,
        profiles=profiles,
        recordings=recordings,
        inputs=_keyer(project, lexicon, profiles, recordings),
        warnings=tuple(faults),
    )


def with_profiles(workspace: Workspace, path: Path) -> Workspace:
    """Return a workspace with other emotion profiles.

    Raises:
        ConfigError: The profiles are wrong.
    """
    from renderer.direction.profile import read_profiles

    place, profiles = workspace, read_profiles(path)
    keyer = _keyer(place.project, place.lexicon, profiles, place.recordings)
    return replace(place, profiles=profiles, inputs=keyer)


def _keyer(
    project: Project,
    lexicon: Lexicon,
    profiles: EmotionProfiles,
    recordings: Mapping[tuple[str, str], Recording],
) -> InputKeyer:
    from renderer.services.input_key import InputKeyer

    digests = {key: found.sha256 for key, found in recordings.items()}
    return InputKeyer(project, lexicon.digest, profiles.digest, digests)
