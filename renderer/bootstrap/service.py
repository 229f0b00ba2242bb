"""What the processes of the service stand on: no project at hand, many projects at once."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from renderer import config
from renderer.bootstrap.clock import SystemClock
from renderer.bootstrap.house import voice_book
from renderer.bootstrap.stages import (
    Ground,
    compose_render,
    plain_transcriber,
    shipped_limits,
    stage_revisions,
)
from renderer.config import Settings
from renderer.errors import BarklineError, ConfigError

if TYPE_CHECKING:
    from dramatiq import Middleware
    from dramatiq.brokers.redis import RedisBroker
    from sqlalchemy import Engine

    from renderer.domain.route import Route
    from renderer.messaging.redis_queue import RedisPublisher
    from renderer.ports import Meter, Tracer, UnitOfWork, VoiceBook
    from renderer.services.lease import LeaseKeeper
    from renderer.services.reap import Reaper
    from renderer.services.relay import Batch, Relay
    from renderer.services.render import Render

    Told = Callable[[Batch, Route], None]

# A message that was just sent may not be seen yet, and a batch may just be taken.
LOST_AFTER_S = 5.0
WARM = 8  # voices a worker lets speak before it begins
# A relay or worker that stands still within a transaction, which takes milliseconds, holds its rows
# no longer than this. An import, which reads files between its statements, has more time.
IDLE_S = 30.0


@dataclass(frozen=True, slots=True)
class Service:
    """Database, store, voices and queue that all processes share.

    Attributes:
        ground: Database, store and voices.
        engine: The database itself, for waking up and for checks.
        broker: The queue.
        publisher: What the queue is asked and told.
        meter: Told what is measured.
        tracer: Told what is at work.
    """

    ground: Ground
    engine: Engine
    broker: RedisBroker
    publisher: RedisPublisher
    meter: Meter
    tracer: Tracer


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What a worker process runs."""

    render: Render
    leases: LeaseKeeper
    voices: VoiceBook


@dataclass(frozen=True, slots=True)
class RelayParts:
    """What a relay process runs."""

    relay: Relay
    reaper: Reaper


def open_service(
    settings: Settings,
    middleware: Sequence[Middleware] = (),
    meter: Meter | None = None,
    tracer: Tracer | None = None,
) -> Service:
    """Open what the settings name; the queue and the store are not asked yet.

    Args:
        settings: From the environment.
        middleware: For the broker, beside Dramatiq's own.
        meter: Told what is measured; None for nobody.
        tracer: Told what is at work; None for nobody.

    Raises:
        ConfigError: This is no service, or the database is not of this release.
        DatabaseError: The database is away.
    """
    from renderer.db.engine import open_database
    from renderer.db.unit_of_work import SqlUnitOfWork
    from renderer.messaging.redis_queue import RedisPublisher, redis_broker
    from renderer.ports import SILENT, UNTRACED
    from renderer.storage.location import open_store

    if not settings.is_service:
        raise ConfigError(
            "BARKLINE_REDIS_URL is not set, so there is no service here: `barkline render` does "
            "everything in one process. docs/service.md says what a service needs."
        )
    given_meter = meter or SILENT

    def queue_failed() -> None:
        given_meter.count("barkline_redis_errors_total")

    engine = open_database(
        settings.database_url,
        lambda: given_meter.count("barkline_database_errors_total"),
        idle_s=IDLE_S,
    )
    require_schema(engine)
    clock = SystemClock()

    def unit() -> UnitOfWork:
        return SqlUnitOfWork(engine, "", clock)

    def reading() -> UnitOfWork:
        return SqlUnitOfWork(engine, "", clock, is_read_only=True)

    ground = Ground(settings, unit, reading, open_store(settings.store), voice_book(settings))
    broker = redis_broker(settings.service.redis_url, middleware, queue_failed)
    publisher = RedisPublisher(broker, queue_failed)
    return Service(ground, engine, broker, publisher, given_meter, tracer or UNTRACED)


def require_schema(engine: Engine) -> None:
    """Hold that the database has the tables of this release.

    An older worker goes on beside a newer schema: migrations only add. A newer worker waits for
    its migration.

    Raises:
        ConfigError: The migration has not run.
    """
    from renderer.db.migrate import HEAD, current_revision

    found = current_revision(engine)
    if found < HEAD:
        raise ConfigError(
            f"the database has schema {found or 'none'}, this Barkline needs {HEAD}: run "
            "`barkline migrate` once, then start the workers and relays."
        )


def migrate_service(settings: Settings) -> str:
    """Bring the service's database to the newest schema; returns its revision.

    Raises:
        ConfigError: The database was written by a newer Barkline.
        DatabaseError: The database is away.
    """
    from renderer.db.engine import open_database
    from renderer.db.migrate import current_revision, migrate

    engine = open_database(settings.database_url)
    migrate(engine, config.migrations_dir())
    return current_revision(engine)


def worker_name() -> str:
    """Return the name of this process among all workers."""
    return f"{platform.node() or 'worker'}:{os.getpid()}"


def open_worker(service: Service) -> WorkerParts:
    """Compose what renders batches."""
    from renderer.services import failpoint
    from renderer.services.fitness import Fitness
    from renderer.services.gate_limits import ProjectLimits
    from renderer.services.lease import LeaseKeeper
    from renderer.speech.worker_voices import WorkerVoices

    ground, settings = _measured(service), service.ground.settings
    leases = LeaseKeeper(ground.unit, SystemClock(), settings.service.lease_s)
    limits = ProjectLimits(ground.reading, shipped_limits())
    voices = WorkerVoices(ground.voices, settings.batch)
    render = compose_render(replace(ground, voices=voices), limits.of, worker_name(), leases)
    render.arm(failpoint.read(settings.failpoint))
    render.watch(service.meter, service.tracer)
    render.misfits = Fitness(ground.voices, stage_revisions).misfits
    return WorkerParts(render, leases, voices)


def warm_worker(service: Service, parts: WorkerParts) -> dict[str, BarklineError]:
    """Let the voices that are owed lines speak once, before the first line is waited for.

    Returns:
        What went wrong, by voice; such a voice fails its lines later, and says the same then.
    """
    from renderer.services.warm import warm

    with service.ground.reading() as unit:
        names = unit.outbox.voices(WARM)
    return warm(parts.voices, names, plain_transcriber())


def _measured(service: Service) -> Ground:
    """Return what a render stands on, with store and voices measured where anybody reads it."""
    ground, meter = service.ground, service.meter
    from renderer.ports import SILENT

    if meter is SILENT:
        return ground
    from renderer.telemetry.store import MeteredStore
    from renderer.telemetry.voices import MeteredVoices

    voices = MeteredVoices(voice_book(ground.settings), meter)
    return replace(ground, store=MeteredStore(ground.store, meter), voices=voices)


def open_relay(service: Service, told: Told = lambda _batch, _route: None) -> RelayParts:
    """Compose what moves outbox rows and finds what is lost."""
    from renderer.services import failpoint
    from renderer.services.reap import Reaper
    from renderer.services.relay import Pace, Relay

    settings, unit, clock = service.ground.settings, service.ground.unit, SystemClock()
    ours = settings.service
    point = failpoint.read(settings.failpoint)
    pace = Pace(settings.batch, ours.queue_bound, ours.linger_s)
    relay = Relay(unit, service.publisher, pace, clock, point, told)
    relay.tracer = service.tracer
    return RelayParts(relay, Reaper(unit, service.publisher, clock, LOST_AFTER_S, point))
