"""The broker that lives inside the process, and what every broker is sent."""

from __future__ import annotations

import json
from collections.abc import Sequence

from dramatiq import Broker, Message
from dramatiq.brokers.stub import StubBroker
from dramatiq.common import dq_name
from dramatiq.middleware import default_middleware

from renderer.domain.route import ROUTES, Route

# Messages outlive the code that sent them; an actor refuses a version it does not know.
MESSAGE_VERSION = 2


def embedded_broker() -> StubBroker:
    """Return a broker of this process, with Dramatiq's own middleware (retries, time limits)."""
    broker = StubBroker(middleware=[make() for make in default_middleware], fail_fast_default=False)
    for route in ROUTES:
        broker.declare_queue(route.name)
    return broker


def batch_message(take_ids: Sequence[int], voice: str, route: Route) -> Message[None]:
    """Return the message of one batch: ids, the voice's name and a version, never text."""
    return Message(
        queue_name=route.name,
        actor_name=route.name,
        args=(),
        kwargs={"take_ids": list(take_ids), "voice": voice, "version": MESSAGE_VERSION},
        options={},
    )


def take_ids_of(data: bytes) -> list[int]:
    """Return the takes an encoded message names; none when it is no message of ours."""
    try:
        named = json.loads(data)["kwargs"]["take_ids"]
    except (ValueError, KeyError, TypeError):
        return []
    return [pk for pk in named if isinstance(pk, int)] if isinstance(named, list) else []


class EmbeddedPublisher:
    """Implements `ports.Publisher` on the broker of this process.

    Args:
        broker: The broker.
    """

    def __init__(self, broker: StubBroker) -> None:
        self._broker = broker

    def publish(self, take_ids: Sequence[int], voice: str, route: Route) -> None:
        """Enqueue one batch. Sending twice is harmless."""
        self._broker.enqueue(batch_message(take_ids, voice, route))

    def depth(self, route: Route) -> int:
        """Return how many batches wait or run in a lane."""
        names = (route.name, dq_name(route.name))
        return sum(
            self._broker.queues[n].unfinished_tasks for n in names if n in self._broker.queues
        )

    def held(self) -> set[int]:
        """Return the takes of waiting messages; those of running ones are leased."""
        queued = [data for queue in self._broker.queues.values() for data in list(queue.queue)]
        return {pk for data in queued for pk in take_ids_of(data)}


def declare(broker: Broker) -> None:
    """Declare every lane on a broker."""
    for route in ROUTES:
        broker.declare_queue(route.name)
