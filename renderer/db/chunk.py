"""Cuts long lists into statements every database accepts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
CHUNK = 900


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Yield pieces of at most `size` items, below the databases' limits of bound values."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
