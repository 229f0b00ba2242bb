"""What is watched of a process: from settings to logs, meter, tracer and the pages others read."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from renderer import __version__
from renderer.config import Settings

if TYPE_CHECKING:
    from renderer.ports import Meter, Tracer
    from renderer.telemetry.family import Family
    from renderer.telemetry.http import WatchServer
    from renderer.telemetry.meter import PrometheusMeter
    from renderer.telemetry.trace import LogTracer, SpanTracer

log = logging.getLogger(__name__)


def start_logs(settings: Settings) -> None:
    """Send everything this process logs to standard error, as the settings want it.

    Raises:
        ConfigError: structlog is not installed.
    """
    from renderer.telemetry.logs import start_logs as start

    start(as_json=settings.service.logs_json)


def open_child_meter(settings: Settings) -> Meter:
    """Return the meter of a worker process; silent where no parent answers for it."""
    from renderer.ports import SILENT

    if not settings.service.metrics_folder:
        return SILENT
    from renderer.telemetry.meter import child_meter

    return child_meter(settings.service.metrics_slot)


def open_family(settings: Settings) -> Family | None:
    """Return the metrics of a supervisor and its children; None where nobody reads them.

    Raises:
        ConfigError: The library is not installed.
    """
    if not settings.service.metrics_port:
        return None
    from renderer.telemetry.family import Family

    return Family(__version__)


def open_relay_meter(settings: Settings) -> PrometheusMeter | None:
    """Return the meter of a relay; None where nobody reads it.

    Raises:
        ConfigError: The library is not installed.
    """
    if not settings.service.metrics_port:
        return None
    from renderer.telemetry.catalogue import Place
    from renderer.telemetry.meter import PrometheusMeter

    meter = PrometheusMeter(Place.RELAY)
    meter.set("barkline_build_info", 1, version=__version__)
    return meter


def serve_watch(
    settings: Settings, metrics: Callable[[], bytes], why_unwell: Callable[[], str]
) -> WatchServer:
    """Serve /metrics and /healthz until the answer is closed.

    Args:
        settings: Say where.
        metrics: Returns Prometheus' text format.
        why_unwell: Returns what is wrong, or "".

    Raises:
        ConfigError: The port is taken.
    """
    from renderer.telemetry.http import WatchServer, watch_pages

    ours = settings.service
    return WatchServer(ours.metrics_host, ours.metrics_port, watch_pages(metrics, why_unwell))


def open_tracer(settings: Settings) -> LogTracer | SpanTracer:
    """Return the tracer of a worker or relay: logs, and spans where a collector is named."""
    from renderer.telemetry.trace import LogTracer, SpanTracer, open_processor

    logs = LogTracer()
    if not _exports(settings):
        return logs
    return SpanTracer(open_processor(settings.service.traces), logs)


def open_import_tracer(settings: Settings) -> Tracer:
    """Return the tracer of a command that imports; its spans are sent when the process ends."""
    from renderer.ports import UNTRACED

    if not settings.is_service or not _exports(settings):
        return UNTRACED
    from renderer.telemetry.trace import SpanTracer, open_processor

    return SpanTracer(open_processor(settings.service.traces))


def _exports(settings: Settings) -> bool:
    """Whether spans are wanted and can be made; whole clusters may be told to want them."""
    if not settings.service.traces:
        return False
    is_there = importlib.util.find_spec("opentelemetry") is not None
    if not is_there:
        log.warning("traces need OpenTelemetry: pip install 'barkline[trace]'; none are sent")
    return is_there
