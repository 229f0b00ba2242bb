"""The transactional outbox and the audit trail, in SQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from renderer.db.chunk import chunks
from renderer.db.lock import lock_rows
from renderer.db.plain import aware
from renderer.db.tables import event, outbox, take
from renderer.db.wake import announce
from renderer.domain.events import Event, TakeRequested
from renderer.domain.route import Priority, Queue, Route
from renderer.domain.take import TakeStatus
from renderer.ports import Clock, OutboxRow, OwedRow


def _kind(happened: Event) -> str:
    """`TakeFinished` -> `take_finished`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(happened).__name__).lower()


def _lane(route: Route | None) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on rows of a lane."""
    if route is None:
        return ()
    is_urgent = outbox.c.priority <= Priority.URGENT.value
    return outbox.c.queue == route.queue.value, is_urgent if route.is_urgent else ~is_urgent


class SqlOutbox:
    """Implements `ports.Outbox`."""

    def __init__(self, connection: Connection, project_id: int | None, clock: Clock) -> None:
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
            announce(self._connection)
        if told:
            self._connection.execute(insert(event), told)

    def claim(self, limit: int, route: Route | None = None) -> list[OutboxRow]:
        """Claim unsent rows for this transaction, urgent ones first; other relays skip them.

        Args:
            limit: How many at most.
            route: Of which lane; None for all.
        """
        query = (
            select(
                outbox.c.id,
                outbox.c.take_id,
                outbox.c.voice,
                outbox.c.phonemes,
                take.c.deliveries,
                outbox.c.created_at,
                outbox.c.priority,
                take.c.trace_id,
            )
            .join(take, take.c.id == outbox.c.take_id)
            .where(outbox.c.sent_at.is_(None), *_lane(route))
            .order_by(outbox.c.priority, outbox.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=outbox)
        )
        return [
            OutboxRow(
                *row[:5], aware(row.created_at), Priority(row.priority), trace_id=row.trace_id
            )
            for row in self._connection.execute(query)
        ]

    def forget(self) -> None:
        """Forget all that waits or was sent: right before what is wanted is enqueued anew."""
        self._connection.execute(delete(outbox))

    def owed(self, sent_before: datetime, limit: int) -> list[OwedRow]:
        """Return rows sent before a moment whose take waits for a worker, or lost its worker."""
        is_expired = and_(
            take.c.status == TakeStatus.LEASED.value, take.c.leased_until < self._clock.now()
        )
        query = (
            select(outbox.c.id, outbox.c.take_id, is_expired)
            .join(take, take.c.id == outbox.c.take_id)
            .where(
                outbox.c.sent_at < sent_before,
                or_(take.c.status == TakeStatus.PENDING.value, is_expired),
            )
            .order_by(outbox.c.id)
            .limit(limit)
        )
        return [OwedRow(pk, who, bool(over)) for pk, who, over in self._connection.execute(query)]

    def resend(self, ids: Sequence[int]) -> int:
        """Let rows wait for the relay again; return how many were not waiting already."""
        total = 0
        for some in chunks(sorted(ids)):
            sent = outbox.c.id.in_(some), outbox.c.sent_at.is_not(None)
            rows = lock_rows(self._connection, outbox, *sent)
            again = update(outbox).where(outbox.c.id.in_(rows)).values(sent_at=None)
            total += self._connection.execute(again).rowcount
        announce(self._connection)
        return total

    def voices(self, limit: int) -> list[str]:
        """Return the voice references that are owed most lines, those first."""
        query = (
            select(outbox.c.voice)
            .group_by(outbox.c.voice)
            .order_by(func.count().desc(), outbox.c.voice)
            .limit(limit)
        )
        return list(self._connection.scalars(query))

    def waiting(self) -> dict[Queue, tuple[int, datetime]]:
        """Return queue to (rows that wait for a relay, when the oldest was written)."""
        query = (
            select(outbox.c.queue, func.count(), func.min(outbox.c.created_at))
            .where(outbox.c.sent_at.is_(None))
            .group_by(outbox.c.queue)
        )
        found = self._connection.execute(query)
        return {Queue(name): (count, aware(oldest)) for name, count, oldest in found}

    def mark_sent(self, ids: Sequence[int]) -> None:
        """Mark rows as sent; they stay until their take is finished."""
        for some in chunks(ids):
            self._connection.execute(
                update(outbox).where(outbox.c.id.in_(some)).values(sent_at=self._clock.now())
            )
