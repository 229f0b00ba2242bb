"""A folder as object store: the default, and what a small team shares over a file server."""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from renderer.domain.object_key import (
    content_hash,
    is_key,
    object_key,
    pointer_key,
    sha256_hex,
)
from renderer.domain.stored_object import StoredObject
from renderer.errors import ObjectCorruptError, ObjectMissingError, StorageError

PARTIAL = ".partial"
_REPLACE_TRIES = 5
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}


class LocalStore:
    """Objects as files below one folder.

    A file gets its final name only when its bytes are complete and on the disk, so a reader sees
    all of an object or none of it, and a crash leaves at most a `.partial` file that nobody reads.

    Attributes:
        root: The folder; made on the first write.
    """

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        """Open a store.

        Args:
            root: The folder.
            durable: Whether a write waits for the disk. False only for throw-away stores.
        """
        self.root = Path(root)
        self._durable = durable

    def put(self, data: bytes, suffix: str, media_type: str) -> str:
        """Store bytes under their own hash.

        An object that is already there is read and compared; a damaged one is replaced, so that
        storing again is how a store is healed. A whole one gets the time of now.

        Returns:
            The key: `objects/<first two hex digits>/<sha256><suffix>`.

        Raises:
            StorageError: The disk is full, or the folder cannot be written.
        """
        key = object_key(sha256_hex(data), suffix)
        path = self._path(key)
        if not self._holds(path, data) or not _touch(path):
            self._write(path, data)
        return key

    def get(self, key: str) -> bytes:
        """Return an object's bytes.

        Raises:
            ObjectMissingError: No such object.
            ObjectCorruptError: The bytes are not what the key says.
            StorageError: The key is no key, or the file cannot be read.
        """
        path = self._path(key)
        try:
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ObjectMissingError(f"{self.root} holds no object {key}.") from error
        except OSError as error:
            raise StorageError(f"cannot read {path}: {error.strerror or error}.") from error
        promised = content_hash(key)
        if promised and sha256_hex(data) != promised:
            raise ObjectCorruptError(
                f"{path} is damaged: its bytes do not match its name. "
                "Delete it and render or pull again."
            )
        return data

    def has(self, key: str) -> bool:
        """Whether an object is stored under the key; its bytes are not read."""
        return self._path(key).is_file()

    def point(self, render_key: str, document: bytes) -> None:
        """Record under a render key what came out of it; the last writer wins."""
        self._write(self._path(pointer_key(render_key)), document)

    def pointed(self, render_key: str) -> bytes | None:
        """Return the document stored under a render key, or None."""
        try:
            return self.get(pointer_key(render_key))
        except ObjectMissingError:
            return None

    def stored(self, prefix: str = "objects/") -> Iterator[StoredObject]:
        """Yield what lies below `objects/` or `keys/`, in order; one folder at a time."""
        top = self.root / prefix.split("/", 1)[0]
        for folder in sorted(p for p in _entries(top) if p.is_dir()):
            for path in sorted(_entries(folder)):
                key = f"{top.name}/{folder.name}/{path.name}"
                found = self.look_up(key) if key.startswith(prefix) and is_key(key) else None
                if found is not None:
                    yield found

    def look_up(self, key: str) -> StoredObject | None:
        """Return one object as a listing would show it now, or None."""
        path = self._path(key)
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StorageError(f"cannot look at {path}: {error.strerror or error}.") from error
        return StoredObject(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))

    def keys(self, prefix: str = "objects/") -> Iterator[str]:
        """Yield the keys below `objects/` or `keys/` in order."""
        for item in self.stored(prefix):
            yield item.key

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine."""
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"cannot delete {key}: {error.strerror or error}.") from error

    def _path(self, key: str) -> Path:
        if not is_key(key):
            raise StorageError(f"{key!r} is no object key.")
        return self.root.joinpath(*key.split("/"))

    def _holds(self, path: Path, data: bytes) -> bool:
        try:
            return path.stat().st_size == len(data) and path.read_bytes() == data
        except OSError:
            return False

    def _write(self, path: Path, data: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, data, durable=self._durable)
        except OSError as error:
            raise StorageError(_explain(error, path, len(data))) from error


def write_atomically(path: Path, data: bytes, *, durable: bool) -> None:
    """Write a file so that its name never shows anything but all of its bytes.

    Args:
        path: The final name; its folder exists.
        data: The bytes.
        durable: Whether to wait until bytes and name are on the disk.

    Raises:
        OSError: Nothing was written under the final name, and no partial file is left.
    """
    partial = path.with_name(f".{path.name[:40]}.{os.getpid()}-{secrets.token_hex(6)}{PARTIAL}")
    try:
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        _retry_while_open(lambda: partial.replace(path))
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(path.parent)


def _retry_while_open(rename: Callable[[], object]) -> None:
    """Windows refuses to replace a file that somebody is reading: wait a little."""
    for attempt in range(_REPLACE_TRIES):
        try:
            rename()
        except PermissionError:
            if os.name != "nt" or attempt == _REPLACE_TRIES - 1:
                raise
            time.sleep(0.02 * 2**attempt)
        else:
            return


def _touch(path: Path) -> bool:
    """Give a file the time of now; False when that is not allowed, or it is gone by now."""
    try:
        os.utime(path)
    except OSError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """Make a rename durable; Windows and some network file systems have no such call."""
    if os.name != "posix":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _explain(error: OSError, path: Path, size: int) -> str:
    if error.errno in _FULL:
        return (
            f"no room for {size} bytes below {path.parent}: {error.strerror}. "
            "Free some space or set another store, then run the command again; nothing is lost."
        )
    return f"cannot write {path}: {error.strerror or error}. Check the folder's permissions."
