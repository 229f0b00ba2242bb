"""Was it said as asked? Pitch and rate of a take against those of its voice, less what was asked.

A voice's own manner is measured once, on neutral sentences. What a take has beyond it should be
what the direction asked for; the rest is the difference that is judged. Single sentences differ
from a voice's mean by themselves (a question rises, a list is slow), so only wide differences mean
anything, and on a word or two none does.

References:
    De Looze, C. and Hirst, D. (2008). Detecting changes in key and range for the automatic
    modelling and coding of intonation. Speech Prosody 2008, 135–138 (medians and quantiles in
    semitones).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

REFERENCE_HZ = 100.0
LEAST_VOICED_S = 0.15  # of voice: two or three vowels
LEAST_PHONES = 12  # of a line: fewer have a melody and a pace of their own
_LOW, _HIGH = 0.1, 0.9  # quantiles that a few octave errors do not move


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is spoken.

    Attributes:
        pitch_st: Median F0, semitones above 100 Hz; None when there is too little voice.
        range_st: From the 10th to the 90th percentile of F0, semitones; None likewise.
        s_per_phone: Sounding seconds per phone; None when there are too few phones.
    """

    pitch_st: float | None
    range_st: float | None
    s_per_phone: float | None


@dataclass(frozen=True, slots=True)
class AskedManner:
    """What is asked of a whole line, by direction, emotion and delivery together.

    Words and phones that are directed on their own are no part of it: such a line cannot be held
    against these values.

    Attributes:
        pitch_st: Shift of F0, semitones.
        pitch_range: F0 excursion, ×.
        rate: Speaking rate, ×.
    """

    pitch_st: float = 0.0
    pitch_range: float = 1.0
    rate: float = 1.0


@dataclass(frozen=True, slots=True)
class Obtained:
    """What a take has beyond its voice and its direction. None where nothing can be said.

    Attributes:
        pitch_off_st: F0 above (+) what was asked, semitones; 0 is as asked.
        range_ratio: F0 range over the one asked, ×; 1 is as asked.
        rate_ratio: Rate over the one asked, ×; 1 is as asked, 1.3 too fast.
    """

    pitch_off_st: float | None
    range_ratio: float | None
    rate_ratio: float | None


def manner(f0_hz: Floats, hop_s: float, speaking_s: float, phones: int) -> Manner:
    """Measure how something is spoken.

    Args:
        f0_hz: F0 per frame, float64 (frames,), 0 where unvoiced.
        hop_s: Seconds from frame to frame.
        speaking_s: Seconds of sound without pauses.
        phones: Phones that were said.
    """
    if phones < LEAST_PHONES:
        return Manner(None, None, None)
    voiced = f0_hz[f0_hz > 0]
    pace = speaking_s / phones if speaking_s > 0 else None
    if voiced.size * hop_s < LEAST_VOICED_S:
        return Manner(None, None, pace)
    tones = 12 * np.log2(voiced / REFERENCE_HZ)
    low, middle, high = np.quantile(tones, (_LOW, 0.5, _HIGH))
    return Manner(float(middle), float(high - low), pace)


def baseline(neutral: Sequence[Manner]) -> Manner:
    """Return a voice's own manner: the median of what its neutral sentences have.

    Args:
        neutral: Undirected sentences.
    """

    def middle(values: Sequence[float | None]) -> float | None:
        known = [v for v in values if v is not None]
        return median(known) if known else None

    return Manner(
        middle([m.pitch_st for m in neutral]),
        middle([m.range_st for m in neutral]),
        middle([m.s_per_phone for m in neutral]),
    )


def obtained(take: Manner, own: Manner, asked: AskedManner) -> Obtained:
    """Return what a take has beyond its voice and what was asked.

    Args:
        take: Of the take.
        own: Of its voice.
        asked: Of the direction, emotion and delivery included.
    """
    pitch = rate = spread = None
    if take.pitch_st is not None and own.pitch_st is not None:
        pitch = take.pitch_st - own.pitch_st - asked.pitch_st
    if take.range_st is not None and own.range_st and asked.pitch_range > 0:
        spread = take.range_st / own.range_st / asked.pitch_range
    if take.s_per_phone and own.s_per_phone:
        rate = own.s_per_phone / take.s_per_phone / asked.rate
    return Obtained(pitch, spread, rate)
