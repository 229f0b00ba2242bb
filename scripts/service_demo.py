"""The service on one machine, with real servers, and with faults in the middle.

    python scripts/service_demo.py manifests/emberfall        (make service-demo)

Starts PostgreSQL, Redis and an S3 server on free loopback ports, a relay and two worker processes;
imports and renders a project; kills one worker with SIGKILL and flushes Redis while it renders;
publishes, pulls and verifies. Exits with 0 when every required line can be shipped. Nothing is left
running, and nothing outside the build folder is written.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis
from sqlalchemy import create_engine, text

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE))

from tests.servers.postgres import PostgresServer  # noqa: E402 - not an installed package
from tests.servers.process import MissingServerError  # noqa: E402
from tests.servers.redis import RedisServer  # noqa: E402
from tests.servers.s3 import MotoServer  # noqa: E402

COMMAND = (sys.executable, "-m", "renderer.cli")
PATIENCE_S = 1800.0
FAULTS_AT = (0.25, 0.5)  # of the takes that are done: a worker is killed, Redis is flushed


def main() -> int:
    """Run the demonstration; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("project", type=Path, nargs="?", default=HERE / "manifests/emberfall")
    parser.add_argument("--build", type=Path, help="default: build/service-<project>")
    parser.add_argument("--processes", type=int, default=2, help="worker processes (2)")
    asked = parser.parse_args()
    build = asked.build or Path("build") / f"service-{asked.project.resolve().name}"
    try:
        with Demo(asked.project, build, asked.processes) as demo:
            return demo.run()
    except MissingServerError as error:
        print(f"service-demo: a server is missing: {error}", file=sys.stderr)
        return 69


class Demo:
    """Servers and processes of one demonstration.

    Args:
        project: Manifests.
        build: Folder for the lock and the pulled sound.
        processes: Worker processes.
    """

    def __init__(self, project: Path, build: Path, processes: int) -> None:
        self._project = project
        self._build = build
        self._processes = processes
        self._stack = ExitStack()

    def __enter__(self) -> Demo:
        """Start the servers."""
        began = time.monotonic()
        postgres = self._stack.enter_context(PostgresServer())
        self._redis = self._stack.enter_context(RedisServer())
        store = self._stack.enter_context(MotoServer())
        url = postgres.new_database()
        self._engine = create_engine(url)
        self._env = {
            **os.environ,  # noqa: TID251 - handed on
            **store.environment(),
            "BARKLINE_DATABASE_URL": url,
            "BARKLINE_REDIS_URL": self._redis.url(),
            "BARKLINE_STORE": store.new_bucket(),
            "BARKLINE_THREADS": "1",
            "BARKLINE_WORKERS": "1",
            "BARKLINE_BATCH": "8",
        }
        say(f"PostgreSQL, Redis and S3 are up ({time.monotonic() - began:.1f} s)")
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything that was started."""
        self._stack.close()

    def run(self) -> int:
        """Render with faults, publish, pull, verify."""
        self._call("migrate")
        with (
            self._standing("relay"),
            self._standing("worker", "--processes", str(self._processes)) as worker,
        ):
            code = self._render(worker)
        if code:
            return code
        lock, voice = self._build / "voice.lock", self._build / "voice"
        shutil.rmtree(voice, ignore_errors=True)
        self._call("publish", *self._where(), "--lock", str(lock))
        store = ("--store", self._env["BARKLINE_STORE"])
        self._call("pull", "--lock", str(lock), *store, "--into", str(voice))
        self._call("verify", str(self._project), "--lock", str(lock), "--assets", str(voice))
        self._tell_history()
        return 0

    def _where(self) -> tuple[str, ...]:
        return str(self._project), "--build", str(self._build)

    def _render(self, worker: subprocess.Popen[bytes]) -> int:
        """Have the project rendered; kill a worker and flush Redis on the way."""
        began = time.monotonic()
        render = self._start("render", *self._where(), "--no-report")
        faults = [self._kill_worker, self._flush_redis]
        at = list(FAULTS_AT)
        while render.poll() is None:
            if time.monotonic() - began > PATIENCE_S:
                render.kill()
                say("it takes too long; giving up")
                return 1
            done, total = self._progress()
            if faults and total and done >= at[0] * total:
                at.pop(0)
                faults.pop(0)(worker)
            time.sleep(0.1)
        say(f"rendered in {time.monotonic() - began:.0f} s, exit code {render.returncode}")
        if faults:
            say("the project was too small for both faults")
        return render.returncode

    def _progress(self) -> tuple[int, int]:
        query = "SELECT count(*) FILTER (WHERE finished_at IS NOT NULL), count(*) FROM take"
        with self._engine.connect() as connection:
            done, total = connection.execute(text(query)).one()
        return done, total

    def _kill_worker(self, worker: subprocess.Popen[bytes]) -> None:
        pids = children(worker.pid)
        if pids:
            os.kill(pids[0], signal.SIGKILL)
            say(f"killed worker process {pids[0]} with SIGKILL")

    def _flush_redis(self, _worker: subprocess.Popen[bytes]) -> None:
        redis.Redis.from_url(self._redis.url()).flushall()
        say("flushed Redis: every queued message is gone")

    def _tell_history(self) -> None:
        queries = {
            "takes": "SELECT status, count(*) FROM take GROUP BY status ORDER BY status",
            "deliveries": "SELECT deliveries, count(*) FROM take GROUP BY 1 ORDER BY 1",
            "owed": "SELECT 'rows', count(*) FROM outbox",
        }
        with self._engine.connect() as connection:
            for name, query in queries.items():
                rows = connection.execute(text(query)).all()
                say(f"{name}: " + ", ".join(f"{count} {what}" for what, count in rows))

    def _call(self, *arguments: str) -> None:
        """Run a command to its end.

        Raises:
            SystemExit: It failed.
        """
        process = self._start(*arguments)
        if process.wait() != 0:
            raise SystemExit(f"barkline {arguments[0]} ended with {process.returncode}")

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen((*COMMAND, *arguments), env=self._env)

    @contextmanager
    def _standing(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a process while the block runs, and let it drain."""
        process = self._start(*arguments)
        try:
            yield process
        finally:
            process.terminate()
            code = process.wait(60)
            say(f"barkline {arguments[0]} ended with {code}")


def children(pid: int) -> list[int]:
    """Return the processes a process has started (Linux)."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in found]


def say(what: str) -> None:
    """Tell what happens."""
    print(f"service-demo: {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
