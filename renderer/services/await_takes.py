"""Waiting for the workers of a service."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from renderer.domain.take import TakeStatus
from renderer.ports import UnitOfWork
from renderer.services.failpoint import Failpoint, nothing
from renderer.services.queue import UNFINISHED

TICK_S = 0.5


def await_takes(
    reading: Callable[[], UnitOfWork],
    ids: Sequence[int],
    tick: Callable[[dict[TakeStatus, int]], None],
    sleep: Callable[[float], None],
    failpoint: Failpoint = nothing,
    is_over: Callable[[], bool] = lambda: False,
) -> dict[TakeStatus, int]:
    """Wait until each of some takes has reached a finished status.

    Args:
        reading: Begins a transaction for reading.
        ids: Row ids of the takes.
        tick: Told the counts by status from time to time.
        sleep: Sleeps some seconds.
        failpoint: Called with the name of each step, for fault tests.
        is_over: Whether nobody waits any longer; asked between two looks.

    Returns:
        How many takes are in each status: in finished ones, unless it was over before.
    """
    while True:
        with reading() as unit:
            counts = unit.takes.counts(ids)
        tick(counts)
        if is_over() or not any(counts.get(status) for status in UNFINISHED):
            return counts
        failpoint("awaiting")
        sleep(TICK_S)
