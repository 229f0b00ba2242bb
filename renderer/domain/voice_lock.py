"""The voice lock: the generated, sorted list the game build reads.

The file is JSON with one entry per line of text, so that a pull request shows one changed line per
changed asset. It holds everything `pull` and `verify` need, and nothing they have to trust: every
object is named by the hash of its bytes.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, NoReturn

from renderer.domain.object_key import content_hash, is_hash
from renderer.domain.project import EXTENSIONS
from renderer.errors import LockError

FORMAT = "barkline-voice-lock"
VERSION = 1
AUDIO_EXTENSIONS = frozenset(EXTENSIONS.values())
METADATA_EXTENSION = ".json"
_DURATION_DECIMALS = 4
_RESTORE = "restore it from git."


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
        metadata_key: Object key of the metadata document, or "".
        metadata_sha256: Hash of that document, or "".
        render_key: Hash of every input it was made from.
        input_digest: Hash of what people commit; `verify` recomputes it without an engine.
        voice: Voice reference.
        publishable: Whether its voice may be shipped.
        frozen: Whether it is pinned whatever changes around it.
        parts: Part name to digest, so that CI can say why a line is stale.
        consent_expires: Day (YYYY-MM-DD) after which the speaker's consent ends, or "".
        waived: Of a take the gate rejected and a person ships all the same: `decision` (its id),
            `who`, `at`, `note`, the reason, and `checks`, those that spoke against this very sound,
            with spaces between; absent in what was waived before sounds were recorded. Empty, and
            not written, for any other.
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
    consent_expires: str = ""
    waived: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Relative path of the file in the game build: `<locale>/<line_id><extension>`."""
        return f"{self.locale}/{self.line_id}{self.extension}"

    @property
    def metadata_path(self) -> str:
        """Relative path of the metadata document in the game build."""
        return f"{self.locale}/{self.line_id}{METADATA_EXTENSION}"


@dataclass(frozen=True, slots=True)
class VoiceLock:
    """A voice lock, read: project name and entries sorted by (line_id, locale)."""

    project: str
    entries: tuple[LockEntry, ...]

    def by_key(self) -> dict[tuple[str, str], LockEntry]:
        """Return the entries by (line_id, locale)."""
        return {(e.line_id, e.locale): e for e in self.entries}

    def locales(self) -> tuple[str, ...]:
        """Return the locales of the entries, sorted."""
        return tuple(sorted({e.locale for e in self.entries}))


def dump(project: str, entries: Iterable[LockEntry]) -> str:
    """Return the text of a lock: sorted, one entry per line, ends with a newline.

    Raises:
        LockError: An entry is one that `load` would refuse.
    """
    ordered = _checked(entries, "the new voice lock")
    head = json.dumps({"format": FORMAT, "version": VERSION, "project": project})[:-1]
    rows = ",\n".join(_row(e) for e in ordered)
    return f'{head}, "entries": [\n{rows}\n]}}\n'


def _row(entry: LockEntry) -> str:
    document = {name: getattr(entry, name) for name in _NAMES - {"waived"}}
    if entry.waived:
        document["waived"] = dict(entry.waived)
    document["duration_s"] = round(entry.duration_s, _DURATION_DECIMALS)
    return json.dumps(
        document, sort_keys=True, ensure_ascii=False, separators=(", ", ": "), allow_nan=False
    )


def load(text: str, name: str = "voice.lock") -> VoiceLock:
    """Read a lock.

    Args:
        text: Its text; what a version adds to entries is ignored.
        name: How messages call it.

    Raises:
        LockError: It is no lock, of a newer version, damaged, holds a merge conflict, or names
            paths that could escape the folder it is pulled into.
    """
    document = _parse(text, name)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise LockError(f"{name} is no voice lock; {_RESTORE}")
    if document.get("version") != VERSION:
        raise LockError(
            f"{name} has lock version {document.get('version')!r}, this Barkline reads {VERSION}; "
            "install the Barkline that wrote it."
        )
    entries = document.get("entries")
    if not isinstance(entries, list) or not isinstance(document.get("project"), str):
        raise LockError(f"{name} is damaged: it has no entries; {_RESTORE}")
    read = (_entry(e, f"{name}: entry {i + 1}") for i, e in enumerate(entries))
    return VoiceLock(document["project"], _checked(read, name))


def _parse(text: str, name: str) -> Any:  # noqa: ANN401 - JSON
    if any(line.startswith(("<<<<<<< ", ">>>>>>> ")) for line in text.splitlines()):
        raise LockError(
            f"{name} holds a merge conflict. Take either side (git checkout --ours), then run "
            "`barkline render` and `barkline publish`: the lock is generated."
        )
    try:
        return json.loads(text.removeprefix("\ufeff"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise LockError(f"{name} is no voice lock: {error}. R{_RESTORE[1:]}") from error


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


_NAMES = {f.name for f in fields(LockEntry)}
_REQUIRED = _NAMES - {"frozen", "parts", "consent_expires", "waived"}
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "size": int,
    "duration_s": (int, float),
    "publishable": bool,
    "frozen": bool,
    "parts": dict,
    "waived": dict,
}


def _entry(value: Any, where: str) -> LockEntry:  # noqa: ANN401 - JSON
    if not isinstance(value, dict) or not value.keys() >= _REQUIRED:
        raise LockError(f"{where} lacks fields; {_RESTORE}")
    known = {k: v for k, v in value.items() if k in _NAMES}
    for field_name, field_value in known.items():
        wanted = _TYPES.get(field_name, str)
        is_bool_as_number = isinstance(field_value, bool) and wanted is not bool
        if not isinstance(field_value, wanted) or is_bool_as_number:
            raise LockError(f"{where}: {field_name} has the wrong type; {_RESTORE}")
    for field_name in ("parts", "waived"):
        if not all(isinstance(d, str) for d in known.get(field_name, {}).values()):
            raise LockError(f"{where}: {field_name} has the wrong type; {_RESTORE}")
    return LockEntry(**known)


def _checked(entries: Iterable[LockEntry], name: str) -> tuple[LockEntry, ...]:
    """Return the entries, sorted, when all of them together can be trusted."""
    ordered = tuple(sorted(entries, key=lambda e: (e.line_id, e.locale)))
    paths: set[str] = set()
    locales: dict[str, str] = {}
    for entry in ordered:
        _check(entry, name)
        folded = fold_path(f"{entry.locale}/{entry.line_id}")
        if folded in paths:
            raise LockError(f"{name}: {entry.path} is listed twice; {_RESTORE}")
        paths.add(folded)
        spelt = locales.setdefault(fold_path(entry.locale), entry.locale)
        if spelt != entry.locale:
            raise LockError(f"{name} spells a locale {spelt} and {entry.locale}; {_RESTORE}")
    return ordered


def _check(entry: LockEntry, name: str) -> None:
    where = f"{name}: {entry.line_id!r} {entry.locale!r}"
    if not is_safe_segment(entry.line_id) or not is_safe_segment(entry.locale):
        raise LockError(f"{where} would leave the voice folder; do not use this lock.")
    if entry.extension not in AUDIO_EXTENSIONS:
        raise LockError(f"{where} has the unknown file ending {entry.extension!r}; {_RESTORE}")
    if content_hash(entry.key) != entry.sha256 or not entry.sha256:
        raise LockError(f"{where}: its key is not its sha256; {_RESTORE}")
    if content_hash(entry.metadata_key) != entry.metadata_sha256:
        raise LockError(f"{where}: its metadata key is not its metadata sha256; {_RESTORE}")
    if not (is_hash(entry.render_key) and is_hash(entry.input_digest)):
        raise LockError(f"{where}: render_key or input_digest is no hash; {_RESTORE}")
    if entry.size <= 0 or not 0 <= entry.duration_s < float("inf"):
        raise LockError(f"{where}: its size or duration is impossible; {_RESTORE}")
    if entry.consent_expires and not _is_day(entry.consent_expires):
        raise LockError(f"{where}: consent_expires is no day (YYYY-MM-DD); {_RESTORE}")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def fold_path(path: str) -> str:
    """Return the form under which two paths may be one file on macOS or Windows.

    >>> fold_path("en-US/Cafe\u0301.ogg") == fold_path("EN-us/CAF\u00c9.OGG")
    True
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


_RESERVED = frozenset(
    [
        *("con", "prn", "aux", "nul", "conin$", "conout$"),
        *(f"{d}{i}" for d in ("com", "lpt") for i in "123456789¹²³"),
    ]
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
        and segment.split(".", maxsplit=1)[0].rstrip().casefold() not in _RESERVED
    )
