"""How a standing process is told to end: once to finish what it has begun, twice to end now."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

ENDED_AT_ONCE = 143  # as a shell reports SIGTERM


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM or SIGINT sets; a second signal ends the process at once.

    What was leased then is free again after one lease.
    """
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        if stopping.is_set():
            os._exit(ENDED_AT_ONCE)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return stopping
