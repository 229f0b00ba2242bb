"""The long-term spectrum of a voice: how far up it reaches, how it falls, where it lies."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from renderer.audio.hearing import Hearing

BAND_HZ = 250.0
DEEPEST_DB = -60.0  # below the strongest band: nobody hears it beside that
ABOVE_NOISE_DB = 6.0
LOUD_QUANTILE = 0.95  # of the frames: the fricatives, which reach furthest
LOW_HZ, HIGH_HZ = 100.0, 8_000.0

Floats = npt.NDArray[np.float64]


def bandwidth_hz(hearing: Hearing) -> float | None:
    """Return up to where a voice reaches.

    The upper edge of the highest band of 250 Hz whose loud frames (the 95th percentile) lie within
    60 dB of the strongest band's, and 6 dB above the same percentile of the noise in the pauses
    where there are any. What lies beyond the band of a telephone, in a file of 48 kHz, is empty.

    Args:
        hearing: Any sound.

    Returns:
        Hz, 250 to half the sampling rate; None without 0.1 s of speech. A bark without a fricative
        reaches less far than its voice can.
    """
    if not hearing.has_speech:
        return None
    width = max(1, round(BAND_HZ / hearing.hz[1]))
    bands = _banded(hearing.speech_power, width)
    loud = np.quantile(bands, LOUD_QUANTILE, axis=0)
    least = np.full(loud.size, float(loud.max()) * 10 ** (DEEPEST_DB / 10))
    if hearing.pause_spectrum is not None:
        noise = _banded(hearing.pause_spectrum[None, :], width)[0]
        least = np.maximum(least, noise * 10 ** (ABOVE_NOISE_DB / 10))
    reached = np.flatnonzero(loud > least)
    if reached.size == 0:
        return None
    return min(float((reached[-1] + 1) * width * hearing.hz[1]), hearing.rate / 2)


def tilt_db_per_octave(hearing: Hearing) -> float | None:
    """Return how the spectrum of speech falls: a line through its third-octave bands.

    Args:
        hearing: Any sound.

    Returns:
        dB per octave of the power density between 100 Hz and 8 kHz (or 0.9 of half the rate): 0 for
        white noise, −3 for pink, −6 to −10 for voices, less for whispers and shouts. None without
        0.1 s of speech.
    """
    if not hearing.has_speech:
        return None
    mean = hearing.speech_power.mean(axis=0, dtype=np.float64)
    octaves, levels = _third_octaves(mean, hearing.hz, min(HIGH_HZ, 0.45 * hearing.rate))
    return None if octaves.size < 3 else float(np.polyfit(octaves, levels, 1)[0])  # noqa: PLR2004


def centroid_hz(hearing: Hearing) -> float | None:
    """Return the centre of gravity of the speech's long-term power spectrum below 8 kHz.

    Returns:
        Hz; 300 to 1500 for voices, more for whispers. None without 0.1 s of speech.
    """
    if not hearing.has_speech:
        return None
    inside = _inside(hearing)
    mean = hearing.speech_power[:, inside].mean(axis=0, dtype=np.float64)
    return float(np.average(hearing.hz[inside], weights=mean + 1e-30))


def flatness_db(hearing: Hearing) -> float | None:
    """Return how noise-like the frames of speech are: geometric over arithmetic mean, 0.1–8 kHz.

    Returns:
        dB, the mean over frames: −2.5 for white noise (Hann-windowed periodograms), −10 to −25 for
        voices, −100 and less for tones. None without 0.1 s of speech.

    References:
        Johnston (1988), Transform coding of audio signals using perceptual noise criteria, IEEE
        JSAC 6(2) (spectral flatness measure).
    """
    if not hearing.has_speech:
        return None
    power = np.maximum(hearing.speech_power[:, _inside(hearing)].astype(np.float64), 1e-20)
    ratio = np.log10(power).mean(axis=1) - np.log10(power.mean(axis=1))
    return float(10 * ratio.mean())


def _inside(hearing: Hearing) -> slice:
    """Return the bins from 100 Hz to 8 kHz."""
    low, high = np.searchsorted(hearing.hz, (LOW_HZ, HIGH_HZ))
    return slice(int(low), int(high))


def _banded(power: npt.NDArray[np.float32], width: int) -> Floats:
    """Return mean powers of `width` bins each, float64 (frames, bands), without the first bin."""
    count = (power.shape[1] - 1) // width
    inner = power[:, 1 : 1 + count * width].reshape(len(power), count, width)
    return np.asarray(inner.mean(axis=2, dtype=np.float64))


def _third_octaves(power: Floats, hz: Floats, top_hz: float) -> tuple[Floats, Floats]:
    """Return the middles (octaves above 1 Hz) and levels (dB) of third-octave bands."""
    edges = LOW_HZ * 2 ** (np.arange(64) / 3)
    edges = edges[edges <= top_hz]
    bounds = np.searchsorted(hz, edges)
    rows = [
        (np.log2(hz[a:b]).mean(), 10 * np.log10(power[a:b].mean() + 1e-30))
        for a, b in pairwise(bounds)
        if b > a
    ]
    made = np.array(rows).reshape(-1, 2)
    return made[:, 0], made[:, 1]
