"""Pitch and duration by pitch-synchronous overlap-add: formants stay where they are.

References:
    Moulines, E. and Charpentier, F. (1990). Pitch-synchronous waveform processing techniques for
    text-to-speech synthesis using diphones. Speech Communication 9, 453–467. Praat's
    implementation ("overlap-add"), through parselmouth.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from renderer.audio.pitch import speaker_range
from renderer.audio.waveform import Waveform

Floats = npt.NDArray[np.float64]
Contour = Callable[[Floats, Floats], Floats]

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
    import parselmouth
    from parselmouth.praat import call

    rate = waveform.sample_rate
    pad = round(_PAD_S * rate)
    sound = parselmouth.Sound(np.pad(waveform.samples.astype(np.float64), pad), rate)
    floor_hz, ceiling_hz = speaker_range(waveform)
    manipulation = call(sound, "To Manipulation", _HOP_S, floor_hz, ceiling_hz)
    offset = pad / rate
    if contour is not None:
        _replace_contour(manipulation, contour, offset)
    if not np.array_equal(source_s, target_s):
        tier = _duration_tier(source_s + offset, target_s, sound.duration)
        call([tier, manipulation], "Replace duration tier")
    made = call(manipulation, "Get resynthesis (overlap-add)").values[0]
    size = round(float(target_s[-1]) * rate)
    out = np.zeros(size, dtype=np.float32)
    kept = made[pad : pad + size]
    out[: kept.size] = kept
    return Waveform(out, rate)


def _replace_contour(manipulation: Any, contour: Contour, offset: float) -> None:  # noqa: ANN401
    """Put a new pitch tier into a Praat manipulation; without voiced frames nothing happens."""
    from parselmouth.praat import call

    tier = call(manipulation, "Extract pitch tier")
    count = int(call(tier, "Get number of points"))
    if count == 0:
        return
    times = np.array([call(tier, "Get time from index", i + 1) for i in range(count)])
    hz = np.array([call(tier, "Get value at index", i + 1) for i in range(count)])
    new = 100.0 * 2 ** (contour(times - offset, 12 * np.log2(hz / 100.0)) / 12)
    call(tier, "Remove points between", 0.0, float(times[-1]) + 1.0)
    for time, value in zip(times, np.clip(new, *_F0_BOUNDS_HZ), strict=True):
        call(tier, "Add point", float(time), float(value))
    call([tier, manipulation], "Replace pitch tier")


def _duration_tier(source_s: Floats, target_s: Floats, duration_s: float) -> Any:  # noqa: ANN401
    """Return Praat's duration tier: steps between the corners, 1 outside of them."""
    from parselmouth.praat import call

    tier = call("Create DurationTier", "durations", 0.0, duration_s)
    lengths = np.diff(source_s)
    keep = lengths > 2 * _EDGE_S
    factors = np.diff(target_s)[keep] / lengths[keep]
    call(tier, "Add point", max(0.0, float(source_s[0]) - _EDGE_S), 1.0)
    starts, ends = source_s[:-1][keep], source_s[1:][keep]
    for start, end, factor in zip(starts, ends, factors, strict=True):
        call(tier, "Add point", float(start) + _EDGE_S / 2, float(factor))
        call(tier, "Add point", float(end) - _EDGE_S / 2, float(factor))
    call(tier, "Add point", float(source_s[-1]) + _EDGE_S, 1.0)
    return tier
