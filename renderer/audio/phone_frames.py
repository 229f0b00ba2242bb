"""What the judge of phones hears: mel frames of a line, whatever its level and its hiss.

References:
    Davis & Mermelstein (1980), "Comparison of parametric representations for monosyllabic word
    recognition", IEEE TASSP 28, for mel-spaced short-time spectra.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from renderer.audio.mastering import resample
from renderer.audio.spectrum import MelSpec, mel_power
from renderer.audio.waveform import Waveform

Frames = npt.NDArray[np.float32]

SPEC = MelSpec(sample_rate=22_050, n_fft=512, hop_length=256, n_mels=64, f_min=60.0, f_max=7_600.0)
"""Frames of 23 ms every 11.6 ms: the hop of our corpora, so that their phone times fit."""

FRAME_S = SPEC.hop_length / SPEC.sample_rate
_TOP = 0.95  # quantile of the frames' levels that is the line's level
_RANGE = 8.0  # nepers of power below it that are heard: 70 dB below, half of that in amplitude


def phone_frames(waveform: Waveform) -> Frames:
    """Return the frames of a line.

    Args:
        waveform: Of any rate and level.

    Returns:
        float32 (frames, 64), about −2 to 1; frame i is centred in samples [i × hop, (i + 1) × hop).
    """
    samples = resample(waveform, SPEC.sample_rate).samples
    centred = np.concatenate([samples[SPEC.hop_length // 2 :], np.zeros(SPEC.hop_length // 2)])
    count = -(-samples.size // SPEC.hop_length)
    return levelled(mel_power(centred.astype(np.float32), SPEC)[:count])


def levelled(power: Frames) -> Frames:
    """Return mel powers as logarithms of 0 on average for loud frames, the faintest cut off.

    Args:
        power: float32 (frames, mels), ≥ 0.
    """
    if not power.size:
        return power
    level = np.quantile(power.mean(axis=1), _TOP)
    logs = np.log(np.maximum(power / max(float(level), 1e-12), np.exp(-2 * _RANGE)))
    return np.asarray(logs / _RANGE + 0.5, dtype=np.float32)
