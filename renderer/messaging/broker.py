"""The broker that lives inside the process, and how batches get into it."""

from __future__ import annotations

from collections.abc import Sequence

from dramatiq import Broker, Message
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import default_middleware

RENDER_QUEUE = "render"
RENDER_ACTOR = "render_batch"
# Messages outlive the code that sent them; an actor refuses a version it does not know.
MESSAGE_VERSION = 1


def embedded_broker() -> StubBroker:
    """Return a broker of this process, with Dramatiq's own middleware (retries, time limits)."""
    broker = StubBroker(middleware=[make() for make in default_middleware], fail_fast_default=False)
    broker.declare_queue(RENDER_QUEUE)
    return broker


class DramatiqPublisher:
    """Implements `ports.Publisher`; a message carries ids only."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def publish(self, take_ids: Sequence[int], voice: str) -> None:
        """Enqueue one batch. Sending twice is harmless."""
        self._broker.enqueue(
            Message(
                queue_name=RENDER_QUEUE,
                actor_name=RENDER_ACTOR,
                args=(),
                kwargs={"take_ids": list(take_ids), "voice": voice, "version": MESSAGE_VERSION},
                options={},
            )
        )
