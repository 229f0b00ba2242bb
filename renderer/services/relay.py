"""Step 3 of the walk: outbox rows into batches for the workers.

Rows are grouped by voice model and sorted by length, so that a batch runs through one model and
pads little. Publishing comes before `mark_sent` commits: a crash between sends twice, and a take
that is sent twice is rendered once.

A lane of the queue takes a bounded number of batches: what is urgent finds a short queue, and what
waits stays in the database, where it can be counted and overtaken. A batch that is not full waits
a moment for company, so that an import of ten thousand lines fills its batches and one changed
line starts within a second.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from renderer.domain.route import ROUTES, Priority, Route
from renderer.domain.voice import VoiceRef
from renderer.ports import UNTRACED, Clock, OutboxRow, Publisher, Tracer, UnitOfWork
from renderer.services.failpoint import Failpoint, nothing

CLAIM = 4_096
# A lane is filled up again when this part of its bound is free: a claim of many rows makes fuller
# batches than many claims of few.
REFILL = 0.25


@dataclass(frozen=True, slots=True)
class Batch:
    """Takes of one voice and of similar length.

    Attributes:
        voice: Name of the voice.
        rows: Their outbox rows, the shortest first.
    """

    voice: str
    rows: tuple[OutboxRow, ...]

    @property
    def take_ids(self) -> list[int]:
        """The takes."""
        return [row.take_id for row in self.rows]

    @property
    def rank(self) -> tuple[int, int]:
        """What goes first: the most urgent and oldest row counts."""
        return min((row.priority.value, row.id) for row in self.rows)

    def is_ready(self, size: int, created_before: datetime) -> bool:
        """Whether it need not wait for company: it is full, urgent, tried before, or old enough."""
        if len(self.rows) >= size:
            return True
        return any(
            row.deliveries
            or row.priority <= Priority.URGENT
            or row.created_at is None
            or row.created_at <= created_before
            for row in self.rows
        )


def batches(rows: Sequence[OutboxRow], size: int) -> list[Batch]:
    """Group rows into batches of at most `size`, similar lengths together.

    A take that some worker has begun and not finished goes alone: if it is what killed the worker,
    it takes no neighbour along.
    """
    by_voice: dict[str, list[OutboxRow]] = defaultdict(list)
    for row in rows:
        by_voice[VoiceRef.parse(row.voice).name].append(row)
    made = []
    for voice, same in sorted(by_voice.items()):
        same.sort(key=lambda r: (r.phonemes, r.take_id))
        fresh = [r for r in same if not r.deliveries]
        made += [Batch(voice, (r,)) for r in same if r.deliveries]
        for start in range(0, len(fresh), size):
            made.append(Batch(voice, tuple(fresh[start : start + size])))
    return made


@dataclass(frozen=True, slots=True)
class Pace:
    """How a relay fills the queue.

    Attributes:
        batch_size: Takes per batch at most.
        bound: Batches per lane at most; 0 for no bound.
        linger_s: Seconds a batch that is not full waits for company.
    """

    batch_size: int = 16
    bound: int = 0
    linger_s: float = 0.0


class Relay:
    """Moves outbox rows to the queue. Several may run at once.

    Args:
        unit: Begins a transaction.
        publisher: Where batches go.
        pace: How the queue is filled.
        clock: Tells how long rows have waited.
        failpoint: Called with the name of each step, for fault tests.
        told: Called with each batch that was sent and its lane, for metrics.

    Attributes:
        tracer: Told what is at work.
    """

    def __init__(
        self,
        unit: Callable[[], UnitOfWork],
        publisher: Publisher,
        pace: Pace,
        clock: Clock,
        failpoint: Failpoint = nothing,
        told: Callable[[Batch, Route], None] = lambda _batch, _route: None,
    ) -> None:
        self._unit = unit
        self._publisher = publisher
        self._pace = pace
        self._clock = clock
        self._failpoint = failpoint
        self._told = told
        self.tracer: Tracer = UNTRACED

    def run_once(self, limit: int = CLAIM) -> int:
        """Send what waits and finds room, up to `limit` rows; return how many were sent.

        Raises:
            QueueError: The queue is away; nothing is lost, some batches may be sent again.
            DatabaseError: The database is away; likewise.
        """
        sent = 0
        for route in ROUTES:
            room = self._room(route)
            if room and sent < limit:
                sent += self._move(route, limit - sent, room)
        return sent

    def _room(self, route: Route) -> int:
        """Return how many batches a lane should get now; 0 while it is well filled."""
        bound = self._pace.bound
        if not bound:
            return CLAIM
        room = max(0, bound - self._publisher.depth(route))
        return room if route.is_urgent or room >= max(1, round(bound * REFILL)) else 0

    def _move(self, route: Route, limit: int, room: int) -> int:
        old = self._clock.now() - timedelta(seconds=self._pace.linger_s)
        size = self._pace.batch_size
        with self._unit() as unit:
            rows = unit.outbox.claim(limit, route)
            ready = [b for b in batches(rows, size) if b.is_ready(size, old)]
            chosen = sorted(ready, key=lambda b: b.rank)[:room]
            if not chosen:
                return 0
            self._failpoint("claimed")
            for number, batch in enumerate(chosen):
                if number:
                    self._failpoint("publishing")
                traces = [row.trace_id for row in batch.rows]
                with self.tracer.span("relay batch", traces, queue=route.name):
                    self._publisher.publish(batch.take_ids, batch.voice, route)
            self._failpoint("published")
            ids = sorted(row.id for batch in chosen for row in batch.rows)
            unit.outbox.mark_sent(ids)
            unit.commit()
        self._failpoint("sent")
        for batch in chosen:
            self._told(batch, route)
        return len(ids)
