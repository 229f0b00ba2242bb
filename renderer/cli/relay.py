"""`barkline relay`."""

from __future__ import annotations

import logging

import click

from renderer import bootstrap
from renderer.config import Settings


@click.command(epilog="Example: barkline relay")
def command() -> int:
    """Move what waits in the database to the queue, and put back what was lost.

    Runs until SIGTERM or Ctrl-C. Several may run at once. Reads its settings from the environment:
    BARKLINE_DATABASE_URL, BARKLINE_REDIS_URL and BARKLINE_STORE (docs/service.md).
    """
    from renderer.db.wake import Wake
    from workers.relay_process import RelayLoop
    from workers.stop import stop_on_signals

    for ours in ("workers", "renderer"):
        logging.getLogger(ours).setLevel(logging.INFO)
    stopping = stop_on_signals()
    service = bootstrap.open_service(Settings.read())
    parts = bootstrap.open_relay(service)
    wake = Wake(service.engine, stopping)
    click.echo("the relay is ready", err=True)
    try:
        RelayLoop(parts.relay, parts.reaper, wake.wait, stopping).run()
    finally:
        wake.close()
    return 0
