"""The phase of the fundamental: found in a voice whose phase is known."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.training.corpus import MEL
from renderer.training.epoch import continue_f0, fundamental_cycles, integrate

HOP, RATE = MEL.hop_length, MEL.sample_rate


def glide(frames: int, tone: float = 120.0) -> np.ndarray:
    return (tone * 2 ** (0.2 * np.sin(np.arange(frames) * 0.1))).astype(np.float32)


def voice(cycles: np.ndarray) -> np.ndarray:
    """Harmonics in cosine phase, with a weak fundamental and some noise."""
    sound = 0.3 * np.cos(2 * np.pi * cycles)
    for k in range(2, 15):
        sound += np.cos(2 * np.pi * k * cycles) / k
    draw = np.random.default_rng(0)
    return (0.2 * sound + 0.005 * draw.standard_normal(cycles.size)).astype(np.float32)


def apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs((one - other + 0.5) % 1.0 - 0.5)


@pytest.mark.parametrize("offset", [0.0, 0.3, 0.77])
@pytest.mark.parametrize("tone", [90.0, 220.0])
def test_the_phase_of_a_known_voice(offset: float, tone: float) -> None:
    f0 = glide(120, tone)
    real = integrate(f0, MEL) + offset
    found = fundamental_cycles(voice(real), f0, np.ones(120, dtype=bool), MEL)
    assert apart(found, real)[4 * HOP : -4 * HOP].max() < 0.03


def test_an_f0_that_is_a_little_wrong_is_followed() -> None:
    """A tracker is off by cents; the sound's own pulses are what counts."""
    f0 = glide(120)
    real = integrate(f0, MEL)
    off = (f0 * 2 ** (20 / 1200)).astype(np.float32)  # drifts by 1.4 cycles a second
    found = fundamental_cycles(voice(real), off, np.ones(120, dtype=bool), MEL)
    assert apart(found, real)[4 * HOP : -4 * HOP].max() < 0.06


def test_cycles_rise_and_are_kept_through_silence() -> None:
    f0, voiced = glide(90), np.ones(90, dtype=bool)
    voiced[40:60] = False
    real = integrate(f0, MEL) + 0.4
    sound = voice(real)
    sound[40 * HOP : 60 * HOP] = 0
    found = fundamental_cycles(sound, f0, voiced, MEL)
    assert found.shape == (90 * HOP,)
    assert found.dtype == np.float64
    assert (np.diff(found) > 0).all()
    assert apart(found, real)[5 * HOP : 36 * HOP].max() < 0.03
    assert apart(found, real)[64 * HOP : -5 * HOP].max() < 0.03


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_silence_and_very_short_clips_are_no_fault(frames: int) -> None:
    f0 = continue_f0(np.zeros(frames, dtype=np.float32), np.zeros(frames, dtype=bool))
    found = fundamental_cycles(
        np.zeros(frames * HOP, dtype=np.float32), f0, np.zeros(frames, dtype=bool), MEL
    )
    assert found.shape == (frames * HOP,)
    assert np.isfinite(found).all()


def test_f0_is_carried_on_in_log_frequency() -> None:
    known = np.array([0, 100, 0, 400, 0], dtype=np.float32)
    np.testing.assert_allclose(continue_f0(known, known > 0), [100, 100, 200, 400, 400], rtol=1e-5)


def test_integration_counts_the_cycles() -> None:
    cycles = integrate(np.full(100, 150.0, dtype=np.float32), MEL)
    assert cycles[-1] == pytest.approx(150.0 * 100 * HOP / RATE)
