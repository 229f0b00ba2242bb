"""The supervisor: what dies is started again, what is told to end ends its work."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from workers import supervisor
from workers.supervisor import Supervisor


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(supervisor, "TICK_S", 0.01)


def child(code: str) -> tuple[str, ...]:
    return sys.executable, "-c", "import os, signal, sys, time\n" + code


def until(is_true: Callable[[], bool]) -> None:
    for _ in range(2_000):
        if is_true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


class Running:
    """A supervisor in a thread."""

    def __init__(self, watched: Supervisor) -> None:
        self.stopping = threading.Event()
        self.code = -1
        self._watched = watched
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self.code = self._watched.run(self.stopping)

    def end(self) -> int:
        self.stopping.set()
        self._thread.join(60)
        assert not self._thread.is_alive()
        return self.code


def pids(watched: Supervisor) -> list[int]:
    return [c.process.pid for c in watched.children if c.process is not None and c.is_running]


def test_a_killed_worker_is_started_again_and_its_neighbour_goes_on() -> None:
    told: list[int] = []
    watched = Supervisor([{}, {}], 5, child("time.sleep(600)"), told.append)
    running = Running(watched)
    until(lambda: len(pids(watched)) == 2)
    first, second = pids(watched)

    os.kill(first, signal.SIGKILL)
    until(lambda: len(pids(watched)) == 2 and first not in pids(watched))

    assert second in pids(watched)
    assert told == [-signal.SIGKILL]
    assert [c.restarts for c in watched.children] == [1, 0]
    last = pids(watched)
    running.end()
    assert not any(Path(f"/proc/{pid}").exists() for pid in last)


def test_draining_lets_a_worker_end_its_work(tmp_path: Path) -> None:
    done = tmp_path / "done"
    code = (
        f"signal.signal(signal.SIGTERM, lambda *_: (open({str(done)!r}, 'w').close(), sys.exit(0)))"
        f"\nopen({str(tmp_path / 'ready')!r}, 'w').close()\ntime.sleep(600)"
    )
    running = Running(Supervisor([{}], 30, child(code)))
    until((tmp_path / "ready").exists)
    assert running.end() == 0
    assert done.exists()


def test_what_does_not_end_in_time_is_killed_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = tmp_path / "ready"
    code = f"signal.signal(signal.SIGTERM, signal.SIG_IGN)\nopen({str(ready)!r}, 'w').close()\n"
    running = Running(Supervisor([{}], -4.9, child(code + "time.sleep(600)")))
    until(ready.exists)
    assert running.end() == 75


def test_wrong_settings_are_not_tried_for_ever() -> None:
    watched = Supervisor([{}], 1, child("sys.exit(78)"))
    assert watched.run(threading.Event()) == 78


def test_each_process_has_its_own_environment(tmp_path: Path) -> None:
    code = f"open(os.path.join({str(tmp_path)!r}, os.environ['CUDA_VISIBLE_DEVICES']), 'w')\n"
    environments = [{"CUDA_VISIBLE_DEVICES": "0"}, {"CUDA_VISIBLE_DEVICES": "1"}]
    running = Running(Supervisor(environments, 5, child(code + "time.sleep(600)")))
    until(lambda: sorted(p.name for p in tmp_path.iterdir()) == ["0", "1"])
    running.end()


def test_a_worker_that_keeps_dying_is_tried_less_and_less_often() -> None:
    watched = Supervisor([{}], 1, child("sys.exit(70)"))
    running = Running(watched)
    until(lambda: watched.children[0].restarts >= 3)
    running.end()
    assert watched.children[0].pause_s >= 0.08
