"""Writes a file whole or not at all; every room may."""

from __future__ import annotations

import os
import threading
from pathlib import Path


def write_whole(path: Path, data: bytes, *, is_durable: bool = False) -> None:
    """Write a file under a temporary name beside it, then rename that over it.

    Args:
        path: Its folder is made where it is missing.
        data: All of it.
        is_durable: Whether it has to be on the disk when this returns: what somebody decided,
            and nothing could make again.

    Raises:
        OSError: Names the file; what was there is still there, and nothing else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            if is_durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error
