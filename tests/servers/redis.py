"""A Redis server of our own: started, killed, started again with its data or without.

with RedisServer() as server:
    broker = RedisBroker(url=server.url())
"""

from __future__ import annotations

import shutil
import signal
import socket
from collections.abc import Mapping
from typing import Any

from tests.servers.process import MissingServerError, ServerProcess, Standing, free_port, new_folder

PROGRAMS = ("redis-server", "valkey-server")


def find_program() -> str:
    """Return the server's program.

    Raises:
        MissingServerError: There is none.
    """
    for name in PROGRAMS:
        if found := shutil.which(name):
            return found
    raise MissingServerError("not installed: apt install redis-server")


class RedisServer(Standing):
    """A server on a free loopback port.

    Args:
        is_durable: Whether it keeps an append-only file, so that a restart has the data again.
        settings: Of the server (`maxmemory`, `maxmemory-policy`, `appendfsync`, …).
    """

    def __init__(
        self, *, is_durable: bool = False, settings: Mapping[str, object] | None = None
    ) -> None:
        program = find_program()
        self._folder = new_folder("redis")
        self._settings = dict(settings or {})
        self.port = free_port()
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--appendonly", "yes" if is_durable else "no", "--dir", str(self._folder)]
        self._log = self._folder.parent / f"{self._folder.name}.log"
        self._server = ServerProcess(command, self._log, self._is_ready)

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        return self._server.pid

    def start(self, **settings: object) -> None:
        """Start on the same port; `settings` (`maxmemory="4mb"`) hold from now on."""
        self._settings |= {name.replace("_", "-"): value for name, value in settings.items()}
        options = [word for name, value in self._settings.items() for word in (name, value)]
        self._server.start(*(f"--{w}" if i % 2 == 0 else f"{w}" for i, w in enumerate(options)))

    def stop(self) -> None:
        """Stop in order."""
        self._server.stop()

    def kill(self) -> None:
        """End at once, as in a crash."""
        self._server.stop(signal.SIGKILL)

    def restart(self, *, keeps_data: bool = True, **settings: object) -> None:
        """Stop and start again on the same port.

        Args:
            keeps_data: Whether what a durable server stored is there again; a server that is not
                durable always forgets.
            settings: As for `start`.
        """
        self.stop()
        if not keeps_data:
            self._forget()
        self.start(**settings)

    def _forget(self) -> None:
        for path in self._folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def pause(self) -> None:
        """Let it stand still: it accepts connections and answers nothing."""
        self._server.pause()

    def resume(self) -> None:
        """Let it go on."""
        self._server.resume()

    def url(self, database: int = 0) -> str:
        """Return the URL of one of its 16 databases."""
        return f"redis://127.0.0.1:{self.port}/{database}"

    def client(self) -> Any:
        """Return a client, for what a test looks at or breaks."""
        import redis

        return redis.Redis.from_url(self.url())

    def flush(self) -> None:
        """Forget everything in every database."""
        with self.client() as client:
            client.flushall()

    def _is_ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")  # not while it loads its file
        except OSError:
            return False

    def close(self) -> None:
        """Stop and remove everything."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._log.unlink(missing_ok=True)
