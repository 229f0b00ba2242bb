"""What a review asks for is rendered in bursts, and what goes wrong is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from renderer.errors import ConfigError, ManifestError
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
