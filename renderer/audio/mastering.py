"""From a raw take to a finished master: the one place that decides how a line sits in the game.

The order: non-finite samples to zero → DC and rumble out → trim to the sound → resample → gain →
true-peak ceiling → head, tail and fades. Nothing here raises: a take of 10 ms, a silent one and a
clipped one all come out as a sound of the target's form, and the gate says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfilt, sosfilt_zi

from renderer.audio.activity import Bounds, sound_bounds
from renderer.audio.limiter import limit
from renderer.audio.loudness import (
    integrated_loudness_lufs,
    pooled_loudness_lufs,
    true_peak_dbtp,
)
from renderer.audio.revision import MASTERING_REVISION
from renderer.audio.waveform import Samples, Waveform
from renderer.domain.project import MasteringTarget

__all__ = ["MASTERING_REVISION", "Mastered", "frame", "master", "resample", "voice_gain_db"]

RUMBLE_HZ = 20.0
VOICE_HZ = 70.0  # below every voice: rumble must not be taken for an onset
FADE_IN_S = 0.005
FADE_OUT_S = 0.02
GAIN_RANGE_DB = (-30.0, 30.0)
LOUDEST = 64.0  # 36 dB over full scale: what lies beyond is a broken number, not a loud voice
NOTHING = 1e-9  # −180 dBFS: what rounding leaves of a removed offset
QUALITY = "HQ"  # soxr: 20-bit precision, linear phase


@dataclass(frozen=True, slots=True, eq=False)
class Mastered:
    """A finished master and what was done to it.

    Attributes:
        waveform: At the target's rate, head and tail included.
        shift_s: Seconds to add to times in the raw take to get times in the master.
        gain_applied_db: The gain asked for.
        limited_db: Deepest reduction of the limiter, dB (≥ 0).
        loudness_lufs: Integrated loudness of the master; −inf when silent.
        true_peak_dbtp: True peak of the master; −inf when silent.
        is_silent: Whether no sound was found in the raw take.
        repaired: Samples of the raw take that were no finite number or beyond ±64.
    """

    waveform: Waveform
    shift_s: float
    gain_applied_db: float
    limited_db: float
    loudness_lufs: float
    true_peak_dbtp: float
    is_silent: bool = False
    repaired: int = 0


def master(
    raw: Waveform,
    target: MasteringTarget,
    gain_db: float,
    pause_before_s: float = 0.0,
    pause_after_s: float = 0.0,
) -> Mastered:
    """Master one take.

    Args:
        raw: The take as the direction stage leaves it, at any rate.
        target: Head, tail, ceiling and rate to reach.
        gain_db: The voice's one gain (`voice_gain_db`); lines keep their distance to each other.
        pause_before_s: Silence asked for before the line, on top of the target's head.
        pause_after_s: Silence asked for after the line, on top of the target's tail.

    Returns:
        The master; a silent take keeps its length and is reported as silent.
    """
    finite, repaired = _finite(raw)
    level = high_pass(finite, RUMBLE_HZ)
    bounds = sound_bounds(high_pass(finite, VOICE_HZ))
    is_silent = bounds.start == bounds.end
    if is_silent:
        bounds = Bounds(0, level.samples.size)
    head_s, tail_s = target.head_s + pause_before_s, target.tail_s + pause_after_s
    framed, start_s = _frame(level, bounds, head_s, tail_s)
    rated = resample(framed, target.sample_rate)
    amplified = Waveform(_amplify(rated.samples, gain_db), rated.sample_rate)
    limited = limit(amplified, target.true_peak_dbtp)
    faded = Waveform(_fade(limited.waveform), rated.sample_rate)
    return Mastered(
        waveform=faded,
        shift_s=-start_s,
        gain_applied_db=gain_db,
        limited_db=limited.reduction_db,
        loudness_lufs=integrated_loudness_lufs(faded),
        true_peak_dbtp=true_peak_dbtp(faded),
        is_silent=is_silent,
        repaired=repaired,
    )


def frame(raw: Waveform, around_s: float) -> tuple[Waveform, float]:
    """Cut or pad a sound so that as much silence lies before as after it, and nothing else.

    Args:
        raw: Any sound.
        around_s: Of silence, on both sides of the sound.

    Returns:
        The framed sound, and where it starts in the given one, seconds (negative when padded).
    """
    level = high_pass(_finite(raw)[0], VOICE_HZ)
    bounds = sound_bounds(level)
    if bounds.start == bounds.end:
        return raw, 0.0
    return _frame(level, bounds, around_s, around_s)


def voice_gain_db(passages: Sequence[Waveform], target: MasteringTarget) -> float:
    """Compute a voice's one gain from neutral passages.

    Args:
        passages: Raw takes of neutral sentences, together ten seconds or more; a single short
            line has no stable loudness.
        target: The level to reach.

    Returns:
        dB within −30…30, rounded to 0.01 so that it is the same on every machine; 0 when the
        passages are silent.
    """
    trimmed = []
    for passage in passages:
        level = high_pass(_finite(passage)[0], VOICE_HZ)
        start, end = sound_bounds(level)
        trimmed.append(Waveform(level.samples[start:end], level.sample_rate))
    loudness = pooled_loudness_lufs(trimmed)
    if not np.isfinite(loudness):
        return 0.0
    return round(float(np.clip(target.loudness_lufs - loudness, *GAIN_RANGE_DB)), 2)


def resample(waveform: Waveform, sample_rate: int) -> Waveform:
    """Change the sampling rate (soxr HQ); the same rate returns the same object."""
    if waveform.sample_rate == sample_rate:
        return waveform
    if waveform.samples.size == 0:
        return Waveform(waveform.samples, sample_rate)
    import soxr

    made = soxr.resample(waveform.samples, waveform.sample_rate, sample_rate, quality=QUALITY)
    return Waveform.of(made, sample_rate)


def _finite(raw: Waveform) -> tuple[Waveform, int]:
    bad = ~(np.abs(raw.samples) <= LOUDEST)  # nan compares false
    count = int(np.count_nonzero(bad))
    if not count:
        return raw, 0
    return Waveform(np.where(bad, np.float32(0), raw.samples), raw.sample_rate), count


def high_pass(raw: Waveform, hz: float) -> Waveform:
    """Take out DC and what is deeper than `hz` (Butterworth, second order).

    It starts settled on the take's mean, so an offset leaves no thump at the start.
    """
    if raw.samples.size == 0:
        return raw
    sections = butter(2, hz, "highpass", fs=raw.sample_rate, output="sos")
    samples = raw.samples.astype(np.float64)
    settled = sosfilt_zi(sections) * samples.mean()
    filtered, _ = sosfilt(sections, samples, zi=settled)
    filtered[np.abs(filtered) < NOTHING] = 0.0
    return Waveform(filtered.astype(np.float32), raw.sample_rate)


def _frame(
    waveform: Waveform, bounds: Bounds, head_s: float, tail_s: float
) -> tuple[Waveform, float]:
    """Cut or pad so that `head_s` lies before the sound and `tail_s` after it.

    What the take has there is kept, so an onset softer than the threshold is heard, not cut.

    Returns:
        The framed sound and where it starts in the take, seconds (negative when padded).
    """
    rate = waveform.sample_rate
    start = bounds.start - round(head_s * rate)
    end = bounds.end + round(tail_s * rate)
    inside = waveform.samples[max(0, start) : min(waveform.samples.size, end)]
    before, after = max(0, -start), max(0, end - waveform.samples.size)
    padded = np.pad(_fade_ends(inside, rate, bool(before), bool(after)), (before, after))
    return Waveform(padded, rate), start / rate


def _fade_ends(samples: Samples, rate: int, is_start: bool, is_end: bool) -> Samples:
    """Ramp over 1.5 ms where the take itself begins or ends beside padding: no step, no click."""
    length = min(round(0.0015 * rate), samples.size // 2)
    if length == 0 or not (is_start or is_end):
        return samples
    ramp = _ramp(length)
    faded = samples.copy()
    if is_start:
        faded[:length] *= ramp
    if is_end:
        faded[-length:] *= ramp[::-1]
    return faded


def _amplify(samples: Samples, gain_db: float) -> Samples:
    return (samples * np.float32(10 ** (gain_db / 20))).astype(np.float32)


def _fade(waveform: Waveform) -> Samples:
    """Fade the very ends of the master, so that the file begins and ends on zero."""
    faded = waveform.samples.copy()
    rate = waveform.sample_rate
    fade_in = min(round(FADE_IN_S * rate), faded.size // 2)
    fade_out = min(round(FADE_OUT_S * rate), faded.size // 2)
    faded[:fade_in] *= _ramp(fade_in)
    faded[faded.size - fade_out :] *= _ramp(fade_out)[::-1]
    return faded


def _ramp(length: int) -> Samples:
    """Return a raised cosine from 0 towards 1 (length,)."""
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(1, length))).astype(np.float32)
