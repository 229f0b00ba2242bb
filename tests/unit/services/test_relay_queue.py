"""The relay: batches of one voice and like length, sent before they are marked as sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from renderer.domain.events import TakeRequested
from renderer.domain.route import Priority, Route
from renderer.domain.route import Queue as Engines
from renderer.domain.take import TakeStatus
from renderer.ports import OutboxRow
from renderer.services.reap import Reaped, Reaper
from renderer.services.relay import Pace, Relay, batches


class Queue:
    """Implements `ports.Publisher`."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, list[int]]] = []
        self.routes: list[str] = []
        self.depths: dict[str, int] = {}
        self.is_down = False

    def publish(self, take_ids: Sequence[int], voice: str, route: Route) -> None:
        if self.is_down:
            raise ConnectionError("no queue")
        self.sent.append((voice, list(take_ids)))
        self.routes.append(route.name)

    def depth(self, route: Route) -> int:
        return self.depths.get(route.name, 0)

    def held(self) -> set[int]:
        return {pk for _, batch in self.sent for pk in batch}


def named(rows: list[OutboxRow], size: int) -> list[tuple[str, list[int]]]:
    return [(batch.voice, batch.take_ids) for batch in batches(rows, size)]


def unsent(studio: Any) -> list[int]:
    with studio.unit() as unit:
        return [row.take_id for row in unit.outbox.claim(100)]


def test_a_take_that_was_begun_before_goes_alone() -> None:
    """What may have killed a worker takes no neighbour along."""
    rows = [OutboxRow(i, 10 + i, "amy", 5, deliveries=int(i == 2)) for i in range(4)]
    assert named(rows, 16) == [("amy", [12]), ("amy", [10, 11, 13])]


def test_batches_hold_one_voice_and_like_lengths() -> None:
    rows = [
        OutboxRow(1, 11, "amy#1", 90),
        OutboxRow(2, 12, "joe", 5),
        OutboxRow(3, 13, "amy#2", 10),
        OutboxRow(4, 14, "amy", 12),
        OutboxRow(5, 15, "amy", 80),
    ]
    assert named(rows, 2) == [
        ("amy", [13, 14]),
        ("amy", [15, 11]),
        ("joe", [12]),
    ]
    assert named([], 2) == []


def test_everything_is_sent_once(studio: Any) -> None:
    pks = studio.ask("a", "b", "c")
    queue = Queue()
    relay = Relay(studio.unit, queue, Pace(2), studio.clock)

    assert relay.run_once() == 3
    assert relay.run_once() == 0
    assert sorted(pk for _, batch in queue.sent for pk in batch) == sorted(pks)
    assert unsent(studio) == []


def test_a_claim_has_a_limit(studio: Any) -> None:
    studio.ask("a", "b", "c")
    relay = Relay(studio.unit, Queue(), Pace(16), studio.clock)
    assert [relay.run_once(2), relay.run_once(2), relay.run_once(2)] == [2, 1, 0]


def test_what_a_queue_did_not_take_is_sent_later(studio: Any) -> None:
    pks = studio.ask("a", "b")
    queue = Queue()
    queue.is_down = True
    relay = Relay(studio.unit, queue, Pace(16), studio.clock)

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
        Relay(studio.unit, queue, Pace(16), studio.clock, crash).run_once()
    Relay(studio.unit, queue, Pace(16), studio.clock).run_once()

    assert len(queue.sent) == 2
    for _, batch in queue.sent:
        studio.render.batch(batch)
    said = [r for r in studio.voice.requests if r.transcript.written == ("good", "day")]
    assert len(said) == 1


def test_enqueue_writes_no_second_row_for_what_waits_or_is_done(studio: Any) -> None:
    waiting, done, lost = studio.ask("a", "b", "c")
    relay = Relay(studio.unit, Queue(), Pace(16), studio.clock)
    relay.run_once()
    studio.render.batch([done])
    with studio.unit() as unit:
        assert unit.takes.enqueue([waiting]) == 1
        assert unit.takes.enqueue([waiting, done, lost]) == 1
        unit.commit()
    assert unsent(studio) == [waiting, lost]


def test_enqueue_leaves_a_living_worker_alone(studio: Any) -> None:
    [pk] = studio.ask("a")
    Relay(studio.unit, Queue(), Pace(16), studio.clock).run_once()
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


def urgent(studio: Any, pk: int) -> None:
    with studio.unit() as unit:
        unit.takes.enqueue([pk], Priority.URGENT)
        unit.commit()


def test_what_is_urgent_goes_first_and_in_a_lane_of_its_own(studio: Any) -> None:
    nightly, single = studio.ask("a rebuilt line", "the line a writer waits for")
    urgent(studio, single)
    queue = Queue()

    Relay(studio.unit, queue, Pace(16), studio.clock).run_once()

    assert queue.sent == [("fake", [single]), ("fake", [nightly])]
    assert queue.routes == ["render_cpu_urgent", "render_cpu"]


def test_a_full_lane_gets_nothing_and_what_is_urgent_passes_by(studio: Any) -> None:
    waits, single = studio.ask("a", "b")
    urgent(studio, single)
    queue = Queue()
    queue.depths = {"render_cpu": 8, "render_cpu_urgent": 7}
    relay = Relay(studio.unit, queue, Pace(16, bound=8), studio.clock)

    assert relay.run_once() == 1
    assert queue.sent == [("fake", [single])]
    queue.depths = {"render_cpu": 7}
    assert relay.run_once() == 0, "a lane is filled up in larger portions"
    queue.depths = {"render_cpu": 6}
    assert relay.run_once() == 1
    assert queue.sent[-1] == ("fake", [waits])


def test_no_more_batches_than_a_lane_has_room_for(studio: Any) -> None:
    pks = studio.ask(*"abcdef")
    queue = Queue()
    assert Relay(studio.unit, queue, Pace(2, bound=2), studio.clock).run_once() == 4
    sent = [pk for _, batch in queue.sent for pk in batch]
    assert [len(batch) for _, batch in queue.sent] == [2, 2]
    assert sorted(sent + unsent(studio)) == sorted(pks)
    assert len(unsent(studio)) == 2


def test_a_batch_that_is_not_full_waits_a_moment_for_company(studio: Any) -> None:
    first = studio.ask("a")
    queue = Queue()
    relay = Relay(studio.unit, queue, Pace(2, linger_s=0.2), studio.clock)
    assert relay.run_once() == 0
    second = studio.ask("b")
    assert relay.run_once() == 2, "a full batch waits for nothing"
    third = studio.ask("c")
    assert relay.run_once() == 0
    studio.clock.pass_(0.3)
    assert relay.run_once() == 1
    assert [batch for _, batch in queue.sent] == [first + second, third]


def test_engines_that_use_a_gpu_have_a_queue_of_their_own(studio: Any) -> None:
    [pk] = studio.ask("a")
    with studio.unit() as unit:
        unit.outbox.forget()
        unit.outbox.add([TakeRequested(pk, "fake", 10, Engines.GPU)])
        unit.commit()
    queue = Queue()
    Relay(studio.unit, queue, Pace(16), studio.clock).run_once()
    assert queue.routes == ["render_gpu"]


def reaper_of(studio: Any, queue: Queue) -> Reaper:
    return Reaper(studio.unit, queue, studio.clock, 5)


def test_what_a_queue_has_lost_is_sent_again_and_what_it_holds_is_not(studio: Any) -> None:
    held, lost = studio.ask("a", "b")
    queue = Queue()
    relay = Relay(studio.unit, queue, Pace(1), studio.clock)
    relay.run_once()
    queue.sent = [(voice, ids) for voice, ids in queue.sent if ids == [held]]  # as a flush would
    reaper = reaper_of(studio, queue)

    assert reaper.run_once() == Reaped(), "a message that was just sent may be on its way"
    studio.clock.pass_(6)
    assert reaper.run_once() == Reaped(lost=1)
    assert unsent(studio) == [lost]
    assert reaper.run_once() == Reaped(), "a second reaper finds nothing"


def test_takes_of_a_worker_that_died_are_put_back_when_its_lease_is_over(studio: Any) -> None:
    [pk] = studio.ask("a")
    queue = Queue()
    Relay(studio.unit, queue, Pace(1), studio.clock).run_once()
    queue.sent.clear()
    with studio.unit() as unit:
        unit.takes.lease([pk], "dead", 15)
        unit.commit()
    studio.clock.pass_(14)
    assert reaper_of(studio, queue).run_once() == Reaped()
    studio.clock.pass_(2)
    assert reaper_of(studio, queue).run_once() == Reaped(expired=1)


def test_nothing_is_owed_for_a_finished_take(studio: Any) -> None:
    [pk] = studio.ask("a")
    queue = Queue()
    Relay(studio.unit, queue, Pace(1), studio.clock).run_once()
    studio.render.batch([pk])
    queue.sent.clear()
    studio.clock.pass_(600)
    assert reaper_of(studio, queue).run_once() == Reaped()
    with studio.unit() as unit:
        assert unit.outbox.waiting() == {}


def test_how_long_the_oldest_row_waits(studio: Any) -> None:
    began = studio.clock.now()
    studio.ask("a")
    studio.clock.pass_(3)
    studio.ask("b")
    with studio.unit() as unit:
        assert unit.outbox.waiting() == {Engines.CPU: (2, began)}
