"""Decides about stored metrics again, under other limits, without rendering anything.

A take is judged by the project that asked for it first. What a worker has at hand is judged when it
is done; a take that a line is frozen at keeps the verdict it was frozen with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple, TypeVar

from renderer.domain.events import Event, GateReplayed, TakeJudgedAgain
from renderer.domain.take import STATUS_OF, RenderResult, Take, TakeStatus
from renderer.domain.verdict import Decision, Finding, Verdict
from renderer.ports import UnitOfWork
from renderer.quality.gate import decide, read_metrics
from renderer.quality.limits import GateLimits
from renderer.services.scope import Scope

T = TypeVar("T")
PIECE = 500
FROZEN = "a line is frozen at it; thaw it to let the limits decide"


@dataclass(frozen=True, slots=True)
class Changed:
    """A line whose take has another status under the new limits.

    Attributes:
        line_id, locale, character: The line.
        take_id: Its take.
        was: The take's status.
        now: What the limits make of it.
        findings: What speaks against it now; for one that is approved, what spoke against it.
        other_attempt: An attempt that the limits approve where the kept one is not, or 0.
        kept: Why it is left as it is, or "".
    """

    line_id: str
    locale: str
    character: str
    take_id: int
    was: TakeStatus
    now: TakeStatus
    findings: tuple[Finding, ...]
    other_attempt: int = 0
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """A line that nothing can be decided about, and why."""

    line_id: str
    locale: str
    why: str


@dataclass(slots=True)
class ReplayReport:
    """What the limits make of the lines in scope.

    Attributes:
        judged: Lines decided about.
        changed: Those whose take has another status now.
        left: Lines that nothing can be decided about.
        rewritten: Takes whose verdict was stored anew; 0 unless applied.
    """

    judged: int = 0
    changed: list[Changed] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    rewritten: int = 0

    @property
    def moved(self) -> list[Changed]:
        """The changed lines that nothing keeps as they are."""
        return [line for line in self.changed if not line.kept]

    @property
    def kept(self) -> list[Changed]:
        """The changed lines that something keeps as they are."""
        return [line for line in self.changed if line.kept]

    def to(self, status: TakeStatus) -> list[Changed]:
        """Return the moved lines whose take has this status under the new limits."""
        return [line for line in self.moved if line.now is status]


class _Line(NamedTuple):
    """A line in scope, and its place in the manifests."""

    place: int
    line_id: str
    locale: str
    character: str


def redecide(take: Take, limits: GateLimits) -> RenderResult | None:
    """Return a take's result under other limits; None when it cannot be decided about.

    Args:
        take: Finished.
        limits: To decide by.
    """
    result = take.result
    if result is None or not take.status.is_finished or _kept(result, limits) is None:
        return None
    tried = tuple(
        replace(attempt, verdict=verdict)
        if (verdict := _verdict(attempt.metrics, limits))
        else attempt
        for attempt in result.tried
    )
    verdict = next(a.verdict for a in tried if a.number == result.attempt)
    return replace(result, status=STATUS_OF[verdict.decision], verdict=verdict, tried=tried)


class Replayer:
    """Decides again about the takes of a project.

    Args:
        project: Its name.
        limits: To decide by.
    """

    def __init__(self, project: str, limits: GateLimits) -> None:
        self._project = project
        self._limits = limits

    def look(self, unit: UnitOfWork, scope: Scope) -> ReplayReport:
        """Return what the limits would change; nothing is.

        Args:
            unit: A transaction, for reading.
            scope: Which lines.
        """
        report = ReplayReport()
        for _ in self._judge(unit, _lines(unit, scope), report):
            pass
        return report

    def apply(self, begin: Callable[[], UnitOfWork], scope: Scope, who: str) -> ReplayReport:
        """Store the verdicts and statuses that the limits make, all or none.

        Args:
            begin: Begins a transaction.
            scope: Which lines.
            who: Who asks for it.
        """
        report, told = ReplayReport(), list[Event]()
        with begin() as unit:
            lines = _lines(unit, scope)
            held = set(unit.verdicts.hold(sorted(lines)))  # nobody else can change these now
            for take, fresh, is_pinned in self._judge(unit, lines, report):
                if is_pinned or take.id not in held or fresh == take.result:
                    continue
                unit.verdicts.replace(take, fresh)
                report.rewritten += 1
                if fresh.status is not take.status:
                    told.append(_event(take, fresh, who))
            unit.outbox.add([*told, GateReplayed(who, len(held), report.rewritten, len(told))])
            unit.commit()
        return report

    def _judge(
        self, unit: UnitOfWork, lines: Mapping[int, Sequence[_Line]], report: ReplayReport
    ) -> Iterator[tuple[Take, RenderResult, bool]]:
        """Yield what the limits make of every take, and whether it is pinned; tell of its lines.

        Each take is loaded and decided once, however many lines have it. The report is in the
        order of the lines when all are yielded.
        """
        changed: list[tuple[int, Changed]] = []
        left: list[tuple[int, Left]] = []
        for ids in _pieces(lines):
            pinned = unit.verdicts.pinned(ids)
            for take in unit.takes.get(ids):
                fresh, rows = self._decide(take), lines[take.id]
                if isinstance(fresh, str):
                    left += [(row.place, Left(row.line_id, row.locale, fresh)) for row in rows]
                    continue
                report.judged += len(rows)
                is_pinned = take.id in pinned
                if fresh.status is not take.status:
                    changed += [(r.place, _changed(r, take, fresh, is_pinned)) for r in rows]
                yield take, fresh, is_pinned
        report.changed += [row for _, row in sorted(changed, key=_place)]
        report.left += [row for _, row in sorted(left, key=_place)]

    def _decide(self, take: Take) -> RenderResult | str:
        """Return a take's result under the limits, or why there is none."""
        if take.asked_by not in ("", self._project):
            return f"its take is judged by the limits of {take.asked_by}, which asked first"
        if not take.status.is_finished:
            return f"its take is {take.status.value}; it is judged when it is rendered"
        if take.status is TakeStatus.QUARANTINED:
            return "its take is quarantined; nothing was measured"
        return redecide(take, self._limits) or "its take has no stored metrics; render it again"


def _lines(unit: UnitOfWork, scope: Scope) -> dict[int, list[_Line]]:
    """Return the lines in scope by their take, without their texts: all of them are in memory."""
    found: dict[int, list[_Line]] = {}
    for place, line in enumerate(unit.lines.iterate()):
        if scope.holds(line.utterance):
            said = line.utterance
            row = _Line(place, said.line_id, said.locale, said.character)
            found.setdefault(line.take_id, []).append(row)
    return found


def _changed(row: _Line, take: Take, fresh: RenderResult, is_pinned: bool) -> Changed:
    return Changed(
        row.line_id,
        row.locale,
        row.character,
        take_id=take.id,
        was=take.status,
        now=fresh.status,
        findings=_against(take, fresh),
        other_attempt=_other(fresh),
        kept=FROZEN if is_pinned else "",
    )


def _place(row: tuple[int, object]) -> int:
    return row[0]


def _verdict(metrics: object, limits: GateLimits) -> Verdict | None:
    read = read_metrics(metrics)
    return decide(read, limits) if read else None


def _kept(result: RenderResult, limits: GateLimits) -> Verdict | None:
    return _verdict(result.metrics, limits) if result.delivery else None


def _against(take: Take, fresh: RenderResult) -> tuple[Finding, ...]:
    """Return what speaks against a take; for one that is approved now, what spoke against it."""
    now = fresh.verdict.failed if fresh.verdict else ()
    before = take.result.verdict if take.result else None
    return now or (before.failed if before else ())


def _other(fresh: RenderResult) -> int:
    """Return an attempt that passes where the kept one does not: only rendering can bring it."""
    if fresh.status is TakeStatus.APPROVED:
        return 0
    good = [a.number for a in fresh.tried if a.verdict.decision is Decision.APPROVED]
    return min(good, default=0)


def _event(take: Take, fresh: RenderResult, who: str) -> TakeJudgedAgain:
    checks = tuple(f.check for f in _against(take, fresh))
    return TakeJudgedAgain(take.id, take.status.value, fresh.status.value, checks, who)


def _pieces(items: Iterable[T]) -> Iterator[list[T]]:
    left = iter(items)
    while piece := list(islice(left, PIECE)):
        yield piece
