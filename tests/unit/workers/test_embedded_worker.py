"""The worker inside the process: real broker, real actors, a database that is the truth."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from renderer.db.take_repository import MAX_DELIVERIES
from renderer.domain.route import Queue, Route
from renderer.domain.take import TakeStatus
from renderer.messaging.broker import EmbeddedPublisher, embedded_broker
from renderer.services.relay import Pace, Relay
from workers import embedded
from workers.actors import register
from workers.embedded import Counts, embedded_worker, is_idle, render_all


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "TICK_S", 0.01)
    monkeypatch.setattr(embedded, "POLL_MS", 10)
    monkeypatch.setattr("workers.actors.MIN_BACKOFF_MS", 1)


def walk_of(studio: Any, publisher: Any = None, size: int = 2) -> Any:
    broker = embedded_broker()
    relay = Relay(studio.unit, publisher or EmbeddedPublisher(broker), Pace(size), studio.clock)
    house = SimpleNamespace(unit=studio.unit, reading=studio.unit)
    return SimpleNamespace(broker=broker, relay=relay, render=studio.render, house=house)


def quiet(_counts: Counts) -> None:
    """Watch nothing."""


def test_everything_is_rendered_on_two_threads(studio: Any) -> None:
    pks = studio.ask("one", "two", "three", "mute four", "five")
    seen: list[Counts] = []

    counts = render_all(walk_of(studio), pks, seen.append, 2)

    assert {s: n for s, n in counts.items() if n} == {TakeStatus.APPROVED: 4, TakeStatus.FAILED: 1}
    assert seen[-1] == counts


def test_a_queue_that_loses_messages_is_filled_again_from_the_database(studio: Any) -> None:
    pks = studio.ask("one", "two")
    walk = walk_of(studio)
    real, lost = EmbeddedPublisher(walk.broker), []

    class Loses:
        def publish(self, take_ids: Sequence[int], voice: str, route: Route) -> None:
            if not lost:
                lost.extend(take_ids)
                return
            real.publish(take_ids, voice, route)

    walk.relay = Relay(studio.unit, Loses(), Pace(2), studio.clock)

    render_all(walk, pks, quiet, 1)

    assert sorted(lost) == pks
    assert studio.statuses(pks) == ["approved", "approved"]


def test_a_batch_that_always_breaks_ends_in_quarantine_and_not_in_a_loop(studio: Any) -> None:
    pks = studio.ask("one", "two")

    def breaks(step: str) -> None:
        if step == "leased":
            raise RuntimeError("a bug")

    studio.render.failpoint = breaks

    def lapse(_counts: Counts) -> None:
        studio.clock.pass_(3600)  # the lease of a thread that died is over

    counts = render_all(walk_of(studio), pks, lapse, 1)

    assert counts == {TakeStatus.QUARANTINED: 2}
    assert studio.take(pks[0]).deliveries == MAX_DELIVERIES


def test_leaving_lets_the_running_batch_end_and_begins_no_other(studio: Any) -> None:
    pks = studio.ask("one", "two")
    walk = walk_of(studio, size=1)
    running, go_on = threading.Event(), threading.Event()

    def hold(step: str) -> None:
        if step == "leased":
            running.set()
            go_on.wait(20)

    studio.render.failpoint = hold
    with embedded_worker(walk.broker, walk.render, 1):
        walk.relay.run_once()
        assert running.wait(20)
        studio.render.stop()
        go_on.set()
    assert studio.statuses(pks) == ["approved", "pending"]


def test_idle_means_nothing_waits(studio: Any) -> None:
    broker = embedded_broker()
    register(broker, studio.render)
    assert is_idle(broker)
    EmbeddedPublisher(broker).publish([1], "fake", Route(Queue.CPU, is_urgent=False))
    assert not is_idle(broker)
