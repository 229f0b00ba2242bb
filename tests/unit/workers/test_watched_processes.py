"""What a supervisor and a relay say of their health, and a relay of what waits."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import pytest

from renderer.domain.events import ManifestImported
from renderer.domain.route import Queue, Route
from renderer.services.reap import Reaped
from renderer.services.relay import Pace, Relay
from renderer.telemetry.catalogue import Place
from renderer.telemetry.meter import PrometheusMeter
from workers import relay_watch, supervisor
from workers.relay_watch import RelayWatch
from workers.supervisor import Supervisor

LANE = Route(Queue.CPU, is_urgent=False)


class Lane:
    """Implements `ports.Publisher`."""

    def __init__(self) -> None:
        self.said: set[str] = set()

    def publish(self, take_ids: Any, voice: str, route: Route) -> None:
        """Take it."""

    def depth(self, route: Route) -> int:
        return 3 if route == LANE else 0

    def held(self) -> set[int]:
        return set()

    def first(self, name: str) -> bool:
        is_first = name not in self.said
        self.said.add(name)
        return is_first


@pytest.fixture(autouse=True)
def _eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_watch, "LOOK_EVERY_S", 0.0)


def watch_of(studio: Any, lane: Lane) -> tuple[RelayWatch, PrometheusMeter]:
    meter = PrometheusMeter(Place.RELAY)
    return RelayWatch(meter, studio.unit, lane, lane.first, 4, studio.clock), meter


def value(meter: PrometheusMeter, name: str, **labels: str) -> float | None:
    return meter.registry.get_sample_value(name, labels)


def imported(studio: Any, requested: int, cached: int) -> None:
    with studio.unit() as unit:
        event = ManifestImported("x", "", "0" * 32, requested + cached, requested, cached)
        unit.outbox.add([event])
        unit.commit()


def test_a_relay_tells_what_waits_and_what_it_sent(studio: Any) -> None:
    studio.ask("one", "two")
    studio.clock.pass_(60)
    lane = Lane()
    watch, meter = watch_of(studio, lane)
    watch.tick()
    assert value(meter, "barkline_outbox_unsent", queue="cpu") == 2
    assert value(meter, "barkline_outbox_unsent", queue="gpu") == 0
    assert value(meter, "barkline_outbox_oldest_age_seconds", queue="cpu") == 60
    assert value(meter, "barkline_queue_messages", queue="render_cpu") == 3
    assert value(meter, "barkline_takes", status="pending") == 2
    assert value(meter, "barkline_takes", status="approved") == 0

    Relay(studio.unit, lane, Pace(4), studio.clock, told=watch.sent).run_once()
    watch.reaped(Reaped(expired=2, lost=1))
    watch.tick()
    assert value(meter, "barkline_outbox_unsent", queue="cpu") == 0
    assert value(meter, "barkline_outbox_oldest_age_seconds", queue="cpu") == 0
    assert value(meter, "barkline_relay_events_total", queue="render_cpu") == 2
    assert value(meter, "barkline_relay_batches_total", queue="render_cpu") == 1
    assert value(meter, "barkline_batch_fill_ratio_sum") == 0.5
    assert value(meter, "barkline_requeued_total", why="expired") == 2
    assert value(meter, "barkline_requeued_total", why="lost") == 1


def test_each_import_is_counted_by_one_of_several_relays(studio: Any) -> None:
    imported(studio, 100, 100)  # before they began
    lane = Lane()
    (one, meter), (two, other) = watch_of(studio, lane), watch_of(studio, lane)
    one.tick()
    two.tick()
    imported(studio, 3, 7)
    one.tick()
    two.tick()
    imported(studio, 0, 5)
    two.tick()
    one.tick()
    one.tick()
    hits = [value(m, "barkline_cache_hits_total", kind="key") for m in (meter, other)]
    misses = [value(m, "barkline_cache_misses_total", kind="key") for m in (meter, other)]
    assert hits == [7, 5]
    assert misses == [3, 0]


def test_a_relay_is_well_while_its_rounds_end_well(
    studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, _ = watch_of(studio, Lane())
    watch.tick()
    assert watch.why_unwell() == ""
    monkeypatch.setattr(relay_watch, "STALE_S", -1.0)
    assert "the last good round" in watch.why_unwell()


def until(is_so: Any) -> None:
    end = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_supervisor_is_well_while_a_dead_child_is_due_again_and_not_while_it_drains(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    died: list[int] = []
    command = (sys.executable, "-c", "import sys; sys.stdin.read(1); sys.exit(3)")
    parent = Supervisor([{}, {}], 5, command)
    parent.died = died.append
    stopping = threading.Event()
    runner = threading.Thread(target=parent.run, args=(stopping,))
    runner.start()
    try:
        until(lambda: all(child.is_running for child in parent.children))
        assert parent.why_unwell() == ""
        child = parent.children[1]
        assert child.process is not None
        child.process.kill()
        until(lambda: died)
        assert died == [1]
        assert parent.why_unwell() == ""
        until(lambda: parent.children[1].is_running)
        monkeypatch.setattr(supervisor, "STILL_S", -1.0)
        assert "nobody tends" in parent.why_unwell()
        monkeypatch.undo()
    finally:
        stopping.set()
        runner.join(30)
    assert parent.why_unwell() == "the workers end their batches"
