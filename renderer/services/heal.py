"""Approved takes whose sound the store has lost: found, and opened again so that they are rendered.

The database says "approved", the store has nothing, or other bytes: such a line cannot be
published, so it has to be rendered like one that never was. Frozen lines are left alone: another
sound than the one that was pinned is for a person to decide.
"""

from __future__ import annotations

from collections.abc import Callable

from renderer.domain.take import Take, TakeStatus
from renderer.domain.utterance import Utterance
from renderer.errors import ObjectCorruptError, ObjectMissingError
from renderer.ports import ObjectStore, UnitOfWork
from renderer.services.scope import Scope

PIECE = 500


class Healer:
    """Opens takes again whose objects are lost.

    Args:
        unit: Begins a transaction.
        store: Where the objects should be.
        bring: Brings what a line needs into the store (a human recording).
    """

    def __init__(
        self,
        unit: Callable[[], UnitOfWork],
        store: ObjectStore,
        bring: Callable[[Utterance], object],
    ) -> None:
        self._unit = unit
        self._store = store
        self._bring = bring

    def run(self, scope: Scope, *, reads: bool = False) -> list[tuple[str, str]]:
        """Open the takes of the lines in scope again whose sound or metadata is lost.

        Args:
            scope: Which lines.
            reads: Whether to read every object, so that damaged ones are found too.

        Returns:
            (line_id, locale) of those lines.

        Raises:
            StorageError: The store cannot be asked.
        """
        healed: list[tuple[str, str]] = []
        with self._unit() as unit:
            rows = [
                row
                for row in unit.lines.iterate((TakeStatus.APPROVED,))
                if scope.holds(row.utterance) and not row.is_frozen
            ]
            ids: set[int] = set()
            for start in range(0, len(rows), PIECE):
                piece = rows[start : start + PIECE]
                takes = {t.id: t for t in unit.takes.get(sorted({r.take_id for r in piece}))}
                lost = {pk for pk, take in takes.items() if self._is_lost(take, reads=reads)}
                for row in piece:
                    if row.take_id in lost:
                        self._bring(row.utterance)
                        healed.append(row.utterance.key)
                ids |= lost
            if ids:
                unit.takes.reopen((TakeStatus.APPROVED,), sorted(ids))
                unit.commit()
        return healed

    def _is_lost(self, take: Take, *, reads: bool) -> bool:
        return any(not holds(self._store, key, reads=reads) for key in objects_of(take))


def objects_of(take: Take) -> list[str]:
    """Return the keys of what the game gets of a take: its sound and its metadata."""
    if take.result is None or take.result.delivery is None:
        return []
    keys = (take.result.delivery.key, take.result.metadata_key)
    return [key for key in keys if key]


def holds(store: ObjectStore, key: str, *, reads: bool) -> bool:
    """Whether the store has an object; with `reads`, whether its bytes are what they should be."""
    if not reads:
        return store.has(key)
    try:
        store.get(key)
    except (ObjectMissingError, ObjectCorruptError):
        return False
    return True
