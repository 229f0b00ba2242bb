"""How things stand: which lines are not approved and why, and scopes that hold nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from renderer.bootstrap import House
from renderer.cli import show
from renderer.domain.review import Choice
from renderer.domain.take import Take, TakeStatus
from renderer.services.scope import Scope

if TYPE_CHECKING:
    from renderer.ports import StoredLine, UnitOfWork

SHOWN = 20
NOT_GOOD = (TakeStatus.REJECTED, TakeStatus.FAILED, TakeStatus.QUARANTINED)


def failures(house: House, scope: Scope) -> dict[tuple[str, str], tuple[TakeStatus, str]]:
    """Return for every line in scope that was rendered and is not approved: status and why."""
    with house.reading() as unit:
        rows, lapsed = _unsettled(unit, scope)
        takes = {t.id: t for t in unit.takes.get(sorted({r.take_id for r in rows}))}
    found: dict[tuple[str, str], tuple[TakeStatus, str]] = {}
    for row in rows:
        why = filter(None, (_why(takes[row.take_id]), lapsed.get(row.pk, "")))
        found[row.utterance.key] = row.status, "; ".join(why)
    return found


def _why(take: Take) -> str:
    """Say why a take is not approved: its error, or what the gate found first."""
    result = take.result
    if take.status is TakeStatus.QUARANTINED or result is None:
        return "workers died on it too often; change the line, or use --retry quarantined"
    if result.error or result.verdict is None:
        return result.error
    bad = result.verdict.failed
    if not bad:
        return ""
    more = f" (and {len(bad) - 1} more, see the report)" if len(bad) > 1 else ""
    return f"{bad[0].message} {bad[0].hint}".strip() + more


def unsettled(house: House, scope: Scope) -> dict[TakeStatus, int]:
    """Return how many takes in scope are rejected, failed or quarantined now."""
    with house.reading() as unit:
        takes = {(row.status, row.take_id) for row in _unsettled(unit, scope)[0]}
    counts = Counter(status for status, _ in takes)
    return {status: counts[status] for status in NOT_GOOD if counts[status]}


def _unsettled(unit: UnitOfWork, scope: Scope) -> tuple[list[StoredLine], Mapping[int, str]]:
    """Return the lines in scope that are not good and not waived, and why waivers have lapsed."""
    from renderer.services.held import decisions_held

    rows = [r for r in unit.lines.iterate(NOT_GOOD) if scope.holds(r.utterance)]
    held = decisions_held(unit, rows)
    waived = {pk for pk, one in held.decisions.items() if one.choice is Choice.WAIVE}
    return [row for row in rows if row.pk not in waived], held.lapsed


def tell_failures(house: House, scope: Scope) -> None:
    """Show why lines failed."""
    found = failures(house, scope)
    for (line_id, locale), (status, why) in list(found.items())[:SHOWN]:
        click.echo(f"{status.value}: {line_id} ({locale}): {why}", err=True)
    if len(found) > SHOWN:
        click.echo(f"… and {len(found) - SHOWN} more; see `barkline status`", err=True)


def warn_empty(house: House, scope: Scope) -> None:
    """Warn when no imported line is in scope: a pattern is probably misspelt."""
    if scope.is_everything:
        return
    with house.reading() as unit:
        holds = any(scope.holds(row.utterance) for row in unit.lines.iterate())
    if not holds:
        show.warn("no line matches --character, --scene, --locale and --line together.")
