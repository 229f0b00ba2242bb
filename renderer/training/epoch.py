"""Where in its cycle a voice is: the phase of the fundamental in a recording.

A vocoder that makes pulses from F0 has no way to know where the recording's own pulses are. Told
their phase while it learns, it can be compared with the recording sample by sample; when it
speaks, any phase will do.

References:
    Stylianou (2001), Removing linear phase mismatches in concatenative speech synthesis, IEEE
    Transactions on Speech and Audio Processing 9(3): phase from the fundamental.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from renderer.audio.spectrum import MelSpec
from renderer.audio.waveform import Samples

Cycles = npt.NDArray[np.float64]
Frames = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_PERIODS = 2.5  # length of the demodulating window: its first null is below the second harmonic
_SILENT_HZ = 150.0


def continue_f0(f0: Frames, voiced: Mask) -> Frames:
    """Carry F0 through unvoiced frames, linearly in log frequency.

    >>> f0 = np.array([0, 100, 0, 400], dtype=np.float32)
    >>> continue_f0(f0, f0 > 0).round(2).tolist()
    [100.0, 100.0, 200.0, 400.0]
    """
    known = np.flatnonzero(voiced)
    if known.size == 0:
        return np.full(f0.shape, _SILENT_HZ, dtype=np.float32)
    logs = np.interp(np.arange(f0.size), known, np.log(f0[known]))
    return np.exp(logs).astype(np.float32)


def integrate(f0: Frames, spec: MelSpec) -> Cycles:
    """Integrate a continued F0 (F,) to cycles at every sample, (F × hop,)."""
    hop = spec.hop_length
    centres = (np.arange(f0.size) + 0.5) * hop
    at_samples = np.interp(np.arange(f0.size * hop) + 0.5, centres, f0)
    return np.asarray(np.cumsum(at_samples) / spec.sample_rate, dtype=np.float64)


def fundamental_cycles(samples: Samples, f0: Frames, voiced: Mask, spec: MelSpec) -> Cycles:
    """Return the phase of the fundamental at every sample.

    The sound is shifted down by F0 and low-passed; what turns is the difference between the
    integral of F0 and the real phase. It is kept where there is no voice.

    Args:
        samples: float32 (F × hop,).
        f0: Hz, continued (`continue_f0`), (F,).
        voiced: bool (F,).
        spec: Rate and hop.

    Returns:
        Cycles, float64 (F × hop,), rising; cos(2π × cycles) is in phase with the fundamental.
    """
    cycles = integrate(f0, spec)
    size = int(_PERIODS * spec.sample_rate / float(np.median(f0)))
    window = np.hanning(size + 2)[1:-1]
    moved = np.pad(samples * np.exp(-2j * np.pi * cycles), size)
    # One window per frame, centred in it.
    first = size + spec.hop_length // 2 - size // 2
    windows = np.lib.stride_tricks.sliding_window_view(moved, size)[first :: spec.hop_length]
    turned = np.angle(windows[: f0.size] @ window) / (2 * np.pi)
    offset, last = np.zeros(f0.size), 0.0
    for frame in range(f0.size):
        if voiced[frame]:
            change = turned[frame] - last
            last += change - np.round(change)
        offset[frame] = last
    centres = (np.arange(f0.size) + 0.5) * spec.hop_length
    moved_by = np.interp(np.arange(cycles.size) + 0.5, centres, offset)
    return np.asarray(cycles + moved_by, dtype=np.float64)
