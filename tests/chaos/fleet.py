"""A standing service for fault tests: real servers, a relay and worker processes, short leases."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from renderer.bootstrap import open_house, open_workspace
from renderer.bootstrap.service import migrate_service
from renderer.config import Settings
from renderer.db.tables import metadata
from renderer.domain.object_key import is_key
from renderer.errors import BarklineError
from renderer.services.ingest import FEW
from renderer.services.queue import request
from renderer.services.scope import Scope
from renderer.storage.location import open_store
from tests.chaos.history import Expected, History, read_history
from tests.servers.command import COMMAND
from tests.servers.fault_proxy import FaultProxy
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer
from tests.servers.s3 import MotoServer

ROOT = Path(__file__).resolve().parents[2]
INJECT = Path(__file__).resolve().parent / "inject"
PROJECT = """\
name: tiny
source_locale: en-US
locales:
  en-US: {required: true}
characters:
  guard: {name: Guard, voice: formant#m3}
targets:
  mastering: {loudness_lufs: -23, head_s: 0.05, tail_s: 0.12}
  delivery: {codec: ogg, quality: 0.5}
"""
TICK_S = 0.1


class Fleet:
    """Servers and processes that stay up over many cases.

    Args:
        folder: An empty one.
        lease_s: Length of leases.
        relays: How many.
        store: A folder as store, or None for S3 behind a proxy that breaks things.
    """

    def __init__(
        self, folder: Path, lease_s: float = 2.0, relays: int = 2, store: Path | None = None
    ) -> None:
        self.folder = folder
        self.control = folder / "control"
        self._lease_s = lease_s
        self._relays = relays
        self._folder_store = store
        self.disk = store.parent if store else folder
        self._stack = ExitStack()
        self.relays: list[subprocess.Popen[bytes]] = []
        self.supervisor: subprocess.Popen[bytes] | None = None
        self._generation = 0

    def __enter__(self) -> Self:
        """Start everything."""
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _start(self) -> None:
        self.control.mkdir(parents=True)
        enter = self._stack.enter_context
        self.postgres = enter(PostgresServer(settings={"max_connections": 40}))
        self.redis = enter(RedisServer(is_durable=True))
        self.s3 = enter(MotoServer())
        self.proxy = enter(FaultProxy(self.s3.endpoint))
        self.s3.client().create_bucket(Bucket="voices")
        address = self.s3.store_url("voices").replace(f"{self.s3.port}", f"{self.proxy.port}")
        url = self.postgres.new_database()
        ours = {
            **self.s3.environment(),
            "BARKLINE_DATABASE_URL": url,
            "BARKLINE_REDIS_URL": self.redis.url(),
            "BARKLINE_STORE": str(self._folder_store or address),
            "BARKLINE_LEASE_S": f"{self._lease_s:g}",
            "BARKLINE_LINGER_S": "0.05",
            "BARKLINE_GRACE_S": "10",
            "BARKLINE_WORKERS": "1",
            "BARKLINE_THREADS": "1",
            "BARKLINE_BATCH": "2",
            "BARKLINE_MEMORY_MB": "3000",
            "BARKLINE_VOICES": str(self.folder / "voices"),
        }
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("BARKLINE_", "AWS_"))}
        self.environment = {
            **kept,
            **ours,
            "CHAOS_CONTROL": str(self.control),
            "PYTHONPATH": os.pathsep.join((str(INJECT), str(ROOT))),
        }
        os.environ.update(ours)  # this process imports and publishes
        self._stack.callback(lambda: [os.environ.pop(name, None) for name in ours])
        self.settings = Settings.read(ours)
        migrate_service(self.settings)
        self.engine: Engine = create_engine(url, pool_pre_ping=True)
        self._stack.callback(self.engine.dispose)
        self.store: Any = open_store(self.settings.store)
        self._write_project()
        self.keep_up()

    def _write_project(self) -> None:
        project = self.folder / "game"
        (project / "scenes").mkdir(parents=True)
        (project / "project.yaml").write_text(PROJECT, encoding="utf-8")
        shutil.copy(ROOT / "assets" / "emotion_profiles.json", project)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End everything, by process id."""
        for pid in self.children():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in (*self.relays, self.supervisor):
            if process is not None:
                process.kill()
                process.wait()
        for pid in self.children():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._stack.close()

    def keep_up(self) -> None:
        """Start what an orchestrator would start again: relays and the supervisor."""
        self.relays = [r for r in self.relays if r.poll() is None]
        while len(self.relays) < self._relays:
            self.relays.append(self._spawn("relay"))
        if self.supervisor is None or self.supervisor.poll() is not None:
            self.supervisor = self._spawn("worker", "--processes", "2")

    def _spawn(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{command[0]}.log").open("ab") as log:
            return subprocess.Popen(
                [*COMMAND, *command],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def children(self) -> list[int]:
        """Return the worker processes."""
        if self.supervisor is None:
            return []
        path = Path(f"/proc/{self.supervisor.pid}/task/{self.supervisor.pid}/children")
        with suppress(OSError):
            return [int(pid) for pid in path.read_text(encoding="utf-8").split()]
        return []

    def arm(self, step: str, action: str = "kill") -> None:
        """Have the first process that passes a step do something."""
        (self.control / f"{step}.new").write_text(action, encoding="utf-8")
        (self.control / f"{step}.new").rename(self.control / step)

    def claimed(self, step: str, timeout_s: float = 60.0) -> int:
        """Wait until some process has passed an armed step; returns its id, 0 when none did."""
        done = self.control / f"{step}.done"
        if not self.wait(lambda: done.exists() and bool(done.read_text()), timeout_s):
            return 0
        return int(done.read_text())

    def wait(self, is_so: Callable[[], bool], timeout_s: float) -> bool:
        """Wait; what has died meanwhile is started again."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            self.keep_up()
            with suppress(Exception):  # a server is away
                if is_so():
                    return True
            time.sleep(TICK_S)
        return False

    def reset(self) -> None:
        """Forget every line, message and object; whatever stands still goes on."""
        self.proxy.clear()
        for pid in self.children():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        for path in self.control.iterdir():
            path.unlink()
        self._empty()
        self.redis.flush()
        for key in self.keys():
            self.store.delete(key)

    def _empty(self) -> None:
        """Empty every table; again when a relay that is at work holds them in another order."""
        names = ", ".join(table.name for table in metadata.sorted_tables)
        for last in (False,) * 9 + (True,):
            try:
                with self.engine.begin() as connection:
                    connection.execute(text(f"TRUNCATE {names} CASCADE"))
                return
            except OperationalError:  # a deadlock, which PostgreSQL ends
                if last:
                    raise
                time.sleep(TICK_S)

    def keys(self) -> list[str]:
        """Return the keys of all objects."""
        return [k for p in ("objects/", "keys/") for k in self.store.keys(p) if is_key(k)]

    def bring(self, texts: Sequence[str]) -> None:
        """Import lines and ask for them, as `render` does; again while a server is away."""
        rows = (f"  - {{id: line_{i}, character: guard, text: {t!r}}}" for i, t in enumerate(texts))
        scene = "\n".join(("scene: gate", "locale: en-US", "lines:", *rows, ""))
        (self.folder / "game" / "scenes" / "gate.yaml").write_text(scene, encoding="utf-8")
        self._texts = list(texts)

        def ask() -> bool:
            house = self._house()
            house.ingest(Scope()).run()
            request(house.unit, Scope(), FEW)
            return True

        if not self.wait(ask, 120.0):
            raise AssertionError("the lines could not be imported")

    def _house(self) -> Any:
        place = open_workspace(self.folder / "game", self.settings, self.folder / "build")
        return open_house(place)

    def is_done(self) -> bool:
        """Whether every take is finished and nothing is owed."""
        query = (
            "SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM take WHERE status IN "
            "('pending', 'leased')), (SELECT count(*) FROM take)"
        )
        with self.engine.connect() as connection:
            owed, open_, takes = connection.execute(text(query)).one()
        return bool(takes and not owed and not open_)

    def history(self, expected: Mapping[str, Expected], hits: int, *, is_over: bool) -> History:
        """Publish, and read what is left."""
        history = History(expected=expected, is_over=is_over)
        house = self._house()
        with suppress(BarklineError), house.reading() as unit:
            history.locks.append(house.publish().run(unit, "tiny", {}).text)
        said = {(f"line_{i}", "en-US"): t for i, t in enumerate(self._texts)}
        history.accepted = said
        read_history(self.engine, self.keys(), self.store.get, history)
        history.renders = {row.pk: row.deliveries for row in history.takes.values()}
        history.hits = dict.fromkeys(history.takes, hits)
        return history
