"""One rendering of an utterance, and the states it goes through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from renderer.domain.render_key import RenderKey
from renderer.domain.request import RenderRequest
from renderer.domain.transcript import PhoneSpan
from renderer.domain.utterance import Utterance
from renderer.domain.verdict import Decision, Finding, Outcome, Verdict

LineNames = tuple[str, str, str, str]


def line_of(utterance: Utterance) -> LineNames:
    """Return what a metadata document says of its line: id, locale, character, scene."""
    return utterance.line_id, utterance.locale, utterance.character, utterance.scene


class TakeStatus(StrEnum):
    """Where a take is in its life.

    PENDING ──lease──▶ LEASED ──▶ APPROVED | REJECTED | FAILED | QUARANTINED
       ▲                 │
       └──lease expired──┘   (the attempt was counted before the work)
    """

    PENDING = "pending"
    LEASED = "leased"
    APPROVED = "approved"
    REJECTED = "rejected"  # every attempt failed the gate; the best one is kept for the listener
    FAILED = "failed"  # an engine or a metric failed: an error, nobody may call it good or bad
    QUARANTINED = "quarantined"  # workers died on it too often

    @property
    def is_finished(self) -> bool:
        """Whether no worker will touch the take again by itself."""
        return self not in (TakeStatus.PENDING, TakeStatus.LEASED)


STATUS_OF: Mapping[Decision, TakeStatus] = {
    Decision.APPROVED: TakeStatus.APPROVED,
    Decision.REJECTED: TakeStatus.REJECTED,
    Decision.ERROR: TakeStatus.FAILED,
}


@dataclass(frozen=True, slots=True)
class SoundObject:
    """A stored sound: its object key, hash and size.

    Attributes:
        key: Object key in the store (`objects/ab/<sha256>.ogg`).
        sha256: Hash of the bytes.
        size: Bytes.
        duration_s: Seconds.
        media_type: As HTTP has it (`audio/ogg`).
    """

    key: str
    sha256: str
    size: int
    duration_s: float
    media_type: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One automatic attempt.

    Attributes:
        number: From 1.
        change: What was changed against the first, in words.
        verdict: The gate's decision.
        delivery_key: Object key of its sound, or "".
        metrics: What the verdict rests on, as `quality.metrics` writes and reads it; empty in what
            was stored before there were any.
    """

    number: int
    change: str
    verdict: Verdict
    delivery_key: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Viseme:
    """A mouth shape in time (OVR-15 name or Rhubarb letter)."""

    shape: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class WordSpan:
    """A written word in time."""

    word: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """Timing of a delivered file.

    Attributes:
        phones: Phonemes with start and end.
        words: Written words with start and end.
        visemes: OVR-15 mouth shapes.
        cues: Rhubarb mouth cues (A–H, X).
        source: `engine` when the model gave the durations, `estimated` otherwise.
    """

    phones: tuple[PhoneSpan, ...] = ()
    words: tuple[WordSpan, ...] = ()
    visemes: tuple[Viseme, ...] = ()
    cues: tuple[Viseme, ...] = ()
    source: str = "estimated"


@dataclass(frozen=True, slots=True)
class RenderResult:
    """What the second transaction stores of one finished take.

    Attributes:
        status: A finished status.
        verdict: The gate's decision on the attempt that is kept.
        attempt: Which automatic attempt is kept, from 1.
        delivery: The encoded file, None when nothing could be made.
        master: The 24-bit master, or None.
        raw: The take before mastering, or None.
        raw_attempt: With a raw take kept from an earlier render: which of its attempts that was;
            0 for a raw take of this one.
        metadata_key: Object key of the metadata document, or "".
        metadata_line: Which line that document names (see `line_of`), or None when unknown.
        alignment: When each phoneme and word is said, in the delivered file.
        shift_s: Seconds to add to times in the raw take to get times in the delivered file.
        loudness_lufs: Integrated loudness of the master, or None when it is too short or silent.
        true_peak_dbtp: True peak of the master, or None.
        tried: Every automatic attempt: what was changed and what the gate said.
        error: What failed, or "".
        spent_s: Seconds of work, for estimates; no part of any stored object.
    """

    status: TakeStatus
    verdict: Verdict | None
    attempt: int
    delivery: SoundObject | None = None
    master: SoundObject | None = None
    raw: SoundObject | None = None
    raw_attempt: int = 0
    metadata_key: str = ""
    metadata_line: LineNames | None = None
    alignment: Alignment = field(default_factory=Alignment)
    shift_s: float = 0.0
    loudness_lufs: float | None = None
    true_peak_dbtp: float | None = None
    tried: tuple[Attempt, ...] = ()
    error: str = ""
    spent_s: float = 0.0

    @property
    def spoken_attempt(self) -> int:
        """Which attempt at the words the raw take is, whichever render spoke it."""
        return self.raw_attempt or self.attempt

    @property
    def metrics(self) -> Mapping[str, Any]:
        """What was measured of the attempt that is kept; empty when nobody stored it."""
        return next((a.metrics for a in self.tried if a.number == self.attempt), {})


def failure(
    why: str,
    status: TakeStatus = TakeStatus.FAILED,
    *,
    hint: str = "see the error and render again",
    spent_s: float = 0.0,
) -> RenderResult:
    """Return the result of a take nothing could be made of: an error, never a verdict on sound.

    Args:
        why: What failed.
        status: What becomes of the take.
        hint: What to do.
        spent_s: Seconds of work.
    """
    finding = Finding("render", Outcome.ERROR, message=why, hint=hint)
    return RenderResult(status, Verdict.of((finding,)), 0, error=why, spent_s=round(spent_s, 4))


@dataclass(frozen=True, slots=True)
class Take:
    """One rendering of an utterance.

    Attributes:
        id: Row id.
        render_key: Hash of every input of the request.
        request: What is asked for.
        status: Where it is in its life.
        deliveries: How often a worker has begun it (counted before the work).
        result: What came out, once finished.
        asked_by: The project that asked first; its limits judge the take.
        trace_id: Of the import that asked, 32 hex digits, or "".
    """

    id: int
    render_key: RenderKey
    request: RenderRequest
    status: TakeStatus = TakeStatus.PENDING
    deliveries: int = 0
    result: RenderResult | None = None
    asked_by: str = ""
    trace_id: str = ""
