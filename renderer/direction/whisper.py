"""Take the voice out of speech: the same mouth, breath in place of the vocal folds.

The spectral envelope of each frame is kept and its harmonics are replaced by noise; unvoiced
sounds stay as they are. Vowels lose level against consonants and their lowest frequencies, which
only the vocal folds make.

References:
    Röbel, A. and Rodet, X. (2005). Efficient spectral envelope estimation and its application to
    pitch shifting and envelope preservation. DAFx-05 ("true envelope").
    Jovičić, S. T. and Šarić, Z. (2008). Acoustic analysis of consonants in whispered speech.
    Journal of Voice 22(3), 263–274.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from renderer.audio.pitch import speaker_range, track_f0
from renderer.audio.waveform import Waveform

Floats = npt.NDArray[np.float64]

VOICED_DB = -4.0  # vowels against unvoiced consonants, compared with normal speech
_FRAME_S, _HOP_S = 0.024, 0.004
_LIFTER_OF_PERIOD = 0.45  # quefrencies below this part of the pitch period are the mouth's
_ROUNDS = 12
_SEED = 20_080_326  # the breath is the same in every rendering
_LEAST = 1e-9


def whisper(waveform: Waveform) -> Waveform:
    """Return the speech as a whisper at the same length; its level is the caller's.

    Args:
        waveform: Finite speech of any length; what has no voice comes back as it is.
    """
    floor_hz, ceiling_hz = speaker_range(waveform)
    f0, voiced = track_f0(waveform, floor_hz, ceiling_hz, _HOP_S)
    if not voiced.any():
        return waveform
    weight = _voice_weight(voiced, waveform)
    breath = _breath(waveform, float(np.quantile(f0[voiced], 0.9)))
    gain = 10 ** (VOICED_DB / 20)
    mixed = (1 - weight) * waveform.samples + weight * gain * breath
    return Waveform.of(mixed, waveform.sample_rate)


def _voice_weight(voiced: npt.NDArray[np.bool_], waveform: Waveform) -> Floats:
    """Return how much of each sample is voice, (T,), 0–1: the voiced frames, widened and smooth."""
    wide = np.convolve(voiced.astype(float), np.ones(9), mode="same") > 0
    soft = np.convolve(np.pad(wide.astype(float), 2, mode="edge"), np.ones(5) / 5, mode="valid")
    at = np.arange(waveform.samples.size) / (waveform.sample_rate * _HOP_S)
    return np.asarray(np.interp(at, np.arange(soft.size), soft), dtype=np.float64)


def _breath(waveform: Waveform, pitch_hz: float) -> Floats:
    """Return noise (T,) shaped by the speech's own envelope, of the same power per frame."""
    rate = waveform.sample_rate
    size, hop = round(_FRAME_S * rate) // 2 * 2, max(1, round(_HOP_S * rate))
    n_fft = 1 << int(np.ceil(np.log2(size)))
    padded = np.pad(waveform.samples.astype(np.float64), size)
    noise = np.random.default_rng(_SEED).standard_normal(padded.size)
    window = np.sqrt(np.hanning(size + 2)[1:-1])
    index = np.arange(0, padded.size - size, hop)[:, None] + np.arange(size)
    speech = np.abs(np.fft.rfft(padded[index] * window, n_fft, axis=1))
    excitation = np.fft.rfft(noise[index] * window, n_fft, axis=1)
    order = max(4, int(_LIFTER_OF_PERIOD * rate / pitch_hz))
    shaped = excitation * np.exp(true_envelope(np.log(speech + _LEAST), order))
    power = (speech**2).sum(axis=1, keepdims=True)
    shaped *= np.sqrt(power / ((np.abs(shaped) ** 2).sum(axis=1, keepdims=True) + _LEAST))
    hz = np.asarray(np.fft.rfftfreq(n_fft, 1 / rate), dtype=np.float64)
    shaped *= _without_folds(hz)
    pieces = np.fft.irfft(shaped, n_fft, axis=1)[:, :size] * window
    places = index.ravel()
    out = np.bincount(places, pieces.ravel(), padded.size)
    weight = np.bincount(places, np.tile(window**2, len(index)), padded.size)
    return np.asarray((out / np.maximum(weight, _LEAST))[size : size + waveform.samples.size])


def true_envelope(log_magnitude: Floats, order: int) -> Floats:
    """Return a smooth envelope that passes over the harmonics' peaks, (frames, bins).

    Args:
        log_magnitude: Natural logarithm of magnitudes, (frames, bins).
        order: Cepstral coefficients kept, below the pitch period in samples.
    """
    n_fft = 2 * (log_magnitude.shape[1] - 1)
    lifter = np.zeros(n_fft)
    kept = min(order, n_fft // 2 - 1)
    lifter[: kept + 1] = 1.0
    lifter[-kept:] = 1.0
    target = log_magnitude
    for _ in range(_ROUNDS):
        cepstrum = np.fft.irfft(target, n_fft, axis=1)
        envelope = np.fft.rfft(cepstrum * lifter, n_fft, axis=1).real
        target = np.maximum(target, envelope)
    return np.asarray(envelope, dtype=np.float64)


def _without_folds(hz: Floats) -> Floats:
    """Return the gain (bins,) that takes away what only vocal folds make: the lowest octaves."""
    return np.asarray(hz**2 / (hz**2 + 350.0**2), dtype=np.float64)


__all__ = ["VOICED_DB", "true_envelope", "whisper"]
