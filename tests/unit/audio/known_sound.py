"""Sounds whose metrics are known by how they are made."""

from __future__ import annotations

import numpy as np

from renderer.audio.waveform import Waveform

RATE = 22_050


def buzz(seconds: float, hz: float = 120.0, rate: int = RATE) -> np.ndarray:
    """A steady voice-like tone of 20 harmonics that fall by 6 dB per octave, RMS 0.1."""
    time = np.arange(round(seconds * rate)) / rate
    tone = sum(np.sin(2 * np.pi * k * hz * time + k * k) / k for k in range(1, 21))
    return np.asarray(0.1 * tone / np.sqrt(np.mean(np.square(tone))))


def noise(size: int, rms: float = 0.1, seed: int = 0) -> np.ndarray:
    made = np.random.default_rng(seed).standard_normal(size)
    return np.asarray(rms * made / np.sqrt(np.mean(np.square(made))))


def shaped(size: int, rate: int, gain, seed: int = 0) -> np.ndarray:
    """White noise whose spectrum is multiplied by gain(hz), RMS 0.1."""
    spectrum = np.fft.rfft(noise(size, seed=seed)) * gain(np.fft.rfftfreq(size, 1 / rate))
    made = np.fft.irfft(spectrum, size)
    return np.asarray(0.1 * made / np.sqrt(np.mean(np.square(made))))


def syllables(sound: np.ndarray, rate: int = RATE, on_s: float = 0.4, off_s: float = 0.3):
    """Silence a sound every 0.4 s for 0.3 s, with ramps of 10 ms; returns it and where it sounds.

    A hard edge would be a click, which has every frequency.
    """
    at = np.arange(sound.size) / rate % (on_s + off_s)
    gain = np.clip(np.minimum(at, on_s - at) / 0.01, 0.0, 1.0)
    return sound * (0.5 - 0.5 * np.cos(np.pi * gain)), gain == 1


def spoken(seconds: float = 3.5, rate: int = RATE, hz: float = 120.0, floor: float = 1e-5):
    """Syllables of a buzz over a faint noise floor."""
    made, _ = syllables(buzz(seconds, hz, rate), rate)
    return Waveform.of(made + noise(made.size, floor), rate)
