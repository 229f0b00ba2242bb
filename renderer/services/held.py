"""Which decision holds for stored lines: what status, render and the gate's outcome ask."""

from __future__ import annotations

from collections.abc import Sequence

from renderer.domain.render_key import RenderKey
from renderer.domain.review import Choice, Decision, holding
from renderer.domain.take import TakeStatus
from renderer.ports import StoredLine, UnitOfWork


def decisions_held(unit: UnitOfWork, rows: Sequence[StoredLine]) -> dict[int, Decision]:
    """Return row id of a line to the decision that holds for its take; absent when none does."""
    histories = unit.decisions.of([row.pk for row in rows])
    found: dict[int, Decision] = {}
    for row in rows:
        if row.pk in histories:
            decision = holding(histories[row.pk], RenderKey.from_plain(row.parts).hex)
            if decision is not None:
                found[row.pk] = decision
    return found


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
