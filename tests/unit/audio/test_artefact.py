"""Combs and loops, planted in sounds that have none."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.audio.artefact import comb_db, nearest_repeat
from renderer.audio.hearing import Hearing
from renderer.audio.waveform import Waveform
from tests.unit.audio.known_sound import RATE, noise


def babble(seconds: float = 3.0, seed: int = 0, rate: int = RATE) -> np.ndarray:
    """A voice that glides through random vowels: harmonics under two moving resonances."""
    rng = np.random.default_rng(seed)
    size = round(seconds * rate)
    time = np.arange(size) / rate
    knots = np.arange(0, seconds + 0.2, 0.12)

    def path(low: float, high: float) -> np.ndarray:
        return np.interp(time, knots, rng.uniform(low, high, knots.size))

    f0, first, second, loud = path(90, 180), path(250, 800), path(900, 3000), path(0.2, 1.0)
    phase = 2 * np.pi * np.cumsum(f0) / rate
    made = np.zeros(size)
    for k in range(1, 40):
        hz = k * f0
        gain = np.exp(-(((hz - first) / 200) ** 2)) + 0.5 * np.exp(-(((hz - second) / 300) ** 2))
        made += np.where(hz < rate / 2, (gain + 0.01) * np.sin(k * phase), 0.0)
    return 0.1 * loud * made + noise(size, 1e-4, seed)


def heard(samples: np.ndarray, rate: int = RATE) -> Hearing:
    return Hearing(Waveform.of(samples, rate))


@pytest.mark.parametrize("rate", [22_050, 24_000, 48_000])
def test_a_comb_at_the_frame_rate_stands_out_and_speech_does_not(rate):
    clean = babble(rate=rate)
    time = np.arange(clean.size) / rate
    comb = sum(np.cos(2 * np.pi * k * rate / 256 * time + k * k) for k in range(1, 50))
    level = np.sqrt(np.mean(np.square(clean))) / np.sqrt(np.mean(np.square(comb)))
    values = [
        comb_db(heard(clean + comb * level * 10 ** (db / 20), rate)) for db in (-120, -50, -40, -30)
    ]
    assert abs(values[0]) < 0.5
    assert values[1:] == sorted(values[1:])
    assert values[3] > values[0] + 3


def test_a_comb_at_another_spacing_is_not_this_comb():
    clean = babble()
    time = np.arange(clean.size) / RATE
    comb = sum(np.cos(2 * np.pi * k * 100.0 * time + k * k) for k in range(1, 50)) * 1e-3
    assert comb_db(heard(clean + comb)) < 0.5


@pytest.mark.parametrize("seed", range(6))
def test_a_stretch_said_twice_is_found_where_it_is(seed):
    clean = babble(3.0, seed)
    first, last = round(1.0 * RATE), round(1.5 * RATE)
    looped = np.concatenate((clean[:last], clean[first:last], clean[last:]))
    found = nearest_repeat(heard(looped))
    assert found.ratio < 0.1
    assert 0.9 < found.start_s < 1.3
    assert found.lag_s == pytest.approx(0.5, abs=0.015)
    assert nearest_repeat(heard(clean)).ratio > 0.2


def test_a_held_vowel_is_no_loop():
    time = np.arange(2 * RATE) / RATE
    vowel = sum(np.sin(2 * np.pi * k * 120 * time) / k for k in range(1, 20)) * 0.1
    assert nearest_repeat(heard(vowel)) is None


@pytest.mark.parametrize("measure", [comb_db, nearest_repeat])
@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(RATE), babble(0.2)])
def test_silence_and_barks_have_neither(measure, samples):
    assert measure(heard(samples)) is None
