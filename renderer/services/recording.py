"""The human recordings that replace synthetic takes: `recorded/<locale>/<line_id>.wav`."""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path

from renderer.domain.object_key import sha256_hex
from renderer.domain.voice_lock import fold_path, is_safe_segment
from renderer.errors import Fault, ManifestError

FOLDER = "recorded"
MAX_FILES = 1_000_000
MAX_BYTES = 1 << 30
_CHUNK = 1 << 20
# Path relative to the root -> (size, mtime_ns, SHA-256): spares reading unchanged files.
DigestCache = MutableMapping[str, tuple[int, int, str]]


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording as it was found.

    Attributes:
        path: Where, as the file system spells it.
        sha256: Hash of its bytes.
    """

    path: Path
    sha256: str

    def read(self) -> bytes:
        """Return the bytes that were hashed.

        Raises:
            ManifestError: They are other ones by now, or cannot be read.
        """
        shown = "/".join((FOLDER, *self.path.parts[-2:]))
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise ManifestError(
                f"cannot read {shown}: {error.strerror or error}; put it back and try again."
            ) from error
        if sha256_hex(data) != self.sha256:
            raise ManifestError(f"{shown} changed while reading; run the command again.")
        return data


def scan_recordings(root: Path, cache: DigestCache | None = None) -> dict[tuple[str, str], str]:
    """Find and hash the recordings of a project: (line_id, locale) to SHA-256.

    Raises:
        ManifestError: As `find_recordings`.
    """
    return {key: found.sha256 for key, found in find_recordings(root, cache).items()}


def find_recordings(
    root: Path, cache: DigestCache | None = None
) -> dict[tuple[str, str], Recording]:
    """Find and hash the recordings of a project.

    Files that do not end in `.wav` are left alone, so that notes and takes may lie beside them.

    Args:
        root: The folder `recorded` of the project; it may be absent.
        cache: Digests of an earlier scan; read, and brought up to date.

    Returns:
        (line_id, locale), in NFC as manifests have them, to the file.

    Raises:
        ManifestError: Links, unsafe or clashing names, empty or gigantic files; all of them.
    """
    faults: list[Fault] = []
    found: dict[tuple[str, str], Recording] = {}
    spelt: dict[str, str] = {}
    known: DigestCache = {} if cache is None else cache
    for path in _wav_files(root, faults):
        shown = f"{FOLDER}/{path.relative_to(root).as_posix()}"
        key = _nfc(path.stem), _nfc(path.parent.name)
        folded = fold_path("/".join(key))
        if folded in spelt:
            faults.append(_clash(shown, spelt[folded]))
            continue
        spelt[folded] = shown
        sha256 = _hash(path, shown, known, faults)
        if sha256:
            found[key] = Recording(path, sha256)
    if faults:
        raise ManifestError(f"{len(faults)} recordings cannot be used", faults)
    return found


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _wav_files(root: Path, faults: list[Fault]) -> Iterator[Path]:
    count = 0
    for folder in _children(root):
        if folder.is_symlink():
            faults.append(_link(f"{FOLDER}/{folder.name}"))
        elif folder.is_dir():
            for path in _children(folder):
                if path.suffix.casefold() != ".wav":
                    continue
                count += 1
                if count > MAX_FILES:
                    faults.append(_too_many())
                    return
                yield path


def _children(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted((folder / e.name for e in entries), key=lambda p: p.name)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ManifestError(f"cannot read {folder}: {error.strerror or error}.") from error


def _hash(path: Path, shown: str, cache: DigestCache, faults: list[Fault]) -> str:
    """Return a file's SHA-256, from the cache when size and time are the same, or ""."""
    status = path.lstat()
    fault = _unusable(path, shown, status)
    if fault is not None:
        faults.append(fault)
        return ""
    seen = cache.get(shown)
    if seen is not None and seen[:2] == (status.st_size, status.st_mtime_ns):
        return seen[2]
    total = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                total.update(chunk)
    except OSError as error:
        raise ManifestError(f"cannot read {path}: {error.strerror or error}.") from error
    cache[shown] = status.st_size, status.st_mtime_ns, total.hexdigest()
    return total.hexdigest()


def _unusable(path: Path, shown: str, status: os.stat_result) -> Fault | None:
    if stat.S_ISLNK(status.st_mode) or not stat.S_ISREG(status.st_mode):
        return _link(shown)
    if not (is_safe_segment(path.stem) and is_safe_segment(path.parent.name)):
        return _fault(
            shown,
            "recording-name",
            "This name cannot be a file name on every system.",
            "Name it <locale>/<line_id>.wav.",
        )
    if not 0 < status.st_size <= MAX_BYTES:
        return _fault(
            shown,
            "recording-size",
            f"The recording has {status.st_size} bytes.",
            f"Put a sound of 1 to {MAX_BYTES} bytes there, or remove the file.",
        )
    return None


def _link(shown: str) -> Fault:
    return _fault(
        shown,
        "recording-link",
        "A recording has to be a file in this folder, not a link.",
        "Copy the file to this place.",
    )


def _clash(shown: str, other: str) -> Fault:
    return _fault(
        shown,
        "recording-clash",
        f"This is the same name as {other} on some systems.",
        "Keep one of the two.",
    )


def _too_many() -> Fault:
    return _fault(
        FOLDER,
        "recording-count",
        f"There are more than {MAX_FILES} recordings.",
        "Split the project.",
    )


def _fault(shown: str, code: str, problem: str, fix: str) -> Fault:
    return Fault(shown, 0, "", problem, fix, code)
