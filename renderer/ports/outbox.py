"""The transactional outbox: what is owed, from the request until its take is finished."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from renderer.domain.events import Event
from renderer.domain.route import Priority, Queue, Route


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A change event that waits to be sent.

    Attributes:
        id: Row id.
        take_id: The take to be rendered.
        voice: Its voice reference.
        phonemes: Its length, for grouping.
        deliveries: How often workers have begun it.
        created_at: When it was written; None when nobody asked.
        priority: What goes first: the smaller number.
        trace_id: Of the import that asked for the take, or "".
    """

    id: int
    take_id: int
    voice: str
    phonemes: int
    deliveries: int = 0
    created_at: datetime | None = None
    priority: Priority = Priority.NORMAL
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class OwedRow:
    """A row that was sent and whose take nobody has finished.

    Attributes:
        id: Row id.
        take_id: The take.
        is_expired: Whether a worker began it and its lease has run out.
    """

    id: int
    take_id: int
    is_expired: bool


class Outbox(Protocol):
    """Events written in the same transaction as the change they tell of."""

    def add(self, events: Sequence[Event]) -> None:
        """Write events; a `TakeRequested` waits for the relay, the others are the audit trail."""
        ...

    def claim(self, limit: int, route: Route | None = None) -> list[OutboxRow]:
        """Claim unsent rows for this transaction, urgent ones first; other relays skip them.

        Args:
            limit: How many at most.
            route: Of which lane; None for all.
        """
        ...

    def mark_sent(self, ids: Sequence[int]) -> None:
        """Mark rows as sent; they stay until their take is finished."""
        ...

    def owed(self, sent_before: datetime, limit: int) -> list[OwedRow]:
        """Return rows sent before a moment whose take waits for a worker, or lost its worker."""
        ...

    def resend(self, ids: Sequence[int]) -> int:
        """Let rows wait for the relay again; return how many were not waiting already."""
        ...

    def forget(self) -> None:
        """Forget all that waits or was sent: right before what is wanted is enqueued anew."""
        ...

    def voices(self, limit: int) -> list[str]:
        """Return the voice references that are owed most lines, those first."""
        ...

    def waiting(self) -> dict[Queue, tuple[int, datetime]]:
        """Return queue to (rows that wait for a relay, when the oldest was written)."""
        ...
