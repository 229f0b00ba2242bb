"""A worker process in which no thread can run is killed and replaced by its supervisor."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from workers import supervisor
from workers.supervisor import Supervisor

# Says once that it lives; then native code holds the interpreter, or nothing happens any more.
HANGS = "import os, time; os.write(1, b'.'); time.sleep(600)"
LIVES = "import os, time\nwhile True: os.write(1, b'.'); time.sleep(0.05)"
STARTS_SLOWLY = "import time; time.sleep(600)"


def deaths(
    code: str, monkeypatch: pytest.MonkeyPatch, silent_s: float, enough: int, at_most_s: float
) -> list[int]:
    """Run a process under a supervisor until it died that often; returns how it ended."""
    monkeypatch.setattr(supervisor, "SILENT_S", silent_s)
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_S", 0.05)
    ends: list[int] = []
    stopping = threading.Event()
    ours = Supervisor([{}], 1.0, (sys.executable, "-c", code), ends.append)
    thread = threading.Thread(target=ours.run, args=(stopping,))
    thread.start()
    until = time.monotonic() + at_most_s
    while len(ends) < enough and time.monotonic() < until:
        time.sleep(0.05)
    found = list(ends)
    stopping.set()
    thread.join()
    return found


def test_a_silent_process_is_killed_and_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert deaths(HANGS, monkeypatch, 0.5, 2, 60.0) == [-9, -9]


@pytest.mark.parametrize("code", [LIVES, STARTS_SLOWLY])
def test_others_are_left_alone(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert deaths(code, monkeypatch, 2.5, 1, 4.0) == []


def test_a_process_that_never_says_that_it_lives_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Found with a line that hung a worker within its first second."""
    monkeypatch.setattr(supervisor, "LOAD_S", 0.5)
    assert deaths(STARTS_SLOWLY, monkeypatch, 60.0, 1, 60.0) == [-9]
