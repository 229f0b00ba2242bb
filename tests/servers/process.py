"""Starting programs that serve, and ending them by their process id."""

from __future__ import annotations

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

PORTS = range(20_000, 32_000)
READY_S = 60.0
STOP_S = 30.0


class MissingServerError(Exception):
    """A server's program is not installed; says which package has it."""


class BrokenServerError(Exception):
    """A server did not start or did not stop; says what it wrote last."""


def free_port() -> int:
    """Return a loopback port nobody listens on.

    It lies below those the kernel gives to clients, so that it is still free when a server that was
    stopped starts again, and no client can connect to itself there meanwhile.
    """
    for port in random.sample(PORTS, 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise BrokenServerError("no free loopback port found")


def account(*names: str) -> str | None:
    """Return the account a server runs as that refuses root; None when we are not root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in (*names, "nobody") if name in known)


def new_folder(prefix: str, owner: str | None = None) -> Path:
    """Return a new folder outside every private one, so that another account can reach it."""
    folder = Path(tempfile.mkdtemp(prefix=f"barkline-{prefix}-", dir="/tmp"))
    if owner is not None:
        shutil.chown(folder, owner)
    return folder


class ServerProcess:
    """One program that serves on a port, whose process can be ended, killed, paused and restarted.

    Args:
        command: The program and its arguments.
        log: File its output is appended to.
        is_ready: Returns whether it answers; asked until it does.
        user: Account to run as; None for our own.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        is_ready: Callable[[], bool],
        user: str | None = None,
    ) -> None:
        self._command = list(command)
        self._log = log
        self._is_ready = is_ready
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        assert self._process is not None, "the server does not run"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self, *more: str) -> None:
        """Start and wait until it answers."""
        assert not self.is_running, "the server runs already"
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                [*self._command, *more],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd="/",
                start_new_session=True,  # Ctrl-C is for the tests: they end it in order
                **as_user(self._user),
            )
        until = time.monotonic() + READY_S
        while not self._is_ready():
            if not self.is_running or time.monotonic() > until:
                self.stop(signal.SIGKILL)
                raise BrokenServerError(f"{self._command[0]} did not start: {self.said()}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal and wait for the end; nothing when it does not run."""
        if self._process is None:
            return
        if self.is_running:
            self._process.send_signal(signal.SIGCONT)  # a paused one hears nothing else
            self._process.send_signal(how)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_S)
            raise BrokenServerError(f"{self._command[0]} did not stop: {self.said()}") from None
        finally:
            self._process = None

    def pause(self) -> None:
        """Let it stand still: it accepts connections and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def said(self) -> str:
        """Return the end of its log."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-2000:]


class Standing(ABC):
    """A server that stands while a `with` block runs."""

    @abstractmethod
    def start(self) -> None:
        """Start, and return when it answers."""

    @abstractmethod
    def close(self) -> None:
        """Stop and remove everything."""

    def __enter__(self) -> Self:
        """Start."""
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop and remove everything."""
        self.close()


def as_user(user: str | None) -> dict[str, object]:
    """Return what makes `subprocess` run a program as another account."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
