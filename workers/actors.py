"""Step 4 of the walk: the actors. Each is a few lines that call a service."""

from __future__ import annotations

import dramatiq

from renderer.messaging.broker import MESSAGE_VERSION, RENDER_ACTOR, RENDER_QUEUE
from renderer.services.render import Render

TIME_LIMIT_MS = 30 * 60 * 1000
MAX_RETRIES = 3
MIN_BACKOFF_MS = 200


def register(broker: dramatiq.Broker, render: Render) -> None:
    """Declare the actors on a broker.

    Args:
        broker: Where messages come from.
        render: The service they call.
    """

    @dramatiq.actor(
        broker=broker,
        actor_name=RENDER_ACTOR,
        queue_name=RENDER_QUEUE,
        time_limit=TIME_LIMIT_MS,
        max_retries=MAX_RETRIES,
        min_backoff=MIN_BACKOFF_MS,
    )
    def render_batch(take_ids: list[int], voice: str, version: int) -> None:
        if version != MESSAGE_VERSION:
            raise ValueError(f"message version {version} is not {MESSAGE_VERSION}")
        render.batch(take_ids)
