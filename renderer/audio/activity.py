"""Where in a take there is sound and where there is none."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from renderer.audio.waveform import Samples, Waveform

FRAME_S = 0.005
FLOOR_DBFS = -120.0
QUIETEST_SOUND_DBFS = -84.0  # below 14 bits nobody hears it beside speech at −23 LUFS
DEEPEST_DB = -60.0  # below the loudest frame: softer is silence whatever the noise floor
SHALLOWEST_DB = -38.0  # a noise floor above this is taken for sound, and nothing is cut
OVER_NOISE_DB = 9.0
LEAST_GAP_S = 0.06  # a shorter one is a moment inside a sound
PAUSE_S = 0.15  # a shorter one is a stop's closure
LEAST_RUN = 2  # frames; a single frame above the threshold is no onset


class Bounds(NamedTuple):
    """First sample of the first sound and one past the last; equal when there is none."""

    start: int
    end: int


def frame_levels_dbfs(samples: Samples, hop: int) -> npt.NDArray[np.float64]:
    """Return the RMS level of consecutive frames of `hop` samples.

    Returns:
        dBFS (⌈T / hop⌉,), not below −120; the last frame may be shorter.
    """
    if samples.size == 0:
        return np.zeros(0)
    starts = np.arange(0, samples.size, hop)
    energy = np.add.reduceat(np.square(samples, dtype=np.float64), starts)
    lengths = np.minimum(hop, samples.size - starts)
    return np.asarray(10 * np.log10(np.maximum(energy / lengths, 10 ** (FLOOR_DBFS / 10))))


def silence_threshold_dbfs(levels: npt.NDArray[np.float64]) -> float:
    """Return the level above which a frame is sound.

    The noise floor is the tenth percentile of the levels; sound is 9 dB above it, between 60
    and 38 dB below the loudest frame. Breath and fricatives lie 25–45 dB below the loudest vowel,
    so a clean take keeps them; a take with a high noise floor is cut later, not earlier.

    Args:
        levels: dBFS per frame, at least one.
    """
    top = float(np.max(levels))
    noise = float(np.percentile(levels, 10)) + OVER_NOISE_DB
    relative = min(max(noise, top + DEEPEST_DB), top + SHALLOWEST_DB)
    return max(relative, QUIETEST_SOUND_DBFS)


def sound_bounds(waveform: Waveform) -> Bounds:
    """Find the first and the last sound, a frame of 5 ms early and late."""
    hop = max(1, round(FRAME_S * waveform.sample_rate))
    levels = frame_levels_dbfs(waveform.samples, hop)
    if levels.size == 0:
        return Bounds(0, 0)
    active = _without_specks(levels > silence_threshold_dbfs(levels))
    where = np.flatnonzero(active)
    if where.size == 0:
        return Bounds(0, 0)
    first, last = int(where[0]), int(where[-1])
    return Bounds(max(0, (first - 1) * hop), min(waveform.samples.size, (last + 2) * hop))


def _without_specks(active: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Drop active runs shorter than two frames, unless nothing else is active."""
    kept = active.copy()
    for start, length in zip(*runs(active), strict=True):
        if length < LEAST_RUN:
            kept[start : start + length] = False
    return kept if kept.any() else active


def runs(mask: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the starts and lengths of the runs of True."""
    padded = np.concatenate(([False], mask, [False]))
    edges = np.flatnonzero(padded[1:] != padded[:-1]).reshape(-1, 2)
    return edges[:, 0], edges[:, 1] - edges[:, 0]


def silent_spans(
    waveform: Waveform, threshold_dbfs: float, least_s: float
) -> list[tuple[float, float]]:
    """Return the stretches inside the sound that stay below a level.

    Args:
        waveform: The sound; silence at its two ends is not inner and not returned.
        threshold_dbfs: Frames of 5 ms below it are silent.
        least_s: Shortest stretch returned, seconds.

    Returns:
        (start, end) in seconds, in order.
    """
    hop = max(1, round(FRAME_S * waveform.sample_rate))
    active = np.flatnonzero(frame_levels_dbfs(waveform.samples, hop) > threshold_dbfs)
    frame_s = hop / waveform.sample_rate
    gaps = np.flatnonzero(np.diff(active) * frame_s > least_s + frame_s)
    return [
        (float(active[g] + 1) * frame_s, float(active[g + 1]) * frame_s)
        for g in gaps
        if (active[g + 1] - active[g] - 1) * frame_s >= least_s
    ]


def inner_silences(waveform: Waveform) -> list[tuple[float, float]]:
    """Return the silences of 60 ms or more inside a sound: (start, end) in seconds, in order."""
    levels = frame_levels_dbfs(waveform.samples, max(1, round(FRAME_S * waveform.sample_rate)))
    if levels.size == 0:
        return []
    return silent_spans(waveform, silence_threshold_dbfs(levels), LEAST_GAP_S)


def speaking_s(waveform: Waveform) -> float:
    """Return the seconds from the first sound to the last, without pauses of 150 ms or more."""
    bounds = sound_bounds(waveform)
    lengths = [end - start for start, end in inner_silences(waveform)]
    sound_s = (bounds.end - bounds.start) / waveform.sample_rate
    return sound_s - sum(length for length in lengths if length >= PAUSE_S)
