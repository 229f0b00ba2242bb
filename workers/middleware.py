"""What Barkline adds to Dramatiq's middleware."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from dramatiq import Broker, MessageProxy, Middleware

from renderer.ports import UnitOfWork
from renderer.services.failpoint import Failpoint, nothing

log = logging.getLogger(__name__)


class DeadLetters(Middleware):
    """Copies what the queue gives up to the database; the reaper finds the takes by themselves.

    Attributes:
        unit: Begins a transaction; None until the process has opened its database.
        told: Called with the queue's name, for metrics.
        failpoint: Called before a copy is written, for fault tests.
    """

    def __init__(self) -> None:
        self.unit: Callable[[], UnitOfWork] | None = None
        self.told: Callable[[str], None] = lambda _queue: None
        self.failpoint: Failpoint = nothing

    def after_nack(self, broker: Broker, message: MessageProxy) -> None:
        """Record a message that will not be tried again."""
        if self.unit is None:
            return
        take_ids = [pk for pk in message.kwargs.get("take_ids", ()) if isinstance(pk, int)]
        self.told(message.queue_name)
        try:
            self.failpoint("burying")
            with self.unit() as unit:
                unit.dead_letters.add(
                    message.message_id, message.queue_name, take_ids, _reason(message)
                )
                unit.commit()
        except Exception:  # the reaper finds the takes all the same
            log.exception("dead letter %s could not be recorded", message.message_id)


def _reason(message: MessageProxy) -> str:
    """Return the last line of what went wrong."""
    options: dict[str, Any] = message.options
    lines = str(options.get("traceback") or "").strip().splitlines()
    return lines[-1] if lines else "refused"
