"""The way to the workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Publisher(Protocol):
    """Sends batches to workers."""

    def publish(self, take_ids: Sequence[int], voice: str) -> None:
        """Enqueue one batch. Sending twice is harmless."""
        ...
