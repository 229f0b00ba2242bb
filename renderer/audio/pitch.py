"""Fundamental frequency of a voice, frame by frame.

References:
    Boersma, P. (1993). Accurate short-term analysis of the fundamental frequency and the
    harmonics-to-noise ratio of a sampled sound. IFA Proceedings 17, 97–110.
    De Looze, C. and Hirst, D. (2008). Detecting changes in key and range for the automatic
    modelling and coding of intonation. Speech Prosody 2008, 135–138 (`speaker_range`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from renderer.audio.waveform import Waveform

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FLOOR_HZ = 60.0
CEILING_HZ = 700.0

_CANDIDATES = 6
_ANALYSIS_RATE = 16_000
# Costs of the path, as Boersma (1993) section 4 and Praat's defaults have them.
_SILENCE_THRESHOLD = 0.03
_VOICING_THRESHOLD = 0.45
_OCTAVE_COST = 0.01
_OCTAVE_JUMP_COST = 0.35
_VOICING_COST = 0.14
_CHUNK = 512  # frames per FFT batch: bounds the memory of a long line


def track_f0(
    waveform: Waveform,
    floor_hz: float = FLOOR_HZ,
    ceiling_hz: float = CEILING_HZ,
    hop_s: float = 0.01,
) -> tuple[Floats, Mask]:
    """Track F0 by normalised autocorrelation and the cheapest path through its peaks.

    Frame `i` is centred at `i × hop_s` seconds.

    Args:
        waveform: Sound of any level, length and rate.
        floor_hz: Lowest F0 looked for, Hz; the window spans three of its periods.
        ceiling_hz: Highest F0 looked for, Hz.
        hop_s: Seconds from frame to frame.

    Returns:
        `f0`, float64 (frames,), Hz, 0 where unvoiced; `voiced`, bool (frames,).

    Raises:
        ValueError: Floor, ceiling and hop are not 0 < floor < ceiling and hop > 0.
    """
    if not (0 < floor_hz < ceiling_hz and hop_s > 0):
        raise ValueError(f"no pitch range: floor {floor_hz}, ceiling {ceiling_hz}, hop {hop_s}")
    frames = int(waveform.duration_s / hop_s + 1e-9) + 1
    samples, rate = _for_analysis(waveform, ceiling_hz)
    if not np.any(samples):
        return np.zeros(frames), np.zeros(frames, dtype=bool)
    hz, strength = _candidates(samples, rate, (floor_hz, ceiling_hz), hop_s, frames)
    f0 = _cheapest_path(hz, strength, hop_s)
    return f0, f0 > 0


def speaker_range(waveform: Waveform, hop_s: float = 0.01) -> tuple[float, float]:
    """Return the floor and ceiling in which this speaker's F0 lies, Hz.

    A first wide pass, then 0.75 × the first and 1.9 × the third quartile: tighter bounds than the
    wide pass's own, against octave errors (De Looze & Hirst 2008, for lively speech).
    """
    f0, voiced = track_f0(waveform, hop_s=hop_s)
    if np.count_nonzero(voiced) < 5:  # noqa: PLR2004 - too few frames for quartiles
        return FLOOR_HZ, CEILING_HZ
    low, high = np.quantile(f0[voiced], (0.25, 0.75))
    return max(FLOOR_HZ, 0.75 * float(low)), min(CEILING_HZ, 1.9 * float(high))


def semitones(f0: Floats, reference_hz: float = 100.0) -> Floats:
    """Return 12 log2(f0 / reference); f0 must be positive."""
    return np.asarray(12.0 * np.log2(f0 / reference_hz), dtype=np.float64)


def _for_analysis(waveform: Waveform, ceiling_hz: float) -> tuple[Floats, int]:
    """Clean, centre and thin out the samples to a rate that is enough for F0."""
    samples = np.nan_to_num(waveform.samples.astype(np.float64), posinf=0.0, neginf=0.0)
    rate = waveform.sample_rate
    step = int(rate // max(_ANALYSIS_RATE, 10 * ceiling_hz))
    if step > 1:
        from scipy.signal import firwin, oaconvolve

        taps = firwin(16 * step + 1, 0.9 / step)
        samples, rate = oaconvolve(samples, taps, mode="same")[::step], rate // step
    return samples - samples.mean() if samples.size else samples, rate


def _candidates(
    samples: Floats, rate: int, bounds_hz: tuple[float, float], hop_s: float, frames: int
) -> tuple[Floats, Floats]:
    """Return candidate frequencies and strengths, each (frames, candidates + 1).

    Candidate 0 is "unvoiced" (0 Hz).
    """
    size = max(8, int(3.0 * rate / bounds_hz[0]))
    window = np.hanning(size + 2)[1:-1]
    n_fft = 1 << int(np.ceil(np.log2(1.5 * size)))
    own = np.fft.irfft(np.abs(np.fft.rfft(window, n_fft)) ** 2)[: n_fft // 2]
    padded = np.pad(samples, size)
    starts = np.round(np.arange(frames) * hop_s * rate).astype(int) + size - size // 2
    peak = float(np.abs(samples).max())
    parts = []
    for at in range(0, frames, _CHUNK):
        index = starts[at : at + _CHUNK, None] + np.arange(size)
        segments = padded[np.minimum(index, padded.size - 1)]
        segments = segments - segments.mean(axis=1, keepdims=True)
        acf = np.fft.irfft(np.abs(np.fft.rfft(segments * window, n_fft)) ** 2)[:, : n_fft // 2]
        correlation = _normalise(acf, own)
        loud = np.abs(segments).max(axis=1) / peak
        parts.append(_peaks(correlation, loud, rate, bounds_hz))
    hz, strength = zip(*parts, strict=True)
    return np.concatenate(hz), np.concatenate(strength)


def _normalise(acf: Floats, own: Floats) -> Floats:
    """Divide by the signal's energy and by the window's own autocorrelation (equation 9)."""
    energy = np.maximum(acf[:, :1], 1e-300)
    return np.asarray((acf / energy) / np.maximum(own / own[0], 1e-3), dtype=np.float64)


def _peaks(
    correlation: Floats, loud: Floats, rate: int, bounds_hz: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Pick the strongest peaks of each frame, refined by a parabola through three points."""
    floor_hz, ceiling_hz = bounds_hz
    first = max(2, int(np.floor(rate / ceiling_hz)))
    last = min(correlation.shape[1] - 2, int(np.ceil(rate / floor_hz)))
    lags = np.arange(first, last + 1)
    before, here, after = (correlation[:, lags + d] for d in (-1, 0, 1))
    bend = before - 2 * here + after
    is_peak = (here > before) & (here >= after) & (here > 0.5 * _VOICING_THRESHOLD)
    offset = np.where(is_peak, 0.5 * (before - after) / np.where(bend < 0, bend, -1.0), 0.0)
    height = np.minimum(here - 0.25 * (before - after) * offset, 1.0)
    lag = lags + offset
    strength = np.where(is_peak, height - _OCTAVE_COST * np.log2(floor_hz * lag / rate), -np.inf)
    take = min(_CANDIDATES, lags.size)
    best = np.argpartition(-strength, take - 1, axis=1)[:, :take]
    chosen = np.take_along_axis(strength, best, axis=1)
    hz = np.where(np.isfinite(chosen), rate / np.take_along_axis(lag, best, axis=1), 0.0)
    quiet = loud / (_SILENCE_THRESHOLD / (1.0 + _VOICING_THRESHOLD))
    unvoiced = _VOICING_THRESHOLD + np.maximum(0.0, 2.0 - quiet)
    return (
        np.concatenate([np.zeros((len(hz), 1)), hz], axis=1),
        np.concatenate([unvoiced[:, None], chosen], axis=1),
    )


def _cheapest_path(hz: Floats, strength: Floats, hop_s: float) -> Floats:
    """Return the F0 of the best path: strengths less the costs of jumps (equation 27)."""
    frames, count = hz.shape
    correction = 0.01 / hop_s
    score = strength[0].copy()
    back = np.zeros((frames, count), dtype=np.intp)
    octaves = np.log2(np.where(hz > 0, hz, 1.0))
    is_voiced = hz > 0
    for i in range(1, frames):
        jump = np.abs(octaves[i][None, :] - octaves[i - 1][:, None]) * _OCTAVE_JUMP_COST
        changed = is_voiced[i][None, :] != is_voiced[i - 1][:, None]
        both = is_voiced[i][None, :] & is_voiced[i - 1][:, None]
        cost = np.where(changed, _VOICING_COST, np.where(both, jump, 0.0)) * correction
        total = score[:, None] - cost
        back[i] = total.argmax(axis=0)
        score = total[back[i], np.arange(count)] + strength[i]
    path = np.empty(frames, dtype=np.intp)
    path[-1] = int(score.argmax())
    for i in range(frames - 1, 0, -1):
        path[i - 1] = back[i, path[i]]
    return np.asarray(hz[np.arange(frames), path], dtype=np.float64)
