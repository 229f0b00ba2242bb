"""Programme loudness and true peak.

References:
    ITU-R BS.1770-5 (2023), Annex 1 (loudness) and Annex 2 (true peak); EBU R 128; EBU Tech 3341.
    The filters of Annex 1 are given for 48 kHz; for other rates they are re-derived from their
    analogue prototypes by the bilinear transform (Mansbridge, Finn & Reiss 2012), which gives the
    table of the standard at 48 kHz to within rounding.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.signal import sosfilt

from renderer.audio.waveform import Samples, Waveform

BLOCK_S = 0.4  # Annex 1, gating block
STEP_S = 0.1  # 75 % overlap
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
SILENCE_DB = -np.inf

# Annex 2, table 1: phases 0 and 1 of the 48-tap, 4-phase interpolator; 3 and 2 are their mirrors.
_PHASE_0 = (
    *(0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000),
    *(-0.0594482421875, 0.1373291015625, 0.9721679687500, -0.1022949218750),
    *(0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500),
)
_PHASE_1 = (
    *(-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250),
    *(-0.1665039062500, 0.4650878906250, 0.7797851562500, -0.2003173828125),
    *(0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375),
)
PHASES = np.array([_PHASE_0, _PHASE_1, _PHASE_1[::-1], _PHASE_0[::-1]], dtype=np.float32)
TAPS = PHASES.shape[1]
BLOCK = 8192  # samples


def decibels(ratio: float) -> float:
    """Return 20·log10 of an amplitude ratio, −inf for 0.

    >>> round(decibels(0.5), 2), decibels(0.0)
    (-6.02, -inf)
    """
    return float(20 * np.log10(ratio)) if ratio > 0 else float(SILENCE_DB)


def integrated_loudness_lufs(waveform: Waveform) -> float:
    """Measure gated programme loudness.

    A sound shorter than one gating block is measured as one block of its own length, without
    gates, so that a bark of 0.2 s has a level at all; it is no BS.1770 value.

    Args:
        waveform: Mono sound; one channel of weight 1.

    Returns:
        LUFS; −inf for silence, for no samples, and where a sample is not finite.
    """
    return _gated(block_powers(waveform))


def pooled_loudness_lufs(waveforms: list[Waveform]) -> float:
    """Measure several sounds as one programme, with no block across a join."""
    powers = [block_powers(w) for w in waveforms]
    return _gated(np.concatenate(powers)) if powers else float(SILENCE_DB)


def block_powers(waveform: Waveform) -> npt.NDArray[np.float64]:
    """Return the K-weighted mean square z_j of each gating block (BS.1770-5, eq. 1 and 3)."""
    if waveform.samples.size == 0 or not np.isfinite(waveform.samples).all():
        return np.zeros(0)
    rate = waveform.sample_rate
    weighted = sosfilt(_k_weighting(rate), waveform.samples.astype(np.float64))
    block = round(BLOCK_S * rate)
    if weighted.size < block:
        return np.array([np.mean(np.square(weighted))])
    count = int((weighted.size - block) / (STEP_S * rate)) + 1
    starts = np.round(np.arange(count) * STEP_S * rate).astype(np.int64)
    starts = starts[starts + block <= weighted.size]
    total = np.concatenate(([0.0], np.cumsum(np.square(weighted))))
    return np.asarray(np.maximum(total[starts + block] - total[starts], 0.0) / block)


def _gated(powers: npt.NDArray[np.float64]) -> float:
    """Apply both gates to block powers (BS.1770-5, eq. 4-7)."""
    if powers.size > 1:
        powers = powers[_lufs(powers) > ABSOLUTE_GATE_LUFS]
        if powers.size:
            gate = _lufs(np.mean(powers)) + RELATIVE_GATE_LU  # eq. 6
            powers = powers[_lufs(powers) > gate]
    return float(_lufs(np.mean(powers))) if powers.size else float(SILENCE_DB)


def _lufs(power: npt.ArrayLike) -> npt.NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.asarray(-0.691 + 10 * np.log10(power))  # eq. 2 and 4


@cache
def _k_weighting(sample_rate: int) -> npt.NDArray[np.float64]:
    """Return both K-weighting biquads as second-order sections (2, 6)."""
    # Stage 1: the shelf of the head (Annex 1, fig. 2, table 1).
    k, q = np.tan(np.pi * 1681.974450955533 / sample_rate), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf = [
        (high + band * k / q + k * k) / a0,
        2 * (k * k - high) / a0,
        (high - band * k / q + k * k) / a0,
        1.0,
        2 * (k * k - 1) / a0,
        (1 - k / q + k * k) / a0,
    ]
    # Stage 2: the RLB high-pass (Annex 1, fig. 4, table 2); its numerator is not normalised.
    k, q = np.tan(np.pi * 38.13547087602444 / sample_rate), 0.5003270373238773
    a0 = 1 + k / q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    return np.array([shelf, high_pass])


def true_peak_dbtp(waveform: Waveform) -> float:
    """Measure the peak of the four times oversampled sound (Annex 2).

    Returns:
        dBTP, never below the sample peak; −inf for silence, nan where a sample is not finite.
    """
    if waveform.samples.size == 0:
        return float(SILENCE_DB)
    peak = float(np.max(np.abs(waveform.samples)))
    if not np.isfinite(peak):
        return float("nan")
    loud = _where_peaks_can_be(waveform.samples, peak)
    return decibels(max(peak, float(np.max(inter_sample_peaks(loud), initial=0.0))))


_L1 = float(np.abs(PHASES).sum(axis=1).max())


def _where_peaks_can_be(samples: Samples, peak: float) -> Samples:
    """Drop stretches too quiet to hold the peak: no phase can gain more than its L1 norm (2.03).

    The neighbourhood of a dropped stretch is kept, so the result is exact: what lies beyond a
    join is only ever heard by outputs that are quiet.
    """
    loud = np.abs(samples) * _L1 >= peak
    edges = np.flatnonzero(loud)
    if edges.size * 4 > samples.size:
        return samples
    keep = np.zeros(samples.size + 2 * TAPS, dtype=bool)
    offsets = np.arange(2 * TAPS + 1)
    keep[(edges[:, None] + offsets).ravel()] = True
    return np.where(keep[TAPS:-TAPS], samples, np.float32(0))[keep[TAPS:-TAPS]]


def inter_sample_peaks(samples: Samples) -> Samples:
    """Return the largest magnitude of the four interpolated phases around each sample.

    Args:
        samples: float32 (T,).

    Returns:
        float32 (T + 11,): entry n is computed from samples n − 11 … n.
    """
    padded = np.pad(samples, TAPS - 1)
    peaks = np.zeros(samples.size + TAPS - 1, dtype=np.float32)
    made, part = np.empty((2, BLOCK), dtype=np.float32)
    for start in range(0, peaks.size, BLOCK):  # what is worked on stays in the cache
        stop = min(start + BLOCK, peaks.size)
        sum_, term, highest = made[: stop - start], part[: stop - start], peaks[start:stop]
        for phase in PHASES:
            sum_.fill(0.0)
            for tap, weight in enumerate(phase, 1):
                np.multiply(padded[start + TAPS - tap : stop + TAPS - tap], weight, out=term)
                np.add(sum_, term, out=sum_)
            np.maximum(highest, np.abs(sum_, out=sum_), out=highest)
    return peaks
