"""Is it said as this voice says this line? A take against the same words, said plainly.

A voice's own pitch, pace and sound differ from sentence to sentence (a question rises, a short line
is slow, a line full of "s" is bright), so a norm of the voice alone has to be wide. The same voice
says the same line once more, undirected: what a take has beyond that should be what was asked for.
It holds on one word as on twenty, and needs no limits of a voice's own. What the plain line has
wrong itself (a voice whose model is broken) it cannot tell: the other checks have to.

References:
    Byrne, D. et al. (1994). An international comparison of long-term average speech spectra. J.
    Acoust. Soc. Am. 96(4), 2108–2120 (third-octave levels of speech; speakers of one sex differ by
    a few decibels per band).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renderer.audio.hearing import FRAME_S, Hearing
from renderer.audio.pitch import semitones

Floats = npt.NDArray[np.float64]

LEAST_VOICED_S = 0.08  # of voice: one vowel
MOST_FROM_MEDIAN_ST = 12.0  # an octave: what is farther is another sound, taken for a voice
LEAST_RANGE_ST = 1.0  # to be expected: with less, nobody hears whether there is a melody
LOW_HZ, HIGH_HZ = 1200.0, 11_000.0  # lower, a band holds one harmonic, which moves with pitch
MOST_OF_RATE = 0.45  # × the sampling rate: what lies above is the slope of a filter
FLOOR_DB = -50.0  # below the strongest band: what is softer is not heard beside it


@dataclass(frozen=True, slots=True, eq=False)
class Rendition:
    """How one line sounds.

    Attributes:
        pitch_st: Median F0, semitones above 100 Hz; None with too little voice.
        range_st: From the 10th to the 90th percentile of F0 within an octave of the median,
            semitones; None likewise.
        bands_db: Level of third octaves in the frames of speech, float64 (bands,), 0 on average;
            None with too little speech.
    """

    pitch_st: float | None
    range_st: float | None
    bands_db: Floats | None


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
class Departure:
    """What a take has beyond the plain line and its direction. None where nothing can be said.

    Attributes:
        pitch_st: F0 above (+) what was asked, semitones.
        range_ratio: F0 range over the one asked, ×; 0 is monotonous.
        timbre_db: Root of the mean square by which the levels of third octaves differ.
    """

    pitch_st: float | None
    range_ratio: float | None
    timbre_db: float | None


def rendition(hearing: Hearing) -> Rendition:
    """Measure how one line sounds, before mastering."""
    voiced = hearing.f0[hearing.f0 > 0]
    pitch = spread = None
    if voiced.size * FRAME_S >= LEAST_VOICED_S:
        pitch_st = semitones(voiced)
        pitch = float(np.median(pitch_st))
        near = pitch_st[np.abs(pitch_st - pitch) <= MOST_FROM_MEDIAN_ST]
        low, high = np.quantile(near, (0.1, 0.9))
        spread = float(high - low)
    return Rendition(pitch, spread, _bands_db(hearing))


def departure(take: Rendition, plain: Rendition, asked: AskedManner) -> Departure:
    """Return what a take has beyond the same line said plainly and what was asked.

    Args:
        take: Of the take.
        plain: Of the same voice and text, undirected.
        asked: Of the direction, emotion and delivery included.
    """
    pitch = spread = timbre = None
    if take.pitch_st is not None and plain.pitch_st is not None:
        pitch = take.pitch_st - plain.pitch_st - asked.pitch_st
    wanted_st = (plain.range_st or 0.0) * asked.pitch_range
    if take.range_st is not None and wanted_st >= LEAST_RANGE_ST:
        spread = take.range_st / wanted_st
    if take.bands_db is not None and plain.bands_db is not None:
        count = min(take.bands_db.size, plain.bands_db.size)
        difference = take.bands_db[:count] - plain.bands_db[:count]
        timbre = float(np.sqrt(np.mean(np.square(difference - difference.mean()))))
    return Departure(pitch, spread, timbre)


def rate_ratio(take_s: float, plain_s: float, asked: AskedManner) -> float | None:
    """Return the rate of a take over the one asked, ×; 1.3 is too fast. None without speech.

    Args:
        take_s: Seconds of speech without pauses: of its phones as they are heard
            (`phone_path.Told`), or of sound (`audio.activity.speaking_s`).
        plain_s: Of the line said plainly, counted in the same way.
        asked: Of the direction.
    """
    if take_s <= 0 or plain_s <= 0:
        return None
    return plain_s / take_s / asked.rate


def _bands_db(hearing: Hearing) -> Floats | None:
    """Return the levels of third octaves, 0 on average."""
    if not hearing.has_speech:
        return None
    mean = hearing.speech_power.mean(axis=0, dtype=np.float64)
    edges = LOW_HZ * 2 ** (np.arange(32) / 3)
    edges = edges[edges <= min(HIGH_HZ, MOST_OF_RATE * hearing.rate)]
    at = np.searchsorted(hearing.hz, edges)
    wide = np.flatnonzero(np.diff(at) > 0)  # a low band may hold no bin
    power = np.array([mean[at[i] : at[i + 1]].mean() for i in wide])
    if power.size == 0 or power.max() <= 0:
        return None
    level = 10 * np.log10(np.maximum(power, power.max() * 10 ** (FLOOR_DB / 10)))
    return np.asarray(level - level.mean())
