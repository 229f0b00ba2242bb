"""One trace id from manifest to object, in spans that find their parents by it alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from renderer.domain.events import ManifestImported, TakeRequested
from renderer.domain.import_order import ImportOrder
from renderer.ports import TakeWrite
from renderer.services.relay import Pace, Relay
from renderer.telemetry.trace import SpanTracer, import_span_id, known

pytest.importorskip("opentelemetry.sdk")

ONE, TWO = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331a0f067aa0ba902b7"


class Exporter:
    """A tracer whose spans stay in memory."""

    def __init__(self) -> None:
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        self._memory = InMemorySpanExporter()
        self.tracer = SpanTracer(SimpleSpanProcessor(self._memory))

    def named(self, name: str) -> list[Any]:
        return [span for span in self._memory.get_finished_spans() if span.name == name]


class Publisher:
    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def publish(self, take_ids: Any, voice: str, route: Any) -> None:
        self.batches.append(list(take_ids))


def ids(span: Any) -> tuple[str, int]:
    return f"{span.context.trace_id:032x}", span.context.span_id


def parent(span: Any) -> tuple[str, int] | None:
    found = span.parent
    return None if found is None else (f"{found.trace_id:032x}", found.span_id)


def links(span: Any) -> set[tuple[str, int]]:
    return {(f"{link.context.trace_id:032x}", link.context.span_id) for link in span.links}


def trace(studio: Any, pks: list[int], trace_ids: list[str]) -> None:
    from sqlalchemy import update

    from renderer.db.tables import take

    with studio.unit() as unit:
        for pk, trace_id in zip(pks, trace_ids, strict=True):
            change = update(take).where(take.c.id == pk).values(trace_id=trace_id)
            unit._connection.execute(change)
        unit.commit()


def test_a_take_is_in_the_trace_of_its_import_through_relay_and_worker(studio: Any) -> None:
    pks = studio.ask("one", "two", "three")
    trace(studio, pks, [ONE, ONE, TWO])
    importing, relaying, working = Exporter(), Exporter(), Exporter()  # three processes
    with importing.tracer.span("import", [ONE], project="tiny"):
        pass
    publisher = Publisher()
    relay = Relay(studio.unit, publisher, Pace(8), studio.clock)  # type: ignore[arg-type]
    relay.tracer = relaying.tracer
    relay.run_once()
    studio.render.tracer = working.tracer
    for batch in publisher.batches:
        studio.render.batch(batch)

    root = ids(importing.named("import")[0])
    assert root == (ONE, import_span_id(ONE))
    assert parent(importing.named("import")[0]) is None
    (sent,) = relaying.named("relay batch")
    assert parent(sent) == root
    assert links(sent) == {(TWO, import_span_id(TWO))}
    (batch,) = working.named("render batch")
    assert parent(batch) == root
    assert links(batch) == {(TWO, import_span_id(TWO))}
    takes = {span.attributes["barkline.take"]: span for span in working.named("take")}
    assert sorted(takes) == pks
    assert [ids(takes[pk])[0] for pk in pks] == [ONE, ONE, TWO]
    assert parent(takes[pks[0]]) == ids(batch)
    assert parent(takes[pks[2]]) == (TWO, import_span_id(TWO))
    assert links(takes[pks[2]]) == {ids(batch)}
    assert takes[pks[0]].attributes["barkline.line"] == "one"


def test_the_end_of_a_take_is_told_with_its_trace(studio: Any) -> None:
    from sqlalchemy import select

    from renderer.db.tables import event

    pks = studio.ask("one", "mute two")
    trace(studio, pks, [ONE, TWO])
    studio.render.batch(pks)
    with studio.unit() as unit:
        told = select(event.c.payload).where(event.c.kind == "take_finished")
        payloads = list(unit._connection.scalars(told))
    assert {p["take_id"]: p["trace_id"] for p in payloads} == dict(
        zip(pks, [ONE, TWO], strict=True)
    )


def test_a_quarantined_take_is_told_with_its_trace(studio: Any) -> None:
    from sqlalchemy import select, update

    from renderer.db.tables import event, take
    from renderer.db.take_repository import MAX_DELIVERIES

    pks = studio.ask("one")
    trace(studio, pks, [ONE])
    with studio.unit() as unit:
        unit._connection.execute(update(take).values(deliveries=MAX_DELIVERIES))
        unit.commit()
    studio.render.batch(pks)
    with studio.unit() as unit:
        told = list(unit._connection.scalars(select(event.c.payload)))
    assert told == [{"take_id": pks[0], "status": "quarantined", "trace_id": ONE}]


def test_a_span_that_fails_says_of_what_kind_and_not_what_was_said() -> None:
    exporter = Exporter()
    with pytest.raises(ValueError, match="Vhar"), exporter.tracer.span("take", [ONE]):
        raise ValueError("Vhar says it")
    (span,) = exporter.named("take")
    assert span.status.description == "ValueError"
    assert not span.events


def test_a_take_of_an_older_release_has_no_trace_and_is_no_fault() -> None:
    exporter = Exporter()
    with exporter.tracer.span("render batch", [""]), exporter.tracer.span("take", [""]):
        pass
    assert parent(exporter.named("take")[0]) == ids(exporter.named("render batch")[0])
    assert known(["", "zz" * 16, ONE, ONE]) == [ONE]


def test_an_import_stores_its_trace_with_event_and_takes() -> None:
    assert "trace_id" in ImportOrder.__dataclass_fields__
    assert "trace_id" in ManifestImported.__dataclass_fields__
    assert "trace_id" in TakeWrite.__dataclass_fields__
    assert "trace_id" not in TakeRequested.__dataclass_fields__  # the take has it


def test_without_a_collector_nothing_of_opentelemetry_is_imported(repository: Path) -> None:
    code = (
        "import sys\n"
        "from renderer import bootstrap\n"
        "from renderer.config import Settings\n"
        "bootstrap.open_tracer(Settings.read({}))\n"
        "assert not [m for m in sys.modules if m.startswith('opentelemetry')]\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=repository, check=True)


def test_a_cluster_that_asks_for_traces_gets_none_without_the_extra(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from renderer import bootstrap
    from renderer.config import Settings
    from renderer.telemetry.trace import LogTracer

    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    settings = Settings.read({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"})
    assert isinstance(bootstrap.open_tracer(settings), LogTracer)
    assert "barkline[trace]" in caplog.text
