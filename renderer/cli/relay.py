"""`barkline relay`."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import click

from renderer import bootstrap
from renderer.bootstrap import Service, SystemClock
from renderer.config import Settings

if TYPE_CHECKING:
    from renderer.telemetry.meter import PrometheusMeter

log = logging.getLogger(__name__)


@click.command(epilog="Example: barkline relay")
def command() -> int:
    """Move what waits in the database to the queue, and put back what was lost.

    Runs until SIGTERM or Ctrl-C. Several may run at once. Reads its settings from the environment:
    BARKLINE_DATABASE_URL, BARKLINE_REDIS_URL and BARKLINE_STORE (docs/service.md).
    """
    from workers.stop import stop_on_signals

    settings = Settings.read()
    bootstrap.start_logs(settings)
    stopping = stop_on_signals()
    meter = bootstrap.open_relay_meter(settings)
    tracer = bootstrap.open_tracer(settings)
    try:
        service = bootstrap.open_service(settings, (), meter, tracer)
        _run(service, meter, stopping)
    finally:
        tracer.close()
    return 0


def _run(service: Service, meter: PrometheusMeter | None, stopping: threading.Event) -> None:
    """Relay until told to stop, watched where a port is set."""
    from renderer.db.wake import Wake
    from workers.relay_process import RelayLoop
    from workers.relay_watch import RelayWatch

    ground, publisher = service.ground, service.publisher
    watch = RelayWatch(
        service.meter,
        ground.reading,
        publisher,
        publisher.first,
        ground.settings.batch,
        SystemClock(),
    )
    parts = bootstrap.open_relay(service, watch.sent)
    wake = Wake(service.engine, stopping)
    loop = RelayLoop(parts.relay, parts.reaper, wake.wait, stopping)
    server = None
    if meter is not None:
        loop.told_reaped, loop.tick = watch.reaped, watch.tick
        server = bootstrap.serve_watch(ground.settings, meter.text, watch.why_unwell)
    log.info("the relay is ready")
    try:
        loop.run()
    finally:
        wake.close()
        if server is not None:
            server.close()
