"""What may be forgotten, and forgetting it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OldLine:
    """A line that may be forgotten.

    Attributes:
        pk: Row id.
        project: The project's name.
        line_id: Its id.
        locale: Its locale.
        is_gone: Whether it is gone from the manifests.
    """

    pk: int
    project: str
    line_id: str
    locale: str
    is_gone: bool


class Retention(Protocol):
    """Rows that are kept for their history alone; each call is a transaction of its own."""

    def knows(self, project: str) -> bool:
        """Whether there is a project of that name."""
        ...

    def stamp(self, now: datetime) -> int:
        """Begin to count for lines that are gone since an unknown time; return how many."""
        ...

    def gone(self, before: datetime) -> list[OldLine]:
        """Return the lines of all projects that are gone from the manifests since before."""
        ...

    def lines_of(self, project: str) -> list[OldLine]:
        """Return every line of a project."""
        ...

    def freed(self, lines: Sequence[OldLine], kept_keys: Collection[str]) -> int:
        """Return how many takes no line would name any more without some lines.

        Args:
            lines: Those that would go.
            kept_keys: Render keys whose takes stay all the same.
        """
        ...

    def remove(self, lines: Sequence[OldLine], kept_keys: Collection[str]) -> tuple[int, int]:
        """Remove lines, then takes that no line names; return how many of both.

        A line that came back meanwhile stays. So does a take that a worker holds.

        Args:
            lines: Which lines.
            kept_keys: Render keys whose takes stay all the same.
        """
        ...

    def remove_project(self, project: str) -> bool:
        """Remove a project that has no lines, with its events; return whether it had none."""
        ...

    def old_events(self, before: datetime) -> int:
        """Return how many events happened before a moment."""
        ...

    def old_dead_letters(self, before: datetime) -> int:
        """Return how many messages were given up before a moment."""
        ...

    def remove_events(self, before: datetime) -> int:
        """Remove those events; return how many."""
        ...

    def remove_dead_letters(self, before: datetime) -> int:
        """Remove those messages; return how many."""
        ...
