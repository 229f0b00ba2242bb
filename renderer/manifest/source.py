"""Bytes of manifest files: whole for YAML and JSON, line by line for JSONL and CSV; all bounded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from renderer.manifest.charset import UTF8_BOM, decode, not_utf8, refuse_other_marks
from renderer.manifest.tree import FaultLog

MAX_WHOLE_BYTES = 64 * 1024 * 1024
MAX_LINE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, order=True)
class SceneFile:
    """A scene file as it was found.

    Attributes:
        path: Relative to the project folder, forward slashes.
        sha256: Hash of its bytes, 64 hex digits.
        size: Bytes.
    """

    path: str
    sha256: str
    size: int


def read_whole(root: Path, file: SceneFile, log: FaultLog) -> str:
    """Return a file's text.

    Raises:
        Unreadable: Too large, gone, changed since it was found, or not UTF-8.
    """
    return decode(read_bytes(root / file.path, log, sha256=file.sha256), log)


def read_bytes(path: Path, log: FaultLog, *, sha256: str = "") -> bytes:
    """Return a file's bytes, at most `MAX_WHOLE_BYTES`.

    Args:
        path: The file.
        log: Where faults go.
        sha256: What the bytes must hash to, or "".

    Raises:
        Unreadable: Too large, gone, or changed since it was found.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_WHOLE_BYTES + 1)
    except OSError as error:
        raise _gone(error, log) from None
    if len(data) > MAX_WHOLE_BYTES:
        raise log.fatal(
            (0, 0),
            "file-too-large",
            f"The file is larger than {MAX_WHOLE_BYTES // 1024**2} MiB.",
            "Split it into several, or write the lines as JSONL (one JSON object per line).",
        )
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise _changed(log)
    log.bytes_read = len(data)
    return data


def read_lines(root: Path, file: SceneFile, log: FaultLog) -> Iterator[tuple[int, str]]:
    """Yield a file's lines with their numbers, in bounded memory.

    A line longer than `MAX_LINE_BYTES` is a fault and is skipped.

    Raises:
        Unreadable: Gone, changed since it was found, or not UTF-8.
    """
    digest = hashlib.sha256()
    try:
        with (root / file.path).open("rb") as stream:
            for number, data in _bounded(stream, digest, log):
                try:
                    yield number, data.decode("utf-8")
                except UnicodeDecodeError:
                    raise not_utf8(data, number, log) from None
    except OSError as error:
        raise _gone(error, log) from None
    if digest.hexdigest() != file.sha256:
        raise _changed(log)


def _bounded(
    stream: IO[bytes], digest: hashlib._Hash, log: FaultLog
) -> Iterator[tuple[int, bytes]]:
    number = 0
    while data := stream.readline(MAX_LINE_BYTES):
        digest.update(data)
        log.bytes_read += len(data)
        number += 1
        if number == 1:
            refuse_other_marks(data, log)
            data = data.removeprefix(UTF8_BOM)
        if len(data) < MAX_LINE_BYTES or data.endswith(b"\n"):
            yield number, data
            continue
        log.error(
            (number, 0),
            "",
            "line-too-long",
            f"This line is longer than {MAX_LINE_BYTES // 1024} KiB.",
            "One line holds one line of dialogue; check for a missing line break or quote.",
        )
        while data and not data.endswith(b"\n"):
            data = stream.readline(MAX_LINE_BYTES)
            log.bytes_read += len(data)
            digest.update(data)


def _gone(error: OSError, log: FaultLog) -> Exception:
    reason = error.strerror or "it cannot be read"
    fix = "Check that the file exists and may be read."
    return log.fatal((0, 0), "unreadable", f"The file cannot be opened: {reason}.", fix)


def _changed(log: FaultLog) -> Exception:
    fix = "Wait until the editor or the sync has finished, then run the command again."
    return log.fatal((0, 0), "file-changed", "The file changed while it was being read.", fix)
