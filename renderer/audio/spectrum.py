"""Short-time spectra: for judges (mel), for the QA page (peaks, spectrogram).

References:
    Slaney (1998), Auditory Toolbox, for the mel scale and the area-normalised filters; the same
    definition as `librosa.filters.mel(htk=False, norm="slaney")`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.fft import rfft

from renderer.audio.waveform import Samples, Waveform

Spectrum = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MelSpec:
    """How a mel spectrogram is cut.

    Attributes:
        sample_rate: Hz.
        n_fft: Samples per window.
        hop_length: Samples between windows.
        n_mels: Filters.
        f_min: Lowest frequency, Hz.
        f_max: Highest frequency, Hz, or 0 for half the sampling rate.
    """

    sample_rate: int
    n_fft: int
    hop_length: int
    n_mels: int
    f_min: float = 0.0
    f_max: float = 0.0


def power_frames(samples: Samples, n_fft: int, hop_length: int) -> Spectrum:
    """Return the power spectrum of centred, Hann-windowed frames.

    Args:
        samples: float32 (T,); padded with n_fft // 2 zeros on both sides.
        n_fft: Samples per window, odd or even.
        hop_length: Samples between windows.

    Returns:
        float32 (frames, n_fft // 2 + 1).
    """
    padded = np.pad(samples, n_fft // 2)
    if padded.size < n_fft:
        padded = np.pad(padded, (0, n_fft - padded.size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]
    spectrum = rfft(frames * _hann(n_fft), axis=1)
    return np.asarray(spectrum.real**2 + spectrum.imag**2, dtype=np.float32)


def mel_power(samples: Samples, spec: MelSpec) -> Spectrum:
    """Return the mel power spectrogram, float32 (frames, n_mels)."""
    return power_frames(samples, spec.n_fft, spec.hop_length) @ mel_filters(spec).T


@cache
def _hann(length: int) -> Samples:
    """Return the periodic Hann window (length,)."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)


@cache
def mel_filters(spec: MelSpec) -> Spectrum:
    """Return triangular filters of equal area, float32 (n_mels, n_fft // 2 + 1)."""
    top = spec.f_max or spec.sample_rate / 2
    mels = np.linspace(_hz_to_mel(spec.f_min), _hz_to_mel(top), spec.n_mels + 2)
    edges = np.array([_mel_to_hz(m) for m in mels])
    bins = np.arange(spec.n_fft // 2 + 1) * spec.sample_rate / spec.n_fft
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    return np.asarray(np.maximum(0, np.minimum(rising, falling)) * area[:, None], dtype=np.float32)


_LINEAR_HZ_PER_MEL = 200.0 / 3
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0


def _hz_to_mel(hz: float) -> float:
    if hz < _BREAK_HZ:
        return hz / _LINEAR_HZ_PER_MEL
    return float(_BREAK_MEL + np.log(hz / _BREAK_HZ) / _LOG_STEP)


def _mel_to_hz(mel: float) -> float:
    if mel < _BREAK_MEL:
        return mel * _LINEAR_HZ_PER_MEL
    return float(_BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_MEL)))


def peaks(waveform: Waveform, columns: int) -> list[tuple[float, float]]:
    """Return the lowest and highest sample of each column of a drawn waveform.

    Args:
        waveform: Any length; non-finite samples are drawn as zero.
        columns: At least 1; never more than there are samples.

    Returns:
        (min, max) per column, in −1..1, rounded to three decimals.
    """
    samples = np.clip(np.nan_to_num(waveform.samples, nan=0.0), -1, 1)
    if samples.size == 0:
        return [(0.0, 0.0)]
    starts = np.linspace(0, samples.size, min(columns, samples.size), endpoint=False).astype(int)
    lows = np.minimum.reduceat(samples, starts)
    highs = np.maximum.reduceat(samples, starts)
    return [
        (round(float(low), 3), round(float(high), 3)) for low, high in zip(lows, highs, strict=True)
    ]


def spectrogram(
    waveform: Waveform,
    columns: int = 400,
    bins: int = 96,
    top_hz: float = 8_000.0,
    range_db: float = 70.0,
) -> Spectrum:
    """Return a spectrogram ready to be drawn.

    Args:
        waveform: Any length and rate; non-finite samples count as zero.
        columns: Frames to return at most.
        bins: Frequency rows from 0 to `top_hz`, evenly spaced.
        top_hz: Highest frequency drawn; above the sampling rate's half the rows are 0.
        range_db: Depth below the loudest point that is drawn as 0.

    Returns:
        float32 (frames, bins): 0 (range_db below the loudest, or less) to 1 (the loudest).
    """
    samples = np.nan_to_num(waveform.samples, nan=0.0, posinf=0.0, neginf=0.0)
    n_fft = 2 ** int(np.ceil(np.log2(0.025 * waveform.sample_rate)))
    hop = max(n_fft // 4, -(-samples.size // columns))
    power = power_frames(samples, n_fft, hop)[:columns]
    hz = np.linspace(0, top_hz, bins)
    index = np.round(hz * n_fft / waveform.sample_rate).astype(int)
    inside = index < power.shape[1]
    drawn = np.zeros((power.shape[0], bins), dtype=np.float32)
    drawn[:, inside] = power[:, index[inside]]
    loudest = float(drawn.max(initial=0.0))
    if loudest <= 0:
        return np.zeros_like(drawn)
    level = 10 * np.log10(np.maximum(drawn / loudest, 1e-12))
    return np.asarray(np.clip(1 + level / range_db, 0, 1), dtype=np.float32)
