"""Seeds of the simulation, and defects planted in the services that it must find."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from renderer.db.outbox import SqlOutbox
from renderer.db.take_repository import SqlTakes
from renderer.domain.take import TakeStatus
from renderer.errors import LeaseLostError
from renderer.services.keep import Keeper
from renderer.services.reap import Reaped, Reaper
from renderer.services.render import Render
from tests.chaos import simulation
from tests.chaos.simulation import GOOD, Case, calm, run_case

SEEDS = range(1, 151)


@pytest.fixture(scope="module", autouse=True)
def staged() -> Iterator[None]:
    """The stages keep their sounds while these tests run, and no longer."""
    with simulation.staged():
        yield


@pytest.mark.slow
@pytest.mark.parametrize("some", [SEEDS[n::10] for n in range(10)], ids=lambda s: f"from-{s[0]}")
def test_whatever_breaks_nothing_is_lost_or_doubled(some: range) -> None:
    wrong = {seed: found for seed in some if (found := run_case(seed)[1])}
    assert wrong == {}, "repeat one with: python -m tests.chaos.campaign --seed SEED"


def test_a_seed_is_a_case() -> None:
    told: list[list[str]] = [[], []]
    for log in told:
        run_case(7, log.append)
    assert told[0] == told[1]
    assert told[0]


def test_a_good_line_is_approved_and_the_others_are_not() -> None:
    """Else every case would pass without one sound being kept."""
    approved = {text for text, what in calm().items() if what.status == TakeStatus.APPROVED.value}
    assert approved == set(GOOD)


def test_without_faults_nothing_is_rendered_twice() -> None:
    history = Case(3, GOOD[:5], intensity=0.0).run(calm())
    assert set(history.renders.values()) == {1}
    assert set(history.hits) == set()
    assert history.letters == 0


def is_found(count: int, *rules: str) -> bool:
    """Whether one of the first seeds breaks one of some rules."""
    return any(
        text.partition(":")[0] in rules for seed in range(1, count) for text in run_case(seed)[1]
    )


def test_it_finds_a_reaper_that_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "END_S", 600.0)
    monkeypatch.setattr(Reaper, "run_once", lambda _self: Reaped())
    assert is_found(20, "no_hand_is_needed")


def test_it_finds_a_write_that_is_not_fenced(monkeypatch: pytest.MonkeyPatch) -> None:
    finish = SqlTakes.finish

    def unfenced(self: Any, take_id: int, owner: str, result: Any) -> None:
        try:
            finish(self, take_id, owner, result)
        except LeaseLostError:
            return  # and the event is written all the same

    monkeypatch.setattr(SqlTakes, "finish", unfenced)
    assert is_found(200, "every_line_ends_once")


def test_it_finds_a_row_that_goes_before_its_object(monkeypatch: pytest.MonkeyPatch) -> None:
    put = Keeper._put

    def shy(self: Any, data: bytes, suffix: str, kind: str) -> str:
        objects = self._store._objects
        is_new = len(objects)
        key = put(self, data, suffix, kind)
        if len(objects) > is_new and is_new % 7 == 0:
            del objects[key]
        return key

    monkeypatch.setattr(Keeper, "_put", shy)
    assert is_found(20, "no_row_without_its_object")


def test_it_finds_an_outbox_that_forgets_when_it_has_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def forget(self: Any, ids: Any) -> None:
        marks = ",".join(map(str, ids))
        self._connection.exec_driver_sql(f"DELETE FROM outbox WHERE id IN ({marks})")

    monkeypatch.setattr(simulation, "END_S", 600.0)
    monkeypatch.setattr(SqlOutbox, "mark_sent", forget)
    assert is_found(50, "no_hand_is_needed")


def test_it_finds_poison_that_takes_its_neighbours_along(monkeypatch: pytest.MonkeyPatch) -> None:
    def together(self: Any, take_ids: Any) -> Any:
        with self._unit() as unit:
            unit.leases.quarantine(take_ids)
            unit.commit()
        return [list(take_ids)]

    monkeypatch.setattr(Render, "_portions", together)
    assert is_found(100, "poison_ends_alone", "every_line_ends_once")
