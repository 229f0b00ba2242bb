"""What others decide reaches the pages, also when it is much at once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from renderer.domain.review import Choice, Decision
from renderer.errors import DatabaseError
from renderer.ports import LineKey
from renderer.web import watch
from renderer.web.watch import MOST_AT_ONCE, Watch

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


class Room:
    """Decisions, and what the watch has pages do."""

    def __init__(self) -> None:
        self.made: list[Decision] = []
        self.refreshed: list[LineKey] = []
        self.reloads = 0
        self.watch = Watch(self.log, list, lambda: 0, self.refreshed.extend, self.reload)
        self.watch.look()
        self.reloads = 0

    def log(self, limit: int) -> list[Decision]:
        return self.made[::-1][:limit]

    def reload(self) -> None:
        self.reloads += 1

    def decide(self, count: int) -> None:
        for n in range(len(self.made), len(self.made) + count):
            one = Decision(f"{n:032x}", f"l{n}", "en", "0" * 64, Choice.APPROVE, "Ada", NOON)
            self.made.append(one)


def test_lines_that_were_decided_about_are_read_again() -> None:
    room = Room()
    room.decide(3)
    room.watch.look()
    assert sorted(room.refreshed) == [("l0", "en"), ("l1", "en"), ("l2", "en")]
    room.decide(1)
    room.watch.look()
    room.watch.look()
    assert room.refreshed[3:] == [("l3", "en")]
    assert room.reloads == 0


def test_more_decisions_than_are_looked_at_have_every_line_read_again() -> None:
    room = Room()
    room.decide(1)
    room.watch.look()
    room.decide(MOST_AT_ONCE + 1)
    room.watch.look()
    assert room.reloads == 1
    room.watch.look()
    assert room.reloads == 1


@pytest.mark.parametrize("error", [DatabaseError("away"), RuntimeError("a bug")])
def test_a_look_that_failed_is_not_the_last(monkeypatch: Any, error: Exception) -> None:
    looked: list[int] = []
    twice = threading.Event()

    def look(_self: Watch) -> None:
        looked.append(1)
        if len(looked) > 1:
            twice.set()
        raise error

    monkeypatch.setattr(watch, "POLL_S", 0.01)
    monkeypatch.setattr(Watch, "look", look)
    made = Watch(lambda _limit: [], list, lambda: 0, lambda _keys: None, lambda: None)
    made.start()
    assert twice.wait(60)
    made.stop()
