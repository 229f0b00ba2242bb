"""What never stops under a voice: a noise floor and mains hum, found in all frames.

`renderer.audio.noise` listens in pauses, and a short line has none. Here every frame counts: a
floor is what remains in each band at its softest moment, and hum is what stays in step with the
mains through the whole take.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.fft import next_fast_len, rfft
from scipy.ndimage import uniform_filter1d

from renderer.audio.hearing import Hearing
from renderer.audio.noise import LEAST_HUM_DB, MOST_SNR_DB, NEIGHBOURS_HZ, Hum
from renderer.audio.spectrum import MelSpec, mel_filters

BANDS, LOW_HZ, HIGH_HZ = 24, 100.0, 8_000.0
SMOOTH = 5  # frames: 50 ms
BIAS_DB = 3.5  # how far the softest of many means lies below their mean, for noise
DIGITAL_SILENCE = 5  # frames of it: there is no floor
LEAST_FRAMES = 3

MAINS_HZ = (50.0, 60.0)
LINES = 10
OFF_MAINS_HZ = 0.3
STANDS_OUT = 10.0  # × the neighbours' median
LEAST_LINES = 2  # one of them the mains' own
LEAST_HARMONICS = 4  # without it: a voice that rests on a pitch has some by chance
LOUDEST_WEIGHT = 0.9  # quantile of the weights: one frame alone tells no frequency

Floats = npt.NDArray[np.float64]


def floor_snr_db(hearing: Hearing) -> float | None:
    """Return the level of speech against the noise floor under it, without needing pauses.

    In each of 24 mel bands the floor is the least of all means over 50 ms, raised by what the least
    of many lies below their mean. Speech leaves every band for a moment, also in one word; noise
    does not.

    Args:
        hearing: Any sound.

    Returns:
        dB, at most 100: power of the frames of speech over the sum of the floors, 0.1–8 kHz. White
        noise reads true within 5 dB where the voice leaves 50 ms free, be it before or after it; it
        reads lower (noisier) where it does not. 100 where 50 ms are digital silence. None without
        0.1 s of speech.

    References:
        Martin, R. (2001). Noise power spectral density estimation based on optimal smoothing and
        minimum statistics. IEEE Trans. Speech Audio Process. 9(5), 504–512; here with a fixed
        smoothing and one minimum over all of the line.
    """
    if not hearing.has_speech:
        return None
    power = hearing.power @ _filters(hearing).T
    sounds = hearing.is_sounding[: len(power)]
    if np.count_nonzero(~sounds) >= DIGITAL_SILENCE:
        return MOST_SNR_DB
    smooth = uniform_filter1d(power, SMOOTH, axis=0, mode="nearest")
    whole = uniform_filter1d(sounds.astype(np.float64), SMOOTH, mode="nearest") > 1 - 1e-9
    if np.count_nonzero(whole) < LEAST_FRAMES:
        return None
    floor = float(smooth[whole].min(axis=0).sum()) * 10 ** (BIAS_DB / 10)
    speech = float(power[hearing.is_speech[: len(power)]].mean(axis=0).sum())
    if floor <= 0:
        return MOST_SNR_DB
    return min(MOST_SNR_DB, float(10 * np.log10(speech / floor)))


def steady_hum(hearing: Hearing) -> Hum | None:
    """Look in the whole take for 50 or 60 Hz and nine harmonics that stay in step.

    The take is transformed as one, soft moments weighted most (by the inverse of their power), so
    that a line under the voice is seen in what the voice leaves free. A line counts when it has
    ten times the power of the median 10–22 Hz beside it. Two must, the mains' own among
    them, or four without it, and not all of them multiples of one number: that is a voice which
    rests on 100 or 120 Hz.

    Args:
        hearing: Any sound.

    Returns:
        The stronger family, against the level of speech; None without 0.1 s of speech.

    References:
        Kay, S. (1998). Fundamentals of Statistical Signal Processing, vol. 2, 7.6: a sinusoid in
        noise of known, here changing, variance: weighted least squares.
    """
    if not hearing.has_speech:
        return None
    power, step = _weighted_spectrum(hearing)
    speech = float(hearing.frame_power[hearing.is_speech].mean())
    best = Hum(LEAST_HUM_DB, 0.0)
    for base_hz in MAINS_HZ:
        lines = {k: _line(power, step, base_hz * k) for k in range(1, LINES + 1)}
        found = [k for k, line in lines.items() if line > 0]
        if not _is_hum(found):
            continue
        level_db = float(10 * np.log10(max(sum(lines.values()) / speech, 1e-12)))
        if level_db > best.level_db:
            best = Hum(level_db, base_hz)
    return best


def _is_hum(harmonics: list[int]) -> bool:
    """Whether these multiples of the mains make a family of hum."""
    least = LEAST_LINES if 1 in harmonics else LEAST_HARMONICS
    return len(harmonics) >= least and math.gcd(*harmonics) == 1


def _filters(hearing: Hearing) -> npt.NDArray[np.float32]:
    """Return triangles of height 1: bands that add up to the whole."""
    top = min(HIGH_HZ, 0.45 * hearing.rate)
    filters = mel_filters(MelSpec(hearing.rate, hearing.n_fft, hearing.hop, BANDS, LOW_HZ, top))
    return np.asarray(filters / filters.max(axis=1, keepdims=True).clip(1e-12))


def _weighted_spectrum(hearing: Hearing) -> tuple[Floats, float]:
    """Return mean squares of the lines at each frequency, and Hz per bin."""
    level = uniform_filter1d(hearing.frame_power, LEAST_FRAMES, mode="nearest")
    weight = np.where(hearing.is_sounding, 1 / np.maximum(level, 1e-12), 0.0)
    weight = np.minimum(weight, np.quantile(weight[weight > 0], LOUDEST_WEIGHT))
    size = weight.size * hearing.hop
    smooth = uniform_filter1d(np.repeat(weight, hearing.hop), hearing.hop, mode="nearest")
    n_fft = next_fast_len(max(4 * size, hearing.rate), real=True)
    spectrum = rfft(hearing.samples[:size] * smooth, n_fft)
    power = 2 * (spectrum.real**2 + spectrum.imag**2) / smooth.sum() ** 2
    return np.asarray(power), hearing.rate / n_fft


def _line(power: Floats, step: float, hz: float) -> float:
    """Return a line's mean square, 0 where it does not stand out."""
    low, high = NEIGHBOURS_HZ
    edges = [round((hz + off) / step) for off in (-high, -low, low, high)]
    if edges[-1] >= power.size:
        return 0.0
    beside = np.concatenate((power[edges[0] : edges[1]], power[edges[2] : edges[3]]))
    first, last = round((hz - OFF_MAINS_HZ) / step), round((hz + OFF_MAINS_HZ) / step)
    line = float(power[first : last + 1].max())
    return line if line > STANDS_OUT * float(np.median(beside)) else 0.0
