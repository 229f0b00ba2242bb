"""Step 4 of the walk: the actors. Each is a few lines that call a service."""

from __future__ import annotations

import dramatiq

from renderer.domain.route import ROUTES, Route
from renderer.errors import BarklineError
from renderer.messaging.broker import MESSAGE_VERSION
from renderer.services.render import Render

# Dramatiq cannot interrupt native code, so this limit is the second one: the lease keeper's
# deadline ends a process that hangs.
TIME_LIMIT_MS = 30 * 60 * 1000
# What is given up here is not lost: the reaper finds it in the outbox.
MAX_RETRIES = 3
MIN_BACKOFF_MS = 200
MAX_BACKOFF_MS = 15_000


class UnknownVersionError(BarklineError):
    """A message is of a version this worker does not know: another release sent it."""


def register(broker: dramatiq.Broker, render: Render) -> None:
    """Declare the actors on a broker: one per lane, what is urgent first.

    Args:
        broker: Where messages come from.
        render: The service they call.
    """
    for route in ROUTES:
        _register(broker, render, route)


def _register(broker: dramatiq.Broker, render: Render, route: Route) -> None:
    @dramatiq.actor(
        broker=broker,
        actor_name=route.name,
        queue_name=route.name,
        priority=0 if route.is_urgent else 10,
        time_limit=TIME_LIMIT_MS,
        max_retries=MAX_RETRIES,
        min_backoff=MIN_BACKOFF_MS,
        max_backoff=MAX_BACKOFF_MS,
    )
    def render_batch(take_ids: list[int], voice: str, version: int) -> None:
        render.failpoint("received")
        if version != MESSAGE_VERSION:
            raise UnknownVersionError(f"message version {version} is not {MESSAGE_VERSION}")
        render.batch(take_ids)
