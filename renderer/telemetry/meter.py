"""The meter on Prometheus' client library: for one process, or for the children of a supervisor.

A child writes its values into files of a folder, and its parent answers for all of them. The files
bear the child's slot, not its process id: one that is started again goes on counting where the dead
one stopped, and no file is left behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any

from renderer.errors import ConfigError
from renderer.telemetry.catalogue import Kind, Metric, Place, metrics_of

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

# A label value that nobody bounded must not fill the memory of Prometheus.
MOST_SERIES = 5_000
OTHER = "other"


class PrometheusMeter:
    """Implements `ports.Meter`. What a name or label is not in the catalogue for is a bug.

    Args:
        place: Which process this is; it declares its own metrics and no others.
        registry: Where they are declared; of this meter alone.

    Raises:
        ConfigError: The library is not installed.
    """

    def __init__(self, place: Place, registry: CollectorRegistry | None = None) -> None:
        library = _library()
        self.registry: CollectorRegistry = registry or library.CollectorRegistry()
        self._metrics = {metric.name: metric for metric in metrics_of(place)}
        self._parents: dict[str, Any] = {
            metric.name: _declare(library, metric, self.registry)
            for metric in self._metrics.values()
        }
        self._series: dict[tuple[str, tuple[str, ...]], Any] = {}
        self._sizes: dict[str, int] = {}
        self._lock = Lock()
        for metric in self._metrics.values():
            for values in metric.start():
                self._child(metric.name, dict(zip(metric.labels, values, strict=True)))

    def count(self, name: str, by: float = 1.0, /, **labels: str) -> None:
        """Add to a counter; adding 0 makes it known."""
        self._child(name, labels).inc(by)

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Put a value into a histogram."""
        self._child(name, labels).observe(value)

    def set(self, name: str, value: float, /, **labels: str) -> None:
        """Set a gauge."""
        self._child(name, labels).set(value)

    def time(self, name: str, /, **labels: str) -> AbstractContextManager[None]:
        """Put the seconds a block takes into a histogram, also when it raises."""
        return _timed(self._child(name, labels))

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return bytes(_library().generate_latest(self.registry))

    def _child(self, name: str, labels: dict[str, str]) -> Any:  # noqa: ANN401 - untyped library
        """Return one series; its known siblings begin with it."""
        metric = self._metrics[name]
        values = tuple(labels[label] for label in metric.labels)
        if len(labels) != len(values):
            raise KeyError(f"{name} has the labels {metric.labels}")
        found = self._series.get((name, values))
        return found if found is not None else self._begin(metric, values)

    def _begin(self, metric: Metric, values: tuple[str, ...]) -> Any:  # noqa: ANN401
        with self._lock:
            if self._sizes.get(metric.name, 0) >= MOST_SERIES:
                values = (OTHER,) * len(values)
            for sibling in metric.siblings(values):
                if (metric.name, sibling) in self._series:
                    continue
                parent = self._parents[metric.name]
                child = parent.labels(*sibling) if sibling else parent
                self._series[metric.name, sibling] = child
                self._sizes[metric.name] = self._sizes.get(metric.name, 0) + 1
            return self._series[metric.name, values]


def child_meter(slot: int) -> PrometheusMeter:
    """Return the meter of a worker process whose parent answers for it.

    PROMETHEUS_MULTIPROC_DIR names the folder they share. Called once, before anything is measured.

    Args:
        slot: Number of the process among its siblings; two that live at once never share one.
    """
    _library()
    from prometheus_client import values

    make: Any = values.MultiProcessValue
    values.ValueClass = make(lambda: slot)
    return PrometheusMeter(Place.WORKER)


class FamilyMeter(PrometheusMeter):
    """The parent's meter: its own metrics, and those of its children.

    Args:
        folder: Where children keep their values.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(Place.SUPERVISOR)
        from prometheus_client.multiprocess import MultiProcessCollector

        self._folder = folder
        MultiProcessCollector(self.registry, path=str(folder))  # type: ignore[no-untyped-call]

    def forget(self, slot: int) -> None:
        """Drop the gauges of a child that died; what it counted stays counted."""
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(slot, str(self._folder))  # type: ignore[no-untyped-call]


def _library() -> Any:  # noqa: ANN401 - the module
    try:
        import prometheus_client
    except ImportError as error:
        raise ConfigError(
            "BARKLINE_METRICS_PORT is set, and the metrics need prometheus_client: "
            "pip install 'barkline[service]', or unset it."
        ) from error
    return prometheus_client


def _declare(library: Any, metric: Metric, registry: CollectorRegistry) -> Any:  # noqa: ANN401
    options: dict[str, Any] = {"registry": registry}
    if metric.kind is Kind.HISTOGRAM:
        made = library.Histogram(
            metric.name, metric.says, metric.labels, buckets=metric.buckets, **options
        )
    elif metric.kind is Kind.COUNTER:
        made = library.Counter(metric.name, metric.says, metric.labels, **options)
    else:
        options["multiprocess_mode"] = metric.merge
        made = library.Gauge(metric.name, metric.says, metric.labels, **options)
    return made


@contextmanager
def _timed(histogram: Any) -> Iterator[None]:  # noqa: ANN401 - untyped library
    began = perf_counter()
    try:
        yield
    finally:
        histogram.observe(perf_counter() - began)
