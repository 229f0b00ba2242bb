"""What a defect is, and what one can be planted into."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from renderer.audio.activity import FRAME_S, frame_levels_dbfs, silence_threshold_dbfs
from renderer.audio.mastering import resample
from renderer.audio.waveform import Waveform


class Strength(StrEnum):
    """How much of a defect there is.

    `AUDIBLE` is declared clearly audible: a listener on headphones who knows the line says at once
    that something is wrong. A gate is held to account there. `FAINT` may pass unnoticed; `SEVERE`
    cannot be used for anything.
    """

    FAINT = "faint"
    AUDIBLE = "audible"
    SEVERE = "severe"


class Stage(StrEnum):
    """Where in a line's walk a defect arises."""

    RAW = "raw"  # in the take, before mastering
    DELIVERY = "delivery"  # in the encoder, after mastering


class Donor(StrEnum):
    """What other sound a defect is made of."""

    NONE = "none"
    LINE = "line"  # another line of the same voice, with its words
    SPEAKER = "speaker"  # the same or a like line by another voice
    FAR_SPEAKER = "far speaker"  # by a voice of another register
    ACCENT = "accent"  # the same line, read by the rules of another language
    LANGUAGE = "language"  # a line in another language


class Span(NamedTuple):
    """A word in time, seconds."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A sound and where its words are; no words where nobody knows."""

    waveform: Waveform
    words: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Defect:
    """One kind of defect at one strength.

    Attributes:
        kind: Stable snake_case name (`dropped_word`).
        strength: How much of it.
        amount: The same as a number.
        unit: Of the amount.
        summary: What it does, for people.
        checks: The gate's checks that should notice it, by finding name.
        stage: Where it arises.
        donor: What other sound it is made of.
        least_words: Words a line must have for it; 0 when no words are needed.
    """

    kind: str
    strength: Strength
    amount: float
    unit: str
    summary: str
    checks: tuple[str, ...]
    stage: Stage = Stage.RAW
    donor: Donor = Donor.NONE
    least_words: int = 0

    @property
    def name(self) -> str:
        """Kind and strength in one word (`hum-faint`)."""
        return f"{self.kind}-{self.strength}"


def active_rms(waveform: Waveform) -> float:
    """Return the RMS of the frames of 5 ms that sound, 0 for silence.

    The level that signal-to-noise ratios are counted from: pauses are no signal.
    """
    hop = max(1, round(FRAME_S * waveform.sample_rate))
    levels = frame_levels_dbfs(waveform.samples, hop)
    if levels.size == 0 or not np.any(waveform.samples):
        return 0.0
    active = levels[levels > silence_threshold_dbfs(levels)]
    return float(np.sqrt(np.mean(10 ** (active / 10)))) if active.size else 0.0


def matched(donor: Waveform, like: Waveform) -> Waveform:
    """Return a donor at the rate and speech level of another sound."""
    rated = resample(donor, like.sample_rate)
    level = active_rms(rated)
    gain = active_rms(like) / level if level > 0 else 1.0
    return Waveform.of(rated.samples * gain, like.sample_rate)
