"""The way to the workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from renderer.domain.route import Route


class Publisher(Protocol):
    """Sends batches to workers."""

    def publish(self, take_ids: Sequence[int], voice: str, route: Route) -> None:
        """Enqueue one batch. Sending twice is harmless.

        Raises:
            QueueError: The queue cannot be reached.
        """
        ...

    def depth(self, route: Route) -> int:
        """Return how many batches wait or run in a lane.

        Raises:
            QueueError: The queue cannot be reached.
        """
        ...

    def held(self) -> set[int]:
        """Return the takes that any message names, waiting, delayed or running.

        Raises:
            QueueError: The queue cannot be reached.
        """
        ...
