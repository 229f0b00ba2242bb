"""The worker that lives inside the process: same relay, same actors, no server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker

from renderer.bootstrap import Walk
from renderer.domain.take import TakeStatus
from renderer.services.queue import UNFINISHED, enqueue
from renderer.services.render import Render
from workers.actors import register

POLL_MS = 100
TICK_S = 0.2
Counts = dict[TakeStatus, int]


@contextmanager
def embedded_worker(broker: StubBroker, render: Render, threads: int) -> Iterator[Worker]:
    """Run a worker on `threads` threads while the block runs.

    Leaving the block lets the batches that run come to their end and begins no other.

    Args:
        broker: The broker of this process.
        render: The service the actors call.
        threads: Batches at once.
    """
    register(broker, render)
    worker = Worker(broker, worker_timeout=POLL_MS, worker_threads=threads)
    broker.emit_after("process_boot")
    worker.start()
    try:
        yield worker
    finally:
        render.stop()
        worker.stop()
        broker.close()


def is_idle(broker: StubBroker) -> bool:
    """Whether no message waits, runs, or is due for a retry."""
    return all(queue.unfinished_tasks == 0 for queue in broker.queues.values())


def render_all(
    walk: Walk, ids: Sequence[int], tick: Callable[[Counts], None], threads: int
) -> Counts:
    """Render takes until each has reached a finished status.

    The database is the truth: when the queue has run dry and takes are still open, they are put
    into it again; a take that never finishes is quarantined by its count of deliveries.

    Args:
        walk: The walk.
        ids: Row ids of the takes.
        tick: Told the counts by status from time to time.
        threads: Batches at once.

    Returns:
        How many takes ended in each status.
    """
    with embedded_worker(walk.broker, walk.render, threads):
        while True:
            walk.relay.run_once()
            was_idle = is_idle(walk.broker)
            counts = _counts(walk, ids)
            tick(counts)
            if not any(counts.get(status) for status in UNFINISHED):
                return counts
            if was_idle:
                enqueue(walk.house.unit, list(ids))
            time.sleep(TICK_S)


def _counts(walk: Walk, ids: Sequence[int]) -> Counts:
    with walk.house.reading() as unit:
        return unit.takes.counts(ids)
