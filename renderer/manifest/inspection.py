"""A whole project read for its faults alone, without a database: what `check` asks for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from renderer.domain.project import Project
from renderer.domain.utterance import Utterance
from renderer.domain.voice import VoiceRef
from renderer.errors import Fault, Level, ManifestError
from renderer.manifest.field import near
from renderer.manifest.phone_edit import phone_faults
from renderer.manifest.project import read_project
from renderer.manifest.reader import find_files, read_scenes
from renderer.manifest.translations import TranslationLedger
from renderer.text.lexicon import Lexicon, read_lexicons


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies around the scenes of a project.

    Attributes:
        lexicons: Lexicon files and the paths people are shown.
        voices: Names of the voices installed here, or None when nobody knows.
    """

    lexicons: Sequence[tuple[Path, str]] = ()
    voices: Collection[str] | None = None


def _nothing_around(project: Project) -> Surroundings:
    return Surroundings()


@dataclass(slots=True)
class Inspection:
    """What was found.

    Attributes:
        faults: Errors and warnings of every file.
        project: The project, or None when its file is wrong.
        files: Scene files read.
        lines: Lines without an error.
    """

    faults: list[Fault] = field(default_factory=list)
    project: Project | None = None
    files: int = 0
    lines: int = 0

    @property
    def has_errors(self) -> bool:
        """Whether an import would be refused, or a line could not be spoken."""
        return any(f.level is Level.ERROR for f in self.faults)


@dataclass(frozen=True, slots=True)
class Step:
    """How far an inspection is: bytes read, bytes of all files, lines so far."""

    done: int
    total: int
    lines: int


def inspect(
    path: Path,
    *,
    around: Callable[[Project], Surroundings] = _nothing_around,
    on_step: Callable[[Step], None] = lambda step: None,
) -> Inspection:
    """Read a project, its lexicons and all of its scene files.

    Args:
        path: The project file or its folder.
        around: Returns the project's lexicons and the installed voices. A voice that is not
            installed is a warning here: manifests are checked on machines that render nothing.
        on_step: Told about progress, once per thousand lines and per file.

    Returns:
        Everything that is wrong, and everything to look at; nothing is raised for bad input.
    """
    found = Inspection()
    try:
        found.project = read_project(path)
        _read(found.project, found, around(found.project), on_step)
    except ManifestError as error:
        found.faults.extend(error.faults)
    return found


def _read(
    project: Project,
    found: Inspection,
    around: Surroundings,
    on_step: Callable[[Step], None],
) -> None:
    desk = _Desk(project, around, read_lexicons(around.lexicons, found.faults))
    files = find_files(project)
    found.files = len(files)
    if not files:
        patterns = ", ".join(project.scenes)
        problem = f"No scene file matches {patterns}."
        fix = "Add one, for example scenes/gate.yaml, or correct 'scenes'."
        name = project.path.name
        found.faults.append(Fault(name, 0, "scenes", problem, fix, "no-scenes", Level.WARNING))
    total = sum(file.size for file in files)
    done = 0
    current = None
    for scene in read_scenes(project, files, found.faults):
        if current is not None and scene.file != current:
            done += current.size
        current = scene.file
        found.lines += len(scene.utterances)
        for utterance in scene.utterances:
            desk.look_at(utterance, found.faults)
        on_step(Step(done + scene.bytes_read, total, found.lines))
    if not found.has_errors:  # a line with an error is not read, and would seem to be missing
        found.faults.extend(translation.fault() for translation in desk.ledger.stale())
    found.faults.extend(phone_faults(desk.edited, desk.lexicon))


class _Desk:
    """What is looked at beyond a single line."""

    def __init__(self, project: Project, around: Surroundings, lexicon: Lexicon) -> None:
        self.ledger = TranslationLedger(project.source_locale)
        self._project = project
        self._voices = around.voices
        self.lexicon = lexicon
        self.edited: list[Utterance] = []
        self._has_lexicon = bool(lexicon.entries)
        self._heard: set[str] = set()

    def look_at(self, utterance: Utterance, faults: list[Fault]) -> None:
        """Look at one line: its source, its hints, its voice; keep it when phones are edited."""
        self.ledger.add(utterance)
        if utterance.hints and self._has_lexicon:
            self._check_hints(utterance, faults)
        if any(word.phones and not word.phonemes for word in utterance.direction.words):
            self.edited.append(utterance)
        if utterance.voice not in self._heard:
            self._heard.add(utterance.voice)
            self._check_voice(utterance, faults)

    def _check_hints(self, utterance: Utterance, faults: list[Fault]) -> None:
        for word, hint in self.lexicon.unmatched_hints(utterance):
            problem = f"No lexicon entry of {word!r} in {utterance.locale} has the hint {hint!r}."
            fix = "Add the entry to a lexicon or correct the hint; it does nothing now."
            where = utterance.origin
            faults.append(
                Fault(
                    where.path,
                    where.line,
                    f"hints.{word}",
                    problem,
                    fix,
                    "unknown-hint",
                    Level.WARNING,
                )
            )

    def _check_voice(self, utterance: Utterance, faults: list[Fault]) -> None:
        name = VoiceRef.parse(utterance.voice).name
        if self._voices is None or name in self._voices:
            return
        problem = f"The voice {name!r} of {utterance.character!r} is not installed here."
        fix = "Install it before rendering ('barkline voices'), or correct its name."
        field = f"characters.{utterance.character}"
        faults.append(
            Fault(
                self._project.path.name,
                0,
                field,
                problem + near(name, self._voices),
                fix,
                "voice-not-installed",
                Level.WARNING,
            )
        )
