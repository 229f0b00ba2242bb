"""Bring a folder to what a voice lock says.

What is there already is kept, what is missing or different is fetched in parallel, and a file gets
its name only when its bytes have the hash the lock promises. Nothing outside the folder is touched,
links are neither followed nor made, and names work on Linux, macOS and Windows alike.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from renderer.domain.object_key import sha256_hex
from renderer.domain.voice_lock import VoiceLock, fold_path, load
from renderer.errors import (
    InputError,
    LockError,
    ObjectCorruptError,
    ObjectMissingError,
    PullError,
    StorageError,
)
from renderer.pull.folder import VoiceFolder

MAX_LOCK_BYTES = 1 << 29
_SLICE = 512
_WINDOWS_PATH = 260
Progress = Callable[[int, int, int], None]


class ObjectReader(Protocol):
    """What is needed of a store; `ports.ObjectReader` asks more and needs numpy to import."""

    def get(self, key: str) -> bytes:
        """Return an object's bytes, or raise a StorageError."""
        ...


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull did.

    Attributes:
        fetched: Files that were missing or different.
        kept: Files that were there already.
        removed: Orphans that were removed.
        bytes: Bytes fetched.
    """

    fetched: int
    kept: int
    removed: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Asset:
    """One file the game build wants.

    Attributes:
        path: `<locale>/<name>`, relative to the folder.
        key: Object key in the store.
        sha256: Hash of the bytes.
    """

    path: str
    key: str
    sha256: str


def read_lock(path: Path) -> VoiceLock:
    """Read a voice lock file.

    Raises:
        LockError: It is not there, cannot be read, or cannot be trusted.
    """
    try:
        if path.stat().st_size > MAX_LOCK_BYTES:
            raise LockError(f"{path} is larger than {MAX_LOCK_BYTES} bytes: no voice lock.")
        return load(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError as error:
        raise LockError(
            f"there is no {path}. Run `barkline publish`, or name the lock with --lock."
        ) from error
    except OSError as error:
        raise LockError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise LockError(f"{path} is no voice lock: not UTF-8. Restore it from git.") from error


def pull(
    lock: VoiceLock,
    store: ObjectReader,
    into: Path,
    *,
    jobs: int = 8,
    locales: Collection[str] | None = None,
    metadata: bool = False,
    remove_orphans: bool = False,
    progress: Progress | None = None,
) -> PullReport:
    """Bring a folder to what the lock says.

    Args:
        lock: The voice lock.
        store: Where the objects are.
        into: The folder; made when it is not there.
        jobs: Parallel transfers.
        locales: Only these; None for all.
        metadata: Whether to write `<line_id>.json` beside each file.
        remove_orphans: Whether to remove sounds the lock no longer names.
        progress: Called with (files done, files in all, bytes fetched), from this thread.

    Raises:
        InputError: A locale the lock does not hold.
        PullError: Files that could not be fetched, all of them; the others are there.
    """
    wanted = list(_wanted(lock, locales, metadata=metadata))
    folder = VoiceFolder(into)
    try:
        folder.prepare([a.path for a in wanted])
        work = _Pull(store, folder)
        _run(work, wanted, jobs, progress)
    finally:
        folder.save()
    if work.failures:
        raise PullError(
            f"{len(work.failures)} of {len(wanted)} files could not be pulled into {into}",
            sorted(work.failures),
        )
    removed = folder.remove_orphans([a.path for a in wanted], locales) if remove_orphans else 0
    return PullReport(work.fetched, work.kept, removed, work.bytes)


def _wanted(lock: VoiceLock, locales: Collection[str] | None, *, metadata: bool) -> Iterator[Asset]:
    known = {fold_path(one): one for one in lock.locales()}
    unknown = sorted(one for one in locales or () if fold_path(one) not in known)
    if unknown:
        raise InputError(
            f"the lock holds no {', '.join(unknown)}; it has {', '.join(known.values()) or 'none'}."
        )
    chosen = {known[fold_path(one)] for one in locales} if locales is not None else None
    for entry in lock.entries:
        if chosen is None or entry.locale in chosen:
            yield Asset(entry.path, entry.key, entry.sha256)
            if metadata and entry.metadata_key:
                yield Asset(entry.metadata_path, entry.metadata_key, entry.metadata_sha256)


class _Pull:
    """What many threads do to one folder, and what came of it."""

    def __init__(self, store: ObjectReader, folder: VoiceFolder) -> None:
        self.fetched = self.kept = self.bytes = 0
        self.failures: list[tuple[str, str]] = []
        self._store = store
        self._folder = folder
        self._lock = threading.Lock()
        self._lost = 0  # failures in a row that speak against the store or the disk, not the file

    def place(self, asset: Asset, patience: int) -> None:
        """Make sure that one file is there; a failure is noted, not raised."""
        if self._lost >= patience:
            self._fail(asset.path, "not tried: too many failures before it.", lost=True)
            return
        try:
            is_there = self._folder.holds(asset.path, asset.sha256)
            size = None if is_there else self._fetch(asset)
        except (ObjectMissingError, ObjectCorruptError) as error:
            self._fail(asset.path, str(error), lost=False)
        except StorageError as error:
            self._fail(asset.path, str(error), lost=True)
        except OSError as error:
            self._fail(asset.path, explain(error, self._folder.root / asset.path), lost=True)
        else:
            self._count(size)

    def _fetch(self, asset: Asset) -> int:
        data = self._store.get(asset.key)
        if sha256_hex(data) != asset.sha256:
            raise ObjectCorruptError(f"{asset.key} came with other bytes than the lock promises.")
        self._folder.write(asset.path, data, asset.sha256)
        return len(data)

    def _count(self, size: int | None) -> None:
        with self._lock:
            self._lost = 0
            if size is None:
                self.kept += 1
            else:
                self.fetched += 1
                self.bytes += size

    def _fail(self, path: str, reason: str, *, lost: bool) -> None:
        with self._lock:
            self.failures.append((path, reason))
            self._lost = self._lost + 1 if lost else 0


def _run(work: _Pull, wanted: Sequence[Asset], jobs: int, progress: Progress | None) -> None:
    jobs = max(1, jobs)
    patience = 4 * jobs
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="pull")
    try:
        for start in range(0, len(wanted), _SLICE):  # slices bound what waits in memory
            part = wanted[start : start + _SLICE]
            placed = pool.map(lambda asset: work.place(asset, patience), part)
            for done, _ in enumerate(placed, start + 1):
                if progress:
                    progress(done, len(wanted), work.bytes)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def explain(error: OSError, path: Path) -> str:
    """Say what a failed write means and what to do."""
    if error.errno == errno.ENOSPC:
        return "the disk is full. Free some space and pull again."
    if os.name == "nt" and len(str(path.absolute())) >= _WINDOWS_PATH:
        return (
            f"the path has more than {_WINDOWS_PATH - 1} characters. Pull into a shorter folder, "
            "or allow long paths in Windows."
        )
    if isinstance(error, PermissionError):
        return (
            "the file cannot be replaced. Close what has it open, or make it writable "
            "(check it out, when a version control system holds it)."
        )
    return f"cannot be written: {error.strerror or error}."
