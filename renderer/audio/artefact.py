"""What engines add and people do not: a comb of lines that never moves, a stretch said twice."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter

from renderer.audio.hearing import FRAME_S, Hearing
from renderer.audio.spectrum import MelSpec, Spectrum, mel_filters, power_frames

VOCODER_HOP = 256  # samples, of the HiFi-GAN family and of our own vocoders
COMB_BINS = 16  # per line: windows of 16 hops
COMB_RANGE_HZ = (300.0, 6_000.0)
COMB_LEAST_POWER = 1e-9  # of a window's power spectrum: digital silence has no lines

REPEAT_BANDS, REPEAT_RANGE_HZ = 20, (100.0, 7_000.0)
REPEAT_DEPTH_DB = 40.0  # below the loud frames: softer is silence
REPEAT_FRAMES = 25  # compared at once: 0.25 s
REPEAT_LAGS = (20, 200)  # frames
REPEAT_MOVE = 8  # frames over which a stretch's own change is taken
REPEAT_LEAST_MOVE_DB = 4.0  # a held vowel or a hiss resembles itself at every distance
REPEAT_LEAST_SPEECH = 0.8

Floats = npt.NDArray[np.float64]


class Repeat(NamedTuple):
    """The two stretches of a sound that resemble each other most.

    Attributes:
        ratio: How far they are apart against how much the stretch changes by itself: 0 is the same.
        start_s: Where the first begins.
        lag_s: How much later the second begins.
    """

    ratio: float
    start_s: float
    lag_s: float


def comb_db(hearing: Hearing, hop_length: int = VOCODER_HOP) -> float | None:
    """Return how far lines at the multiples of a vocoder's frame rate stand out.

    A vocoder that restarts at each frame buzzes at its frame rate (86 Hz at 22,050 Hz): metallic,
    under every sound. Levels in decibels are averaged over time, so that harmonics, which move,
    wash out and lines that stand still remain.

    Args:
        hearing: The take at the engine's own rate; resampling moves no line, but the rate given by
            the file would look for it in the wrong place.
        hop_length: Samples per frame of the vocoder.

    Returns:
        dB of the median line between 0.3 and 6 kHz over its surroundings (±half the spacing):
        within ±0.4 for people; None without 0.1 s of speech or three windows of sound (0.37 s at
        22,050 Hz). A comb 40 dB under clean speech reads 2 to 20. A voice that holds one pitch at a
        multiple of the frame rate for the whole take reads high too.
    """
    n_fft = COMB_BINS * hop_length
    if not hearing.has_speech or hearing.samples.size < 2 * n_fft:
        return None
    power = power_frames(hearing.samples, n_fft, n_fft // 2)
    power = power[power.sum(axis=1) > COMB_LEAST_POWER]
    level = 10 * np.log10(np.maximum(power, 1e-14)).mean(axis=0)
    level -= median_filter(level, COMB_BINS + 1)
    first, last = (int(hz * hop_length / hearing.rate) + 1 for hz in COMB_RANGE_HZ)
    lines = level[first * COMB_BINS : last * COMB_BINS : COMB_BINS]
    return float(np.median(lines)) if lines.size else None


def nearest_repeat(hearing: Hearing) -> Repeat | None:
    """Find the stretch of 0.25 s that comes back most alike 0.2 to 2 s later.

    Log-mel spectra are compared frame by frame; the mean distance is held against the stretch's own
    change over 80 ms. Stretches that hardly change, and silence, are not looked at.

    Args:
        hearing: Any sound.

    Returns:
        The best match; None without 0.5 s of speech that moves. A loop has below 0.1, people above
        0.15 unless they say a word twice; a deterministic engine that is to say a word twice may
        have less.
    """
    mel = _log_mel(hearing)
    frames = len(mel)
    if not hearing.has_speech or frames < REPEAT_FRAMES + REPEAT_LAGS[0]:
        return None
    bands = np.ascontiguousarray(mel.T)  # rows as long as the sound: quicker to compare
    moved = np.zeros(frames)
    inner = np.abs(bands[:, REPEAT_MOVE:] - bands[:, :-REPEAT_MOVE]).mean(axis=0)
    moved[REPEAT_MOVE // 2 : REPEAT_MOVE // 2 + inner.size] = inner
    motion = _over_stretches(moved)
    spoken = _over_stretches(hearing.is_speech[:frames].astype(np.float64))
    is_worth = (motion >= REPEAT_LEAST_MOVE_DB) & (spoken >= REPEAT_LEAST_SPEECH)
    best = Repeat(np.inf, 0.0, 0.0)
    for lag in range(REPEAT_LAGS[0], min(REPEAT_LAGS[1], frames - REPEAT_FRAMES)):
        apart = _over_stretches(np.abs(bands[:, lag:] - bands[:, :-lag]).mean(axis=0))
        ratio = np.where(is_worth[: apart.size], apart / motion[: apart.size].clip(1e-9), np.inf)
        at = int(ratio.argmin())
        if ratio[at] < best.ratio:
            best = Repeat(float(ratio[at]), at * FRAME_S, lag * FRAME_S)
    return best if np.isfinite(best.ratio) else None


def _over_stretches(values: Floats) -> Floats:
    """Return means of 25 neighbours (frames − 24,)."""
    total = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
    return np.asarray((total[REPEAT_FRAMES:] - total[:-REPEAT_FRAMES]) / REPEAT_FRAMES)


def _log_mel(hearing: Hearing) -> Spectrum:
    """Return log-mel levels, dB, not below 40 dB under the loud frames, float32 (frames, bands)."""
    low, high = REPEAT_RANGE_HZ
    spec = MelSpec(
        hearing.rate, hearing.n_fft, hearing.hop, REPEAT_BANDS, low, min(high, 0.45 * hearing.rate)
    )
    level = 10 * np.log10(np.maximum(hearing.power @ mel_filters(spec).T, 1e-12))
    if len(level) == 0:
        return np.asarray(level, dtype=np.float32)
    loud = float(np.quantile(level.max(axis=1), 0.95))
    return np.asarray(np.maximum(level, loud - REPEAT_DEPTH_DB), dtype=np.float32)
