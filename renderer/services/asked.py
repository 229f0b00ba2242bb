"""What lines ask for now, beside what is stored of them: shared by import and plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from renderer.domain.render_key import RenderKey
from renderer.domain.take import TakeStatus
from renderer.domain.utterance import Utterance
from renderer.ports import ManifestFile, StoredLine, UnitOfWork
from renderer.services.compare import Comparison, Known, compare

Stored = dict[tuple[str, str], StoredLine]


@dataclass(frozen=True, slots=True)
class Asked:
    """A line with the key it asks for and what is stored of it.

    Attributes:
        utterance: The line.
        key: What it asks for now.
        stored: What is stored of it, or None for a new line.
        pin: For a line that is not stored as frozen: the key a committed lock has it frozen at.
    """

    utterance: Utterance
    key: RenderKey
    stored: StoredLine | None
    pin: RenderKey | None = None

    @property
    def take_key(self) -> RenderKey:
        """The key of the take it will have, unless it is stored as frozen."""
        return self.pin or self.key


def find_stored(
    unit: UnitOfWork, utterances: Sequence[Utterance]
) -> tuple[Stored, list[tuple[Utterance, StoredLine]]]:
    """Find what is stored of some lines, following their earlier ids.

    A line that lives goes before one that was deleted, also where the deleted one has the new id.

    Returns:
        (line_id, locale) to what is stored, and the lines that were stored under an earlier id.
    """
    stored = unit.lines.find([u.key for u in utterances])
    moved = [u for u in utterances if u.was and not _lives(stored.get(u.key))]
    old = unit.lines.find([(was, u.locale) for u in moved for was in u.was])
    renames = []
    for said in moved:
        known = [old[w, said.locale] for w in said.was if (w, said.locale) in old]
        before = next(filter(_lives, known), known[0] if known else None)
        if before is not None and (said.key not in stored or _lives(before)):
            stored[said.key] = before
            renames.append((said, before))
    return stored, renames


def _lives(row: StoredLine | None) -> bool:
    return row is not None and not row.is_orphaned


def changed_files(
    unit: UnitOfWork, files: Sequence[ManifestFile], context: str, *, reads_all: bool = False
) -> tuple[list[ManifestFile], list[str]]:
    """Return the files that have to be read, and the paths of imported files that are gone."""
    stored = unit.lines.files()
    changed = [f for f in files if reads_all or stored.get(f.path) != (f.sha256, context)]
    return changed, sorted(set(stored) - {f.path for f in files})


def outcome(asked: Asked, known: Mapping[str, tuple[int, TakeStatus]]) -> Comparison:
    """Compare a line with what is stored of it."""
    stored = asked.stored
    return compare(
        asked.key,
        None if stored is None else known_of(stored),
        known[asked.key.hex][1] if asked.key.hex in known else None,
    )


def known_of(stored: StoredLine) -> Known:
    """Return what is known of a stored line."""
    return Known(stored.render_key, stored.parts, stored.status, stored.is_frozen)


def keeps(asked: Asked, verdict: Comparison) -> bool:
    """Whether a stored line stays pinned to its take."""
    return asked.stored is not None and asked.stored.is_frozen and not verdict.lapses
