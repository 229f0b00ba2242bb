"""Pins approved lines to their current take, whatever changes around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from renderer.domain.events import LineFrozen, LineThawed
from renderer.domain.take import TakeStatus
from renderer.ports import StoredLine, UnitOfWork
from renderer.services.scope import Scope


@dataclass(frozen=True, slots=True)
class FreezeReport:
    """What was pinned or let go, and what could not be: (line_id, locale) each."""

    done: tuple[tuple[str, str], ...]
    refused: tuple[tuple[str, str], ...] = ()


def freeze(unit: Callable[[], UnitOfWork], scope: Scope, who: str) -> FreezeReport:
    """Pin every approved line in scope to its take; others are refused, not pinned."""
    done, refused = [], []
    with unit() as u:
        for row in [r for r in u.lines.iterate() if scope.holds(r.utterance)]:
            if row.is_frozen:
                continue
            if row.status is not TakeStatus.APPROVED:
                refused.append(row.utterance.key)
                continue
            u.lines.freeze(row.pk, row.take_id)
            u.outbox.add([LineFrozen(*row.utterance.key, take_id=row.take_id, who=who)])
            done.append(row.utterance.key)
        u.commit()
    return FreezeReport(tuple(done), tuple(refused))


def thaw(unit: Callable[[], UnitOfWork], scope: Scope, who: str) -> FreezeReport:
    """Let pinned lines follow their inputs again, from the next import on."""
    done = []
    with unit() as u:
        for row in frozen_lines(u, scope):
            u.lines.freeze(row.pk, None)
            u.outbox.add([LineThawed(*row.utterance.key, who=who)])
            done.append(row.utterance.key)
        u.commit()
    return FreezeReport(tuple(done))


def frozen_lines(unit: UnitOfWork, scope: Scope) -> list[StoredLine]:
    """Return the pinned lines in scope."""
    return [r for r in unit.lines.iterate() if r.is_frozen and scope.holds(r.utterance)]
