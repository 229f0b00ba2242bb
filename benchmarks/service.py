"""The service against its limits: relay, dispatch, two workers, growth.

    python benchmarks/service.py [--only relay dispatch workers growth] [--lines 20000]

Starts PostgreSQL (default durability: every commit waits for the disk), Redis and, for the workers,
an S3 server on loopback. Prints Markdown tables.

relay     events per second from the outbox to Redis, in batches of at most 64, with one and two
          relays; beside it Dramatiq alone with one message per line and with the same batches, and
          one transaction per event, which is what an outbox without batches costs
dispatch  what the database and the queue cost per line: lease, heartbeat, finish, without the sound
workers   lines per second with one and with two worker processes of one thread each, the same
          lines, warm, from the first lease to the last result; the share of a core that each had
growth    what one poll of an idle relay, one refill and one look of the reaper cost at a backlog of
          1,000 to 100,000 lines
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE))

from renderer import config  # noqa: E402 - found beside this script
from renderer.bootstrap import SystemClock  # noqa: E402
from renderer.db.engine import open_database  # noqa: E402
from renderer.db.migrate import migrate  # noqa: E402
from renderer.db.unit_of_work import SqlUnitOfWork  # noqa: E402
from renderer.domain.route import Queue, Route  # noqa: E402
from renderer.domain.take import RenderResult, TakeStatus  # noqa: E402
from renderer.messaging.redis_queue import RedisPublisher, redis_broker  # noqa: E402
from renderer.services.reap import Reaper  # noqa: E402
from renderer.services.relay import Pace, Relay  # noqa: E402
from tests.servers.postgres import PostgresServer  # noqa: E402
from tests.servers.redis import RedisServer  # noqa: E402
from tests.servers.s3 import MotoServer  # noqa: E402

BATCH = 64
CPU = Route(Queue.CPU, is_urgent=False)
FILL = """
INSERT INTO take (render_key, synthesis_key, parts, request, voice, phonemes, status, created_at,
                  queue)
SELECT md5(i::text) || md5('b' || i::text), md5(i::text), '{"text": "0000000000000000"}',
       CAST(:request AS json), 'voice' || i % 14, 10 + i % 90, 'pending', now(), 'cpu'
FROM generate_series(1, :lines) AS i;
"""
OWE = """
INSERT INTO outbox (take_id, voice, phonemes, created_at, queue, priority)
SELECT id, voice, phonemes, now() - interval '1 minute', 'cpu', 10 FROM take ORDER BY id;
"""
REQUEST = (
    '{"utterance": {"line_id": "a", "locale": "en-US", "character": "g", "scene": "s", "text": '
    '"The road to Vhar is closed.", "written": "The road to Vhar is closed.", "voice": "v"}}'
)


class World:
    """A database with work that is owed, and a queue."""

    def __init__(self, postgres: PostgresServer, server: RedisServer) -> None:
        self.url = postgres.new_database()
        self.engine: Engine = open_database(self.url)
        migrate(self.engine, config.migrations_dir())
        self.broker = redis_broker(server.url())
        self.publisher = RedisPublisher(self.broker)
        self.clock = SystemClock()

    def unit(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self.engine, "", self.clock)

    def fill(self, lines: int) -> None:
        """Owe some lines afresh; the queue is emptied."""
        self.broker.client.flushall()
        with self.engine.begin() as connection:
            connection.execute(text("TRUNCATE take, outbox CASCADE"))
            connection.execute(text(FILL), {"lines": lines, "request": REQUEST})
            connection.execute(text(OWE))
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as plain:
            plain.execute(text("ANALYZE"))

    def relay(self, bound: int = 0) -> Relay:
        return Relay(self.unit, self.publisher, Pace(BATCH, bound), self.clock)


def seconds(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def drain(world: World, relays: int) -> None:
    """Move all that is owed with some relays at once."""

    def one() -> None:
        relay = world.relay()
        while relay.run_once():
            pass

    threads = [threading.Thread(target=one) for _ in range(relays)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def single_events(world: World, lines: int) -> None:
    """Send and mark one event per transaction."""
    for _ in range(lines):
        with world.unit() as unit:
            rows = unit.outbox.claim(1)
            world.publisher.publish([rows[0].take_id], rows[0].voice, CPU)
            unit.outbox.mark_sent([rows[0].id])
            unit.commit()


def measure_relay(world: World, lines: int) -> None:
    print(f"\n### Relay, {lines:,} events, batches of at most {BATCH}\n")
    print("| way | events/s | messages |\n|---|---|---|")
    for relays in (1, 2):
        world.fill(lines)
        spent = seconds(lambda n=relays: drain(world, n))
        sent = world.publisher.depth(CPU)
        print(f"| outbox, {relays} relay{'s' * (relays > 1)} | {lines / spent:,.0f} | {sent} |")
    few = min(lines, 1_000)
    world.fill(few)
    spent = seconds(lambda: single_events(world, few))
    print(f"| outbox, one transaction per event ({few:,}) | {few / spent:,.0f} | {few} |")
    world.fill(1)
    spent = seconds(
        lambda: [world.publisher.publish([i], "voice", CPU) for i in range(lines)]  # peer
    )
    print(f"| Dramatiq alone, a message per line, no database | {lines / spent:,.0f} | {lines} |")


def measure_dispatch(world: World) -> None:
    print("\n### Dispatch: the database's cost of a line, without its sound\n")
    print("| batch | lease, ms/line | heartbeat, ms/batch | finish, ms/line | in all, ms/line |")
    print("|---|---|---|---|---|")
    result = RenderResult(TakeStatus.APPROVED, None, 1)
    for size in (1, 16, 64):
        count = 5 * size if size > 1 else 40
        world.fill(count)
        drain(world, 1)
        with world.unit() as unit:
            ids = [row.take_id for row in unit.outbox.owed(world.clock.now(), count)]
        lease = beat = finish = 0.0
        for start in range(0, count, size):
            some = ids[start : start + size]
            lease += seconds(lambda batch=some: _lease(world, batch))
            beat += seconds(lambda: _beat(world))
            finish += seconds(lambda batch=some: _finish(world, batch, result))
        batches = count / size
        print(
            f"| {size} | {1000 * lease / count:.2f} | {1000 * beat / batches:.2f} | "
            f"{1000 * finish / count:.2f} | {1000 * (lease + finish) / count:.2f} |"
        )


def _lease(world: World, ids: list[int]) -> None:
    with world.unit() as unit:
        unit.leases.quarantine(ids)
        unit.leases.deliveries(ids)
        unit.commit()
    with world.unit() as unit:
        unit.takes.lease(ids, "bench", 15)
        unit.commit()


def _beat(world: World) -> None:
    with world.unit() as unit:
        unit.leases.renew(["bench"], 15)
        unit.commit()


def _finish(world: World, ids: list[int], result: RenderResult) -> None:
    for pk in ids:
        with world.unit() as unit:
            unit.takes.finish(pk, "bench", result)
            unit.commit()


def measure_growth(world: World, sizes: tuple[int, ...]) -> None:
    print("\n### Growth with the backlog (one relay; milliseconds, median of 9)\n")
    print("| lines owed | refill of 16 batches | poll, lanes full | reaper, nothing lost |")
    print("|---|---|---|---|")
    for lines in sizes:
        world.fill(lines)
        relay = world.relay(bound=16)
        refill = seconds(relay.run_once)
        poll = sorted(seconds(relay.run_once) for _ in range(9))[4]
        reaper = Reaper(world.unit, world.publisher, world.clock, 0.0)
        reap = sorted(seconds(reaper.run_once) for _ in range(9))[4]
        print(f"| {lines:,} | {1000 * refill:.1f} | {1000 * poll:.1f} | {1000 * reap:.1f} |")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def process(env: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "renderer.cli", *arguments]
    standing = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
    try:
        yield standing
    finally:
        standing.terminate()
        standing.wait(90)


def children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def render_with(workers: int, env: dict[str, str], project: Path) -> tuple[float, list[float]]:
    """Return seconds for the project's lines with warm workers, and each one's share of a core."""
    engine = create_engine(env["BARKLINE_DATABASE_URL"])
    query = "SELECT count(*) FROM take WHERE finished_at IS NULL"
    with (
        tempfile.TemporaryDirectory() as build,
        process(env, "relay"),
        process(env, "worker", "--processes", str(workers)) as standing,
    ):
        where = (str(project), "--build", build)
        render = [sys.executable, "-m", "renderer.cli", "render", *where, "--no-report"]
        # The first scene warms models, judges and the measured level of each voice.
        subprocess.run([*render, "--scene", "warm"], env=env, check=False, capture_output=True)
        pids = children(standing.pid)
        asked = subprocess.Popen(render, env=env, stdout=subprocess.DEVNULL)
        while not _ask(engine, "SELECT count(*) FROM take WHERE status = 'leased'"):
            time.sleep(0.02)
        before, began = [cpu_seconds(pid) for pid in pids], time.time()
        asked.wait()
        spent = float(_ask(engine, "SELECT extract(epoch FROM max(finished_at)) FROM take")) - began
        shares = [(cpu_seconds(p) - b) / spent for p, b in zip(pids, before, strict=True)]
    assert _ask(engine, query) == 0
    return spent, shares


def _ask(engine: Engine, query: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(text(query)).scalar()


def write_project(folder: Path, lines: int) -> Path:
    """Write a project of one voice of the pack: a scene to warm up, and lines to measure."""
    words = ["gate", "river", "ember", "winter", "hammer", "lantern", "captain", "market"]
    scenes = folder / "scenes"
    scenes.mkdir(parents=True)
    (folder / "project.yaml").write_text(
        "name: bench\nsource_locale: en-US\nlocales: [en-US]\n"
        "characters: {vera: {name: Vera, voice: hearth#vera}}\n",
        encoding="utf-8",
    )
    for scene, count in (("warm", 8), ("road", lines)):
        said = [
            f"  - {{id: {scene}_{i:03}, character: vera, text: "
            f'"Carry the {words[i % 8]} past the {words[i // 8 % 8]}, number {i + 1}, and wait."}}'
            for i in range(count)
        ]
        (scenes / f"{scene}.yaml").write_text(
            f"scene: {scene}\nlocale: en-US\nlines:\n" + "\n".join(said) + "\n", encoding="utf-8"
        )
    return folder


def measure_workers(postgres: PostgresServer, redis: RedisServer, lines: int) -> None:
    print(f"\n### Two worker processes against one, {lines} lines, one thread each\n")
    print("| workers | lines/s | share of a core, each worker |\n|---|---|---|")
    rates = {}
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as folder, MotoServer() as store:
            env = {
                **os.environ,
                **store.environment(),
                "BARKLINE_DATABASE_URL": postgres.new_database(),
                "BARKLINE_REDIS_URL": redis.url(),
                "BARKLINE_STORE": store.new_bucket(),
                "BARKLINE_THREADS": "1",
                "BARKLINE_WORKERS": "1",
                "BARKLINE_BATCH": "8",
                "OMP_NUM_THREADS": "1",
                "PYTHONPATH": str(HERE),
            }
            subprocess.run(
                [sys.executable, "-m", "renderer.cli", "migrate"],
                env=env,
                check=True,
                capture_output=True,
            )
            spent, shares = render_with(workers, env, write_project(Path(folder) / "p", lines))
        rates[workers] = lines / spent
        told = ", ".join(f"{share:.0%}" for share in shares)
        print(f"| {workers} | {lines / spent:.2f} | {told} |")
    print(f"\nTwo do {rates[2] / rates[1]:.2f} × the work of one.")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    steps = ("relay", "dispatch", "workers", "growth")
    parser.add_argument("--only", nargs="*", choices=steps, default=list(steps))
    parser.add_argument("--lines", type=int, default=20_000, help="events for the relay")
    parser.add_argument("--rendered", type=int, default=64, help="lines for the workers")
    asked = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    with PostgresServer(is_durable=True) as postgres, RedisServer() as server:
        world = World(postgres, server)
        if "relay" in asked.only:
            measure_relay(world, asked.lines)
        if "dispatch" in asked.only:
            measure_dispatch(world)
        if "growth" in asked.only:
            measure_growth(world, (1_000, 10_000, 100_000))
        if "workers" in asked.only:
            measure_workers(postgres, server, asked.rendered)


if __name__ == "__main__":
    main()
