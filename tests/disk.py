"""A disk without room, however a file is written through `pathlib`."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import IO, Any

import pytest


class _FullFile:
    """An open file that takes a few bytes, then fails as a full disk does."""

    def __init__(self, file: IO[Any], path: Path, room: int) -> None:
        self._file, self._path, self._room = file, path, room

    def write(self, data: Any) -> int:
        self._file.write(data[: self._room])
        raise OSError(errno.ENOSPC, "No space left on device", str(self._path))

    def __enter__(self) -> _FullFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def fill_disk(patch: pytest.MonkeyPatch, folder: Path, *, room: int = 4) -> None:
    """Leave room for a few bytes of every file that is written under a folder."""
    real = Path.open

    def full(self: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        file = real(self, mode, *args, **kwargs)
        is_written = any(letter in mode for letter in "wax+")
        if is_written and self.resolve().is_relative_to(folder.resolve()):
            return _FullFile(file, self, room)
        return file

    patch.setattr(Path, "open", full)
