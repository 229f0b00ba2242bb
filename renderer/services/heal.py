"""Approved takes whose sound the store has lost: found, and opened again so that they are rendered.

The database says "approved", the store has nothing, or other bytes: such a line cannot be
published, so it has to be rendered like one that never was. Frozen lines are left alone: another
sound than the one that was pinned is for a person to decide.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from renderer.domain.take import Take, TakeStatus
from renderer.domain.utterance import Utterance
from renderer.errors import ObjectCorruptError, ObjectMissingError
from renderer.ports import ObjectStore, StoredLine, UnitOfWork
from renderer.services.scope import Scope

PIECE = 500


class Healer:
    """Opens takes again whose objects are lost.

    Args:
        unit: Begins a transaction; asked only when something is lost.
        store: Where the objects should be.
        bring: Brings what a line needs into the store (a human recording).
        reading: Begins a transaction for reading; None: `unit` does.
    """

    def __init__(
        self,
        unit: Callable[[], UnitOfWork],
        store: ObjectStore,
        bring: Callable[[Utterance], object],
        reading: Callable[[], UnitOfWork] | None = None,
    ) -> None:
        self._unit = unit
        self._store = store
        self._bring = bring
        self._reading = reading or unit

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
        lost = self._lost(scope, reads=reads)
        if not lost:
            return []
        for line in lost:
            self._bring(line.utterance)
        with self._unit() as unit:
            unit.takes.reopen((TakeStatus.APPROVED,), sorted({line.take_id for line in lost}))
            unit.commit()
        return [line.utterance.key for line in lost]

    def _lost(self, scope: Scope, *, reads: bool) -> list[StoredLine]:
        """Return the lines whose objects are not there; asks for each take's once."""
        lost: list[StoredLine] = []
        known: dict[int, bool] = {}
        with self._reading() as unit:
            lines = (
                line
                for line in unit.lines.iterate((TakeStatus.APPROVED,))
                if scope.holds(line.utterance) and not line.is_frozen
            )
            while piece := list(islice(lines, PIECE)):
                new = sorted({line.take_id for line in piece} - known.keys())
                for pk, keys in unit.takes.objects(new).items():
                    known[pk] = any(not holds(self._store, key, reads=reads) for key in keys)
                lost += [line for line in piece if known[line.take_id]]
        return lost


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
