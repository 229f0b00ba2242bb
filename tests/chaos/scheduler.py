"""Virtual time: actors that take turns in one thread, in an order that a seed decides."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import greenlet

START = datetime(2026, 1, 1, tzinfo=UTC)


class Crash(BaseException):
    """An actor's process is gone: nothing of it runs any more, whatever it would tidy up."""


class Scheduler:
    """Runs actors in the order of their virtual time.

    Args:
        seed: Decides everything.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now_s = 0.0
        self._due: list[tuple[float, int, Any]] = []
        self._numbers = itertools.count()
        self._hub = greenlet.getcurrent()

    def start(self, body: Callable[[], None], delay_s: float = 0.0) -> None:
        """Let an actor begin; one that crashes is gone."""

        def run() -> None:
            with suppress(Crash):
                body()

        self._wake(greenlet.greenlet(run, self._hub), delay_s)

    def _wake(self, actor: Any, delay_s: float) -> None:
        heapq.heappush(self._due, (self.now_s + delay_s, next(self._numbers), actor))

    def sleep(self, seconds: float) -> None:
        """Let others go on; called by an actor."""
        self._wake(greenlet.getcurrent(), seconds)
        self._hub.switch()

    def run(self, is_over: Callable[[], bool], until_s: float) -> bool:
        """Run until all is over, or a time; returns whether all is over."""
        while self._due:
            if is_over():
                return True
            moment, _, actor = heapq.heappop(self._due)
            if moment > until_s:
                return False
            self.now_s = max(self.now_s, moment)
            actor.switch()
        return is_over()


class SkewedClock:
    """Implements `ports.Clock`: virtual time, as a machine sees it whose clock is wrong.

    Args:
        scheduler: Whose time.

    Attributes:
        skew_s: How far it is ahead, seconds; what measures durations is not touched by it.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.skew_s = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self._scheduler.now_s + self.skew_s)

    def monotonic_s(self) -> float:
        return self._scheduler.now_s
