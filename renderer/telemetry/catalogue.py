"""Every metric of the service, declared once: name, kind, help, unit, labels, buckets.

Dashboards, alerts and docs/monitoring.md are held against this table by tests, and so is every
name the code measures under.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product

from renderer.domain.route import ROUTES, Queue
from renderer.domain.take import TakeStatus


class Kind(StrEnum):
    """As Prometheus has them."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Place(StrEnum):
    """Which process measures it."""

    WORKER = "worker"  # a worker process; its parent answers for it
    SUPERVISOR = "supervisor"  # the parent, `barkline worker`
    RELAY = "relay"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: As Prometheus shows it; counters end in `_total`.
        kind: Counter, gauge or histogram.
        says: What it measures, in one sentence.
        places: Which processes measure it.
        labels: Names of its labels.
        known: Label to the values it has from the start, so that a rate has its zero.
        buckets: Upper bounds of a histogram, in its unit.
        unit: Unit of its value ("s", "bytes", "1" for a bare number).
        merge: How a gauge of several worker processes becomes one, as prometheus_client has it.
    """

    name: str
    kind: Kind
    says: str
    places: tuple[Place, ...]
    labels: tuple[str, ...] = ()
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    buckets: tuple[float, ...] = ()
    unit: str = "1"
    merge: str = "livemax"

    def siblings(self, values: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """Yield the label values that are known to exist beside some.

        >>> lines = Metric("x", Kind.COUNTER, "", (), ("status", "voice"), {"status": ("a", "b")})
        >>> sorted(lines.siblings(("a", "amy")))
        [('a', 'amy'), ('b', 'amy')]
        """
        pairs = zip(self.labels, values, strict=True)
        yield from product(*({value, *self.known.get(label, ())} for label, value in pairs))

    def start(self) -> Iterator[tuple[str, ...]]:
        """Yield the label values it has from the start; none when only time will tell."""
        if self.labels and all(label in self.known for label in self.labels):
            yield from product(*(self.known[label] for label in self.labels))


STAGES = ("transcribe", "speak", "direct", "master", "encode", "measure", "hear", "judge", "store")
OPERATIONS = ("get", "has", "put", "point", "pointed")
_LANES = {"queue": tuple(route.name for route in ROUTES)}
_QUEUES = {"queue": tuple(queue.value for queue in Queue)}
_ENDS = tuple(status.value for status in TakeStatus if status.is_finished)
_KINDS = {"kind": ("key", "raw", "model")}
_WORKER, _RELAY, _PARENT = (Place.WORKER,), (Place.RELAY,), (Place.SUPERVISOR,)
_BOTH = (Place.WORKER, Place.RELAY)
_COUNTER, _GAUGE, _HISTOGRAM = Kind.COUNTER, Kind.GAUGE, Kind.HISTOGRAM

METRICS: tuple[Metric, ...] = (
    Metric(
        "barkline_outbox_unsent",
        _GAUGE,
        "Takes that wait in the outbox for the relay.",
        _RELAY,
        ("queue",),
        _QUEUES,
    ),
    Metric(
        "barkline_outbox_oldest_age_seconds",
        _GAUGE,
        "How long the oldest take in the outbox has waited.",
        _RELAY,
        ("queue",),
        _QUEUES,
        unit="s",
    ),
    Metric(
        "barkline_queue_messages",
        _GAUGE,
        "Batches that wait, are delayed or run in a lane of the queue.",
        _RELAY,
        ("queue",),
        _LANES,
    ),
    Metric(
        "barkline_takes",
        _GAUGE,
        "Takes in the database, by status.",
        _RELAY,
        ("status",),
        {"status": tuple(status.value for status in TakeStatus)},
    ),
    Metric(
        "barkline_relay_events_total",
        _COUNTER,
        "Takes sent to the queue.",
        _RELAY,
        ("queue",),
        _LANES,
    ),
    Metric(
        "barkline_relay_batches_total",
        _COUNTER,
        "Batches sent to the queue.",
        _RELAY,
        ("queue",),
        _LANES,
    ),
    Metric(
        "barkline_requeued_total",
        _COUNTER,
        "Takes put back into the outbox: their lease expired, or no message named them any more.",
        _RELAY,
        ("why",),
        {"why": ("expired", "lost")},
    ),
    Metric(
        "barkline_batch_lines",
        _HISTOGRAM,
        "Lines of a batch as it was sent.",
        _RELAY,
        buckets=(1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 128, 256),
    ),
    Metric(
        "barkline_batch_fill_ratio",
        _HISTOGRAM,
        "Lines of a batch, as a share of what BARKLINE_BATCH allows.",
        _RELAY,
        buckets=(0.0625, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0),
    ),
    Metric(
        "barkline_lines_total",
        _COUNTER,
        "Takes finished, by what became of them.",
        _WORKER,
        ("status", "voice"),
        {"status": _ENDS},
    ),
    Metric(
        "barkline_audio_seconds_total",
        _COUNTER,
        "Seconds of finished sound.",
        _WORKER,
        ("voice",),
        unit="s",
    ),
    Metric(
        "barkline_work_seconds_total",
        _COUNTER,
        "Seconds of work on takes, whatever became of them.",
        _WORKER,
        ("voice",),
        unit="s",
    ),
    Metric(
        "barkline_stage_seconds",
        _HISTOGRAM,
        "Seconds of one call of a stage; transcribe, speak and judge take a batch at once.",
        _WORKER,
        ("stage",),
        {"stage": STAGES},
        buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
        unit="s",
    ),
    Metric(
        "barkline_rejects_total",
        _COUNTER,
        "Findings that failed an attempt.",
        _WORKER,
        ("check", "voice", "character"),
    ),
    Metric(
        "barkline_attempts_total",
        _COUNTER,
        "Attempts begun, by their number.",
        _WORKER,
        ("number",),
        {"number": ("1", "2", "3")},
    ),
    Metric(
        "barkline_quarantined_total",
        _COUNTER,
        "Takes put aside because workers died on them too often.",
        _WORKER,
    ),
    Metric(
        "barkline_cache_hits_total",
        _COUNTER,
        "What was found: key: a line's take; raw: a take before mastering; model: a loaded voice.",
        _BOTH,
        ("kind",),
        _KINDS,
    ),
    Metric(
        "barkline_cache_misses_total",
        _COUNTER,
        "What had to be made: key: a new take; raw: spoken anew; model: a voice loaded.",
        _BOTH,
        ("kind",),
        _KINDS,
    ),
    Metric(
        "barkline_store_errors_total",
        _COUNTER,
        "Calls of the object store that failed; an object that is not there is no failure.",
        _WORKER,
        ("operation",),
        {"operation": OPERATIONS},
    ),
    Metric(
        "barkline_store_bytes_total",
        _COUNTER,
        "Bytes to and from the object store.",
        _WORKER,
        ("operation",),
        {"operation": ("get", "put", "point", "pointed")},
        unit="bytes",
    ),
    Metric("barkline_database_errors_total", _COUNTER, "Calls of the database that failed.", _BOTH),
    Metric(
        "barkline_redis_errors_total", _COUNTER, "Calls of the queue's server that failed.", _BOTH
    ),
    Metric(
        "barkline_lease_lost_total",
        _COUNTER,
        "Results dropped because another worker held the take.",
        _WORKER,
    ),
    Metric(
        "barkline_dead_letters_total",
        _COUNTER,
        "Messages the queue gave up.",
        _WORKER,
        ("queue",),
        _LANES,
    ),
    Metric(
        "barkline_worker_restarts_total",
        _COUNTER,
        "Worker processes that died and were started again.",
        _PARENT,
    ),
    Metric(
        "barkline_gpu_memory_bytes",
        _GAUGE,
        "Memory of each GPU of the machine, used and total, as the driver says.",
        _PARENT,
        ("gpu", "kind"),
        unit="bytes",
    ),
    Metric(
        "barkline_model_cache_bytes",
        _GAUGE,
        "Model files in memory, of the worker process that has the most.",
        _WORKER,
        unit="bytes",
    ),
    Metric(
        "barkline_build_info",
        _GAUGE,
        "1, with the version that runs.",
        (Place.SUPERVISOR, Place.RELAY),
        ("version",),
    ),
)


def metrics_of(place: Place) -> tuple[Metric, ...]:
    """Return what one kind of process measures."""
    return tuple(metric for metric in METRICS if place in metric.places)
