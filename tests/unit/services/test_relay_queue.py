"""The relay: batches of one voice and like length, sent before they are marked as sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from renderer.domain.take import TakeStatus
from renderer.ports import OutboxRow
from renderer.services.relay import Relay, batches


class Queue:
    """Implements `ports.Publisher`."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, list[int]]] = []
        self.is_down = False

    def publish(self, take_ids: Sequence[int], voice: str) -> None:
        if self.is_down:
            raise ConnectionError("no queue")
        self.sent.append((voice, list(take_ids)))


def unsent(studio: Any) -> list[int]:
    with studio.unit() as unit:
        return [row.take_id for row in unit.outbox.claim(100)]


def test_a_take_that_was_begun_before_goes_alone() -> None:
    """What may have killed a worker takes no neighbour along."""
    rows = [OutboxRow(i, 10 + i, "amy", 5, deliveries=int(i == 2)) for i in range(4)]
    assert list(batches(rows, 16)) == [("amy", [12]), ("amy", [10, 11, 13])]


def test_batches_hold_one_voice_and_like_lengths() -> None:
    rows = [
        OutboxRow(1, 11, "amy#1", 90),
        OutboxRow(2, 12, "joe", 5),
        OutboxRow(3, 13, "amy#2", 10),
        OutboxRow(4, 14, "amy", 12),
        OutboxRow(5, 15, "amy", 80),
    ]
    assert list(batches(rows, 2)) == [
        ("amy", [13, 14]),
        ("amy", [15, 11]),
        ("joe", [12]),
    ]
    assert list(batches([], 2)) == []


def test_everything_is_sent_once(studio: Any) -> None:
    pks = studio.ask("a", "b", "c")
    queue = Queue()
    relay = Relay(studio.unit, queue, 2)

    assert relay.run_once() == 3
    assert relay.run_once() == 0
    assert sorted(pk for _, batch in queue.sent for pk in batch) == pks
    assert unsent(studio) == []


def test_a_claim_has_a_limit(studio: Any) -> None:
    studio.ask("a", "b", "c")
    relay = Relay(studio.unit, Queue(), 16)
    assert [relay.run_once(2), relay.run_once(2), relay.run_once(2)] == [2, 1, 0]


def test_what_a_queue_did_not_take_is_sent_later(studio: Any) -> None:
    pks = studio.ask("a", "b")
    queue = Queue()
    queue.is_down = True
    relay = Relay(studio.unit, queue, 16)

    with pytest.raises(ConnectionError):
        relay.run_once()

    assert unsent(studio) == pks
    queue.is_down = False
    assert relay.run_once() == 2


def test_a_crash_between_sending_and_marking_sends_twice_and_renders_once(studio: Any) -> None:
    studio.ask("good day")
    queue = Queue()

    def crash(step: str) -> None:
        if step == "published":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Relay(studio.unit, queue, 16, crash).run_once()
    Relay(studio.unit, queue, 16).run_once()

    assert len(queue.sent) == 2
    for _, batch in queue.sent:
        studio.render.batch(batch)
    said = [r for r in studio.voice.requests if r.transcript.written == ("good", "day")]
    assert len(said) == 1


def test_enqueue_writes_no_second_row_for_what_waits_or_is_done(studio: Any) -> None:
    waiting, done, lost = studio.ask("a", "b", "c")
    relay = Relay(studio.unit, Queue(), 16)
    relay.run_once()
    studio.render.batch([done])
    with studio.unit() as unit:
        assert unit.takes.enqueue([waiting]) == 1
        assert unit.takes.enqueue([waiting, done, lost]) == 1
        unit.commit()
    assert unsent(studio) == [waiting, lost]


def test_enqueue_leaves_a_living_worker_alone(studio: Any) -> None:
    [pk] = studio.ask("a")
    Relay(studio.unit, Queue(), 16).run_once()
    with studio.unit() as unit:
        unit.takes.lease([pk], "alive", 60)
        assert unit.takes.enqueue([pk]) == 0
        unit.commit()
    studio.clock.pass_(61)
    with studio.unit() as unit:
        assert unit.takes.enqueue([pk]) == 1


def test_breaking_leases_keeps_the_deliveries_counted(studio: Any) -> None:
    pks = studio.ask("a", "b")
    with studio.unit() as unit:
        unit.takes.lease(pks, "dead", 3600)
        assert unit.takes.break_leases() == 2
        unit.commit()
    assert [(t.status, t.deliveries) for t in map(studio.take, pks)] == [
        (TakeStatus.PENDING, 1)
    ] * 2
