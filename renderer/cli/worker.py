"""`barkline worker`."""

from __future__ import annotations

import threading

import click

from renderer import bootstrap
from renderer.config import Settings, environment_with
from renderer.errors import ConfigError


@click.command(epilog="Example: barkline worker --processes 2 --queues cpu")
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    help="Worker processes.  [default: 1, or one per GPU with --gpus]",
)
@click.option("--queues", metavar="gpu,cpu", help="What they render.  [default: BARKLINE_QUEUES]")
@click.option("--gpus", metavar="0,1,…", help="One process for each of these GPUs.")
def command(processes: int | None, queues: str | None, gpus: str | None) -> int:
    """Render what the service has queued, and restart what dies.

    SIGTERM or Ctrl-C lets the processes end the batches they have begun, at most BARKLINE_GRACE_S
    seconds; a second one ends everything at once, and other workers take the lines over. Reads its
    settings from the environment (docs/service.md).
    """
    from workers.stop import stop_on_signals

    settings = Settings.read()
    bootstrap.start_logs(settings)
    environments = _environments(processes, queues, gpus)
    for environment in environments:
        Settings.read(environment_with(environment))
    bootstrap.open_service(settings)  # wrong settings are said once, not by every process
    return _supervise(settings, environments, stop_on_signals())


def _supervise(
    settings: Settings, environments: list[dict[str, str]], stopping: threading.Event
) -> int:
    """Run the processes, watched where a port is set; returns the exit code."""
    from workers.supervisor import Supervisor

    family = bootstrap.open_family(settings)
    if family is None:
        return Supervisor(environments, settings.service.grace_s).run(stopping)
    watched = [{**env, **family.environment(n)} for n, env in enumerate(environments)]
    supervisor = Supervisor(watched, settings.service.grace_s)
    supervisor.died = family.died
    try:
        server = bootstrap.serve_watch(settings, family.text, supervisor.why_unwell)
        try:
            return supervisor.run(stopping)
        finally:
            server.close()
    finally:
        family.close()


def _environments(
    processes: int | None, queues: str | None, gpus: str | None
) -> list[dict[str, str]]:
    """Return what each process has beside this process's own environment."""
    asked = [part.strip() for part in (gpus or "").split(",") if part.strip()]
    if gpus is not None and not all(part.isdigit() for part in asked):
        raise ConfigError(f"--gpus {gpus!r} is no list of numbers such as 0,1.")
    shared = {"BARKLINE_QUEUES": queues} if queues else {}
    if not asked:
        return [dict(shared) for _ in range(processes or 1)]
    count = processes or len(asked)
    return [{**shared, "CUDA_VISIBLE_DEVICES": asked[i % len(asked)]} for i in range(count)]
