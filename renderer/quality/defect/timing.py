"""Defects in time: cut ends, holes, wrong rate, wrong pitch, wrong sampling rate.

References:
    Verhelst, W. and Roelands, M. (1993). An overlap-add technique based on waveform similarity
    (WSOLA) for high quality time-scale modification of speech. ICASSP, 554–557.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from renderer.audio.activity import sound_bounds
from renderer.audio.mastering import resample
from renderer.audio.waveform import Samples, Waveform

Rng = np.random.Generator

MOST_CUT = 0.6  # of the sound: with less left it is another defect
SILENT_TAIL_S = 0.3
JOIN_S = 0.002
WINDOW_S = 0.03
SEARCH_S = 0.0075
INSIDE = (0.25, 0.75)  # of the sound: where a hole may be


def cut_start(waveform: Waveform, amount_s: float, _: Rng) -> Waveform | None:
    """Lose the first part of the sound: the take begins in the middle of it.

    Returns:
        The rest, or None when less than two fifths of the sound would be left.
    """
    start, end = sound_bounds(waveform)
    cut = round(amount_s * waveform.sample_rate)
    if cut > MOST_CUT * (end - start):
        return None
    return Waveform(waveform.samples[start + cut :].copy(), waveform.sample_rate)


def cut_end(waveform: Waveform, amount_s: float, _: Rng) -> Waveform | None:
    """Lose the last part of the sound: the take stops in the middle of it."""
    start, end = sound_bounds(waveform)
    cut = round(amount_s * waveform.sample_rate)
    if cut > MOST_CUT * (end - start):
        return None
    return Waveform(waveform.samples[: end - cut].copy(), waveform.sample_rate)


def drop_end(waveform: Waveform, amount_s: float, rng: Rng) -> Waveform | None:
    """Lose the last part of the sound and have silence in its place."""
    cut = cut_end(waveform, amount_s, rng)
    if cut is None:
        return None
    tail = np.zeros(round(SILENT_TAIL_S * waveform.sample_rate), np.float32)
    return Waveform(np.concatenate((cut.samples, tail)), waveform.sample_rate)


def insert_silence(waveform: Waveform, amount_s: float, rng: Rng) -> Waveform:
    """Tear a sound apart somewhere in its middle half and leave a hole."""
    start, end = sound_bounds(waveform)
    at = start + round((end - start) * rng.uniform(*INSIDE))
    before, after = waveform.samples[:at].copy(), waveform.samples[at:].copy()
    ramp = _ramp(min(round(JOIN_S * waveform.sample_rate), before.size, after.size))
    before[before.size - ramp.size :] *= ramp[::-1]
    after[: ramp.size] *= ramp
    hole = np.zeros(round(amount_s * waveform.sample_rate), np.float32)
    return Waveform(np.concatenate((before, hole, after)), waveform.sample_rate)


def change_rate(waveform: Waveform, factor: float, rng: Rng) -> Waveform:
    """Speak faster or slower by a factor, at the same pitch."""
    return stretch(waveform, factor if rng.random() < 0.5 else 1 / factor)  # noqa: PLR2004


def change_pitch(waveform: Waveform, semitones: float, rng: Rng) -> Waveform:
    """Move pitch and formants up or down, at the same rate."""
    factor = 2 ** (semitones * rng.choice((-1.0, 1.0)) / 12)
    return _played_at(stretch(waveform, factor), factor)


def change_sample_rate(waveform: Waveform, factor: float, rng: Rng) -> Waveform:
    """Play at a multiple of the true sampling rate, or a fraction: pitch and rate both move."""
    return _played_at(waveform, factor if rng.random() < 0.5 else 1 / factor)  # noqa: PLR2004


def stretch(waveform: Waveform, factor: float) -> Waveform:
    """Make a sound `factor` times as long without moving its pitch (WSOLA)."""
    rate = waveform.sample_rate
    size = 2 * round(WINDOW_S * rate / 2)
    reach = round(SEARCH_S * rate)
    hop = size // 2
    padded = np.pad(waveform.samples.astype(np.float64), (reach + hop, reach + 2 * size))
    frames = int(np.ceil(waveform.samples.size * factor / hop)) + 1
    window = np.hanning(size + 1)[:size]
    made = np.zeros(frames * hop + size)
    at = reach
    for index in range(frames):
        made[index * hop : index * hop + size] += window * padded[at : at + size]
        wanted = padded[at + hop : at + hop + size]
        middle = min(round((index + 1) * hop / factor) + reach, padded.size - size - hop - reach)
        at = middle - reach + _most_alike(padded[middle - reach : middle + reach + size], wanted)
    length = round(waveform.samples.size * factor)
    return Waveform.of(made[hop : hop + length], rate)


def _most_alike(searched: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64]) -> int:
    """Return where in a stretch of sound the next frame would go on best."""
    if searched.size <= wanted.size:
        return 0
    match = np.correlate(searched, wanted, mode="valid")
    energy = np.concatenate(([0.0], np.cumsum(np.square(searched))))
    norm = np.sqrt(np.maximum(energy[wanted.size :] - energy[: match.size], 1e-12))
    return int(np.argmax(match / norm))


def _played_at(waveform: Waveform, factor: float) -> Waveform:
    """Read the samples at `factor` times their rate; the result has the rate it had."""
    rate = waveform.sample_rate
    return resample(Waveform(waveform.samples, max(1, round(rate * factor))), rate)


def _ramp(length: int) -> Samples:
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(1, length))).astype(np.float32)
