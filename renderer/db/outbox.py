"""The transactional outbox and the audit trail, in SQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, insert, select, update

from renderer.db.chunk import chunks
from renderer.db.tables import event, outbox, take
from renderer.domain.events import Event, TakeRequested
from renderer.ports import Clock, OutboxRow


def _kind(happened: Event) -> str:
    """`TakeFinished` -> `take_finished`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(happened).__name__).lower()


class SqlOutbox:
    """Implements `ports.Outbox`."""

    def __init__(self, connection: Connection, project_id: int, clock: Clock) -> None:
        self._connection = connection
        self._project_id = project_id
        self._clock = clock

    def add(self, events: Sequence[Event]) -> None:
        """Write events; a `TakeRequested` waits for the relay, the others are the audit trail."""
        now = self._clock.now()
        waiting = [{**asdict(e), "created_at": now} for e in events if isinstance(e, TakeRequested)]
        told = [
            {
                "project_id": self._project_id,
                "kind": _kind(e),
                "payload": asdict(e),
                "at": now,
            }
            for e in events
            if not isinstance(e, TakeRequested)
        ]
        if waiting:
            self._connection.execute(insert(outbox), waiting)
        if told:
            self._connection.execute(insert(event), told)

    def claim(self, limit: int) -> list[OutboxRow]:
        """Claim unsent rows for this transaction; other relays skip them."""
        query = (
            select(
                outbox.c.id,
                outbox.c.take_id,
                outbox.c.voice,
                outbox.c.phonemes,
                take.c.deliveries,
            )
            .join(take, take.c.id == outbox.c.take_id)
            .where(outbox.c.sent_at.is_(None))
            .order_by(outbox.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=outbox)
        )
        return [OutboxRow(*row) for row in self._connection.execute(query)]

    def forget_unsent(self) -> None:
        """Mark everything that waits as sent: right before what is wanted is enqueued anew."""
        self._connection.execute(
            update(outbox).where(outbox.c.sent_at.is_(None)).values(sent_at=self._clock.now())
        )

    def mark_sent(self, ids: Sequence[int]) -> None:
        """Mark rows as sent."""
        for some in chunks(ids):
            self._connection.execute(
                update(outbox).where(outbox.c.id.in_(some)).values(sent_at=self._clock.now())
            )
