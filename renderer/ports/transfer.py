"""Rows of one database in another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Amount:
    """How many rows there are.

    Attributes:
        takes: Takes.
        new_takes: Those the other database has not.
        lines: Lines.
        new_lines: Those the other database has not.
        events: Events of the audit trail.
    """

    takes: int
    new_takes: int
    lines: int
    new_lines: int
    events: int


class Transfer(Protocol):
    """Copies the rows of one database into another, in pieces; a second time is harmless."""

    def projects(self) -> Sequence[str]:
        """Return the projects there are to copy."""
        ...

    def render_keys(self) -> Sequence[str]:
        """Return the render keys of all takes there are to copy."""
        ...

    def amount(self) -> Amount:
        """Return how much there is, and how much of it is new."""
        ...

    def takes(self) -> Iterator[int]:
        """Copy takes and voice levels; yields how many takes each piece had.

        A take the other database has stays, unless nobody has finished it there, or it is approved
        here and not there.
        """
        ...

    def lines(self) -> Iterator[int]:
        """Copy projects, files and lines with their decisions; yields how many lines each time.

        A line the other database has stays as it is there. Needs `takes` first.
        """
        ...

    def events(self) -> Iterator[int]:
        """Copy the audit trail; yields how many events each piece had."""
        ...
