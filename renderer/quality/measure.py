"""What can be measured on a take without a model: plain functions from sound to numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.ndimage import maximum_filter1d

from renderer.audio.activity import FRAME_S, frame_levels_dbfs, runs
from renderer.audio.hearing import FRAME_S as FRAME_S_OF_HEARING
from renderer.audio.hearing import Hearing
from renderer.audio.waveform import Samples, Waveform

FLAT_RUN = 3  # neighbouring samples at the extreme; a pure tone below rate/150 has two at most
FLAT_BAND = 1e-3  # of the extreme
SILENCE_S = 0.001  # of equal samples: digital silence
SILENCE_PEAK = 0.01  # of the loudest sample: equal samples farther from zero are clipped
CLICK_HOLE_S = 0.0012
CLICK_REACH_S = 0.012
CLICK_FLOOR = 0.06  # of the loudest sample: softer corners are masked by what is around them


class Spot(NamedTuple):
    """A value and where it was found, seconds."""

    value: float
    start_s: float


def flat_top_share(samples: Samples) -> Spot:
    """Return how much of a sound sits on its own extremes in runs of three samples or more.

    Finds clipping at any level, so also when a clipped file was turned down afterwards. Both
    extremes are looked at, each by itself.

    Returns:
        Share of all samples in per mille, and the index of the first such run.
    """
    if samples.size < FLAT_RUN or not np.any(samples):
        return Spot(0.0, 0.0)
    flat = np.zeros(samples.size, dtype=bool)
    for extreme in (float(samples.max()), float(samples.min())):
        flat |= np.abs(samples - extreme) <= abs(extreme) * FLAT_BAND
    starts, lengths = runs(flat)
    long_ = lengths >= FLAT_RUN
    if not long_.any():
        return Spot(0.0, 0.0)
    return Spot(1000.0 * float(lengths[long_].sum()) / samples.size, float(starts[long_][0]))


def strongest_click(waveform: Waveform) -> Spot:
    """Return how far the sharpest corner stands out of its surroundings.

    The fourth difference weighs corners (it whitens speech, which falls by 6–12 dB per octave,
    and more than that above its formants); a click is one that is alone: neither before it nor
    after it, 1.2–12 ms away, is anything like it. Glottal pulses have neighbours, and a plosive's
    burst goes on, so neither stands out.

    Returns:
        dB above the larger neighbourhood, and where, seconds. 0 when nothing stands out.
    """
    samples, rate = waveform.samples, waveform.sample_rate
    if samples.size < rate * CLICK_REACH_S * 3:
        return Spot(0.0, 0.0)
    padded = np.pad(samples, round(CLICK_REACH_S * rate) + 2, mode="edge")
    corner = np.abs(np.diff(padded, 4))
    hole, reach = round(CLICK_HOLE_S * rate), round(CLICK_REACH_S * rate)
    around = np.maximum(_side(corner, hole, reach), _side(corner[::-1], hole, reach)[::-1])
    floor = CLICK_FLOOR * float(np.abs(samples).max())
    ratio = np.where(corner > floor, corner / np.maximum(around, floor * 0.1), 0.0)
    at = int(ratio.argmax())
    if ratio[at] <= 1:
        return Spot(0.0, 0.0)
    start_s = max(0.0, (at - round(CLICK_REACH_S * rate)) / rate)
    return Spot(float(20 * np.log10(ratio[at])), start_s)


def hardest_edge(waveform: Waveform) -> Spot:
    """Return the largest step into or out of digital silence.

    Sound dies away before it is gone and grows before it is there; where samples are missing it
    stops and begins in one step, however short the hole. An edge at a zero crossing has no step,
    but a hole has two edges.

    Returns:
        dB below the loudest sample, −120 where there is no digital silence beside sound, and where,
        seconds.
    """
    samples = waveform.samples
    peak = float(np.abs(samples).max(initial=0.0))
    if peak == 0:
        return Spot(-120.0, 0.0)
    same = (np.diff(samples) == 0) & (np.abs(samples[:-1]) <= SILENCE_PEAK * peak)
    starts, lengths = runs(same)
    long_ = lengths >= SILENCE_S * waveform.sample_rate
    first = starts[long_]
    last = first + lengths[long_]  # the run is [first, last] of the samples
    before, after = first[first > 0], last[last < samples.size - 1]
    edges = np.concatenate((before, after))
    if edges.size == 0:
        return Spot(-120.0, 0.0)
    steps = np.abs(
        np.concatenate((samples[before] - samples[before - 1], samples[after + 1] - samples[after]))
    )
    at = int(steps.argmax())
    level = 20 * np.log10(max(float(steps[at]) / peak, 1e-6))
    return Spot(float(level), float(edges[at]) / waveform.sample_rate)


def _side(corner: Samples, hole: int, reach: int) -> Samples:
    """Return the maximum over [n − reach, n − hole] for every n."""
    width = reach - hole + 1
    highest = maximum_filter1d(corner, width, mode="constant", cval=0.0)
    # The filter is centred; move it so that it ends `hole` before n.
    move = hole + width // 2
    return np.asarray(
        np.concatenate((np.zeros(move, highest.dtype), highest[: highest.size - move]))
    )


def longest_dead(hearing: Hearing) -> Spot:
    """Return the longest digital silence between the first and the last sound.

    Returns:
        Seconds, in steps of 10 ms, and where it starts, seconds; 0 without any.
    """
    sounding = np.flatnonzero(hearing.is_sounding)
    if sounding.size < 2:  # noqa: PLR2004 - nothing lies between
        return Spot(0.0, 0.0)
    apart = np.diff(sounding) - 1
    at = int(apart.argmax())
    return Spot(float(apart[at]) * FRAME_S_OF_HEARING, float(sounding[at] + 1) * FRAME_S_OF_HEARING)


def edge_levels_db(waveform: Waveform, edge_s: float = 0.005) -> tuple[float, float]:
    """Return how loud the very first and the very last milliseconds of a take are.

    Returns:
        dB below the loudest 5 ms frame: (head, tail); −120 where the take is empty or silent.
    """
    count = max(1, round(edge_s * waveform.sample_rate))
    if waveform.samples.size < 2 * count or not np.any(waveform.samples):
        return -120.0, -120.0
    levels = frame_levels_dbfs(waveform.samples, count)
    top = float(levels.max())
    head = frame_levels_dbfs(waveform.samples[:count], count)[0]
    tail = frame_levels_dbfs(waveform.samples[-count:], count)[0]
    return float(head) - top, float(tail) - top


def release_db(waveform: Waveform, quiet_db: float = -50.0) -> float:
    """Return how loud the sound still is when it ends.

    Speech dies away: its last 10 ms before silence lie far below its loudest frame. A take that
    stopped in the middle of a word is as loud there as anywhere.

    Returns:
        The louder of the last two sounding frames of 5 ms, dB below the loudest; −120 when silent.
    """
    hop = max(1, round(FRAME_S * waveform.sample_rate))
    levels = frame_levels_dbfs(waveform.samples, hop)
    if levels.size == 0 or levels.max() <= -119:  # noqa: PLR2004 - the floor
        return -120.0
    top = float(levels.max())
    last = int(np.flatnonzero(levels > top + quiet_db)[-1])
    return float(levels[max(0, last - 1) : last + 1].max() - top)
