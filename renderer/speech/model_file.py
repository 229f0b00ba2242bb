"""Reading files that came from somewhere else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from renderer.errors import ModelRefusedError


def read_bounded(path: Path, most_bytes: int) -> bytes:
    """Read a regular file of bounded size, never through a link.

    Args:
        path: The file.
        most_bytes: Largest size that is read.

    Raises:
        ModelRefusedError: The file is missing, a link, no regular file, empty or too big.
    """
    try:
        if path.is_symlink():
            raise ModelRefusedError(f"{path} is a link; copy the file itself.")
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ModelRefusedError(f"{path} is no regular file.")
            if not 0 < status.st_size <= most_bytes:
                raise ModelRefusedError(
                    f"{path} has {status.st_size} bytes; between 1 and {most_bytes} are allowed."
                )
            return file.read(most_bytes + 1)
    except OSError as error:
        raise ModelRefusedError(f"{path} cannot be read: {error.strerror or error}.") from error
