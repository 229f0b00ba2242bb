"""`metadata.csv` of a folder of recordings: what was said in which file, by whom.

Two layouts, told apart by the first line:

    LJSpeech     id|text  or  id|text|text in words; sound in `id.wav`, `wavs/id.flac`, …
    with header  columns `file` and `text`, and any of `id`, `speaker`, `language`, `emotion`, in
                 any order, separated by | or , or ; or a tab; fields may be quoted; without an
                 `id` it is the file's path (`ann/gate.wav`: `ann-gate`)
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from renderer.domain.direction import Emotion
from renderer.errors import Fault, InputError

METADATA_FILE = "metadata.csv"
_COLUMNS = ("id", "file", "text", "speaker", "language", "emotion")
_NEEDED = ("file", "text")
_SEPARATORS = "|\t;,"
_ENDINGS = (".wav", ".flac", ".ogg")
_FOLDERS = ("", "wavs", "wav", "audio", "clips")
_LONGEST_NAME = 200  # bytes
_MAX_BYTES = 64 * 1024 * 1024
_LEAST_COLUMNS, _MOST_COLUMNS = 2, 3  # of LJSpeech
_SPEAKER = re.compile(r"[\w][\w.-]{0,63}")
_EMOTIONS = frozenset(Emotion)


@dataclass(frozen=True, slots=True)
class Recording:
    """One line of the metadata.

    Attributes:
        id: Unique within the folder.
        path: The sound file.
        text: What is said, NFC, single spaces.
        speaker: Who.
        language: BCP 47 tag.
        emotion: One of the manifest's emotions.
        line: 1-based line of the metadata.
    """

    id: str
    path: Path
    text: str
    speaker: str
    language: str
    emotion: str
    line: int


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a line does not say it."""

    speaker: str
    language: str
    emotion: str = "neutral"


def read_metadata(folder: Path, defaults: Defaults) -> tuple[list[Recording], list[Fault]]:
    """Read a folder's metadata.

    Args:
        folder: Holds `metadata.csv` and the sound files.
        defaults: What holds where a line does not say it.

    Returns:
        The recordings that are described well, and the faults of the others.

    Raises:
        InputError: The file is missing, no text in UTF-8, or empty.
    """
    path = folder / METADATA_FILE
    rows = list(_rows(_text(path)))
    if not rows:
        raise InputError(
            f"{path} is empty. Write one line per recording: id|what is said, word for word."
        )
    reader = _Reader(folder, defaults)
    header = [cell.strip().lower() for cell in rows[0][1]]
    named = set(_NEEDED) <= set(header)
    if named:
        reader.check_header(header)
    recordings = []
    for line, cells in rows[1:] if named else rows:
        values = reader.named(line, header, cells) if named else reader.plain(line, cells)
        recording = reader.recording(line, values) if values is not None else None
        if recording is not None:
            recordings.append(recording)
    return recordings, reader.faults


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path} is larger than {_MAX_BYTES} bytes; split the corpus.")
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        fault = Fault(
            path.name, line, "", "This is no UTF-8.", "Save the file as UTF-8.", "bad-encoding"
        )
        raise InputError(f"{path} cannot be read: {fault}", [fault]) from error
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror or error}). A folder of recordings needs a "
            f"{METADATA_FILE} with one line per recording: id|what is said, word for word."
        ) from error


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells) of the lines that are not blank.

    Quotes are read only below a header: LJSpeech has none, and a `"` in its texts is a `"`.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((line for line in lines if line.strip()), "")
    separator = next((s for s in _SEPARATORS if _is_header(first, s)), "")
    reader = (
        csv.reader(lines, delimiter=separator)
        if separator
        else csv.reader(lines, delimiter="|", quoting=csv.QUOTE_NONE)
    )
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a field beyond csv's limit
            yield reader.line_num, []
            continue
        if any(cell.strip() for cell in row):
            yield reader.line_num, row


def _is_header(line: str, separator: str) -> bool:
    return set(_NEEDED) <= {cell.strip(' "').lower() for cell in line.split(separator)}


class _Reader:
    """Turns cells into recordings and keeps what is wrong with them."""

    def __init__(self, folder: Path, defaults: Defaults) -> None:
        self.folder = folder
        self.defaults = defaults
        self.faults: list[Fault] = []
        self._lines: dict[str, int] = {}

    def fault(self, line: int, field: str, problem: str, fix: str, code: str) -> None:
        """Note one fault."""
        self.faults.append(Fault(METADATA_FILE, line, field, problem, fix, code))

    def check_header(self, header: Sequence[str]) -> None:
        """Note columns that are unknown or there twice."""
        for name in dict.fromkeys(header):
            if name not in _COLUMNS:
                fix = f"Use {', '.join(_COLUMNS)}."
                self.fault(1, name, "There is no such column.", fix, "unknown-column")
            elif header.count(name) > 1:
                self.fault(1, name, "The column is there twice.", "Keep one.", "double-column")

    def named(
        self, line: int, header: Sequence[str], cells: Sequence[str]
    ) -> Mapping[str, str] | None:
        """Return a line below a header by column."""
        if len(cells) != len(header):
            problem = f"The line has {len(cells)} fields where the header has {len(header)}."
            self.fault(line, "", problem, "Quote separators in texts.", "wrong-columns")
            return None
        values = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        file = values["file"]
        path = file.removesuffix(PurePosixPath(file).suffix)
        return {**values, "id": values.get("id") or path.replace("/", "-")}

    def plain(self, line: int, cells: Sequence[str]) -> Mapping[str, str] | None:
        """Return a line of LJSpeech's layout; the text in words wins."""
        if not _LEAST_COLUMNS <= len(cells) <= _MOST_COLUMNS:
            problem = f"The line has {len(cells)} fields."
            self.fault(line, "", problem, "Write id|text or id|text|words.", "wrong-columns")
            return None
        texts = [cell.strip() for cell in cells[1:] if cell.strip()]
        return {"id": cells[0].strip(), "text": texts[-1] if texts else ""}

    def recording(self, line: int, values: Mapping[str, str]) -> Recording | None:
        """Return a line's recording, or None when something is wrong with it."""
        before = len(self.faults)
        clip_id = values["id"]
        self._check_id(line, clip_id)
        text = " ".join(unicodedata.normalize("NFC", values["text"]).split())
        if not any(c.isalnum() for c in text):
            fix = "Write what is said, word for word, or remove the line."
            self.fault(line, "text", "There is no text.", fix, "empty-text")
        speaker = values.get("speaker") or self.defaults.speaker
        if not _SPEAKER.fullmatch(speaker):
            fix = "Use letters, digits, `.`, `-` and `_`."
            self.fault(line, "speaker", f"{speaker!r} is no name.", fix, "bad-speaker")
        emotion = (values.get("emotion") or self.defaults.emotion).lower()
        if emotion not in _EMOTIONS:
            fix = f"Use one of {', '.join(Emotion)}."
            self.fault(line, "emotion", f"{emotion!r} is no emotion.", fix, "bad-emotion")
        path = self._sound(line, values)
        if path is None or len(self.faults) > before:
            return None
        language = values.get("language") or self.defaults.language
        return Recording(clip_id, path, text, speaker, language, emotion, line)

    def _check_id(self, line: int, clip_id: str) -> None:
        if not clip_id or not _stays_inside(clip_id):
            fix = "Use a plain name."
            self.fault(line, "id", f"{clip_id!r} is no id of a recording.", fix, "bad-id")
        elif clip_id in self._lines:
            problem = f"{clip_id!r} is also in line {self._lines[clip_id]}."
            self.fault(line, "id", problem, "Give each recording one line.", "duplicate-id")
        self._lines.setdefault(clip_id, line)

    def _sound(self, line: int, values: Mapping[str, str]) -> Path | None:
        """Find the sound file; never one outside the folder."""
        name = values.get("file", values["id"])
        field = "file" if "file" in values else "id"
        if not name or not _stays_inside(name):
            if field == "file":
                problem = f"{name!r} lies outside the folder."
                self.fault(line, field, problem, "Use a path below it.", "bad-path")
            return None
        found = next((path for path in _candidates(self.folder, name) if path.is_file()), None)
        if found is None:
            problem = f"There is no sound file {name!r}."
            fix = f"Put it there as {' or '.join(_ENDINGS)}, or remove the line."
            self.fault(line, field, problem, fix, "missing-sound")
        elif not found.resolve().is_relative_to(self.folder.resolve()):
            problem = f"{name!r} is a link that leads out of the folder."
            self.fault(line, field, problem, "Copy the file.", "bad-path")
            return None
        return found


def _stays_inside(name: str) -> bool:
    """Whether a name is a relative path that stays in its folder, on any system."""
    if len(name.encode()) > _LONGEST_NAME or not name.isprintable():
        return False
    for path in (PurePosixPath(name), PureWindowsPath(name)):
        if path.is_absolute() or path.drive or path.root or ".." in path.parts:
            return False
    return True


def _candidates(folder: Path, name: str) -> Iterator[Path]:
    for below in _FOLDERS:
        yield folder / below / name
        for ending in _ENDINGS:
            yield folder / below / f"{name}{ending}"
