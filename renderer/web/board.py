"""Every line's row in memory, so that 5,000 are shown at once; what changed is read again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from renderer.domain.reading import LineReading, ProjectReading, TakeReading
from renderer.domain.take import Alignment
from renderer.domain.verdict import Outcome
from renderer.ports import LineKey
from renderer.report.record import Plain, Tables, problem
from renderer.report.tally import Overview, group_of, order, overview

ReadLines = Callable[[Sequence[LineKey] | None], Iterable[LineReading]]


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows, and the tables their numbers point into."""

    rows: list[list[Any]]
    tables: Plain
    total: int

    def plain(self) -> Plain:
        """Return them ready for JSON."""
        return {"rows": self.rows, "tables": self.tables, "total": self.total}


class Board:
    """The lines of one project as the page lists them.

    Args:
        read: Reads some lines, or with None all of them in manifest order.
        project: What the head of the page says; its `lines` are not used.
    """

    def __init__(self, read: ReadLines, project: ProjectReading) -> None:
        self._read = read
        self._project = replace(project, lines=())
        self._lock = threading.RLock()
        self._lines: dict[LineKey, LineReading] = {}
        self._places: dict[LineKey, int] = {}
        self._tables = Tables()

    def load(self) -> None:
        """Read every line."""
        lines = [_lean(line) for line in self._read(None)]
        with self._lock:
            self._places = {line.utterance.key: place for place, line in enumerate(lines)}
            self._lines = {line.utterance.key: line for line in order(lines)}
            for line in lines:
                self._row(line)

    def refresh(self, keys: Sequence[LineKey]) -> Rows:
        """Read some lines again; return the rows of those that are other ones now."""
        fresh = [_lean(line) for line in self._read(keys)] if keys else []
        with self._lock:
            changed = [line for line in fresh if self._lines.get(line.utterance.key) != line]
            for line in changed:
                self._places.setdefault(line.utterance.key, len(self._places))
                self._lines[line.utterance.key] = line
            return self._rows(changed)

    def rows(self, start: int, count: int) -> Rows:
        """Return rows in the order of the page: what needs a person first."""
        with self._lock:
            return self._rows([*self._lines.values()][start : start + count])

    def unfinished(self) -> list[LineKey]:
        """Return the lines whose take is not finished."""
        with self._lock:
            return [key for key, line in self._lines.items() if group_of(line) == "pending"]

    def head(self) -> tuple[ProjectReading, Overview, list[Any]]:
        """Return what the page's frame shows: the project, its counts, and its problems."""
        with self._lock:
            lines = tuple(self._lines.values())
        reading = replace(self._project, lines=lines)
        bad = [problem(line) for line in lines if group_of(line) in ("rejected", "failed")]
        return replace(reading, lines=()), overview(reading), bad

    def tables(self) -> Plain:
        """Return the tables as they are now."""
        with self._lock:
            return self._tables.plain()

    def _rows(self, lines: Sequence[LineReading]) -> Rows:
        rows = [self._row(line) for line in lines]
        return Rows(rows, self._tables.plain(), len(self._lines))

    def _row(self, line: LineReading) -> list[Any]:
        return self._tables.row(line, self._places[line.utterance.key])


def _lean(line: LineReading) -> LineReading:
    """Return a line without what only its own view shows."""
    return replace(line, take=_lean_take(line.take), previous=None)


def _lean_take(take: TakeReading | None) -> TakeReading | None:
    if take is None:
        return None
    bad = tuple(f for f in take.findings if f.outcome in (Outcome.FAIL, Outcome.ERROR))
    return replace(take, findings=bad, tried=(), tried_audio=(), alignment=Alignment())
