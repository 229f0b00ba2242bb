"""What has happened, in the past tense; stored in one transaction with its cause."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TakeRequested:
    """A take was created or asked for again and has to be rendered.

    Attributes:
        take_id: Row id of the take.
        voice: Voice reference, for grouping into batches.
        phonemes: Estimated length, for grouping by length.
    """

    take_id: int
    voice: str
    phonemes: int


@dataclass(frozen=True, slots=True)
class TakeFinished:
    """A take reached a finished status."""

    take_id: int
    status: str


@dataclass(frozen=True, slots=True)
class LineFrozen:
    """A line was pinned to its current take."""

    line_id: str
    locale: str
    take_id: int
    who: str


@dataclass(frozen=True, slots=True)
class LineThawed:
    """A pinned line follows its inputs again."""

    line_id: str
    locale: str
    who: str


@dataclass(frozen=True, slots=True)
class LineRenamed:
    """A line got another id; its takes and decisions came along."""

    line_id: str
    locale: str
    was: str


Event = TakeRequested | TakeFinished | LineFrozen | LineThawed | LineRenamed
