"""F0 in one fast pass, for measures that need medians and not every frame.

References:
    Boersma, P. (1993). Accurate short-term analysis of the fundamental frequency and the
    harmonics-to-noise ratio of a sampled sound. IFA Proceedings 17, 97–110. Praat's
    implementation, through parselmouth.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from renderer.audio.waveform import Waveform

HOP_S = 0.01
FLOOR_HZ, CEILING_HZ = 60.0, 600.0
SHORTEST_S = 3.2 / FLOOR_HZ  # Praat wants three periods of the floor


def pitch_pass(waveform: Waveform) -> tuple[npt.NDArray[np.float64], float]:
    """Track F0.

    Args:
        waveform: Sound of any rate and level.

    Returns:
        F0, float64 (frames,), Hz, 0 where unvoiced; and seconds from frame to frame.
    """
    samples = np.nan_to_num(waveform.samples.astype(np.float64), posinf=0.0, neginf=0.0)
    if waveform.duration_s < SHORTEST_S or not np.any(samples):
        return np.zeros(0), HOP_S
    import parselmouth

    sound = parselmouth.Sound(samples, waveform.sample_rate)
    pitch = sound.to_pitch_ac(time_step=HOP_S, pitch_floor=FLOOR_HZ, pitch_ceiling=CEILING_HZ)
    return np.asarray(pitch.selected_array["frequency"], dtype=np.float64), HOP_S
