"""Which decision holds for stored lines: what status, render and the gate's outcome ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from renderer.domain.review import Choice, Decision, Standing, holding, why_lapsed
from renderer.domain.take import TakeStatus
from renderer.ports import StoredLine, UnitOfWork

PIECE = 500


@dataclass(frozen=True, slots=True)
class Held:
    """What was decided about stored lines, by row id of the line.

    Attributes:
        decisions: What holds for its take; absent where nothing does.
        lapsed: Who called its take good, and what has changed since; absent where nothing has.
    """

    decisions: Mapping[int, Decision]
    lapsed: Mapping[int, str]


def decisions_held(unit: UnitOfWork, rows: Sequence[StoredLine]) -> Held:
    """Return what holds for stored lines."""
    histories = unit.decisions.of([row.pk for row in rows])
    decided = [row for row in rows if row.pk in histories]
    found: dict[int, Decision] = {}
    lapsed: dict[int, str] = {}
    for start in range(0, len(decided), PIECE):
        piece = decided[start : start + PIECE]
        takes = {t.id: t for t in unit.takes.get(sorted({row.take_id for row in piece}))}
        for row in piece:
            history, standing = histories[row.pk], Standing.of(takes[row.take_id])
            decision = holding(history, standing)
            if decision is not None:
                found[row.pk] = decision
            elif why := why_lapsed(history, standing):
                lapsed[row.pk] = why
    return Held(found, lapsed)


def standing_of(row: StoredLine, decision: Decision | None) -> str:
    """Return where a line is, in one word: its take's status, or what people made of it."""
    if decision is not None and decision.choice is Choice.RETURN:
        return "returned"
    if decision is not None and decision.choice in (Choice.RETAKE, Choice.REPLACE):
        return "to be rendered again"
    if row.is_frozen:
        return "frozen"
    is_waived = decision is not None and decision.choice is Choice.WAIVE
    return "waived" if is_waived and row.status is TakeStatus.REJECTED else row.status.value
