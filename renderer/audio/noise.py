"""Noise and hum under a voice, measured in its pauses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.fft import next_fast_len, rfft

from renderer.audio.hearing import Hearing

MOST_SNR_DB = 100.0
HUM_RUN_S = 0.2  # of one pause: 5 Hz of resolution
HUM_LINES = 6
HUM_STANDS_OUT = 10.0  # × the neighbours' median; chance alone does that once in a thousand lines
NEIGHBOURS_HZ = (10.0, 22.0)
LEAST_HUM_DB = -120.0


class Hum(NamedTuple):
    """Mains hum.

    Attributes:
        level_db: Of all lines that stand out, against the speech, dB; −120 when none does.
        base_hz: 50 or 60; 0 when none.
    """

    level_db: float
    base_hz: float


def snr_db(hearing: Hearing) -> float | None:
    """Return the level of speech against the noise in the pauses.

    Args:
        hearing: Any sound.

    Returns:
        dB, 3 to 100: mean power of the frames of speech, less the noise's, over that of the
        pauses. None without 0.1 s of speech or without a pause of 0.1 s that has a floor: a steady
        tone, a shout cut to its ends, digital silence between the words. Noise within 3 dB of the
        speech hides it: None too. A whisper's value is lower for its softness alone.

    References:
        ITU-T P.56 (2011) for the idea of an active level; here the activity is that of `Hearing`.
    """
    noise = hearing.noise_power
    if noise is None or not hearing.has_speech:
        return None
    speech = float(hearing.frame_power[hearing.is_speech].mean()) - noise
    return min(MOST_SNR_DB, float(10 * np.log10(speech / noise)))


def noise_floor_dbfs(hearing: Hearing) -> float | None:
    """Return the RMS level of the pauses, dBFS (0 is a full square wave), or None without any."""
    noise = hearing.noise_power
    return None if noise is None else float(10 * np.log10(noise))


def hum(hearing: Hearing) -> Hum | None:
    """Look in the pauses for 50 or 60 Hz and their first six harmonics.

    A line counts when it has ten times the power of the median 10–22 Hz beside it.

    Args:
        hearing: Any sound at 1 kHz or more.

    Returns:
        The stronger family, against the level of speech; None without speech or without a pause of
        0.2 s. Short barks have none; a whisper's hum reads higher, as the speech is softer.
    """
    if not hearing.has_speech:
        return None
    spectra = [_lines_of(part, hearing.rate) for part in _long_pauses(hearing)]
    if not spectra:
        return None
    speech = float(hearing.frame_power[hearing.is_speech].mean())
    best = Hum(LEAST_HUM_DB, 0.0)
    weights = np.array([size for size, _ in spectra], dtype=np.float64)
    for row, base_hz in enumerate((50.0, 60.0)):
        lines = np.average([both[row] for _, both in spectra], axis=0, weights=weights)
        power, around = lines
        found = float(power[power > HUM_STANDS_OUT * around].sum())
        level_db = float(10 * np.log10(max(found / speech, 1e-12)))
        if level_db > best.level_db:
            best = Hum(level_db, base_hz)
    return best


def _long_pauses(hearing: Hearing) -> list[npt.NDArray[np.float32]]:
    padded = np.concatenate(([False], hearing.is_pause, [False]))
    edges = np.flatnonzero(padded[1:] != padded[:-1]).reshape(-1, 2) * hearing.hop
    least = HUM_RUN_S * hearing.rate
    return [hearing.samples[start:end] for start, end in edges if end - start >= least]


def _lines_of(part: npt.NDArray[np.float32], rate: int) -> tuple[int, npt.NDArray[np.float64]]:
    """Return a pause's size and, per family, the lines' mean squares and what lies around them.

    Returns:
        Samples; float64 (2 families, 2 line and neighbours, 6 lines).
    """
    window = np.hanning(part.size)
    n_fft = next_fast_len(max(4 * part.size, rate), real=True)  # bins of a quarter line's width
    spectrum = rfft((part - part.mean()) * window, n_fft)
    power = 2 * (spectrum.real**2 + spectrum.imag**2) / window.sum() ** 2
    step = rate / n_fft
    made = np.zeros((2, 2, HUM_LINES))
    low, high = (round(hz / step) for hz in NEIGHBOURS_HZ)
    for row, base_hz in enumerate((50.0, 60.0)):
        for line in range(HUM_LINES):
            at = round(base_hz * (line + 1) / step)
            if at + high < power.size:
                beside = np.concatenate(
                    (power[at - high : at - low], power[at + low + 1 : at + high + 1])
                )
                made[row, :, line] = power[at - 1 : at + 2].max(), np.median(beside)
    return part.size, made
