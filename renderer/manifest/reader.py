"""Scene files of a project: found, read, and every fault of every file at once."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from renderer.domain.project import Character, Project
from renderer.domain.utterance import Utterance
from renderer.domain.voice import VoiceRef
from renderer.errors import Fault, ManifestError
from renderer.manifest.identifier import id_form
from renderer.manifest.line import LineReader
from renderer.manifest.retake import RETAKES_FILE, Retakes, read_retakes
from renderer.manifest.scene import SUFFIXES, open_scene
from renderer.manifest.source import SceneFile
from renderer.manifest.tree import FaultLog, Unreadable

CHUNK = 1_000

__all__ = ["Scene", "SceneFile", "find_files", "id_form", "read_scenes"]


@dataclass(frozen=True, slots=True)
class Scene:
    """Some lines of one scene file; a long file comes as several of them.

    Attributes:
        file: The file.
        utterances: At most `CHUNK` lines, in the order of the file.
        bytes_read: How far the file has been read by now, for a progress bar.
    """

    file: SceneFile
    utterances: tuple[Utterance, ...]
    bytes_read: int = 0


def find_files(project: Project) -> list[SceneFile]:
    """Return the project's scene files, sorted by path, with their hashes.

    The project file, lexicons, hidden files, backup files and files of other types are left out.

    Raises:
        ManifestError: A file lies outside the project folder or cannot be read; all of them are
            listed.
    """
    found: dict[str, Path] = {}
    faults: list[Fault] = []
    others = {
        project.path,
        project.root / RETAKES_FILE,
        *(p for pattern in project.lexicons for p in project.root.glob(pattern)),
    }
    for pattern in project.scenes:
        for path in project.root.glob(pattern):
            relative = path.relative_to(project.root)
            if path not in others and _is_scene(relative) and path.is_file():
                found[relative.as_posix()] = path
    files = [_scene_file(project.root, found[name], name, faults) for name in sorted(found)]
    if faults:
        raise ManifestError("Some scene files cannot be used.", faults)
    return [file for file in files if file is not None]


def _is_scene(relative: Path) -> bool:
    hidden = any(part.startswith((".", "~")) for part in relative.parts)
    return not hidden and relative.suffix.lower() in SUFFIXES


def _scene_file(root: Path, path: Path, name: str, faults: list[Fault]) -> SceneFile | None:
    if not path.resolve().is_relative_to(root.resolve()):
        problem = "The file is a link that leads out of the project folder."
        fix = "Copy the file into the project."
        faults.append(Fault(name, 0, "", problem, fix, "escaping-link"))
        return None
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
            return SceneFile(name, digest.hexdigest(), stream.tell())
    except OSError as error:
        problem = f"The file cannot be opened: {error.strerror}."
        fix = "Check that the file exists and may be read."
        faults.append(Fault(name, 0, "", problem, fix, "unreadable"))
        return None


def read_scenes(
    project: Project,
    files: Sequence[SceneFile],
    faults: list[Fault],
    *,
    voices: Container[str] | None = None,
    taken: Mapping[str, str] | None = None,
    retakes: Retakes | None = None,
) -> Iterator[Scene]:
    """Read scene files, in bounded memory for JSONL and CSV.

    Args:
        project: The project.
        files: What to read, as `find_files` found it.
        faults: Every fault is appended here; a line with an error is not yielded. The caller looks
            for errors when the iterator is finished and throws everything away when there is one.
        voices: Names of installed voices, or None to accept every name.
        taken: `id_form` of every line that is known from files not read now, to its file.
        retakes: What is laid over the lines; None for the project's own `retakes.yaml`.

    Yields:
        The lines, file by file; at least one Scene per file.
    """
    laid = read_retakes(project, faults) if retakes is None else retakes
    desk = _Desk(project, faults, voices, taken or {}, laid)
    for file in files:
        yield from desk.read(file)
    if files:  # else nobody says which lines there are
        desk.finish()


class _Desk:
    """What is known across the files of one reading."""

    def __init__(
        self,
        project: Project,
        faults: list[Fault],
        voices: Container[str] | None,
        taken: Mapping[str, str],
        retakes: Retakes,
    ) -> None:
        self._project = project
        self._faults = faults
        self._voices = voices
        self._taken = taken
        self._retakes = retakes
        self._seen: dict[str, tuple[str, int]] = {}
        self._was: dict[str, tuple[str, int, str]] = {}
        self._voice_faults: dict[tuple[str, str], str] = {}

    def read(self, file: SceneFile) -> Iterator[Scene]:
        log = FaultLog(file.path, self._faults)
        chunk: list[Utterance] = []
        first = True
        try:
            defaults, tables = open_scene(self._project, file, log)
            reader = LineReader(self._project, defaults, log, self._voice_fault)
            for table in tables:
                utterance = reader.read(table)
                if utterance is None or not self._is_new(utterance, log):
                    continue
                chunk.append(self._retakes.lay(utterance))
                if len(chunk) == CHUNK:
                    yield Scene(file, tuple(chunk), log.bytes_read)
                    chunk.clear()
                    first = False
        except Unreadable:
            pass  # the reason is in the log; the other files are still read
        log.close()
        if chunk or first:
            yield Scene(file, tuple(chunk), file.size)

    def _is_new(self, utterance: Utterance, log: FaultLog) -> bool:
        form = id_form(utterance.line_id, utterance.locale)
        place = (utterance.origin.line, 0)
        where = self._where(form)
        if where:
            problem = (
                f"The id {utterance.line_id!r} is already taken in {utterance.locale} by {where} "
                "(ids that differ only in case or Unicode form count as the same)."
            )
            fix = "Give one of the two lines another id."
            log.error(place, "id", "duplicate-id", problem, fix)
            return False
        self._seen[form] = (log.path, utterance.origin.line)
        for old in utterance.was:
            self._claim(old, utterance, log)
        return True

    def _where(self, form: str) -> str:
        seen = self._seen.get(form)
        return f"{seen[0]}:{seen[1]}" if seen else self._taken.get(form, "")

    def _claim(self, old: str, utterance: Utterance, log: FaultLog) -> None:
        form = id_form(old, utterance.locale)
        if form == id_form(utterance.line_id, utterance.locale):
            return  # only the spelling changed: nobody else can have that id, see `_is_new`
        claimed = self._was.setdefault(form, (log.path, utterance.origin.line, old))
        if claimed[:2] != (log.path, utterance.origin.line):
            problem = f"{claimed[0]}:{claimed[1]} was {old!r} too."
            fix = "A line has one successor: delete 'was' in one of the two."
            log.error((utterance.origin.line, 0), "was", "duplicate-was", problem, fix)

    def _voice_fault(self, character: Character, locale: str) -> str:
        key = (character.id, locale)
        if key not in self._voice_faults:
            self._voice_faults[key] = self._judge_voice(character.voice_for(locale))
        return self._voice_faults[key]

    def _judge_voice(self, voice: str) -> str:
        try:
            name = VoiceRef.parse(voice).name
        except ValueError as error:
            return f"{error}."
        if self._voices is None or name in self._voices:
            return ""
        return f"No voice {name!r} is installed ('barkline voices list' shows all)."

    def finish(self) -> None:
        """Report lines that say they were a line that still exists, and retakes of no line."""
        for form, (path, line, old) in sorted(self._was.items(), key=lambda item: item[1]):
            if where := self._where(form):
                problem = f"The line says it was {old!r}, but {where} still has that id."
                fix = "Delete 'was', or rename the other line."
                self._faults.append(Fault(path, line, "was", problem, fix, "was-in-use"))
        self._retakes.finish(self._taken)
