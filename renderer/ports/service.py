"""What only a service with several workers keeps in its database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Leases(Protocol):
    """What keeps leases, and ends them."""

    def renew(self, owners: Sequence[str], seconds: float) -> set[str]:
        """Prolong all leases of some owners; return those that still hold any."""
        ...

    def deliveries(self, take_ids: Sequence[int]) -> dict[int, int]:
        """Return how often workers have begun the takes that nobody holds and nobody finished."""
        ...

    def quarantine(self, take_ids: Sequence[int]) -> list[int]:
        """Give up takes that workers died on too often; return which."""
        ...


class DeadLetters(Protocol):
    """Messages the queue has given up, copied where no queue can lose them."""

    def add(self, message_id: str, queue: str, take_ids: Sequence[int], reason: str) -> None:
        """Record one; a second time is harmless."""
        ...

    def count(self) -> int:
        """Return how many there are."""
        ...


class ProjectGates(Protocol):
    """The limits projects lay over the shipped ones."""

    def get(self, name: str) -> Mapping[str, Any]:
        """Return a project's limits as plain values; empty when it has none or is not known."""
        ...

    def put(self, limits: Mapping[str, Any]) -> None:
        """Record the limits of this transaction's project."""
        ...


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An import as the audit trail tells of it.

    Attributes:
        id: Row id of the event.
        requested: New takes.
        cached: Lines whose take was known already.
    """

    id: int
    requested: int
    cached: int


class Imports(Protocol):
    """The imports of all projects, as the audit trail tells of them."""

    def newest_event(self) -> int:
        """Return the row id of the newest event of any kind, 0 when there is none."""
        ...

    def after(self, event_id: int) -> list[ImportRow]:
        """Return the imports among the events newer than a row id."""
        ...
