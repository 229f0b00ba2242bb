"""One worker process of the service: takes batches from Redis until it is told to stop.

`python -m workers.worker_process`; `barkline worker` starts and restarts these. Exit codes: 0 told
to stop and done; 70 a batch hung; 74 database or queue away; 75 told to stop, batches given up;
78 wrong settings.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from contextlib import suppress

from dramatiq import Worker

from renderer import bootstrap
from renderer.bootstrap import Service
from renderer.config import Settings
from renderer.domain.route import routes_of
from renderer.errors import BarklineError, DatabaseError
from renderer.services import failpoint
from renderer.services.lease import LeaseKeeper
from workers.actors import register
from workers.middleware import DeadLetters
from workers.stop import stop_on_signals

POLL_MS = 500
ALIVE_S = 1.0
HUNG = 70
SUPERVISED = "--supervised"
GIVEN_UP = 75
log = logging.getLogger(__name__)


def main() -> int:
    """Run until a signal, or until the supervisor is gone; returns the exit code."""
    stopping = stop_on_signals()
    _stop_with_parent(stopping)
    try:
        settings = Settings.read()
        bootstrap.start_logs(settings)
        limit_memory(settings.service.memory_mb)
        return _serve(settings, stopping)
    except BarklineError as error:
        log.error("%s", error)  # noqa: TRY400 - a message for people, not a traceback
        return error.exit_code


def _serve(settings: Settings, stopping: threading.Event) -> int:
    """Open everything and run, watched."""
    meter = bootstrap.open_child_meter(settings)
    tracer = bootstrap.open_tracer(settings)
    letters = DeadLetters()
    letters.told = lambda queue: meter.count("barkline_dead_letters_total", queue=queue)
    try:
        service = bootstrap.open_service(settings, [letters], meter, tracer)
        letters.unit = service.ground.unit
        letters.failpoint = failpoint.read(settings.failpoint)
        return run(service, stopping)
    finally:
        tracer.close()


def run(service: Service, stopping: threading.Event) -> int:
    """Render until told to stop, then end what was begun.

    Args:
        service: What all processes share.
        stopping: Set when the process shall end.
    """
    settings = service.ground.settings
    parts = bootstrap.open_worker(service)
    for voice, error in bootstrap.warm_worker(service, parts).items():
        log.warning("%s could not be warmed up: %s", voice, error)
    register(service.broker, parts.render)
    lanes = {route.name for route in routes_of(settings.service.queues)}
    worker = Worker(
        service.broker, queues=lanes, worker_timeout=POLL_MS, worker_threads=settings.workers
    )
    # For each lane, and running messages count: little waits here while another process is idle.
    worker.queue_prefetch = settings.workers
    threading.Thread(target=beat, args=(parts.leases, stopping), daemon=True).start()
    if SUPERVISED in sys.argv:
        _say_alive()  # before the first batch, which may be one that hangs
        threading.Thread(target=tell_alive, daemon=True).start()
    service.broker.emit_after("process_boot")
    worker.start()
    log.info("worker %d is ready for %s", os.getpid(), ", ".join(sorted(lanes)))
    while not stopping.wait(3600):
        pass
    log.info("worker %d ends its batches", os.getpid())
    parts.render.stop()
    grace_ms = round(settings.service.grace_s * 1000)
    worker.stop(timeout=max(1, grace_ms))
    with suppress(Exception):
        service.broker.close()
    is_busy = any(thread.is_alive() for thread in worker.workers)
    return GIVEN_UP if is_busy else 0


def beat(leases: LeaseKeeper, stopping: threading.Event) -> None:
    """Renew leases until the process ends; a batch that hangs ends the process.

    Batches are still running while a worker drains, so this goes on after `stopping`.
    """
    pause = threading.Event()
    while True:
        pause.wait(leases.interval_s)
        try:
            overdue = leases.beat()
        except DatabaseError as error:
            log.warning("leases could not be renewed: %s", error)
            continue
        except Exception:  # a worker without a heart would lose every lease
            log.exception("the heartbeat failed")
            continue
        if overdue:
            log.critical("a batch is past its deadline; ending this process, its takes are free")
            os._exit(HUNG)


def tell_alive() -> None:
    """Write to the supervisor every second: whoever hears nothing knows that no thread can run."""
    pause = threading.Event()
    while not pause.wait(ALIVE_S):
        _say_alive()


def _say_alive() -> None:
    with suppress(OSError):  # the supervisor is gone, or does not listen
        os.set_blocking(1, False)
        os.write(1, b".")


def _stop_with_parent(stopping: threading.Event) -> None:
    """End when the supervisor is gone: it holds the other end of standard input."""
    if SUPERVISED not in sys.argv:
        return

    def watch() -> None:
        with suppress(OSError):
            while os.read(0, 1024):
                pass
        stopping.set()

    threading.Thread(target=watch, daemon=True).start()


def limit_memory(megabytes: int) -> None:
    """Bound the memory of this process; what asks for more fails instead of its neighbours.

    Args:
        megabytes: Of private memory, or 0 for no bound.
    """
    if not megabytes:
        return
    try:
        import resource
    except ImportError:  # not on this system
        log.warning("BARKLINE_MEMORY_MB has no effect on this system")
        return
    size = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    logging.shutdown()
    os._exit(code)  # threads that are still in native code must not hold the process
