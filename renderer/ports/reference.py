"""What the database names in the object store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol


class References(Protocol):
    """What the rows of every project name in the store, and rows that are owed to nobody."""

    def takes(self) -> int:
        """Return how many takes there are."""
        ...

    def named(self, since: datetime | None = None) -> Iterator[str]:
        """Yield the object keys that any take names; the same one may come more than once.

        Args:
            since: Only of takes created or finished at or after this moment; None for all.
        """
        ...

    def known(self, render_keys: Sequence[str]) -> set[str]:
        """Return those of some render keys that a take has."""
        ...

    def settled(self) -> int:
        """Return how many outbox rows were sent and their takes finished."""
        ...

    def purge(self) -> int:
        """Remove those rows; return how many they were."""
        ...
