"""What a relay tells those who watch: what waits, was sent and was put back; its health."""

from __future__ import annotations

import time
from collections.abc import Callable

from renderer.domain.route import ROUTES, Queue, Route
from renderer.domain.take import TakeStatus
from renderer.ports import Clock, Meter, Publisher, UnitOfWork
from renderer.services.reap import Reaped
from renderer.services.relay import Batch

LOOK_EVERY_S = 5.0
STALE_S = 30.0
# Events get their ids before they are committed: one may appear behind a newer one.
BEHIND = 1_000


class RelayWatch:
    """Measures a relay.

    Args:
        meter: Which is told.
        reading: Begins a transaction for reading.
        publisher: The queue.
        first: Returns whether nobody has said a name before: relays share what they count.
        batch_size: Takes per batch at most.
        clock: Tells how long rows have waited.
    """

    def __init__(
        self,
        meter: Meter,
        reading: Callable[[], UnitOfWork],
        publisher: Publisher,
        first: Callable[[str], bool],
        batch_size: int,
        clock: Clock,
    ) -> None:
        self._meter = meter
        self._reading = reading
        self._publisher = publisher
        self._first = first
        self._batch_size = batch_size
        self._clock = clock
        self._seen: set[int] = set()
        self._newest = -1
        self._due = 0.0
        self._ended = time.monotonic()

    def sent(self, batch: Batch, route: Route) -> None:
        """Count a batch that was sent."""
        lines = len(batch.rows)
        self._meter.count("barkline_relay_events_total", lines, queue=route.name)
        self._meter.count("barkline_relay_batches_total", queue=route.name)
        self._meter.observe("barkline_batch_lines", lines)
        self._meter.observe("barkline_batch_fill_ratio", lines / self._batch_size)

    def reaped(self, reaped: Reaped) -> None:
        """Count what was put back."""
        self._meter.count("barkline_requeued_total", reaped.expired, why="expired")
        self._meter.count("barkline_requeued_total", reaped.lost, why="lost")

    def tick(self) -> None:
        """Note that a round has ended well; look at database and queue from time to time.

        Raises:
            DatabaseError: The database is away.
            QueueError: The queue is away.
        """
        now = time.monotonic()
        if now >= self._due:
            self._due = now + LOOK_EVERY_S
            self._look()
        self._ended = time.monotonic()

    def why_unwell(self) -> str:
        """Return what is wrong, or ""."""
        age_s = time.monotonic() - self._ended
        return f"the last good round ended {age_s:.0f} s ago" if age_s > STALE_S else ""

    def _look(self) -> None:
        for route in ROUTES:
            depth = self._publisher.depth(route)
            self._meter.set("barkline_queue_messages", depth, queue=route.name)
        with self._reading() as unit:
            self._outbox(unit)
            counts = unit.takes.counts()
            self._count_imports(unit)
        for status in TakeStatus:
            self._meter.set("barkline_takes", counts.get(status, 0), status=status.value)

    def _outbox(self, unit: UnitOfWork) -> None:
        waiting = unit.outbox.waiting()
        now = self._clock.now()
        for queue in Queue:
            count, oldest = waiting.get(queue, (0, now))
            age_s = max(0.0, (now - oldest).total_seconds())
            self._meter.set("barkline_outbox_unsent", count, queue=queue.value)
            self._meter.set("barkline_outbox_oldest_age_seconds", age_s, queue=queue.value)

    def _count_imports(self, unit: UnitOfWork) -> None:
        """Count the lines that imports found and did not find: those who import have no port."""
        newest = unit.imports.newest_event()
        is_start = self._newest < 0
        rows = unit.imports.after(max(self._newest, newest if is_start else 0) - BEHIND)
        self._newest = newest
        fresh = [row for row in rows if row.id not in self._seen]
        self._seen = {row.id for row in rows}
        for row in () if is_start else fresh:
            if self._first(f"import:{row.id}"):
                self._meter.count("barkline_cache_hits_total", row.cached, kind="key")
                self._meter.count("barkline_cache_misses_total", row.requested, kind="key")
