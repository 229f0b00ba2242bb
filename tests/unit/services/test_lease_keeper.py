"""Leases are renewed while a batch lives, and let go when it hangs or another worker has it."""

from __future__ import annotations

from typing import Any

from renderer.domain.take import TakeStatus
from renderer.services.lease import LeaseKeeper, allowance_s


def keeper_of(studio: Any) -> LeaseKeeper:
    return LeaseKeeper(studio.unit, studio.clock, 15)


def lease(studio: Any, pk: int, owner: str) -> list[Any]:
    with studio.unit() as unit:
        taken = unit.takes.lease([pk], owner, 15)
        unit.commit()
    return list(taken)


def test_a_lease_lasts_as_long_as_the_work(studio: Any) -> None:
    [pk] = studio.ask("a")
    keeper = keeper_of(studio)
    keeper.hold("me", lease(studio, pk, "me"))
    for _ in range(8):
        studio.clock.pass_(keeper.interval_s)
        assert keeper.beat() == []
    assert lease(studio, pk, "other") == [], "twice its length has passed"
    keeper.drop("me")
    studio.clock.pass_(16)
    keeper.beat()
    assert lease(studio, pk, "other") != []


def test_a_batch_past_its_deadline_is_told_and_no_longer_renewed(studio: Any) -> None:
    [pk] = studio.ask("a")
    keeper = keeper_of(studio)
    takes = lease(studio, pk, "me")
    keeper.hold("me", takes)
    studio.clock.pass_(allowance_s(takes) + 1)
    assert keeper.beat() == ["me"]
    assert lease(studio, pk, "other") != []


def test_a_worker_that_stood_still_takes_nothing_back(studio: Any) -> None:
    [pk] = studio.ask("a")
    keeper = keeper_of(studio)
    keeper.hold("me", lease(studio, pk, "me"))
    studio.clock.pass_(20)  # stopped for longer than its lease
    assert lease(studio, pk, "other") != []
    keeper.beat()
    with studio.unit() as unit:
        assert unit.leases.renew(["me"], 15) == set()
        assert unit.leases.renew(["other"], 15) == {"other"}
    assert studio.take(pk).status is TakeStatus.LEASED


def test_longer_text_may_take_longer(studio: Any) -> None:
    short, long = (studio.take(pk) for pk in studio.ask("a", "a " * 300))
    assert allowance_s([short]) < allowance_s([long]) < allowance_s([short, long])


def test_nothing_held_asks_no_database(studio: Any) -> None:
    def unwanted() -> Any:
        raise AssertionError("the database was asked")

    assert LeaseKeeper(unwanted, studio.clock, 15).beat() == []
