"""The worker that lives inside the process: same actors, no server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker

from renderer.messaging.broker import RENDER_QUEUE
from renderer.services.render import Render
from workers.actors import register

POLL_MS = 100


@contextmanager
def embedded_worker(broker: StubBroker, render: Render, threads: int) -> Iterator[Worker]:
    """Run a worker on `threads` threads while the block runs; drains its batch when left.

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
    waiting = broker.queues[RENDER_QUEUE].unfinished_tasks
    delayed = broker.queues.get(f"{RENDER_QUEUE}.DQ")
    return waiting == 0 and (delayed is None or delayed.unfinished_tasks == 0)
