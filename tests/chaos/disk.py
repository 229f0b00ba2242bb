"""A store on a small disk that fills up or may only be read. Needs the right to mount one."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.fault import Fault
from tests.chaos.fleet import Fleet

SIZE = "2m"
FILLER = "filler"


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mount a disk of two megabytes; yields whether that was allowed."""
    folder.mkdir(parents=True)
    is_there = _run("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder))
    try:
        yield is_there
    finally:
        if is_there:
            _run("umount", str(folder))


def _run(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _fill(fleet: Fleet, _dice: random.Random) -> None:
    filler = fleet.disk / FILLER
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"0" * 4096)
        except OSError:
            return


def _free(fleet: Fleet, dice: random.Random) -> None:
    time.sleep(dice.uniform(3.0, 8.0))
    (fleet.disk / FILLER).unlink()


def _protect(fleet: Fleet, _dice: random.Random) -> None:
    _run("mount", "-o", "remount,ro", str(fleet.disk))


def _open(fleet: Fleet, dice: random.Random) -> None:
    time.sleep(dice.uniform(3.0, 8.0))
    _run("mount", "-o", "remount,rw", str(fleet.disk))


DISK_FAULTS: dict[str, Fault] = {
    "the store's disk is full": Fault(_free, _fill, hits=40),
    "the store's disk is read-only": Fault(_open, _protect, hits=40),
}
