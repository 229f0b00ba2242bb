"""What keeps leases, and ends them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, delete, select, update

from renderer.db.chunk import chunks
from renderer.db.tables import outbox, take
from renderer.db.take_repository import MAX_DELIVERIES, WORN_OUT, may_be_leased, stored_result
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
            mine = take.c.owner.in_(some), take.c.status == TakeStatus.LEASED.value
            held |= set(self._connection.scalars(select(take.c.owner).where(*mine).distinct()))
            self._connection.execute(update(take).where(*mine).values(leased_until=until))
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
        for some in chunks(take_ids):
            worn = (
                take.c.id.in_(some),
                take.c.deliveries >= MAX_DELIVERIES,
                may_be_leased(now),
            )
            ids = list(
                self._connection.scalars(
                    select(take.c.id).where(*worn).order_by(take.c.id).with_for_update()
                )
            )
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
