"""A house with its engines, its judges and its queue."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer import config
from renderer.bootstrap.clock import SystemClock
from renderer.bootstrap.house import House, revisions
from renderer.bootstrap.workspace import gate_path
from renderer.domain.project import Project

if TYPE_CHECKING:
    from dramatiq.brokers.stub import StubBroker

    from renderer.quality.limits import GateLimits
    from renderer.services.relay import Relay
    from renderer.services.render import Render
    from renderer.text.lexicon import Lexicon
    from renderer.text.transcriber import EspeakTranscriber


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
    render.failpoint = failpoint.read(house.workspace.settings.failpoint)
    pace = Pace(batch or house.workspace.settings.batch)
    publisher = EmbeddedPublisher(broker)
    return Walk(
        house=house,
        broker=broker,
        relay=Relay(house.unit, publisher, pace, SystemClock(), render.failpoint),
        render=render,
    )


def open_render(house: House) -> Render:
    """Compose the service that renders batches."""
    from renderer import __version__
    from renderer.db.plain import dump_result
    from renderer.judges.dnsmos import DnsmosJudge
    from renderer.services.finish import Finisher
    from renderer.services.keep import Keeper
    from renderer.services.level import VoiceLevel
    from renderer.services.perform import Performer
    from renderer.services.render import Render
    from renderer.text.transcriber import EspeakTranscriber

    settings = house.workspace.settings
    # Batches run side by side: their judges share the cores.
    judge = DnsmosJudge(threads=max(1, settings.threads // settings.workers))
    plain = EspeakTranscriber(_no_lexicon())
    level = VoiceLevel(house.unit, plain, house.voices.engine_revision, house.reading)
    stages = {part.value: text for part, text in revisions(house.workspace).items()}
    versions = {**stages, "barkline": __version__, "dnsmos": judge.revision}
    return Render(
        house.unit,
        Performer(house.reading, house.store, house.voices, _transcriber_for),
        Finisher(house.voices, level, [judge], gate_limits(house.workspace.project)),
        Keeper(house.store, house.voices, versions, dump_result),
        SystemClock(),
        worker=platform.node() or "worker",
    )


def gate_limits(project: Project) -> GateLimits:
    """Return the shipped limits with the project's own `gate.yaml` laid over them."""
    from renderer.quality.limits import merge, read_limits

    shipped = read_limits(config.assets_dir() / "gate_limits.yaml")
    own = gate_path(project)
    return merge(shipped, read_limits(own)) if own.is_file() else shipped


def _no_lexicon() -> Lexicon:
    from renderer.text.lexicon import Lexicon

    return Lexicon()


def _transcriber_for(entries: Sequence[Mapping[str, str | bool]]) -> EspeakTranscriber:
    from renderer.text.lexicon import Lexicon
    from renderer.text.lexicon_entry import LexiconEntry
    from renderer.text.transcriber import EspeakTranscriber

    return EspeakTranscriber(Lexicon([LexiconEntry.from_plain(e) for e in entries]))
