"""Leases are short and renewed while the work goes on.

A worker that dies stops renewing, and its takes are free again after one lease. A worker that hangs
in native code would renew for ever: so each batch has a deadline, after which its lease is let run
out and the process is told to end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from renderer.domain.take import Take
from renderer.ports import Clock, UnitOfWork
from renderer.services.failpoint import Failpoint, nothing

DEADLINE_S = 45.0
DEADLINE_PER_CHARACTER_S = 0.1
BEATS_PER_LEASE = 4


def allowance_s(takes: Sequence[Take]) -> float:
    """Return how long a batch may take before its worker counts as hung, in seconds.

    Many times what a slow core needs for text of that length.
    """
    size = sum(len(take.request.utterance.text) for take in takes)
    return DEADLINE_S + DEADLINE_PER_CHARACTER_S * size


class LeaseKeeper:
    """Knows the batches of this process and prolongs their leases.

    Args:
        unit: Begins a transaction.
        clock: Measures deadlines.
        seconds: Length of a lease, seconds.

    Attributes:
        failpoint: Called before leases are renewed, for fault tests.
    """

    def __init__(self, unit: Callable[[], UnitOfWork], clock: Clock, seconds: float) -> None:
        self._unit = unit
        self._clock = clock
        self.seconds = seconds
        self._deadlines: dict[str, float] = {}
        self._lock = threading.Lock()
        self.failpoint: Failpoint = nothing

    @property
    def interval_s(self) -> float:
        """How often to call `beat`, seconds."""
        return self.seconds / BEATS_PER_LEASE

    def hold(self, owner: str, takes: Sequence[Take]) -> None:
        """Begin to renew the leases of a batch."""
        with self._lock:
            self._deadlines[owner] = self._clock.monotonic_s() + allowance_s(takes)

    def drop(self, owner: str) -> None:
        """Stop renewing: the batch is done."""
        with self._lock:
            self._deadlines.pop(owner, None)

    def beat(self) -> list[str]:
        """Renew all leases of this process; return the owners whose batch is past its deadline.

        Raises:
            DatabaseError: The database is away; the leases go on as long as they last.
        """
        now = self._clock.monotonic_s()
        with self._lock:
            living = [owner for owner, until in self._deadlines.items() if until > now]
            overdue = [owner for owner, until in self._deadlines.items() if until <= now]
        if living:
            self.failpoint("renewing")
            with self._unit() as unit:
                unit.leases.renew(living, self.seconds)
                unit.commit()
        return overdue
