"""Level and spectral tilt of speech, and how to move them by a given amount."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Samples = npt.NDArray[np.float32]

LOW_HZ = (50.0, 1000.0)
HIGH_HZ = (1000.0, 5000.0)
_SPEECH_DB = -32.0  # frames further below the loud ones are pauses
_FRAME_S, _HOP_S = 0.025, 0.01
_SHELF_HZ = (500.0, 2000.0)  # over these two octaves the shelf rises
_MOST_SHELF_DB = 15.0
_LEAST = 1e-12


def _frames(samples: Samples, rate: int) -> Floats:
    size, hop = max(1, round(_FRAME_S * rate)), max(1, round(_HOP_S * rate))
    padded = np.pad(samples.astype(np.float64), (0, max(0, size - samples.size)))
    return np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]


def _speech_frames(samples: Samples, rate: int) -> Floats:
    """Return the frames (n, size) that hold speech; n ≥ 1."""
    frames = _frames(samples, rate)
    power = np.asarray(np.mean(frames**2, axis=1))
    limit = np.quantile(power, 0.95) * 10 ** (_SPEECH_DB / 10)
    return np.asarray(frames[power >= limit], dtype=np.float64)


def speech_level_db(samples: Samples, rate: int) -> float:
    """Return the RMS level of the speech without its pauses, dB re full scale; −120 is silence."""
    if not samples.size:
        return -120.0
    power = float(np.mean(_speech_frames(samples, rate) ** 2))
    return 10 * float(np.log10(power + _LEAST))


def _spectrum(samples: Samples, rate: int) -> tuple[Floats, Floats]:
    """Return frequencies (bins,) and mean power (bins,) of the speech."""
    frames = _speech_frames(samples, rate)
    size = frames.shape[1]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2
    hz = np.asarray(np.fft.rfftfreq(size, 1 / rate), dtype=np.float64)
    return hz, np.asarray(power.mean(axis=0), dtype=np.float64)


def _ratio_db(hz: Floats, power: Floats) -> float:
    low, high = (power[(hz >= a) & (hz < b)].sum() for a, b in (LOW_HZ, HIGH_HZ))
    return 10 * float(np.log10((high + _LEAST) / (low + _LEAST)))


def alpha_ratio_db(samples: Samples, rate: int) -> float:
    """Return the level of 1–5 kHz against 50 Hz–1 kHz over the speech, dB.

    References:
        Eyben et al. (2016). The Geneva Minimalistic Acoustic Parameter Set (GeMAPS).
        IEEE Transactions on Affective Computing 7(2), 190–202: "alpha ratio".
    """
    return _ratio_db(*_spectrum(samples, rate)) if samples.size else 0.0


def _shelf_db(hz: Floats, rise_db: float) -> Floats:
    """Return a smooth shelf's gain: −rise/2 at the bottom, +rise/2 at the top, dB."""
    low, high = np.log2(_SHELF_HZ)
    part = np.clip((np.log2(np.maximum(hz, 1.0)) - low) / (high - low), 0.0, 1.0)
    return np.asarray(-0.5 * rise_db * np.cos(np.pi * part), dtype=np.float64)


def set_alpha_ratio(samples: Samples, rate: int, wanted_db: float) -> Samples:
    """Tilt the spectrum, without phase shift, until the alpha ratio is as wanted; level is kept.

    The shelf is held to ±15 dB, so that a sound with nothing above 1 kHz gets no noise there.
    """
    if not samples.size or not np.any(samples):
        return samples
    hz, power = _spectrum(samples, rate)
    low, high = -_MOST_SHELF_DB, _MOST_SHELF_DB
    for _ in range(24):
        middle = (low + high) / 2
        reached = _ratio_db(hz, power * 10 ** (_shelf_db(hz, middle) / 10))
        low, high = (middle, high) if reached < wanted_db else (low, middle)
    return match_level(_filtered(samples, rate, (low + high) / 2), rate, samples)


def _filtered(samples: Samples, rate: int, rise_db: float) -> Samples:
    from scipy.fft import irfft, next_fast_len, rfft

    size = int(next_fast_len(samples.size + round(0.05 * rate), real=True))
    hz = np.asarray(np.fft.rfftfreq(size, 1 / rate), dtype=np.float64)
    gain = 10 ** (_shelf_db(hz, rise_db) / 20)
    made = irfft(rfft(samples.astype(np.float64), size) * gain, size)
    return np.asarray(made[: samples.size], dtype=np.float32)


def match_level(samples: Samples, rate: int, reference: Samples) -> Samples:
    """Give the speech in `samples` the level of the speech in `reference`."""
    by_db = speech_level_db(reference, rate) - speech_level_db(samples, rate)
    return amplify(samples, by_db) if np.any(samples) and np.any(reference) else samples


def amplify(samples: Samples, by_db: float) -> Samples:
    """Return the samples `by_db` louder."""
    return (samples * np.float32(10 ** (by_db / 20))).astype(np.float32)


def ride(samples: Samples, rate: int, gains_db: list[tuple[float, float, float]]) -> Samples:
    """Change the level of stretches of time, with 20 ms ramps between them.

    Args:
        samples: float32 (T,).
        rate: Hz.
        gains_db: (start, end) in seconds and the change inside in dB.
    """
    curve = np.zeros(samples.size)
    for start, end, gain in gains_db:
        curve[max(0, round(start * rate)) : max(0, round(end * rate))] += gain
    size = max(1, round(0.02 * rate)) | 1
    window = np.hanning(size + 2)[1:-1]
    from scipy.signal import oaconvolve

    smooth = oaconvolve(np.pad(curve, size // 2, mode="edge"), window / window.sum(), mode="valid")
    return np.asarray(samples * 10 ** (smooth / 20), dtype=np.float32)


def sharpen_onsets(samples: Samples, rate: int, most_db: float = 4.0) -> Samples:
    """Lift the first milliseconds of each sound, as shouted speech has them; level is kept."""
    from scipy.signal import lfilter

    power = samples.astype(np.float64) ** 2

    def envelope(seconds: float) -> Floats:
        keep = float(np.exp(-1.0 / (seconds * rate)))
        return np.asarray(lfilter([1 - keep], [1, -keep], power)) + _LEAST

    rise_db = np.clip(10 * np.log10(envelope(0.004) / envelope(0.04)) - 1.0, 0.0, None)
    gain_db = most_db * np.tanh(0.5 * rise_db / most_db)
    return match_level((samples * 10 ** (gain_db / 20)).astype(np.float32), rate, samples)
