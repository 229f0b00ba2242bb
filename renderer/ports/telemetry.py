"""What services tell those who watch: numbers, and which line is at work."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Meter(Protocol):
    """Takes measures, by the names of `renderer.telemetry.catalogue`. Safe to use from threads.

    Label values are few: voices, checks, characters, queues, statuses; never a line or its text.
    """

    def count(self, name: str, by: float = 1.0, /, **labels: str) -> None:
        """Add to a counter; adding 0 makes it known."""
        ...

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Put a value into a histogram."""
        ...

    def set(self, name: str, value: float, /, **labels: str) -> None:
        """Set a gauge."""
        ...

    def time(self, name: str, /, **labels: str) -> AbstractContextManager[None]:
        """Put the seconds a block takes into a histogram, also when it raises."""
        ...


class Tracer(Protocol):
    """Tells what is at work: every log line inside a span carries its fields."""

    def span(
        self, name: str, traces: Sequence[str] = (), /, **fields: str | int
    ) -> AbstractContextManager[None]:
        """Run a block as one span.

        Args:
            name: What is done (`render batch`).
            traces: Trace ids of the imports it works for, 32 hex digits each; it belongs to the
                first and is linked to the others. () or "": to the span around it, if any.
            **fields: Of the span and of every log line inside it; short names, never dialogue.
        """
        ...


_NOTHING = nullcontext()


class SilentMeter:
    """Measures nothing, at next to no cost: embedded mode, and a service without a port for it."""

    def count(self, name: str, by: float = 1.0, /, **labels: str) -> None:
        """Do nothing."""

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Do nothing."""

    def set(self, name: str, value: float, /, **labels: str) -> None:
        """Do nothing."""

    def time(self, name: str, /, **labels: str) -> AbstractContextManager[None]:
        """Return a block that does nothing."""
        return _NOTHING


class SilentTracer:
    """Traces nothing."""

    def span(
        self, name: str, traces: Sequence[str] = (), /, **fields: str | int
    ) -> AbstractContextManager[None]:
        """Return a block that does nothing."""
        return _NOTHING


SILENT = SilentMeter()
UNTRACED = SilentTracer()
