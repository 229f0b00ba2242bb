"""What a queue or a worker has lost, put back where the relay finds it.

An outbox row stays until its take is finished. A row that was sent, whose take no worker holds and
no message names, is owed by nobody: the queue was flushed, a retry could not be enqueued, a message
was given up, or a worker ended. It waits for the relay again. Sending twice is harmless, and two
reapers at once do no more than one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from renderer.ports import Clock, Publisher, UnitOfWork
from renderer.services.failpoint import Failpoint, nothing

# More than full lanes hold, so that what is lost is not hidden behind what is only waiting.
LIMIT = 65_536


@dataclass(frozen=True, slots=True)
class Reaped:
    """How many takes were put back.

    Attributes:
        expired: Their worker's lease had run out.
        lost: No message named them any more.
    """

    expired: int = 0
    lost: int = 0


class Reaper:
    """Finds work that is owed and that nobody will do.

    Args:
        unit: Begins a transaction.
        publisher: Tells which takes the queue still holds.
        clock: The time.
        grace_s: Seconds since a row was sent before it can count as lost.
        failpoint: Called with the name of each step, for fault tests.
    """

    def __init__(
        self,
        unit: Callable[[], UnitOfWork],
        publisher: Publisher,
        clock: Clock,
        grace_s: float,
        failpoint: Failpoint = nothing,
    ) -> None:
        self._unit = unit
        self._publisher = publisher
        self._clock = clock
        self._grace_s = grace_s
        self._failpoint = failpoint

    def run_once(self) -> Reaped:
        """Put back what is lost.

        What a message still names is left alone, even when its worker is gone: the broker delivers
        that message again.

        Raises:
            QueueError: The queue is away, so nobody can tell what it holds.
            DatabaseError: The database is away.
        """
        before = self._clock.now() - timedelta(seconds=self._grace_s)
        with self._unit() as unit:
            rows = unit.outbox.owed(before, LIMIT)
        if not rows:
            return Reaped()
        held = self._publisher.held()
        gone = [row for row in rows if row.take_id not in held]
        if not gone:
            return Reaped()
        self._failpoint("reaping")
        with self._unit() as unit:
            unit.outbox.resend([row.id for row in gone])
            unit.commit()
        self._failpoint("reaped")
        expired = sum(row.is_expired for row in gone)
        return Reaped(expired, len(gone) - expired)
