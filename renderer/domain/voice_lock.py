"""The voice lock: the generated, sorted list the game build reads.

The file is JSON with one entry per line of text, so that a pull request shows one changed line per
changed asset. It holds everything `pull` and `verify` need, and nothing they have to trust: every
object is named by the hash of its bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from renderer.errors import LockError

FORMAT = "barkline-voice-lock"
VERSION = 1


@dataclass(frozen=True, slots=True)
class LockEntry:
    """One approved asset.

    Attributes:
        line_id: The line.
        locale: Its locale.
        character: Who speaks.
        key: Object key of the delivery file in the store.
        sha256: Hash of its bytes.
        size: Its bytes.
        duration_s: Its seconds.
        extension: File name ending for the game build, with its dot.
        metadata_key: Object key of the metadata document.
        metadata_sha256: Hash of that document.
        render_key: Hash of every input it was made from.
        input_digest: Hash of what people commit; `verify` recomputes it without an engine.
        voice: Voice reference.
        publishable: Whether its voice may be shipped.
        frozen: Whether it is pinned whatever changes around it.
        parts: Part name to digest, so that CI can say why a line is stale.
    """

    line_id: str
    locale: str
    character: str
    key: str
    sha256: str
    size: int
    duration_s: float
    extension: str
    metadata_key: str
    metadata_sha256: str
    render_key: str
    input_digest: str
    voice: str
    publishable: bool
    frozen: bool = False
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Relative path of the file in the game build: `<locale>/<line_id><extension>`."""
        return f"{self.locale}/{self.line_id}{self.extension}"


@dataclass(frozen=True, slots=True)
class VoiceLock:
    """A voice lock, read: project name and entries sorted by (line_id, locale)."""

    project: str
    entries: tuple[LockEntry, ...]

    def by_key(self) -> dict[tuple[str, str], LockEntry]:
        """Return the entries by (line_id, locale)."""
        return {(e.line_id, e.locale): e for e in self.entries}


def dump(project: str, entries: Iterable[LockEntry]) -> str:
    """Return the text of a lock: sorted, one entry per line, ends with a newline."""
    ordered = sorted(entries, key=lambda e: (e.line_id, e.locale))
    head = json.dumps({"format": FORMAT, "version": VERSION, "project": project})[:-1]
    rows = ",\n".join(
        json.dumps(asdict(e), sort_keys=True, ensure_ascii=False, separators=(", ", ": "))
        for e in ordered
    )
    return f'{head}, "entries": [\n{rows}\n]}}\n'


def load(text: str, name: str = "voice.lock") -> VoiceLock:
    """Read a lock.

    Raises:
        LockError: It is no lock, of a newer version, damaged, or names paths that could escape
            the folder it is pulled into.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise LockError(f"{name} is no voice lock: {error}. Restore it from git.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise LockError(f"{name} is no voice lock; restore it from git.")
    if document.get("version") != VERSION:
        raise LockError(
            f"{name} has lock version {document.get('version')!r}, this Barkline reads {VERSION}; "
            "install the Barkline that wrote it."
        )
    entries = document.get("entries")
    if not isinstance(entries, list) or not isinstance(document.get("project"), str):
        raise LockError(f"{name} is damaged: it has no entries; restore it from git.")
    read = tuple(_entry(e, i, name) for i, e in enumerate(entries))
    seen: set[str] = set()
    for entry in read:
        if entry.path.casefold() in seen:
            raise LockError(f"{name}: {entry.path} is listed twice; restore it from git.")
        seen.add(entry.path.casefold())
    return VoiceLock(document["project"], read)


_NAMES = {f.name for f in fields(LockEntry)}
_REQUIRED = _NAMES - {"frozen", "parts"}
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "size": int,
    "duration_s": (int, float),
    "publishable": bool,
    "frozen": bool,
    "parts": dict,
}
_HEX = frozenset("0123456789abcdef")


def _entry(value: Any, index: int, name: str) -> LockEntry:  # noqa: ANN401 - JSON
    where = f"{name}: entry {index + 1}"
    if not isinstance(value, dict) or not value.keys() >= _REQUIRED:
        raise LockError(f"{where} lacks fields; restore it from git.")
    known = {k: v for k, v in value.items() if k in _NAMES}
    for field_name, field_value in known.items():
        if not isinstance(field_value, _TYPES.get(field_name, str)):
            raise LockError(f"{where}: {field_name} has the wrong type; restore it from git.")
    entry = LockEntry(**known)
    safe = all(is_safe_segment(s) for s in (entry.line_id, entry.locale)) and (
        not entry.extension or is_safe_segment("x" + entry.extension)
    )
    if not safe or not _is_safe_key(entry.key) or not _is_safe_key(entry.metadata_key):
        raise LockError(f"{where} names an unsafe path ({entry.path!r}); do not use this lock.")
    if len(entry.sha256) != 64 or set(entry.sha256) - _HEX:  # noqa: PLR2004 - SHA-256 in hex
        raise LockError(f"{where}: sha256 is no hash; restore it from git.")
    return entry


_RESERVED = frozenset(
    ["con", "prn", "aux", "nul", *(f"{d}{i}" for d in ("com", "lpt") for i in range(1, 10))]
)


def is_safe_segment(segment: str) -> bool:
    r"""Whether a string can be one file name on Linux, macOS and Windows alike.

    >>> [is_safe_segment(s) for s in ("halt_01", "../x", "CON", "a/b", "a\\b", "x.", "é", "")]
    [True, False, False, False, False, False, True, False]
    """
    return (
        0 < len(segment) <= 120  # noqa: PLR2004 - leaves room below the 255 bytes of file systems
        and len(segment.encode("utf-8", "replace")) <= 200  # noqa: PLR2004
        and segment.isprintable()
        and not set(segment) & set('/\\:*?"<>|')
        and segment.strip() == segment
        and not segment.startswith(("-", "."))
        and not segment.endswith(".")
        and segment.split(".")[0].casefold() not in _RESERVED
    )


def _is_safe_key(key: str) -> bool:
    return key == "" or all(is_safe_segment(s) for s in key.split("/"))
