"""Defects of the sound itself: noise, hum, clicks, clipping, offsets, bandwidth, codec damage.

Each takes a sound, an amount and a random generator, and returns a sound of the same length and
rate.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.signal import istft, stft

from renderer.audio.activity import sound_bounds
from renderer.audio.codec import decode, encode
from renderer.audio.mastering import resample
from renderer.audio.waveform import Waveform
from renderer.quality.defect.material import active_rms

Rng = np.random.Generator
Floats = npt.NDArray[np.float64]

MAINS_HZ = (50.0, 60.0)
HARMONICS = 10
CLICKS_PER_S = 1.5
PACKET_S = 0.02
STARVED_WINDOW_S = 0.04


def add_white_noise(waveform: Waveform, snr_db: float, rng: Rng) -> Waveform:
    """Add white noise at an exact ratio to the sounding frames, dB."""
    return _at_snr(waveform, rng.standard_normal(waveform.samples.size), snr_db)


def add_pink_noise(waveform: Waveform, snr_db: float, rng: Rng) -> Waveform:
    """Add noise that falls by 3 dB per octave, as rooms and fans do."""
    white = np.fft.rfft(rng.standard_normal(waveform.samples.size))
    hz = np.fft.rfftfreq(waveform.samples.size, 1 / waveform.sample_rate)
    pink = np.fft.irfft(white / np.sqrt(np.maximum(hz, 20.0)), waveform.samples.size)
    return _at_snr(waveform, pink, snr_db)


def add_hum(waveform: Waveform, snr_db: float, rng: Rng) -> Waveform:
    """Add mains hum of 50 or 60 Hz with harmonics that fall by 6 dB per octave."""
    time = np.arange(waveform.samples.size) / waveform.sample_rate
    mains = rng.choice(MAINS_HZ)
    hum = sum(
        np.sin(2 * np.pi * (k * mains * time + rng.random())) / k for k in range(1, HARMONICS + 1)
    )
    return _at_snr(waveform, np.asarray(hum), snr_db)


def add_clicks(waveform: Waveform, height: float, rng: Rng) -> Waveform:
    """Add lone cracks of two samples inside the sound.

    Args:
        waveform: The sound.
        height: Of the peak, 0–1.
        rng: Chooses places and signs.
    """
    start, end = sound_bounds(waveform)
    samples = waveform.samples.astype(np.float64)
    if end - start < 4:  # noqa: PLR2004 - no room for one
        return waveform
    count = max(1, round(CLICKS_PER_S * (end - start) / waveform.sample_rate))
    places = rng.integers(start + 1, end - 1, count)
    tall = height * np.abs(samples).max() * rng.choice((-1.0, 1.0), count)
    np.add.at(samples, places, tall)
    np.add.at(samples, places + 1, -0.5 * tall)
    return Waveform.of(samples, waveform.sample_rate)


def clip(waveform: Waveform, share: float, _: Rng) -> Waveform:
    """Cut off everything above a share of the peak."""
    top = share * float(np.abs(waveform.samples).max(initial=0.0))
    return Waveform.of(np.clip(waveform.samples, -top, top), waveform.sample_rate)


def add_offset(waveform: Waveform, offset: float, rng: Rng) -> Waveform:
    """Add a constant, of full scale, up or down."""
    moved = waveform.samples + offset * rng.choice((-1.0, 1.0))
    return Waveform.of(moved, waveform.sample_rate)


def change_level(waveform: Waveform, by_db: float, rng: Rng) -> Waveform:
    """Make all of it louder or softer."""
    gain = 10 ** (by_db * rng.choice((-1.0, 1.0)) / 20)
    return Waveform.of(waveform.samples * gain, waveform.sample_rate)


def limit_band(waveform: Waveform, rate_hz: float, _: Rng) -> Waveform:
    """Send a sound through a lower sampling rate and back: nothing is left above half of it."""
    return _fitted(resample(resample(waveform, int(rate_hz)), waveform.sample_rate), waveform)


def lose_packets(waveform: Waveform, share: float, rng: Rng) -> Waveform:
    """Zero a share of the packets of 20 ms between the first and the last sound, at least one."""
    start, end = sound_bounds(waveform)
    packet = round(PACKET_S * waveform.sample_rate)
    starts = np.arange(start, end, packet)
    samples = waveform.samples.copy()
    if starts.size:
        count = min(starts.size, max(1, round(share * starts.size)))
        for at in rng.choice(starts, count, replace=False):
            samples[at : min(at + packet, end)] = 0
    return Waveform(samples, waveform.sample_rate)


def starve_codec(waveform: Waveform, share: float, _: Rng) -> Waveform:
    """Keep only the strongest share of each frame's bins, as a codec out of bits does."""
    size = max(64, round(STARVED_WINDOW_S * waveform.sample_rate))
    if waveform.samples.size < size:
        return waveform
    _, _, bins = stft(waveform.samples, nperseg=size)
    level = np.abs(bins)
    kept = level >= np.quantile(level, 1 - share, axis=0, keepdims=True)
    _, made = istft(np.where(kept, bins, 0), nperseg=size)
    return _fitted(Waveform.of(made, waveform.sample_rate), waveform)


def recode(waveform: Waveform, rate_hz: float, _: Rng) -> Waveform:
    """Send a sound through Ogg Vorbis of the lowest quality at a low sampling rate."""
    low = decode(encode(resample(waveform, int(rate_hz)), "ogg", 0.0))
    return _fitted(resample(low, waveform.sample_rate), waveform)


def _at_snr(waveform: Waveform, noise: Floats, snr_db: float) -> Waveform:
    level = float(np.sqrt(np.mean(np.square(noise)))) if noise.size else 0.0
    if level == 0:
        return waveform
    gain = active_rms(waveform) * 10 ** (-snr_db / 20) / level
    return Waveform.of(waveform.samples + gain * noise, waveform.sample_rate)


def _fitted(made: Waveform, like: Waveform) -> Waveform:
    size = like.samples.size
    samples = np.pad(made.samples[:size], (0, max(0, size - made.samples.size)))
    return Waveform.of(samples, like.sample_rate)
