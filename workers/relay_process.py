"""The relay's loop: move what waits, find what is lost, sleep until something may have happened."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from renderer.errors import BarklineError, DatabaseError, QueueError
from renderer.services.reap import Reaped, Reaper
from renderer.services.relay import Relay

POLL_S = 0.1
REAP_EVERY_S = 2.0
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
log = logging.getLogger(__name__)


class RelayLoop:
    """Runs a relay and a reaper until it is told to stop.

    Args:
        relay: Moves outbox rows.
        reaper: Finds what is lost.
        sleep: Sleeps at most some seconds, less when rows may wait.
        stopping: Set when the loop shall end.

    Attributes:
        told_reaped: Called with what was put back, for metrics.
        told_error: Called with each failure, for metrics.
        tick: Called once per round, for metrics.
    """

    def __init__(
        self,
        relay: Relay,
        reaper: Reaper,
        sleep: Callable[[float], None],
        stopping: threading.Event,
    ) -> None:
        self._relay = relay
        self._reaper = reaper
        self._sleep = sleep
        self._stopping = stopping
        self._reaped_at = 0.0
        self._pause_s = FIRST_PAUSE_S
        self.told_reaped: Callable[[Reaped], None] = lambda _reaped: None
        self.told_error: Callable[[BarklineError], None] = lambda _error: None
        self.tick: Callable[[], None] = lambda: None

    def run(self) -> None:
        """Go on until told to stop; a database or queue that is away is waited for."""
        while not self._stopping.is_set():
            try:
                is_idle = not self._round()
            except (DatabaseError, QueueError) as error:
                log.warning("%s", error)
                self.told_error(error)
                self._stopping.wait(self._pause_s)
                self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)
                continue
            self._pause_s = FIRST_PAUSE_S
            if is_idle:
                self._sleep(POLL_S)

    def _round(self) -> int:
        moved = self._relay.run_once()
        if time.monotonic() - self._reaped_at >= REAP_EVERY_S:
            self._reaped_at = time.monotonic()
            self.told_reaped(self._reaper.run_once())
        self.tick()
        return moved
