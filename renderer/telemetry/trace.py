"""Spans: fields on every log line inside them and, with the extra `trace`, spans of OpenTelemetry.

An import has one trace id, made before anything else and stored with each of its takes. The id of
the import's own span follows from it, so that a relay or worker, which knows the trace id alone,
can name its parent: import → relay batch, render batch → take are one trace, with nothing beside
the trace id handed on.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING

from renderer.errors import ConfigError

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Link, Span, SpanContext, Status

IMPORT = "import"
_HEX = set(string.hexdigits)
_TRACE_DIGITS = 32


def known(traces: Sequence[str]) -> list[str]:
    """Return the different trace ids among some texts, in order."""
    return [t for t in dict.fromkeys(traces) if len(t) == _TRACE_DIGITS and set(t) <= _HEX]


class LogTracer:
    """Implements `ports.Tracer` for logs alone."""

    @contextmanager
    def span(self, name: str, traces: Sequence[str] = (), /, **fields: str | int) -> Iterator[None]:
        """Bind the fields, and the trace id when it is one, to every log line inside."""
        from structlog.contextvars import bound_contextvars

        ids = known(traces)
        told = {key: value for key, value in fields.items() if value != ""}
        if len(ids) == 1:
            told["trace_id"] = ids[0]
        with bound_contextvars(**told):
            yield

    def close(self) -> None:
        """Do nothing: nothing waits."""


class SpanTracer:
    """Implements `ports.Tracer` with OpenTelemetry, and binds logs too where that is wanted.

    Args:
        processor: Where spans go when they end; from `open_processor`.
        logs: Binds the same fields to logs; None in a command for people.
    """

    def __init__(self, processor: SpanProcessor, logs: LogTracer | None = None) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider

        self._logs = logs
        self._ids = _Ids()
        resource = Resource.create({"service.name": "barkline"})
        self._provider = TracerProvider(
            id_generator=self._ids,  # type: ignore[arg-type] # the same methods
            resource=resource,
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("barkline")

    @contextmanager
    def span(self, name: str, traces: Sequence[str] = (), /, **fields: str | int) -> Iterator[None]:
        """Run a block as a span of the first trace, linked to the other ones."""
        ids = known(traces)
        parent, links = self._place(name, ids)
        attributes = {f"barkline.{key}": value for key, value in fields.items() if value != ""}
        logs = self._logs.span(name, ids, **fields) if self._logs else nullcontext()
        with logs, self._begun(name, ids, parent, links) as span:
            span.set_attributes(attributes)
            try:
                yield
            except BaseException as error:  # its text may quote a line: the type alone is told
                span.set_status(_failed(error))
                raise

    def close(self) -> None:
        """Send what waits."""
        self._provider.shutdown()

    @contextmanager
    def _begun(
        self, name: str, ids: Sequence[str], parent: Context | None, links: list[Link]
    ) -> Iterator[Span]:
        from opentelemetry.trace import use_span

        with self._ids.root(ids[0] if name == IMPORT and ids else ""):
            span = self._tracer.start_span(name, context=parent, links=links)
        with use_span(
            span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        ):
            yield span

    @staticmethod
    def _place(name: str, ids: Sequence[str]) -> tuple[Context | None, list[Link]]:
        """Return the parent's context and the links of a span that works for some traces.

        None: the span around it stays the parent.
        """
        from opentelemetry import trace
        from opentelemetry.context import Context

        around = trace.get_current_span().get_span_context()
        links = [trace.Link(_import_span(other)) for other in ids[1:]]
        if not ids or (around.is_valid and around.trace_id == int(ids[0], 16)):
            return None, links
        if around.is_valid:
            links.append(trace.Link(around))
        if name == IMPORT:
            return Context(), links
        import_ = trace.NonRecordingSpan(_import_span(ids[0]))
        return trace.set_span_in_context(import_, Context()), links


def open_processor(endpoint: str) -> SpanProcessor:
    """Return what sends spans to an OTLP collector, in the background.

    Args:
        endpoint: `http://host:4318`; the standard OTEL_ variables say the rest.

    Raises:
        ConfigError: OpenTelemetry is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ConfigError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and traces need OpenTelemetry: "
            "pip install 'barkline[trace]', or unset it."
        ) from error
    return BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces"))


def _failed(error: BaseException) -> Status:
    from opentelemetry.trace import Status, StatusCode

    return Status(StatusCode.ERROR, type(error).__name__)


class _Ids:
    """Makes ids by chance, and those of an import's span from its trace id."""

    def __init__(self) -> None:
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

        self._chance = RandomIdGenerator()
        self._root: ContextVar[str] = ContextVar("root", default="")

    @contextmanager
    def root(self, trace_id: str) -> Iterator[None]:
        """Make the ids of an import's span inside the block; nothing else without a trace id."""
        token = self._root.set(trace_id)
        try:
            yield
        finally:
            self._root.reset(token)

    def generate_trace_id(self) -> int:
        root = self._root.get()
        return int(root, 16) if root else self._chance.generate_trace_id()

    def generate_span_id(self) -> int:
        root = self._root.get()
        return import_span_id(root) if root else self._chance.generate_span_id()

    def is_trace_id_random(self) -> bool:
        """Whether the lower half of a trace id is random, as it is in a UUID of version 4."""
        return True


def _import_span(trace_id: str) -> SpanContext:
    """Return the span of an import, which follows from its trace id."""
    from opentelemetry.trace import SpanContext, TraceFlags

    return SpanContext(
        int(trace_id, 16),
        import_span_id(trace_id),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )


def import_span_id(trace_id: str) -> int:
    """Return the id of an import's span: the first half of its trace id."""
    return int(trace_id[:16], 16) or 1
