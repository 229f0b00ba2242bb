"""The limits a worker judges by: the shipped ones under those of the project that asked."""

from __future__ import annotations

import json
from collections.abc import Callable

from renderer.ports import UnitOfWork
from renderer.quality.limits import GateLimits, merge


class ProjectLimits:
    """Looks up the limits of projects; what an import recorded last holds.

    Args:
        reading: Begins a transaction for reading.
        shipped: The limits below every project's own.
    """

    def __init__(self, reading: Callable[[], UnitOfWork], shipped: GateLimits) -> None:
        self._reading = reading
        self._shipped = shipped
        self._known: dict[str, GateLimits] = {}

    def of(self, project: str) -> GateLimits:
        """Return the limits of a project; the shipped ones when it has none of its own."""
        if not project:
            return self._shipped
        with self._reading() as unit:
            own = unit.gates.get(project)
        if not own:
            return self._shipped
        text = json.dumps(own, sort_keys=True)
        if text not in self._known:  # equal limits are the same object, whoever has them
            self._known = {**self._known, text: merge(self._shipped, GateLimits(**own))}
        return self._known[text]
