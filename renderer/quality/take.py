"""What the gate is given about one attempt, and what it measures once for all checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from renderer.audio.activity import (
    Bounds,
    frame_levels_dbfs,
    silence_threshold_dbfs,
    silent_spans,
    sound_bounds,
)
from renderer.audio.loudness import decibels, integrated_loudness_lufs, true_peak_dbtp
from renderer.audio.waveform import Waveform
from renderer.domain.direction import Direction
from renderer.domain.transcript import PhoneSpan, Transcript
from renderer.errors import JudgeError
from renderer.quality.measure import (
    Spot,
    edge_levels_db,
    flat_top_share,
    release_db,
    strongest_click,
)

Learned = Mapping[str, float | JudgeError]
LEARNED = ("dnsmos_ovrl", "dnsmos_sig", "dnsmos_bak", "dnsmos_p808")


@dataclass(frozen=True, slots=True, eq=False)
class GateInput:
    """One attempt at a line.

    Attributes:
        delivered: Decoded from the very bytes the game will receive.
        master: Before the encoder.
        raw: Before mastering; where clipping, clicks and cut ends are looked for.
        transcript: What was to be said.
        direction: How it was to be said.
        voice: Voice reference (`name` or `name#speaker`).
        engine: The voice's engine (`formant`, `piper`), or `recording`.
        locale: BCP 47 tag.
        phones: Phonemes in time, in the delivered file; may be empty.
        rate: Speaking rate asked of engine and direction together, emotion included, ×.
        ceiling_dbtp: True-peak ceiling of the master.
        expected_lufs: Loudness the line should have, or None when nobody can say.
        limited_db: What the limiter took away.
        learned: Learned metric to its score, or to why there is none.
    """

    delivered: Waveform
    master: Waveform
    raw: Waveform
    transcript: Transcript
    direction: Direction = field(default_factory=Direction)
    voice: str = ""
    engine: str = ""
    locale: str = "en"
    phones: tuple[PhoneSpan, ...] = ()
    rate: float = 1.0
    ceiling_dbtp: float = -1.0
    expected_lufs: float | None = None
    limited_db: float = 0.0
    learned: Learned = field(default_factory=dict)

    @property
    def word_count(self) -> int:
        """Spoken words."""
        return len(self.transcript.words)

    @property
    def has_inner_punctuation(self) -> bool:
        """Whether a mark before the last word may pause."""
        return any(word.punctuation for word in self.transcript.words[:-1])

    @property
    def longest_pause_s(self) -> float:
        """Longest pause a writer asked for inside the line, seconds."""
        asked = [
            edit.prosody.pause_before_s + edit.prosody.pause_after_s
            for edit in self.direction.words
        ]
        return max(asked, default=0.0)


class Measured:
    """Measurements of one attempt, each made on first use and once."""

    def __init__(self, take: GateInput) -> None:
        self.take = take

    @cached_property
    def is_finite(self) -> bool:
        """Whether every sample of master and delivery is a number."""
        return all(
            bool(np.isfinite(w.samples).all())
            for w in (self.take.master, self.take.delivered, self.take.raw)
        )

    @cached_property
    def peak_dbfs(self) -> float:
        """Sample peak of the delivery, −inf when silent."""
        return decibels(float(np.max(np.abs(self.take.delivered.samples), initial=0.0)))

    @cached_property
    def bounds(self) -> Bounds:
        """Where the delivery sounds."""
        return sound_bounds(self.take.delivered)

    @cached_property
    def sound_s(self) -> float:
        """Seconds from the first sound to the last."""
        return (self.bounds.end - self.bounds.start) / self.take.delivered.sample_rate

    @cached_property
    def gaps(self) -> list[tuple[float, float]]:
        """Silences of 60 ms or more inside the delivery, seconds."""
        rate = self.take.delivered.sample_rate
        levels = frame_levels_dbfs(self.take.delivered.samples, max(1, round(0.005 * rate)))
        return silent_spans(self.take.delivered, silence_threshold_dbfs(levels), 0.06)

    @cached_property
    def speaking_s(self) -> float:
        """Seconds of sound without pauses of 150 ms or more."""
        pauses = (end - start for start, end in self.gaps)
        return self.sound_s - sum(p for p in pauses if p >= 0.15)  # noqa: PLR2004 - a stop's closure

    @cached_property
    def flat(self) -> Spot:
        """Flat tops of the raw take; the place is in seconds of the raw take."""
        found = flat_top_share(self.take.raw.samples)
        return Spot(found.value, found.start_s / self.take.raw.sample_rate)

    @cached_property
    def click(self) -> Spot:
        """The sharpest lone corner of the raw take."""
        return strongest_click(self.take.raw)

    @cached_property
    def edges_db(self) -> tuple[float, float]:
        """Level of the raw take's first and last 5 ms."""
        return edge_levels_db(self.take.raw)

    @cached_property
    def release_db(self) -> float:
        """How steeply the raw take ends."""
        return release_db(self.take.raw)

    @cached_property
    def loudness_lufs(self) -> float:
        """Integrated loudness of the delivery's sounding part."""
        start, end = self.bounds
        part = self.take.delivered.samples[start:end]
        return integrated_loudness_lufs(Waveform(part, self.take.delivered.sample_rate))

    @cached_property
    def master_peak_dbtp(self) -> float:
        """True peak of the master."""
        return true_peak_dbtp(self.take.master)

    @cached_property
    def delivered_peak_dbtp(self) -> float:
        """True peak of the delivery."""
        return true_peak_dbtp(self.take.delivered)
