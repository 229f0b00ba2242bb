"""The quality of a voice's own sound: harmonics against noise, steadiness, cepstral peak.

References:
    Boersma, P. (1993). Accurate short-term analysis of the fundamental frequency and the
    harmonics-to-noise ratio of a sampled sound. IFA Proceedings 17, 97–110.
    Hillenbrand, J., Cleveland, R. and Erickson, R. (1994). Acoustic correlates of breathy vocal
    quality. Journal of Speech and Hearing Research 37, 769–778 (CPP); Hillenbrand and Houde (1996),
    ibid. 39, 311–321 (smoothed: CPPS).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, rfft
from scipy.ndimage import uniform_filter1d

from renderer.audio.hearing import Hearing

LEAST_VOICED = 10  # frames of 10 ms
MOST_HNR_DB = 60.0
# From and to (all), shortest and longest period, largest factor between neighbours: Praat's own.
PERIOD_BOUNDS = (0.0, 0.0, 0.0001, 0.02, 1.3)
MOST_AMPLITUDE_FACTOR = 1.6
CPP_WINDOW_S, CPP_HOP_S = 0.04, 0.01
CPP_TOP_HZ, CPP_FLOOR_HZ = 330.0, 60.0
CPP_FRAMES, CPP_QUEFRENCY_S = 3, 0.0005  # smoothing over time and quefrency
CPP_LINE_FROM_S = 0.001

Floats = npt.NDArray[np.float64]


def voiced_f0(hearing: Hearing) -> Floats:
    """Return F0 of the voiced frames, Hz; empty where nothing is voiced."""
    return hearing.f0[hearing.f0 > 0]


def voiced_share(hearing: Hearing) -> float | None:
    """Return voiced frames per frame of speech, 0–1; None without 0.1 s of speech.

    About 0.5–0.8 for voices, below 0.2 for whispers.
    """
    if not hearing.has_speech:
        return None
    return min(1.0, voiced_f0(hearing).size / int(np.count_nonzero(hearing.is_speech)))


def hnr_db(hearing: Hearing) -> float | None:
    """Return the harmonics-to-noise ratio, the mean over voiced frames (Boersma 1993, eq. 4).

    Read off the pitch path's own normalised autocorrelation (windows of three periods of 60 Hz),
    so it costs nothing beside the pitch. It is within 1 dB of Praat's `To Harmonicity (ac)`.

    Args:
        hearing: Any sound.

    Returns:
        dB, −3 to 60: 0 where harmonics and noise are equal, 8–20 for running speech. None with less
        than 0.1 s voiced: whispers, hisses, silence.
    """
    if hearing.pitch is None:
        return None
    strength = np.asarray(hearing.pitch.selected_array["strength"], dtype=np.float64)
    strength = strength[hearing.f0 > 0]
    if strength.size < LEAST_VOICED:
        return None
    harmonic = np.clip(strength, 1e-6, 1 - 1e-6)
    return float(np.minimum(10 * np.log10(harmonic / (1 - harmonic)), MOST_HNR_DB).mean())


def jitter(hearing: Hearing) -> float | None:
    """Return how unsteady the periods of a voice are in length.

    Praat's local jitter: the mean difference of neighbouring periods over their mean, at points
    found by cross-correlation along the pitch.

    Args:
        hearing: Any sound.

    Returns:
        A share (0.01 is 1 %): below 0.0104 in healthy sustained vowels, 0.01–0.03 in running
        speech, as it glides. None with less than 0.1 s voiced.

    References:
        Boersma and Weenink, Praat manual, "Voice 2. Jitter".
    """
    if voiced_f0(hearing).size < LEAST_VOICED:
        return None
    from parselmouth.praat import call

    return _number(call(hearing.points, "Get jitter (local)", *PERIOD_BOUNDS))


def shimmer(hearing: Hearing) -> float | None:
    """Return how unsteady the periods of a voice are in height: Praat's local shimmer.

    Args:
        hearing: Any sound.

    Returns:
        A share: below 0.038 in healthy sustained vowels, 0.05–0.15 in running speech. None with
        less than 0.1 s voiced.

    References:
        Boersma and Weenink, Praat manual, "Voice 3. Shimmer".
    """
    if voiced_f0(hearing).size < LEAST_VOICED:
        return None
    from parselmouth.praat import call

    sounds = [hearing.praat_sound, hearing.points]
    return _number(call(sounds, "Get shimmer (local)", *PERIOD_BOUNDS, MOST_AMPLITUDE_FACTOR))


def cpps_db(hearing: Hearing) -> float | None:
    """Return the smoothed cepstral peak prominence of the voiced frames.

    The peak of the power cepstrum between 60 and 330 Hz over a straight line through it, after
    smoothing over 3 frames and 0.5 ms.

    Args:
        hearing: Any sound.

    Returns:
        dB, about 4–12 for voices in speech, lower the breathier or noisier, 1–3 for noise. None
        with less than 0.1 s of speech.
    """
    if not hearing.has_speech:
        return None
    cepstra, quefrency = _cepstra(hearing)
    if len(cepstra) < LEAST_VOICED:
        return None
    first, last = np.searchsorted(quefrency, (1 / CPP_TOP_HZ, 1 / CPP_FLOOR_HZ))
    start = int(np.searchsorted(quefrency, CPP_LINE_FROM_S))
    at = cepstra[:, first:last].argmax(axis=1) + first
    slope, level = np.polyfit(quefrency[start:last], cepstra[:, start:last].T, 1)
    return float((cepstra[np.arange(len(at)), at] - (slope * quefrency[at] + level)).mean())


def _cepstra(hearing: Hearing) -> tuple[Floats, Floats]:
    """Return smoothed cepstra of the frames of speech, dB (frames, quefrencies), and seconds."""
    sound = hearing.analysis
    size, hop = round(CPP_WINDOW_S * sound.sample_rate), round(CPP_HOP_S * sound.sample_rate)
    padded = np.pad(sound.samples, size // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[hop // 2 :: hop]
    frames = frames[: hearing.is_speech.size][hearing.is_speech[: len(frames)]]
    n_fft = 1 << int(np.ceil(np.log2(size)))
    spectrum = rfft(frames * np.hanning(size).astype(np.float32), n_fft, axis=1)
    level = 10 * np.log10(np.maximum(spectrum.real**2 + spectrum.imag**2, 1e-14))
    count = round(1.1 * sound.sample_rate / CPP_FLOOR_HZ)
    cepstrum = irfft(level, n_fft, axis=1)[:, :count]
    quefrency = np.arange(count) / sound.sample_rate
    smooth = uniform_filter1d(np.square(cepstrum), CPP_FRAMES, axis=0, mode="nearest")
    width = max(1, round(CPP_QUEFRENCY_S * sound.sample_rate))
    smooth = uniform_filter1d(smooth, width, axis=1, mode="nearest")
    return 10 * np.log10(np.maximum(smooth, 1e-12)), quefrency


def _number(value: float) -> float | None:
    """Return None for Praat's undefined."""
    return float(value) if np.isfinite(value) else None
