"""A house with its engines, its judges and its queue, all in one process."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from renderer.bootstrap.clock import SystemClock
from renderer.bootstrap.house import House
from renderer.bootstrap.stages import Ground, compose_render, shipped_limits
from renderer.bootstrap.workspace import Workspace, gate_names, gate_path
from renderer.errors import Fault

if TYPE_CHECKING:
    from dramatiq.brokers.stub import StubBroker

    from renderer.quality.limits import GateLimits
    from renderer.services.relay import Relay
    from renderer.services.render import Render


@dataclass(frozen=True, slots=True)
class Walk:
    """A house with its engines, its judge and its queue."""

    house: House
    broker: StubBroker
    relay: Relay
    render: Render


def open_walk(house: House, *, batch: int | None = None) -> Walk:
    """Open everything a render needs, on the embedded queue."""
    from renderer.messaging.broker import EmbeddedPublisher, embedded_broker
    from renderer.services import failpoint
    from renderer.services.relay import Pace, Relay

    broker = embedded_broker()
    render = open_render(house)
    render.arm(failpoint.read(house.workspace.settings.failpoint))
    pace = Pace(batch or house.workspace.settings.batch)
    publisher = EmbeddedPublisher(broker)
    return Walk(
        house=house,
        broker=broker,
        relay=Relay(house.unit, publisher, pace, SystemClock(), render.failpoint),
        render=render,
    )


def open_render(house: House) -> Render:
    """Compose the service that renders batches; the project at hand judges all of them."""
    from renderer.speech.worker_voices import WorkerVoices

    place = house.workspace
    limits = gate_limits(place)
    voices = WorkerVoices(house.voices, place.settings.batch)
    ground = Ground(place.settings, house.unit, house.reading, house.store, voices)
    return compose_render(ground, lambda _project: limits, platform.node() or "worker")


def gate_limits(
    place: Workspace, instead: Path | None = None, warnings: list[Fault] | None = None
) -> GateLimits:
    """Return the shipped limits with the project's own `gate.yaml` laid over them.

    Args:
        place: The project.
        instead: A file to lay over them in its place; None for the project's own.
        warnings: Is given the rows of voices that are not known here; None: nobody asks.

    Raises:
        InputError: The file is wrong, or `instead` is not there.
    """
    from renderer.quality.limit_file import Known, read_limits
    from renderer.quality.limits import merge

    project = place.project
    own = instead or gate_path(project)
    if instead is None and not own.is_file():
        return shipped_limits()
    asks = warnings is not None
    known = gate_names(project, place.settings) if asks else Known(project.locales)
    return merge(shipped_limits(), read_limits(own, known, warnings))
