"""A look-ahead true-peak limiter: transparent, deterministic, without state.

The gain each sample needs is spread by a running minimum and smoothed by a Hann window of the same
length, so the gain reaches its lowest value before a peak and never moves faster than the window.
(Lund 2006, "Stop counting samples", AES 121; the running-minimum form is common practice.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.ndimage import minimum_filter1d
from scipy.signal import fftconvolve

from renderer.audio.loudness import TAPS, inter_sample_peaks, true_peak_dbtp
from renderer.audio.waveform import Samples, Waveform

WINDOW_S = 0.012
PASSES = 4
MARGIN_DB = 0.02  # keeps the ceiling after rounding to 24 bits


class Limited(NamedTuple):
    """Samples under the ceiling, and the deepest gain reduction in dB (≥ 0)."""

    waveform: Waveform
    reduction_db: float


def limit(waveform: Waveform, ceiling_dbtp: float) -> Limited:
    """Bring a sound under a true-peak ceiling; one already under it is returned unchanged.

    Args:
        waveform: Finite samples of any level.
        ceiling_dbtp: dBTP.
    """
    samples, least = waveform.samples, 1.0
    goal = ceiling_dbtp
    for _ in range(PASSES):
        over = true_peak_dbtp(Waveform(samples, waveform.sample_rate)) - ceiling_dbtp
        if not over > 0:
            break
        gain = _gain(samples, waveform.sample_rate, 10 ** ((goal - MARGIN_DB) / 20))
        samples, least = samples * gain, least * float(gain.min())
        goal -= 0.05
    else:
        over = true_peak_dbtp(Waveform(samples, waveform.sample_rate)) - ceiling_dbtp
        factor = 10 ** (-max(0.0, over + MARGIN_DB) / 20) if over > 0 else 1.0
        samples, least = (samples * factor).astype(np.float32), least * factor
    limited = Waveform(np.ascontiguousarray(samples, dtype=np.float32), waveform.sample_rate)
    return Limited(limited, abs(float(20 * np.log10(max(least, 1e-10)))))


def _gain(samples: Samples, sample_rate: int, ceiling: float) -> Samples:
    """Return the smoothed gain (T,) in 0–1 that keeps every inter-sample peak at the ceiling."""
    # inter_sample_peaks[n] interpolates around sample n − TAPS / 2.
    around = inter_sample_peaks(samples)[TAPS // 2 - 1 :]
    peaks = np.maximum(np.abs(samples), around[: samples.size])
    np.maximum(peaks[:-1], around[1 : samples.size], out=peaks[:-1])
    needed = np.minimum(1.0, ceiling / np.maximum(peaks, ceiling)).astype(np.float64)
    half = max(2, round(WINDOW_S * sample_rate / 2))
    lowest = minimum_filter1d(needed, 2 * half + 1, mode="nearest")
    window = np.hanning(2 * half + 1)
    padded = np.pad(lowest, half, mode="edge")
    # 1 − gain is smoothed, because it is exactly zero where nothing has to be limited.
    smooth = 1.0 - fftconvolve(1.0 - padded, window / window.sum(), mode="valid")
    return np.asarray(np.clip(smooth, 0.0, 1.0), dtype=np.float32)
