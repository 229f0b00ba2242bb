"""A robot's voice: speech taken apart by linear prediction and put together from pulses.

References:
    Atal, B. S. and Hanauer, S. L. (1971). Speech analysis and synthesis by linear prediction of
    the speech wave. JASA 50(2B), 637–655.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter

from renderer.audio.pitch import track_f0
from renderer.audio.waveform import Waveform

Floats = npt.NDArray[np.float64]

HOP_S = 0.01
ORDER_PER_KHZ = 1.2
UNVOICED_HZ = 100.0


def make_robotic(waveform: Waveform, flatness: float, rng: np.random.Generator) -> Waveform:
    """Speak a line again from filters and pulses.

    Args:
        waveform: The line.
        flatness: 0: with its own melody (a plain vocoder's buzz); 1: on one pitch. Above 1 breath
            and hiss are pulses too.
        rng: Noise of what has no voice.

    Returns:
        A sound of the same length and rate.
    """
    rate = waveform.sample_rate
    f0, voiced = track_f0(waveform, hop_s=HOP_S)
    hop = round(HOP_S * rate)
    source = _excitation(_flattened(f0, voiced, flatness), waveform.samples.size, hop, rng, rate)
    return Waveform.of(_filtered(waveform.samples.astype(np.float64), source, hop, rate), rate)


def _flattened(f0: Floats, voiced: npt.NDArray[np.bool_], flatness: float) -> Floats:
    """Return F0 per frame drawn towards its median, 0 where noise is to be used."""
    middle = float(np.median(f0[voiced])) if voiced.any() else UNVOICED_HZ
    share = min(flatness, 1.0)
    drawn = np.where(voiced, middle**share * np.maximum(f0, 1.0) ** (1 - share), 0.0)
    return np.where(voiced, drawn, middle) if flatness > 1 else drawn


def _excitation(f0: Floats, size: int, hop: int, rng: np.random.Generator, rate: int) -> Floats:
    """Return pulses of unit power where there is F0, noise of unit power elsewhere (size,)."""
    place = np.arange(size) / hop
    frame = np.minimum(np.round(place).astype(int), f0.size - 1)
    hz = f0[frame]
    turns = np.floor(np.cumsum(hz / rate))
    pulses = np.diff(turns, prepend=0.0) > 0
    height = np.sqrt(rate / np.maximum(hz, 1.0))
    return np.where(hz > 0, pulses * height, rng.standard_normal(size))


def _filtered(samples: Floats, source: Floats, hop: int, rate: int) -> Floats:
    """Send the excitation through each frame's filter and overlap the frames."""
    order = 2 + round(ORDER_PER_KHZ * rate / 1000)
    size = 2 * hop
    window = np.hanning(size + 1)[:size]
    heard, driven = np.pad(samples, (hop, size)), np.pad(source, (hop, size))
    made = np.zeros(heard.size)
    for start in range(0, heard.size - size, hop):
        taps, gain = _predictor(heard[start : start + size] * window, order)
        made[start : start + size] += window * lfilter([gain], taps, driven[start : start + size])
    return made[hop : hop + samples.size]


def _predictor(frame: Floats, order: int) -> tuple[Floats, float]:
    """Return the all-pole filter of a frame, (order + 1,), and the gain for unit power."""
    full = np.correlate(frame, frame, mode="full")[frame.size - 1 :][: order + 1]
    if full[0] < 1e-10:  # noqa: PLR2004 - silence
        return np.concatenate(([1.0], np.zeros(order))), 0.0
    full[0] *= 1 + 1e-5
    weights = solve_toeplitz(full[:-1], full[1:])
    error = max(float(full[0] - weights @ full[1:]), 0.0)
    power = np.sum(np.square(np.hanning(frame.size + 1)))
    return np.concatenate(([1.0], -weights)), float(np.sqrt(error / power))
