"""Places where fault tests end the process, to prove that nothing is lost or doubled.

Off by default, and then one call of an empty function per step. `BARKLINE_FAILPOINT=judged:3` kills
the process (SIGKILL, as the kernel would) when it reaches the step `judged` for the third time.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

from renderer.errors import ConfigError

Failpoint = Callable[[str], None]

STEPS = (
    "importing",  # lines, takes and outbox rows written, not committed
    "imported",  # committed
    "claimed",  # a relay holds outbox rows
    "published",  # batches in the queue, outbox rows not marked as sent
    "sent",  # marked as sent and committed
    "reaping",  # lost work is known, nothing is written
    "reaped",  # put back and committed
    "leased",  # first transaction of a batch committed
    "performed",  # spoken and directed
    "judged",  # mastered, encoded, measured, judged
    "kept",  # objects of one take stored, nothing names them
    "finishing",  # second transaction written, not committed
    "finished",  # committed
)


def nothing(_step: str) -> None:
    """Do nothing: what a failpoint does outside fault tests."""


def read(text: str) -> Failpoint:
    """Return the failpoint a setting asks for.

    Args:
        text: "" for none, else `step` or `step:count`.

    Raises:
        ConfigError: The step is unknown or the count no number.
    """
    if not text:
        return nothing
    step, _, count = text.partition(":")
    if step not in STEPS or not (count or "1").isdigit():
        raise ConfigError(f"BARKLINE_FAILPOINT={text!r} is not step:count of {', '.join(STEPS)}.")
    return _Killer(step, int(count or "1"))


class _Killer:
    """Kills the process at the n-th passage of one step."""

    def __init__(self, step: str, count: int) -> None:
        self._step = step
        self._left = count
        self._lock = threading.Lock()

    def __call__(self, step: str) -> None:
        """Count a passage."""
        with self._lock:
            self._left -= step == self._step
            is_due = step == self._step and self._left == 0
        if is_due:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
