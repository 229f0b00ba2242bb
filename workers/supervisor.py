"""Keeps worker processes alive: starts them, restarts what dies, and lets them drain.

A worker may be killed by a line that crashes, hangs or exhausts memory in native code; nobody has
to restart it by hand. A process that does not even say that it lives, because native code holds the
interpreter or somebody stopped it, is killed.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from renderer.config import environment_with

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0
TICK_S = 0.1
# A process says every second that it lives, once its code is loaded.
SILENT_S = 60.0
# Until then it may load what it needs.
LOAD_S = 600.0
STILL_S = 10.0
WRONG_SETTINGS = 78
COMMAND = (sys.executable, "-m", "workers.worker_process", "--supervised")
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Child:
    """One worker process and its restarts.

    Attributes:
        environment: What it has beside this process's own environment.
        process: Running, or ended and not yet restarted; None before the first start.
        started: When, in monotonic seconds.
        pause_s: Seconds to wait before the next start.
        due: When that is, in monotonic seconds.
        restarts: How often it was started again.
        heard: When it last said that it lives, in monotonic seconds; None before the first time.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    due: float = 0.0
    restarts: int = 0
    heard: float | None = None

    @property
    def is_running(self) -> bool:
        """Whether the process is alive."""
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Runs worker processes until it is told to stop.

    Args:
        environments: One per process: what it has beside this process's own environment.
        grace_s: Seconds the processes have to end their batches.
        command: What to run.
        told: Called with the exit code of each process that died.

    Attributes:
        died: Called with the number of each process that died, for metrics.
    """

    def __init__(
        self,
        environments: Sequence[Mapping[str, str]],
        grace_s: float,
        command: Sequence[str] = COMMAND,
        told: Callable[[int], None] = lambda _code: None,
    ) -> None:
        self.children = [Child(environment) for environment in environments]
        self._grace_s = grace_s
        self._command = tuple(command)
        self._told = told
        self.died: Callable[[int], None] = lambda _number: None
        self._is_draining = False
        self._tended_at = time.monotonic()

    def why_unwell(self) -> str:
        """Return what is wrong, or "": a process that died is well while its pause lasts."""
        if self._is_draining:
            return "the workers end their batches"
        if time.monotonic() - self._tended_at > STILL_S:
            return "nobody tends the workers"
        late = time.monotonic() - STILL_S
        gone = [n for n, c in enumerate(self.children) if c.process is None and c.due < late]
        return f"worker {gone[0]} is not running" if gone else ""

    def run(self, stopping: threading.Event) -> int:
        """Keep the processes running until `stopping`; returns the exit code.

        0 when all ended their work, 75 when some had to be killed, 78 when the settings are wrong.
        """
        try:
            while not stopping.wait(TICK_S):
                self._tended_at = time.monotonic()
                for number, child in enumerate(self.children):
                    if self._tend(number, child) == WRONG_SETTINGS:
                        return WRONG_SETTINGS
        finally:
            code = self._end()
        return code

    def _tend(self, number: int, child: Child) -> int:
        """Start a process when it is due; returns the code of one that has just ended, or 0."""
        now = time.monotonic()
        if child.process is None:
            if now >= child.due:
                self._start(child)
            return 0
        code = child.process.poll()
        if code is None:
            self._listen(child, now)
            return 0
        child.pause_s = (
            FIRST_PAUSE_S
            if now - child.started > STEADY_S
            else min(LONGEST_PAUSE_S, child.pause_s * 2)
        )
        log.warning("worker %d ended with %d; restarting", child.process.pid, code)
        self._told(code)
        self.died(number)
        self._forget(child)
        child.due = now + child.pause_s
        child.restarts += 1
        return code

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(  # noqa: S603 - our own module
            self._command,
            env=environment_with(child.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        child.started, child.heard = time.monotonic(), None
        if child.process.stdout is not None:
            os.set_blocking(child.process.stdout.fileno(), False)

    @staticmethod
    def _listen(child: Child, now: float) -> None:
        """Kill a process that was heard of once and is silent now."""
        process = child.process
        if process is None or process.stdout is None:
            return
        if process.stdout.read(4096):
            child.heard = now
            return
        silent_s = now - (child.started if child.heard is None else child.heard)
        if silent_s > (LOAD_S if child.heard is None else SILENT_S):
            log.error("worker %d is silent for %.0f s; killing it", process.pid, silent_s)
            process.kill()
            child.heard = now  # said once

    @staticmethod
    def _forget(child: Child) -> None:
        for pipe in (child.process.stdin, child.process.stdout) if child.process else ():
            if pipe is not None:
                pipe.close()
        child.process = None

    def _end(self) -> int:
        """Let all processes drain, and kill what does not end in time."""
        self._is_draining = True
        running = [c.process for c in self.children if c.process is not None and c.is_running]
        for process in running:
            process.terminate()
        until = time.monotonic() + self._grace_s + 5.0
        code = 0
        for process in running:
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                code = 75
        for child in self.children:
            self._forget(child)
        return code
