"""How things are shown: tables of counts, progress, GitHub annotations."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.progress import TimeRemainingColumn as Remaining

from renderer.domain.take import RenderResult, TakeStatus
from renderer.services.ingest import IngestReport


def as_json(document: Any) -> None:  # noqa: ANN401 - anything JSON can hold
    """Print a document for machines; escaped where standard output is no UTF-8."""
    is_unicode = "utf" in (getattr(sys.stdout, "encoding", None) or "utf-8").casefold()
    click.echo(json.dumps(document, indent=2, ensure_ascii=not is_unicode, default=str))


def bars() -> Progress:
    """Return a progress display on standard error; silent where nobody watches."""
    console = Console(stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Remaining(),
        TextColumn("{task.fields[note]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


@contextmanager
def counting(description: str) -> Iterator[Any]:
    """Show (done, total) of long work; the block receives a function to tell them to."""
    with bars() as progress:
        task = progress.add_task(description, total=None, note="")

        def tell(done: int, total: int, *_: object) -> None:
            progress.update(task, completed=done, total=total)

        yield tell


@contextmanager
def steps() -> Iterator[Any]:
    """Show several kinds of work, a bar for each; the block receives a function to tell it to.

    The function takes what is being done, how much of it is done, and the total or None.
    """
    with bars() as progress:
        tasks: dict[str, Any] = {}

        def tell(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total, note="")
            progress.update(tasks[what], completed=done, total=total)

        yield tell


class RenderDisplay:
    """Live figures of a render: lines/s, × real time, queue, rejects.

    Args:
        total: Takes to render.
        seconds: Seconds from some fixed point.
    """

    def __init__(self, total: int, seconds: Any) -> None:  # noqa: ANN401 - a callable
        self._seconds = seconds
        self._began = seconds()
        self._sound_s = 0.0
        self._done = 0
        self._bars = bars()
        self._task = self._bars.add_task("render", total=total, note="")

    def __enter__(self) -> RenderDisplay:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def told(self, result: RenderResult) -> None:
        """Count one finished take."""
        self._done += 1
        self._sound_s += result.delivery.duration_s if result.delivery else 0.0

    def tick(self, counts: Mapping[TakeStatus, int]) -> None:
        """Draw the counts by status."""
        waiting = counts.get(TakeStatus.PENDING, 0) + counts.get(TakeStatus.LEASED, 0)
        rejected = counts.get(TakeStatus.REJECTED, 0)
        done = sum(counts.values()) - waiting
        self._done = max(self._done, done)  # workers elsewhere tell nothing else
        note = f"{self.speed()}, {waiting} waiting, {rejected} rejected"
        self._bars.update(self._task, completed=done, note=note)

    def speed(self) -> str:
        """Return the speed so far in words."""
        elapsed = max(1e-3, self._seconds() - self._began)
        rate = f"{self._done / elapsed:.1f} lines/s"
        return f"{rate}, {self._sound_s / elapsed:.1f} × real time" if self._sound_s else rate


def import_summary(report: IngestReport) -> str:
    """Return what an import did, in one line."""
    parts = [f"{report.lines} lines read from {report.files} files"]
    for number, text in (
        (report.skipped, "files unchanged"),
        (report.requested, "takes to render"),
        (report.renamed, "renamed"),
        (report.orphaned, "gone"),
        (len(report.lapsed), "frozen lines changed and follow their inputs again"),
    ):
        if number:
            parts.append(f"{number} {text}")
    return ", ".join(parts)


def annotate(
    level: str, path: str, line: int, title: str, message: str, *, err: bool = False
) -> None:
    """Print a GitHub workflow annotation; its text is data, never a command."""

    def escape(text: str, *, is_property: bool = False) -> str:
        text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        return text.replace(":", "%3A").replace(",", "%2C") if is_property else text

    where = f"file={escape(path, is_property=True)},line={max(1, line)}" if path else ""
    named = f"title={escape(title, is_property=True)}"
    click.echo(f"::{level} {','.join(p for p in (where, named) if p)}::{escape(message)}", err=err)


def warn(message: str) -> None:
    """Print a warning on standard error."""
    click.echo(f"warning: {message}", err=True)
