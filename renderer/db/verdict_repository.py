"""Verdicts of finished takes, in SQL: held, looked at, and put in each other's place."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from renderer.db.chunk import chunks
from renderer.db.lock import lock_rows
from renderer.db.tables import line, take
from renderer.db.take_repository import stored_result
from renderer.domain.take import RenderResult, Take, TakeStatus

_FINISHED = tuple(s.value for s in TakeStatus if s.is_finished)


class SqlVerdicts:
    """Implements `ports.Verdicts`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def hold(self, take_ids: Sequence[int]) -> list[int]:
        """Return those that are finished; nobody else changes them until the transaction ends."""
        held: list[int] = []
        for some in chunks(sorted(take_ids)):
            conditions = take.c.id.in_(some), take.c.status.in_(_FINISHED)
            held += lock_rows(self._connection, take, *conditions)
        return held

    def pinned(self, take_ids: Sequence[int]) -> set[int]:
        """Return those that a line of any project is frozen at."""
        found: set[int] = set()
        for some in chunks(take_ids):
            query = select(line.c.frozen_take_id).where(line.c.frozen_take_id.in_(some))
            found.update(self._connection.scalars(query))
        return found

    def replace(self, judged: Take, result: RenderResult) -> None:
        """Put another verdict and status in the place of a finished take's; it must be held."""
        self._connection.execute(
            update(take)
            .where(take.c.id == judged.id, take.c.status == judged.status.value)
            .values(stored_result(result))
        )
