"""What the QA pages show: plain values read from the database, ready to be drawn."""

from __future__ import annotations

from dataclasses import dataclass, field

from renderer.domain.review import Decision
from renderer.domain.take import Alignment, Attempt
from renderer.domain.utterance import Utterance
from renderer.domain.verdict import Finding


@dataclass(frozen=True, slots=True)
class TakeReading:
    """One take as a listener sees it.

    Attributes:
        render_key: 64 hex digits.
        status: A `TakeStatus` value.
        attempt: Which automatic attempt is kept.
        audio: Path of the delivered sound relative to the report folder (forward slashes), or "".
        duration_s: Seconds, 0 when there is no sound.
        loudness_lufs: Integrated loudness, or None.
        true_peak_dbtp: True peak, or None.
        findings: What the gate found on the kept attempt.
        tried: Every automatic attempt.
        alignment: Phonemes, words, visemes.
        error: What failed, or "".
        voice: Voice reference.
        text: What was spoken.
        finished_at: ISO 8601 in UTC, or "".
        tried_audio: Paths like `audio`, one per entry of `tried` ("" where none is kept), or
            empty when no other attempt can be heard.
        sound: SHA-256 of the delivered file, or "".
        against: The checks that speak against it, sorted.
    """

    render_key: str
    status: str
    attempt: int = 0
    audio: str = ""
    duration_s: float = 0.0
    loudness_lufs: float | None = None
    true_peak_dbtp: float | None = None
    findings: tuple[Finding, ...] = ()
    tried: tuple[Attempt, ...] = ()
    alignment: Alignment = field(default_factory=Alignment)
    error: str = ""
    voice: str = ""
    text: str = ""
    finished_at: str = ""
    tried_audio: tuple[str, ...] = ()
    sound: str = ""
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineReading:
    """One line with its current take and the last approved take before it.

    Attributes:
        utterance: What the manifest says now.
        character_name: As shown to people.
        take: Its current take, or None when it was never rendered.
        previous: The last approved take of another key, or None.
        is_stale_translation: Whether the source text changed since it was translated.
        is_frozen: Whether it is pinned.
        is_recorded: Whether a human recording replaces the synthetic take.
        unpublishable: Why its voice may not be shipped, or "".
        decision: The decision that holds for its take, or None.
        lapsed: Who called its take good, and what of it has changed since, or "".
        decided: Sequence of the last decision about the line, 0 for none: what somebody who decides
            from this reading has seen.
    """

    utterance: Utterance
    character_name: str
    take: TakeReading | None
    previous: TakeReading | None = None
    is_stale_translation: bool = False
    is_frozen: bool = False
    is_recorded: bool = False
    unpublishable: str = ""
    decision: Decision | None = None
    lapsed: str = ""
    decided: int = 0


@dataclass(frozen=True, slots=True)
class ProjectReading:
    """Everything one report shows.

    Attributes:
        project: Project name.
        written_at: ISO 8601 in UTC.
        lines: Every line, in manifest order.
        codec: Name of the delivery format.
        version: Barkline's version.
    """

    project: str
    written_at: str
    lines: tuple[LineReading, ...]
    codec: str = "ogg"
    version: str = ""
