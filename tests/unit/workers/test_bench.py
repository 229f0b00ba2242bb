"""What a review asks for is rendered in bursts, and what goes wrong is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from renderer.domain.take import TakeStatus
from renderer.errors import ConfigError, DatabaseError, ManifestError
from workers import bench
from workers.bench import Bench

HALT = ("halt", "en-US")


def run(monkeypatch: Any, burst: Any, hold: Any = None) -> list[tuple[Any, int, str]]:
    """Ask for one line; return what was told until it was over."""
    told: list[tuple[Any, int, str]] = []
    ended = threading.Event()

    def tell(keys: Any, waiting: int, message: str) -> None:
        told.append((list(keys), waiting, message))
        if waiting == 0:
            ended.set()

    @contextmanager
    def free() -> Iterator[None]:
        yield

    house: Any = SimpleNamespace(
        workspace=SimpleNamespace(settings=SimpleNamespace(is_service=False))
    )
    monkeypatch.setattr(bench, "WAIT_S", 0.01)
    monkeypatch.setattr(Bench, "_render_here", burst)
    made = Bench(house, hold or free, tell)
    made.start()
    made.ask([HALT])
    assert ended.wait(60)
    made.stop()
    return told


def test_faults_of_the_manifests_are_told_and_the_bench_goes_on(monkeypatch: Any) -> None:
    def faulty(*_: object) -> None:
        raise ManifestError("1 fault")

    assert run(monkeypatch, faulty)[-1] == ([HALT], 0, "1 fault")


def test_what_nobody_foresaw_is_told_and_the_bench_goes_on(monkeypatch: Any) -> None:
    done: list[Any] = []

    def broken(*_: object) -> None:
        done.append(1)
        raise RuntimeError("a model broke")

    told = run(monkeypatch, broken)
    assert told[-1] == ([HALT], 0, "RuntimeError: a model broke")


def test_it_waits_for_another_render_of_the_same_folder(monkeypatch: Any) -> None:
    tries = iter([True, True, False])

    @contextmanager
    def held() -> Iterator[None]:
        if next(tries):
            raise ConfigError("another barkline renders into build")
        yield

    done: list[Any] = []
    told = run(monkeypatch, lambda _self, keys: done.append(keys), held)
    assert done == [[HALT]]
    assert ([HALT], 1, "another barkline renders into build") in told
    assert told[-1] == ([HALT], 0, "")


def bench_of(told: Any, *, is_service: bool = False) -> tuple[Bench, list[bool]]:
    """Return a bench, and the times its folder was held."""
    holds: list[bool] = []

    @contextmanager
    def hold() -> Iterator[None]:
        holds.append(True)
        yield

    house: Any = SimpleNamespace(
        workspace=SimpleNamespace(settings=SimpleNamespace(is_service=is_service)),
    )
    return Bench(house, hold, told), holds


@pytest.mark.parametrize("error", [DatabaseError("the database is away"), KeyError("a bug")])
def test_a_page_that_cannot_be_told_does_not_end_the_bench(
    monkeypatch: Any, error: Exception
) -> None:
    """The database was away for a moment while lines were read for the page."""
    done: list[Any] = []
    twice = threading.Event()

    def tell(*_: object) -> None:
        raise error

    def burst(_self: Bench, keys: Any) -> None:
        done.append(keys)
        if len(done) == 2:
            twice.set()

    monkeypatch.setattr(Bench, "_render_here", burst)
    made, _ = bench_of(tell)
    made.start()
    made.ask([HALT])
    while not done:
        threading.Event().wait(0.01)
    made.ask([HALT])
    assert twice.wait(60)
    made.stop()


def test_a_setting_that_is_wrong_is_told_and_not_tried_again_and_again(monkeypatch: Any) -> None:
    def wrong(*_: object) -> None:
        raise ConfigError("a voice is not installed")

    told: list[Any] = []
    ended = threading.Event()

    def tell(_keys: Any, waiting: int, message: str) -> None:
        told.append((waiting, message))
        if waiting == 0:
            ended.set()

    monkeypatch.setattr(Bench, "_render_here", wrong)
    made, holds = bench_of(tell)
    made.start()
    made.ask([HALT])
    assert ended.wait(60)
    made.stop()
    assert told == [(1, ""), (0, "a voice is not installed")]
    assert holds == [True]


def test_stopping_waits_for_no_worker_of_a_service(monkeypatch: Any) -> None:
    waits = threading.Event()

    class Unit:
        takes = SimpleNamespace(counts=lambda _ids: {TakeStatus.PENDING: 1})

        def __enter__(self) -> Unit:
            return self

        def __exit__(self, *_: object) -> None:
            waits.set()

    house = SimpleNamespace(unit=None, reading=Unit)
    monkeypatch.setattr(Bench, "_import", lambda _self, _keys: (house, None))
    monkeypatch.setattr(bench, "request", lambda *_: [1])
    made, _ = bench_of(lambda *_: None, is_service=True)
    made.start()
    made.ask([HALT])
    assert waits.wait(60)
    made.stop()
