"""A whole project read for its faults alone, without a database: what `check` asks for."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from pathlib import Path

from renderer.domain.project import Project
from renderer.errors import Fault, Level, ManifestError
from renderer.manifest.project import read_project
from renderer.manifest.reader import find_files, read_scenes
from renderer.manifest.translations import TranslationLedger


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
        """Whether an import would be refused."""
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
    voices: Container[str] | None = None,
    on_step: Callable[[Step], None] = lambda step: None,
) -> Inspection:
    """Read a project and all of its scene files.

    Args:
        path: The project file or its folder.
        voices: Names of installed voices, or None to accept every name.
        on_step: Told about progress, once per thousand lines and per file.

    Returns:
        Everything that is wrong, and everything to look at; nothing is raised for bad input.
    """
    found = Inspection()
    try:
        found.project = read_project(path)
        _read(found.project, found, voices, on_step)
    except ManifestError as error:
        found.faults.extend(error.faults)
    return found


def _read(
    project: Project,
    found: Inspection,
    voices: Container[str] | None,
    on_step: Callable[[Step], None],
) -> None:
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
    ledger = TranslationLedger(project.source_locale)
    for scene in read_scenes(project, files, found.faults, voices=voices):
        if current is not None and scene.file != current:
            done += current.size
        current = scene.file
        found.lines += len(scene.utterances)
        for utterance in scene.utterances:
            ledger.add(utterance)
        on_step(Step(done + scene.bytes_read, total, found.lines))
    if not found.has_errors:  # a line with an error is not read, and would seem to be missing
        found.faults.extend(translation.fault() for translation in ledger.stale())
