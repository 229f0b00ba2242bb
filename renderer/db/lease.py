"""What keeps leases, and ends them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, delete, select, update

from renderer.db.chunk import chunks
from renderer.db.lock import lock_rows, may_be_leased
from renderer.db.tables import outbox, take
from renderer.db.take_repository import MAX_DELIVERIES, WORN_OUT, stored_result
from renderer.domain.take import TakeStatus
from renderer.ports import Clock


class SqlLeases:
    """Implements `ports.Leases`."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def renew(self, owners: Sequence[str], seconds: float) -> set[str]:
        """Prolong all leases of some owners; return those that still hold any."""
        until = self._clock.now() + timedelta(seconds=seconds)
        held: set[str] = set()
        for some in chunks(owners):
            ids = lock_rows(
                self._connection,
                take,
                take.c.owner.in_(some),
                take.c.status == TakeStatus.LEASED.value,
            )
            for piece in chunks(ids):
                renewed = update(take).where(take.c.id.in_(piece)).values(leased_until=until)
                self._connection.execute(renewed)
                owner = select(take.c.owner).where(take.c.id.in_(piece)).distinct()
                held |= set(self._connection.scalars(owner))
        return held

    def deliveries(self, take_ids: Sequence[int]) -> dict[int, int]:
        """Return how often workers have begun the takes that nobody holds and nobody finished."""
        now = self._clock.now()
        found: dict[int, int] = {}
        for some in chunks(take_ids):
            query = select(take.c.id, take.c.deliveries)
            rows = self._connection.execute(query.where(take.c.id.in_(some), may_be_leased(now)))
            found.update((row.id, row.deliveries) for row in rows)
        return found

    def quarantine(self, take_ids: Sequence[int]) -> list[int]:
        """Give up takes that workers died on too often; return which."""
        now = self._clock.now()
        given_up: list[int] = []
        for some in chunks(sorted(take_ids)):
            worn = (
                take.c.id.in_(some),
                take.c.deliveries >= MAX_DELIVERIES,
                may_be_leased(now),
            )
            ids = lock_rows(self._connection, take, *worn)
            if not ids:
                continue
            self._connection.execute(
                update(take)
                .where(take.c.id.in_(ids))
                .values(owner="", leased_until=None, finished_at=now, **stored_result(WORN_OUT))
            )
            self._connection.execute(delete(outbox).where(outbox.c.take_id.in_(ids)))
            given_up += ids
        return given_up
