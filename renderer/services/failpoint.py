"""Places where fault tests break a process, to prove that nothing is lost or doubled.

Off by default, and then one call of an empty function per step. `BARKLINE_FAILPOINT` asks for
faults, separated by commas, each `step:count:action@file`:

    judged:3                          SIGKILL, as the kernel would, at the third passage of `judged`
    leased:1:stop                     SIGSTOP: a process that stands still and goes on later
    kept:2:delay=4.5                  sleeps
    storing:1:error=OSError           raises it (a full disk); see `ERRORS`
    performed:1:exit                  ends with code 1 and cleans nothing up
    judged:1:kill@/tmp/once           only by whoever makes that file: once among many processes
"""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from renderer.errors import ConfigError, DatabaseError, QueueError, StorageError

Failpoint = Callable[[str], None]

# What one process passes that renders what it imports.
WALK_STEPS = (
    "importing",  # lines, takes and outbox rows written, not committed
    "imported",  # committed
    "claimed",  # a relay holds outbox rows
    "publishing",  # one batch is in the queue, the next is not
    "published",  # batches in the queue, outbox rows not marked as sent
    "sent",  # marked as sent and committed
    "received",  # a worker has a message
    "leased",  # first transaction of a batch committed
    "performed",  # spoken and directed
    "judged",  # mastered, encoded, measured, judged
    "storing",  # before one object is stored
    "stored",  # one object is stored
    "kept",  # objects of one take stored, nothing names them
    "finishing",  # second transaction written, not committed
    "finished",  # committed
)
SERVICE_STEPS = (
    "requesting",  # what a command waits for is in the outbox, not committed
    "awaiting",  # a command waits for the workers
    "reaping",  # lost work is known, nothing is written
    "reaped",  # put back and committed
    "renewing",  # a worker's heartbeat is about to renew its leases
    "burying",  # the queue has given a message up, its copy is not written
)
STEPS = (*WALK_STEPS, *SERVICE_STEPS)

ERRORS: Mapping[str, Callable[[], Exception]] = {
    "ConnectionError": lambda: ConnectionError("a failpoint cut the connection"),
    "DatabaseError": lambda: DatabaseError("a failpoint took the database away"),
    "MemoryError": lambda: MemoryError("a failpoint took the memory"),
    "OSError": lambda: OSError(errno.ENOSPC, "a failpoint filled the disk"),
    "QueueError": lambda: QueueError("a failpoint took the queue away"),
    "RuntimeError": lambda: RuntimeError("a failpoint"),
    "StorageError": lambda: StorageError("a failpoint took the store away"),
}


def nothing(_step: str) -> None:
    """Do nothing: what a failpoint does outside fault tests."""


def read(text: str) -> Failpoint:
    """Return the failpoint a setting asks for.

    Args:
        text: "" for none, else faults as above.

    Raises:
        ConfigError: A step or an action is unknown, or a count no number.
    """
    if not text:
        return nothing
    return _Faults([_fault(one.strip()) for one in text.split(",")])


def _fault(text: str) -> _Fault:
    asked, _, once = text.partition("@")
    step, _, rest = asked.partition(":")
    count, _, action = rest.partition(":")
    name, _, value = (action or "kill").partition("=")
    is_known = step in STEPS and name in _ACTIONS and (count or "1").isdigit()
    if is_known:
        try:
            return _Fault(step, int(count or "1"), _ACTIONS[name](value), once)
        except (KeyError, ValueError):
            pass
    raise ConfigError(
        f"BARKLINE_FAILPOINT={text!r} is not step:count:action@file with a step of "
        f"{', '.join(STEPS)} and an action of {', '.join(_ACTIONS)}; unset it outside fault tests."
    )


def _send(name: str) -> Callable[[str], Callable[[], None]]:
    number = getattr(signal, name, signal.SIGTERM)  # not on every system
    return lambda _value: lambda: os.kill(os.getpid(), number)


def _sleeper(value: str) -> Callable[[], None]:
    seconds = float(value)
    return lambda: time.sleep(seconds)


def _thrower(value: str) -> Callable[[], None]:
    make = ERRORS[value]

    def throw() -> None:
        raise make()

    return throw


_ACTIONS: Mapping[str, Callable[[str], Callable[[], None]]] = {
    "kill": _send("SIGKILL"),
    "stop": _send("SIGSTOP"),
    "delay": _sleeper,
    "error": _thrower,
    "exit": lambda _value: lambda: os._exit(1),
}


@dataclass(slots=True)
class _Fault:
    """One fault at the n-th passage of a step."""

    step: str
    left: int
    act: Callable[[], None]
    once: str = ""

    def is_due(self, step: str) -> bool:
        """Count a passage."""
        if step != self.step:
            return False
        self.left -= 1
        return self.left == 0 and (not self.once or _is_first(self.once))


def _is_first(path: str) -> bool:
    """Whether no other process has made this file before."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    return True


class _Faults:
    """Counts passages, from any thread, and acts."""

    def __init__(self, faults: list[_Fault]) -> None:
        self._faults = faults
        self._lock = threading.Lock()

    def __call__(self, step: str) -> None:
        """Pass a step."""
        with self._lock:
            due = [fault for fault in self._faults if fault.is_due(step)]
        for fault in due:
            fault.act()
