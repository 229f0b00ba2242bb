"""Outbox rows for takes that wait for a worker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from renderer.db.chunk import chunks
from renderer.db.lock import lock_rows, may_be_leased
from renderer.db.tables import outbox, take
from renderer.db.wake import announce
from renderer.domain.route import Priority


def enqueue(
    connection: Connection,
    now: datetime,
    take_ids: Sequence[int],
    priority: Priority | None = None,
    *,
    again: bool = True,
) -> int:
    """Make those that no living worker holds wait for the relay; return how many now do.

    The takes are locked, so that none of them gets two rows from two callers at once.

    Args:
        connection: With an open transaction.
        now: The time.
        take_ids: Row ids.
        priority: What goes first from now on; None: as it was.
        again: Whether what was sent, and may still be in the queue, is sent once more.
    """
    total = 0
    for some in chunks(sorted(take_ids)):
        free = lock_rows(connection, take, take.c.id.in_(some), may_be_leased(now))
        if priority is not None:
            _prefer(connection, free, priority)
        if again:
            total += resend(connection, free)
        total += _owe(connection, now, free)
    announce(connection)
    return total


def _prefer(connection: Connection, free: Sequence[int], priority: Priority) -> None:
    """Set the priority of takes and of what of them waits for the relay."""
    values = {"priority": priority.value}
    connection.execute(update(take).where(take.c.id.in_(free)).values(values))
    waiting = outbox.c.take_id.in_(free), outbox.c.sent_at.is_(None)
    rows = lock_rows(connection, outbox, *waiting)
    connection.execute(update(outbox).where(outbox.c.id.in_(rows)).values(values))


def resend(connection: Connection, take_ids: Sequence[int]) -> int:
    """Let what was sent of some takes wait for the relay again; return how many rows."""
    rows = lock_rows(
        connection, outbox, outbox.c.take_id.in_(take_ids), outbox.c.sent_at.is_not(None)
    )
    connection.execute(update(outbox).where(outbox.c.id.in_(rows)).values(sent_at=None))
    return len(rows)


def _owe(connection: Connection, now: datetime, free: Sequence[int]) -> int:
    """Write outbox rows for takes that have none."""
    owed = select(outbox.c.id).where(outbox.c.take_id == take.c.id)
    columns = (take.c.id, take.c.voice, take.c.phonemes, take.c.queue, take.c.priority)
    names = ("take_id", "voice", "phonemes", "queue", "priority")
    missing = select(*columns).where(take.c.id.in_(free), ~owed.exists())
    rows = [
        dict(zip(names, row, strict=True), created_at=now) for row in connection.execute(missing)
    ]
    if rows:
        connection.execute(insert(outbox), rows)
    return len(rows)
