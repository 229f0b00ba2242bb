"""Failpoints: off they are nothing; on they do once what they are asked for."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from renderer.errors import ConfigError, DatabaseError, StorageError
from renderer.services.failpoint import ERRORS, STEPS, nothing, read

SCRIPT = "import sys; from renderer.services.failpoint import read; p = read(sys.argv[1])\n"


def passing(spec: str, *steps: str) -> int:
    """Pass some steps in a process of its own; returns how it ended."""
    code = SCRIPT + "".join(f"p({step!r})\n" for step in steps)
    return subprocess.run([sys.executable, "-c", code, spec], check=False).returncode


def test_off_it_is_the_empty_function() -> None:
    assert read("") is nothing


def test_the_default_is_a_kill_at_that_passage_and_no_other() -> None:
    assert passing("judged:2", "judged", "leased") == 0
    assert passing("judged:2", "judged", "judged") == -signal.SIGKILL
    assert passing("judged", "leased", "judged") == -signal.SIGKILL
    assert passing("kept:1:exit", "kept") == 1


def test_several_faults_at_once() -> None:
    point = read("kept:1:error=StorageError, kept:2:error=DatabaseError")
    with pytest.raises(StorageError):
        point("kept")
    with pytest.raises(DatabaseError):
        point("kept")
    point("kept")


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_raised_once(name: str) -> None:
    point = read(f"storing:1:error={name}")
    with pytest.raises(Exception, match="failpoint") as raised:
        point("storing")
    assert type(raised.value).__name__ == name
    if isinstance(raised.value, OSError) and name == "OSError":
        assert raised.value.errno == errno.ENOSPC
    point("storing")


def test_once_among_many_processes(tmp_path: Path) -> None:
    once = tmp_path / "once"
    assert passing(f"judged:1:exit@{once}", "judged") == 1
    assert passing(f"judged:1:exit@{once}", "judged") == 0
    assert once.exists()


def test_a_process_that_stands_still_goes_on() -> None:
    code = SCRIPT + "p('leased')\nprint('went on')\n"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "leased:1:stop"], stdout=subprocess.PIPE, text=True
    )
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    process.send_signal(signal.SIGCONT)
    assert process.communicate(timeout=60)[0] == "went on\n"


@pytest.mark.parametrize(
    "spec",
    ["nowhere", "judged:x", "judged:1:dance", "judged:1:error=Nonsense", "judged:1:delay=soon"],
)
def test_what_is_misspelt_is_refused(spec: str) -> None:
    with pytest.raises(ConfigError, match="BARKLINE_FAILPOINT") as raised:
        read(spec)
    assert all(step in str(raised.value) for step in STEPS)
