"""Whether files are still the ones they were when this process first used them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from renderer.errors import ModelRefusedError

_Status = tuple[int, int, int, int]


def _status(path: Path) -> _Status:
    """Return what changes with every write: size, times and inode; zeros where there is no file."""
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0, 0, 0
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


@dataclass(slots=True)
class FileStamp:
    """One file as it was.

    Attributes:
        path: The file.
        status: What its folder says of it.
        sha256: Hash of its bytes, "" when it was not there.
    """

    path: Path
    status: _Status = field(init=False)
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        self.status = _status(self.path)
        self.sha256 = _sha256(self.path)

    def holds(self) -> bool:
        """Whether the file has the same bytes; read again only when its folder says otherwise."""
        now = _status(self.path)
        if now == self.status:
            return True
        if _sha256(self.path) != self.sha256:
            return False
        self.status = now
        return True


def check_unchanged(voice: str, stamps: Sequence[FileStamp]) -> None:
    """Refuse a voice whose files were changed under a running process.

    Args:
        voice: Its name.
        stamps: Its files as they were.

    Raises:
        ModelRefusedError: A file has other bytes now, or is gone.
    """
    for stamp in stamps:
        if not stamp.holds():
            raise ModelRefusedError(
                f"{stamp.path.name} of voice {voice!r} was changed while this process ran, and its "
                "renders would not be what their keys say. Restore the file, or end the process "
                "and start it again with the new voice."
            )
