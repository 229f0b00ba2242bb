"""Pitch and duration by pitch-synchronous overlap-add: formants stay where they are.

References:
    Moulines, E. and Charpentier, F. (1990). Pitch-synchronous waveform processing techniques for
    text-to-speech synthesis using diphones. Speech Communication 9, 453–467. Praat's
    implementation ("overlap-add"), through parselmouth.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from renderer.audio.pitch import speaker_range
from renderer.audio.waveform import Waveform

Floats = npt.NDArray[np.float64]
Contour = Callable[[Floats, Floats], Floats]

# Praat keeps its objects and its random numbers (it copies stretched noise at random places) in one
# place per process: one line at a time, and the same seed for each.
_PRAAT = threading.Lock()
_SEED = 1990
_PAD_S = 0.15  # Praat wants three periods of the floor before it will look for any
_HOP_S = 0.005
_EDGE_S = 1e-4  # width of a step in the duration tier
_F0_BOUNDS_HZ = (45.0, 750.0)


def resynthesise(
    waveform: Waveform, contour: Contour | None, source_s: Floats, target_s: Floats
) -> Waveform:
    """Say the same with another F0 contour and other durations.

    Args:
        waveform: Sound; finite.
        contour: (times in seconds, F0 in semitones re 100 Hz) → new F0 in semitones, both (n,)
            over voiced frames; None keeps the F0.
        source_s: Corners of the time map in the source, seconds, rising from 0.
        target_s: The same corners in the result, seconds.

    Returns:
        A waveform of `target_s[-1]` seconds. What has no voice keeps its sound.
    """
    floor_hz, ceiling_hz = speaker_range(waveform)
    pad = round(_PAD_S * waveform.sample_rate)
    samples = np.pad(waveform.samples.astype(np.float64), pad)
    offset = pad / waveform.sample_rate
    with _PRAAT:
        made = _overlap_add(
            samples,
            waveform.sample_rate,
            (floor_hz, ceiling_hz),
            (lambda t, tones: contour(t - offset, tones)) if contour else None,
            None if np.array_equal(source_s, target_s) else (source_s + offset, target_s),
        )
    size = round(float(target_s[-1]) * waveform.sample_rate)
    out = np.zeros(size, dtype=np.float32)
    kept = made[pad : pad + size]
    out[: kept.size] = kept
    return Waveform(out, waveform.sample_rate)


def _overlap_add(
    samples: Floats,
    rate: int,
    range_hz: tuple[float, float],
    contour: Contour | None,
    corners: tuple[Floats, Floats] | None,
) -> Floats:
    """Run Praat; the caller holds the lock."""
    import parselmouth
    from parselmouth.praat import call, run

    sound = parselmouth.Sound(samples, rate)
    pitch = sound.to_pitch(_HOP_S, *range_hz)
    hz = pitch.selected_array["frequency"]
    times, hz = pitch.xs()[hz > 0], hz[hz > 0]
    manipulation = call(sound, "To Manipulation", _HOP_S, *range_hz)
    end = sound.duration
    if contour is not None and hz.size:
        new = 100.0 * 2 ** (contour(times, 12 * np.log2(hz / 100.0)) / 12)
        tier = call("Create PitchTier", "pitch", 0.0, end)
        run([tier], _points(times, np.clip(new, *_F0_BOUNDS_HZ)))
        call([tier, manipulation], "Replace pitch tier")
    if corners is not None:
        tier = call("Create DurationTier", "duration", 0.0, end)
        run([tier], _points(*_steps(*corners)))
        call([tier, manipulation], "Replace duration tier")
    run(f"random_initializeWithSeedUnsafelyButPredictably ({_SEED})")
    return np.asarray(call(manipulation, "Get resynthesis (overlap-add)").values[0])


def _points(times: Floats, values: Floats) -> str:
    """Return the Praat commands that fill a tier: a hundred times faster than one call each."""
    pairs = zip(times, values, strict=True)
    return "\n".join(f"Add point: {float(t)!r}, {float(v)!r}" for t, v in pairs)


def _steps(source_s: Floats, target_s: Floats) -> tuple[Floats, Floats]:
    """Return the duration tier: steps between the corners, 1 outside of them."""
    lengths = np.diff(source_s)
    keep = lengths > 2 * _EDGE_S
    factors = np.diff(target_s)[keep] / lengths[keep]
    starts, ends = source_s[:-1][keep] + _EDGE_S / 2, source_s[1:][keep] - _EDGE_S / 2
    times = np.concatenate(
        [[source_s[0] - _EDGE_S], np.column_stack([starts, ends]).ravel(), [source_s[-1] + _EDGE_S]]
    )
    return times, np.concatenate([[1.0], np.repeat(factors, 2), [1.0]])
