"""What is done to a standing service, each under its name. A seed decides the rest.

A fault is armed before the lines are imported, and acts while they are rendered; both may wait.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from renderer.domain.route import ROUTES
from renderer.messaging.broker import MESSAGE_VERSION, batch_message
from renderer.messaging.redis_queue import NAMESPACE, redis_broker
from renderer.services.failpoint import SERVICE_STEPS, WALK_STEPS
from tests.chaos.fleet import Fleet
from tests.servers.fault_proxy import Fault as Broken

Act = Callable[[Fleet, random.Random], None]
RELAY_STEPS = ("claimed", "publishing", "published", "sent")
WORKER_STEPS = tuple(s for s in WALK_STEPS[WALK_STEPS.index("received") :] if s not in RELAY_STEPS)
assert "renewing" in SERVICE_STEPS


def nothing(_fleet: Fleet, _dice: random.Random) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Fault:
    """One way in which the world breaks.

    Attributes:
        act: What is done while the lines are rendered.
        arm: What is prepared before.
        hits: How often it may hit one take.
        text: A line it brings along, or "".
    """

    act: Act = nothing
    arm: Act = nothing
    hits: int = 1
    text: str = ""


def _armed(step: str, action: str = "kill") -> Fault:
    return Fault(
        act=lambda fleet, _dice: _reached(fleet, step),
        arm=lambda fleet, _dice: fleet.arm(step, action),
    )


def _reached(fleet: Fleet, step: str) -> int:
    pid = fleet.claimed(step)
    if not pid:
        raise AssertionError(f"no process came to {step}")
    return pid


def _lost_then_reaped(step: str) -> Fault:
    def act(fleet: Fleet, _dice: random.Random) -> None:
        _reached(fleet, "leased")
        fleet.redis.flush()
        _reached(fleet, step)

    def arm(fleet: Fleet, _dice: random.Random) -> None:
        fleet.arm("leased", "kill")
        fleet.arm(step)

    return Fault(act, arm, hits=2)


def _stands(step: str) -> Fault:
    def act(fleet: Fleet, _dice: random.Random) -> None:
        pid = _reached(fleet, step)
        fleet.wait(fleet.is_done, 14.0)  # the others take over, after lease and silence
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    return Fault(act, lambda fleet, _dice: fleet.arm(step, "stop"), hits=2)


def _kill_supervisor(fleet: Fleet, dice: random.Random) -> None:
    time.sleep(dice.random() * 2)
    if fleet.supervisor is not None:
        fleet.supervisor.kill()
        fleet.supervisor.wait()


def _kill_children(fleet: Fleet, dice: random.Random) -> None:
    time.sleep(dice.random() * 2)
    for pid in fleet.children():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _terminate(times: int) -> Act:
    def act(fleet: Fleet, dice: random.Random) -> None:
        time.sleep(dice.random())
        victim = dice.choice((fleet.supervisor, fleet.relays[0]))
        for _ in range(times):
            if victim is not None:
                victim.send_signal(signal.SIGTERM)
                time.sleep(0.2)
        if victim is not None:
            victim.wait(60)

    return act


def _redis_restart(*, keeps_data: bool) -> Act:
    def act(fleet: Fleet, dice: random.Random) -> None:
        time.sleep(dice.random() * 2)
        fleet.redis.restart(keeps_data=keeps_data)

    return act


def _away(server: str, stop: str) -> Act:
    def act(fleet: Fleet, dice: random.Random) -> None:
        time.sleep(dice.random() * 2)
        ours = getattr(fleet, server)
        ours.kill() if stop == "kill" else ours.stop(stop)
        time.sleep(dice.uniform(0.5, 6.0))
        ours.start()

    return act


def _full_redis(fleet: Fleet, dice: random.Random) -> None:
    with fleet.redis.client() as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")
        try:
            time.sleep(dice.uniform(2.0, 6.0))
        finally:
            client.config_set("maxmemory", "0")


def _flush(fleet: Fleet, dice: random.Random) -> None:
    for _ in range(3):
        time.sleep(dice.random())
        fleet.redis.flush()


def _exhaust(fleet: Fleet, dice: random.Random) -> None:
    import psycopg

    held: list[Any] = []
    try:
        for _ in range(60):
            with suppress(psycopg.OperationalError):
                held.append(fleet.postgres._connect())
        for connection in held[:1]:
            connection.execute(_CUT)
        time.sleep(dice.uniform(2.0, 5.0))
    finally:
        for connection in held:
            connection.close()


_CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname LIKE 'test%' AND pid <> pg_backend_pid()"
)


def _cut_connections(fleet: Fleet, dice: random.Random) -> None:
    for _ in range(4):
        time.sleep(dice.random())
        fleet.postgres.execute(_CUT)


def _deadlock(fleet: Fleet, dice: random.Random) -> None:
    """Lock takes from the other end than workers do, until somebody has to give way."""
    until = time.monotonic() + 5.0
    while time.monotonic() < until:
        with suppress(Exception), fleet.engine.begin() as connection:
            for (pk,) in connection.exec_driver_sql("SELECT id FROM take ORDER BY id DESC").all():
                connection.exec_driver_sql(f"UPDATE take SET voice = voice WHERE id = {int(pk)}")
                time.sleep(0.2 + 0.2 * dice.random())


@contextmanager
def _isolation(fleet: Fleet, level: str) -> Iterator[None]:
    name = fleet.engine.url.database
    change = f"ALTER DATABASE {name} %s default_transaction_isolation"
    fleet.postgres.execute(change % "SET" + f" = '{level}'")
    fleet.postgres.execute(_CUT)
    try:
        yield
    finally:
        fleet.postgres.execute(change % "RESET")
        fleet.postgres.execute(_CUT)


def _serializable(fleet: Fleet, _dice: random.Random) -> None:
    with _isolation(fleet, "serializable"):
        fleet.wait(fleet.is_done, 8.0)


def _s3(fault: Broken, method: str = "PUT", times: int = 3) -> Fault:
    def arm(fleet: Fleet, dice: random.Random) -> None:
        fleet.proxy.add(fault, method=method, skip=dice.randrange(4), times=times)

    return Fault(arm=arm)


def _s3_paused(fleet: Fleet, dice: random.Random) -> None:
    fleet.s3.pause()
    time.sleep(dice.uniform(2.0, 6.0))
    fleet.s3.resume()


def _retry_lost() -> Fault:
    def arm(fleet: Fleet, _dice: random.Random) -> None:
        fleet.arm("received", "error=RuntimeError")
        fleet.arm("retrying", "now")

    return Fault(lambda fleet, _dice: _reached(fleet, "retrying") and None, arm)


def _buried() -> Fault:
    def act(fleet: Fleet, _dice: random.Random) -> None:
        _enqueue(fleet, [1], MESSAGE_VERSION + 1)
        _reached(fleet, "burying")

    return Fault(act, lambda fleet, _dice: fleet.arm("burying"), hits=1)


def _enqueue(fleet: Fleet, ids: list[int], version: int, delay_ms: int | None = None) -> None:
    broker = redis_broker(fleet.redis.url())
    for route in ROUTES[-1:]:
        message = batch_message(ids, "formant", route)
        message.kwargs["version"] = version
        broker.enqueue(message, delay=delay_ms)


def _takes(fleet: Fleet) -> list[int]:
    with fleet.engine.connect() as connection:
        return [pk for (pk,) in connection.exec_driver_sql("SELECT id FROM take ORDER BY id")]


def _doubled(fleet: Fleet, dice: random.Random) -> None:
    for _ in range(6):
        ids = _takes(fleet)
        dice.shuffle(ids)
        late = dice.choice((None, None, 500, 3000))
        _enqueue(fleet, ids, MESSAGE_VERSION, late)


def _reordered(fleet: Fleet, dice: random.Random) -> None:
    with fleet.redis.client() as client:
        for route in ROUTES:
            key = f"{NAMESPACE}:{route.name}"
            waiting = client.lrange(key, 0, -1)
            if waiting:
                dice.shuffle(waiting)
                client.pipeline().delete(key).rpush(key, *waiting).execute()


def _other_version(fleet: Fleet, dice: random.Random) -> None:
    for version in (1, MESSAGE_VERSION + 1, 99):
        _enqueue(fleet, _takes(fleet)[:2], version)
        time.sleep(dice.random() * 0.2)


def _skew(fleet: Fleet, dice: random.Random) -> None:
    for role in ("worker", "relay"):
        path = fleet.control / f"skew-{role}"
        path.write_text(str(dice.choice((-120, 120))), encoding="utf-8")


FAULTS: dict[str, Fault] = {
    "nothing": Fault(hits=0),
    **{f"relay killed at {step}": _armed(step) for step in ("claimed", "published", "sent")},
    "relay killed between two batches": _armed("publishing"),
    "relay killed before it puts back": _lost_then_reaped("reaping"),
    "relay killed after it put back": _lost_then_reaped("reaped"),
    **{f"worker killed at {step}": _armed(step) for step in WORKER_STEPS},
    "worker killed at its heartbeat": _armed("renewing"),
    "worker killed at a dead letter": _buried(),
    "all workers killed": Fault(_kill_children),
    "supervisor killed": Fault(_kill_supervisor),
    "told to stop": Fault(_terminate(1)),
    "told to stop twice": Fault(_terminate(2)),
    "worker stands still at leased": _stands("leased"),
    "worker stands still at kept": _stands("kept"),
    "relay stands still holding rows": _stands("claimed"),
    "Redis restarted with its data": Fault(_redis_restart(keeps_data=True)),
    "Redis restarted without": Fault(_redis_restart(keeps_data=False)),
    "Redis flushed": Fault(_flush, hits=3),
    "Redis down": Fault(_away("redis", "kill")),
    "Redis out of memory": Fault(_full_redis),
    "Redis fails as a retry is enqueued": _retry_lost(),
    "PostgreSQL ended at once": Fault(_away("postgres", "immediate"), hits=2),
    "PostgreSQL down": Fault(_away("postgres", "fast"), hits=2),
    "PostgreSQL out of connections": Fault(_exhaust, hits=4),
    "PostgreSQL cuts connections": Fault(_cut_connections, hits=4),
    "PostgreSQL deadlocks": Fault(_deadlock, hits=4),
    "PostgreSQL serialises by default": Fault(_serializable, hits=4),
    "S3 answers 500": _s3(Broken.answer(500), times=8),
    "S3 answers 503": _s3(Broken.answer(503, "SlowDown"), times=8),
    "S3 cuts the answer off after storing": _s3(Broken.cut_after()),
    "S3 cuts the request off": _s3(Broken.cut_before()),
    "S3 answers late": _s3(Broken.late(3.0)),
    "S3 finds a wrong checksum": _s3(Broken.answer(400, "BadDigest")),
    "S3 finds expired credentials": _s3(Broken.expired(), method=""),
    "S3 stands still": Fault(_s3_paused),
    "messages doubled, delayed, reordered": Fault(_doubled, hits=6),
    "messages reordered": Fault(_reordered),
    "messages of other versions": Fault(_other_version),
    "clocks two minutes off": Fault(arm=_skew, hits=2),
    "a line crashes in native code": Fault(hits=5, text="Crash."),
    "a line hangs in native code": Fault(hits=5, text="Hang."),
    "a line exhausts memory": Fault(hits=5, text="Devour."),
}
