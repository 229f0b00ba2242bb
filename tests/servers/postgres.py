"""A PostgreSQL server of our own: made, started, stopped at once or in order, started again.

    with PostgresServer() as server:
        url = server.new_database()

`initdb` and `postgres` refuse to be root; then they run as the account `postgres`.
"""

from __future__ import annotations

import itertools
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.servers.process import (
    BrokenServerError,
    MissingServerError,
    ServerProcess,
    Standing,
    account,
    as_user,
    free_port,
    new_folder,
)

# Where packages put what they keep out of PATH.
FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)
USER = "barkline"
# How a postmaster ends: fast waits for nobody, immediate leaves a recovery to the next start.
MODES = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}


def find_binaries() -> Path:
    """Return the folder that has both `initdb` and `postgres`, the newest one.

    Raises:
        MissingServerError: There is none.
    """
    found = [path for pattern in FOLDERS for path in Path("/").glob(pattern[1:])]
    found.sort(key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))], reverse=True)
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    for folder in found:
        if all((folder / name).is_file() for name in ("initdb", "postgres")):
            return folder
    raise MissingServerError("not installed: apt install postgresql")


class PostgresServer(Standing):
    """A server on a free loopback port, with a data folder of its own.

    Args:
        is_durable: Whether a commit waits for the disk, as in production; without, it is faster,
            and what was committed survives every end but the machine's.
        settings: Of the server (`max_connections`, …).
    """

    def __init__(
        self, *, is_durable: bool = False, settings: Mapping[str, object] | None = None
    ) -> None:
        self._binaries = find_binaries()
        self._user = account("postgres")
        self._folder = new_folder("postgres", self._user)
        self._settings: dict[str, object] = {"listen_addresses": "127.0.0.1"}
        self._settings |= {"unix_socket_directories": "", "timezone": "UTC"}
        if not is_durable:
            self._settings |= {"fsync": "off", "full_page_writes": "off"}
        self._settings |= settings or {}
        self._numbers = itertools.count(1)
        self.port = free_port()
        try:
            self._create()
        except BaseException:
            self.close()
            raise
        self._server = ServerProcess(
            [str(self._binaries / "postgres"), "-D", str(self._data), "-p", str(self.port)],
            self._folder.parent / f"{self._folder.name}.log",
            self._is_ready,
            self._user,
        )

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _create(self) -> None:
        command = [str(self._binaries / "initdb"), "-D", str(self._data), "-U", USER, "-N"]
        done = subprocess.run(
            [*command, "--no-locale", "-E", "UTF8", "-A", "trust"],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **as_user(self._user),  # type: ignore[call-overload]
        )
        if done.returncode:
            raise BrokenServerError(f"initdb failed: {done.stderr}")

    def start(self, **settings: object) -> None:
        """Start on the same port; `settings` (`max_connections=20`) hold from now on."""
        self._settings |= settings
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        self._server.start(*options)

    def stop(self, mode: str = "fast") -> None:
        """Stop: `smart`, `fast`, or `immediate` as in a crash."""
        self._server.stop(MODES[mode])

    def restart(self, mode: str = "fast", **settings: object) -> None:
        """Stop and start again on the same port."""
        self.stop(mode)
        self.start(**settings)

    def pause(self) -> None:
        """Let the postmaster stand still; sessions that are open go on."""
        self._server.pause()

    def resume(self) -> None:
        """Let the postmaster go on."""
        self._server.resume()

    def url(self, database: str = "postgres") -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template1") -> str:
        """Create a database, empty or a copy of another one, and return its URL."""
        name = f"test{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database, whoever is connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement as the administrator; return its rows."""
        with self._connect() as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _connect(self) -> Any:
        import psycopg

        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )

    def _is_ready(self) -> bool:
        import psycopg

        try:
            self._connect().close()
        except psycopg.OperationalError:  # not there yet, or still in recovery
            return False
        return True

    def close(self) -> None:
        """Stop and remove everything."""
        if hasattr(self, "_server"):
            self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)
        (self._folder.parent / f"{self._folder.name}.log").unlink(missing_ok=True)
