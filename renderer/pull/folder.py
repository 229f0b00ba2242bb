"""The folder a game build keeps its voices in: `<locale>/<line_id>.ogg`."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from renderer.domain.voice_lock import (
    AUDIO_EXTENSIONS,
    METADATA_EXTENSION,
    fold_path,
    is_safe_segment,
)
from renderer.errors import PullError

RECORD = ".barkline-pull.json"
PARTIAL = ".partial"
_RECORD_FORMAT = "barkline-pull-1"
_ABANDONED_S = 3600.0
_CHUNK = 1 << 20
_REPLACE_TRIES = 5


class VoiceFolder:
    """Files below `root`, with a record of (size, time, hash) that spares hashing them again.

    The record is a cache: without it, or when it is damaged, every file is hashed. A file that
    changed no earlier than the record was written is hashed too, as its time stamp may be too
    coarse to show a later change.

    Attributes:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        """Open a folder; it need not be there yet."""
        self.root = Path(root)
        self._seen: dict[str, tuple[int, int, str]] = {}
        self._written_ns = 0
        self._is_changed = False
        self._read_record()

    def prepare(self, paths: Iterable[str]) -> None:
        """Make the locale folders; spell names as the lock does; drop what a crash left.

        Args:
            paths: Every `<locale>/<name>` that is wanted.

        Raises:
            PullError: A folder is a link or a file, or cannot be made.
        """
        names: dict[str, list[str]] = {}
        for path in paths:
            locale, name = path.split("/")
            names.setdefault(locale, []).append(name)
        failures = []
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or str(error)
            raise PullError(f"{self.root} cannot be made: {reason}.") from error
        _respell(self.root, names)
        for locale, wanted in names.items():
            folder = self.root / locale
            problem = _make(folder)
            if problem:
                failures.append((locale, problem))
                continue
            _respell(folder, wanted)
            _drop_abandoned(folder)
        if failures:
            raise PullError(f"{self.root} cannot hold the voices", failures)

    def holds(self, path: str, sha256: str) -> bool:
        """Whether a file is there with these bytes."""
        try:
            status = self._file(path).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        if not stat.S_ISREG(status.st_mode) or is_link(status):
            return False
        mark = status.st_size, status.st_mtime_ns
        seen = self._seen.get(path)
        if seen is not None and seen[:2] == mark and status.st_mtime_ns < self._written_ns:
            return seen[2] == sha256
        found = hash_file(self._file(path))
        self._note(path, (*mark, found))
        return found == sha256

    def write(self, path: str, data: bytes, sha256: str) -> None:
        """Write a file; its name never shows anything but all of its bytes.

        Raises:
            OSError: Nothing was written under the name, and no partial file is left.
        """
        target = self._file(path)
        partial = target.with_name(
            f".{target.name[:40]}.{os.getpid()}-{secrets.token_hex(6)}{PARTIAL}"
        )
        try:
            partial.write_bytes(data)
            _replace(partial, target)
        except BaseException:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise
        status = target.lstat()
        self._note(path, (status.st_size, status.st_mtime_ns, sha256))

    def remove_orphans(self, wanted: Iterable[str], locales: Collection[str] | None) -> int:
        """Remove sounds below the locale folders that nobody wants.

        A file is removed when it ends like a sound, or when an earlier pull wrote it. Links and
        folders are left alone, and so is a file that is a wanted one spelt otherwise.

        Args:
            wanted: Every `<locale>/<name>` that stays.
            locales: Only in these; None for all that were ever pulled.

        Returns:
            How many files were removed.
        """
        keep = set(wanted)
        folds = {fold_path(path): path for path in keep}
        chosen = {fold_path(one) for one in locales} if locales is not None else None
        folders = {path.split("/")[0] for path in keep | self._seen.keys()}
        removed = 0
        for locale in sorted(folders):
            if chosen is not None and fold_path(locale) not in chosen:
                continue
            for path in self._sounds(locale):
                if path not in keep and not self._is_same(path, folds.get(fold_path(path))):
                    removed += self._remove(path)
            with suppress(OSError):
                (self.root / locale).rmdir()  # only when it is empty
        self.save()
        return removed

    def save(self) -> None:
        """Write the record, when anything in it is new."""
        if not self._is_changed or not self.root.is_dir():
            return
        document = {"format": _RECORD_FORMAT, "files": dict(sorted(self._seen.items()))}
        partial = self.root / f".{secrets.token_hex(6)}{PARTIAL}"
        with suppress(OSError):  # a cache: the next pull hashes instead
            partial.write_text(json.dumps(document), encoding="utf-8")
            partial.replace(self.root / RECORD)
            self._is_changed = False

    def _file(self, path: str) -> Path:
        return self.root.joinpath(*path.split("/"))

    def _note(self, path: str, seen: tuple[int, int, str]) -> None:
        self._seen[path] = seen
        self._is_changed = True

    def _sounds(self, locale: str) -> list[str]:
        folder = self.root / locale
        try:
            if is_link(folder.lstat()):
                return []
            names = sorted(os.listdir(folder))
        except OSError:
            return []
        paths = [(f"{locale}/{name}", Path(name).suffix.casefold()) for name in names]
        return [
            path
            for path, suffix in paths
            if suffix in AUDIO_EXTENSIONS or (suffix == METADATA_EXTENSION and path in self._seen)
        ]

    def _is_same(self, path: str, other: str | None) -> bool:
        """Whether two spellings are one file, as on file systems that ignore case."""
        if other is None:
            return False
        try:
            return self._file(path).samefile(self._file(other))
        except OSError:
            return False

    def _remove(self, path: str) -> int:
        file = self._file(path)
        try:
            if not stat.S_ISREG(file.lstat().st_mode):
                return 0
            file.unlink()
        except OSError:
            return 0
        self._seen.pop(path, None)
        self._is_changed = True
        return 1

    def _read_record(self) -> None:
        file = self.root / RECORD
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
            written_ns = file.stat().st_mtime_ns
        except (OSError, ValueError, RecursionError):
            return
        if not isinstance(document, dict) or document.get("format") != _RECORD_FORMAT:
            return
        files = document.get("files")
        if isinstance(files, dict):
            self._seen = {p: tuple(seen) for p, seen in files.items() if _is_seen(p, seen)}
            self._written_ns = written_ns


def is_link(status: os.stat_result) -> bool:
    """Whether a file is a symbolic link, or a junction of Windows."""
    tags = {
        getattr(stat, "IO_REPARSE_TAG_SYMLINK", 0),
        getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", 0),
    }
    tag = getattr(status, "st_reparse_tag", 0)
    return stat.S_ISLNK(status.st_mode) or (tag != 0 and tag in tags)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file in hex, in bounded memory."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            total.update(chunk)
    return total.hexdigest()


def _is_seen(path: str, seen: object) -> bool:
    segments = path.split("/")
    return (
        len(segments) == 2  # noqa: PLR2004 - locale and name
        and all(is_safe_segment(segment) for segment in segments)
        and isinstance(seen, list)
        and [type(part) for part in seen] == [int, int, str]
    )


def _make(folder: Path) -> str:
    """Make a locale folder; return why it cannot be, or ""."""
    try:
        folder.mkdir(exist_ok=True)
        if is_link(folder.lstat()):
            return "is a link, which a pull never follows. Remove it and pull again."
    except FileExistsError:
        return "is a file where a folder has to be. Remove it and pull again."
    except OSError as error:
        return f"cannot be made: {error.strerror or error}."
    return ""


def _respell(folder: Path, wanted: Iterable[str]) -> None:
    """Rename what is there in another case or normal form, where that is the same file."""
    try:
        present = set(os.listdir(folder))
    except OSError:
        return
    if not present:
        return
    folds = {fold_path(name): name for name in present}
    for name in wanted:
        other = folds.get(fold_path(name))
        if name in present or other is None:
            continue
        with suppress(OSError):
            if (folder / other).samefile(folder / name):
                (folder / other).rename(folder / name)


def _drop_abandoned(folder: Path) -> None:
    """Remove partial files of a pull that was killed; a running one's are younger."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not (entry.name.startswith(".") and entry.name.endswith(PARTIAL)):
                continue
            with suppress(OSError):
                if time.time() - entry.stat(follow_symlinks=False).st_mtime > _ABANDONED_S:
                    os.unlink(entry.path)


def _replace(partial: Path, target: Path) -> None:
    """Give a file its name; Windows refuses while somebody reads the old one, so wait a little."""
    for attempt in range(_REPLACE_TRIES):
        try:
            partial.replace(target)
        except PermissionError:
            if os.name != "nt" or attempt == _REPLACE_TRIES - 1:
                raise
            time.sleep(0.02 * 2**attempt)
        else:
            return
