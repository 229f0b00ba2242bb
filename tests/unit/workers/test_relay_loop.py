"""The relay's loop: it moves, it reaps, and it outlives a database or queue that is away."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from renderer.errors import DatabaseError, QueueError
from renderer.services.reap import Reaped
from workers import relay_process
from workers.relay_process import RelayLoop


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_process, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(relay_process, "LONGEST_PAUSE_S", 0.002)


class Script:
    """A relay and a reaper that do what they are told, round by round."""

    def __init__(self, *rounds: int | Exception) -> None:
        self.rounds = list(rounds)
        self.reaped = 0
        self.slept: list[float] = []
        self.stopping = threading.Event()

    def run_once(self) -> int:
        if not self.rounds:
            self.stopping.set()
            return 0
        step = self.rounds.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def loop(self) -> RelayLoop:
        reaper: Any = type("R", (), {"run_once": lambda _: self._reap()})()
        relay: Any = self
        return RelayLoop(relay, reaper, self.slept.append, self.stopping)

    def _reap(self) -> Reaped:
        self.reaped += 1
        return Reaped(lost=2)


def test_it_sleeps_only_when_nothing_moved() -> None:
    script = Script(5, 3, 0)
    script.loop().run()
    assert len(script.slept) == 2, "after the round that moved nothing and after the last"
    assert script.reaped == 1


def test_it_waits_for_a_database_and_a_queue_that_are_away() -> None:
    script = Script(DatabaseError("away"), QueueError("away"), 7)
    loop = script.loop()
    errors: list[Exception] = []
    reaped: list[Reaped] = []
    loop.told_error, loop.told_reaped = errors.append, reaped.append
    loop.run()
    assert [type(e) for e in errors] == [DatabaseError, QueueError]
    assert reaped == [Reaped(lost=2)]


def test_a_bug_is_not_waited_for() -> None:
    with pytest.raises(ZeroDivisionError):
        Script(ZeroDivisionError()).loop().run()
