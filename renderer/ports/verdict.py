"""Verdicts of finished takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from renderer.domain.take import RenderResult, Take


class Verdicts(Protocol):
    """Verdicts of finished takes: held, looked at, and put in each other's place."""

    def hold(self, take_ids: Sequence[int]) -> list[int]:
        """Return those that are finished; nobody else changes them until the transaction ends."""
        ...

    def pinned(self, take_ids: Sequence[int]) -> set[int]:
        """Return those that a line of any project is frozen at."""
        ...

    def replace(self, judged: Take, result: RenderResult) -> None:
        """Put another verdict and status in the place of a finished take's; it must be held."""
        ...
