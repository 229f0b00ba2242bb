"""Holds what a line asks for now against what is known of it: the one place that says "stale"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from renderer.domain.render_key import OWN_PARTS, Part, RenderKey
from renderer.domain.take import TakeStatus


class Change(StrEnum):
    """What has to happen with a line."""

    NEW = "new"  # never rendered
    CHANGED = "changed"  # an input changed since its take
    PENDING = "pending"  # asked for, not finished
    FAILED = "failed"  # an engine or metric failed: the next render tries it again
    QUARANTINED = "quarantined"  # workers died on it too often; waits until it is asked for
    REJECTED = "rejected"  # every attempt failed the gate; waits for a listener or a change
    FROZEN = "frozen"  # pinned to its take whatever changes around it
    CACHED = "cached"  # approved and current
    ORPHANED = "orphaned"  # no longer in the manifests

    @property
    def is_work(self) -> bool:
        """Whether `render` would do something about it."""
        return self in (Change.NEW, Change.CHANGED, Change.PENDING, Change.FAILED)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a line: its take's key, that key's parts, its status."""

    render_key: str
    parts: Mapping[str, str]
    status: TakeStatus
    is_frozen: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome: what has to happen, and the inputs that made it so.

    Attributes:
        change: What has to happen.
        because: The parts that differ from the take in force.
        lapses: Whether a freeze ends, because the line itself changed.
    """

    change: Change
    because: tuple[Part, ...] = field(default=())
    lapses: bool = False


_BY_STATUS: Mapping[TakeStatus, Change] = {
    TakeStatus.PENDING: Change.PENDING,
    TakeStatus.LEASED: Change.PENDING,
    TakeStatus.APPROVED: Change.CACHED,
    TakeStatus.REJECTED: Change.REJECTED,
    TakeStatus.FAILED: Change.FAILED,
    TakeStatus.QUARANTINED: Change.QUARANTINED,
}


def compare(key: RenderKey, known: Known | None, status: TakeStatus | None) -> Comparison:
    """Say what has to happen with a line.

    Args:
        key: What it asks for now.
        known: What is known of it, or None for a new line.
        status: Status of the take of `key`, or None when that key is unknown.
    """
    if known is None:
        return Comparison(_BY_STATUS[status] if status else Change.NEW)
    because = key.changed(known.parts)
    ends = known.is_frozen and lapses(key, known.parts)
    if known.is_frozen and not ends:
        return Comparison(standing(known).change, because)
    if status is not None:
        return Comparison(_BY_STATUS[status], because, ends)
    return Comparison(Change.CHANGED, because, ends)


def lapses(key: RenderKey, parts: Mapping[str, str]) -> bool:
    """Whether a freeze at a take of some parts ends, because the line itself asks for another."""
    return bool(OWN_PARTS & set(key.changed(parts)))


def standing(known: Known) -> Comparison:
    """Say what has to happen with a line whose inputs are known not to have changed."""
    change = _BY_STATUS[known.status]
    is_held = known.is_frozen and change is Change.CACHED  # without its sound it is work
    return Comparison(Change.FROZEN if is_held else change)
