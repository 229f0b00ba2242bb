"""What is still to be rendered, and putting it back into the queue when the queue has lost it."""

from __future__ import annotations

from collections.abc import Callable

from renderer.domain.route import Priority
from renderer.domain.take import TakeStatus
from renderer.ports import UnitOfWork
from renderer.services.failpoint import Failpoint, nothing
from renderer.services.scope import Scope

UNFINISHED = (TakeStatus.PENDING, TakeStatus.LEASED)


def take_ids(
    unit: UnitOfWork, scope: Scope, statuses: tuple[TakeStatus, ...] = UNFINISHED
) -> list[int]:
    """Return the takes in force of the lines in scope that are in some statuses, sorted."""
    rows = unit.lines.iterate(statuses)
    return sorted({row.take_id for row in rows if scope.holds(row.utterance)})


def reopen(
    begin: Callable[[], UnitOfWork],
    scope: Scope,
    statuses: tuple[TakeStatus, ...],
    max_attempts: int | None = None,
) -> int:
    """Make finished takes of the lines in scope pending again; return how many.

    Args:
        begin: Begins a transaction.
        scope: Which lines.
        statuses: Which takes.
        max_attempts: The project's cap as it is now; None leaves each take's own.
    """
    with begin() as unit:
        done = unit.takes.reopen(statuses, take_ids(unit, scope, statuses), max_attempts)
        unit.commit()
    return done


def enqueue(begin: Callable[[], UnitOfWork], ids: list[int]) -> int:
    """Make those that no worker holds wait for the relay; return how many now do."""
    with begin() as unit:
        done = unit.takes.enqueue(ids)
        unit.commit()
    return done


def request(
    begin: Callable[[], UnitOfWork],
    scope: Scope,
    few: int,
    priority: Priority | None = None,
    failpoint: Failpoint = nothing,
) -> list[int]:
    """Ask the workers of a service for what is open in scope; returns its row ids.

    What is queued already is not queued twice. So few takes that somebody waits for them overtake.

    Args:
        begin: Begins a transaction.
        scope: Which lines.
        few: How many takes are few.
        priority: What goes first; None: few takes overtake, many stay as they are.
        failpoint: Called with the name of each step, for fault tests.
    """
    with begin() as unit:
        ids = take_ids(unit, scope)
        if priority is None and len(ids) <= few:
            priority = Priority.URGENT
        unit.takes.enqueue(ids, priority, again=False)
        failpoint("requesting")
        unit.commit()
    return ids


def start_alone(begin: Callable[[], UnitOfWork], scope: Scope) -> list[int]:
    """Begin as the only worker of a database: whatever an earlier process held is taken back.

    Returns:
        The takes in scope that are to be rendered; each waits in the outbox.
    """
    with begin() as unit:
        unit.takes.break_leases()
        ids = take_ids(unit, scope)
        unit.outbox.forget()
        unit.takes.enqueue(ids)
        unit.commit()
    return ids
