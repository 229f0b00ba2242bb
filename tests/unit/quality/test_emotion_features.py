"""What an emotion is heard by, on signals whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.audio.waveform import Waveform
from renderer.errors import JudgeError
from renderer.quality.emotion_features import NAMES, baseline_of, measure_emotion

RATE = 16_000


def voice(
    hz: float | np.ndarray = 120.0,
    seconds: float = 2.0,
    *,
    rate: int = RATE,
    roll_off: float = 1.0,
    noise: float = 0.0,
) -> np.ndarray:
    """A buzz of harmonics falling with k**-roll_off, with noise of a share of its level."""
    count = round(seconds * rate)
    f0 = np.broadcast_to(hz, count)
    phase = 2 * np.pi * np.cumsum(f0) / rate
    top = int(0.45 * rate / np.max(f0))
    sound = sum(np.sin(k * phase) / k**roll_off for k in range(1, min(top, 40) + 1))
    sound = 0.1 * sound / np.sqrt(np.mean(sound**2))
    return sound + 0.1 * noise * np.random.default_rng(0).standard_normal(count)


def feature(sound: np.ndarray, name: str, rate: int = RATE) -> float:
    return float(measure_emotion(Waveform.of(sound, rate))[NAMES.index(name)])


def test_pitch_is_in_semitones_over_100_hz():
    assert feature(voice(200.0), "f0_mean_st") == pytest.approx(12.0, abs=0.1)
    assert feature(voice(200.0), "f0_spread_st") == pytest.approx(0.0, abs=0.1)


def test_an_octave_a_second_is_a_slope_of_twelve():
    rising = 120 * 2 ** (np.arange(RATE) / RATE)
    sound = voice(rising, 1.0)
    assert feature(sound, "f0_slope_st_s") == pytest.approx(12.0, abs=0.6)
    assert feature(sound, "f0_motion_st_s") == pytest.approx(12.0, abs=0.8)
    assert feature(sound, "f0_end_st") > 3


def test_level_is_rms_in_decibels():
    assert feature(voice(), "level_db") == pytest.approx(-20.0, abs=0.3)
    assert feature(voice() * 0.5, "level_db") == pytest.approx(-26.0, abs=0.3)


def test_a_flatter_spectrum_is_brighter():
    soft, pressed = voice(roll_off=2.0), voice(roll_off=0.6)
    assert feature(pressed, "alpha_db") > feature(soft, "alpha_db") + 6
    assert feature(pressed, "hammarberg_db") < feature(soft, "hammarberg_db") - 6
    assert feature(pressed, "centroid_oct") > feature(soft, "centroid_oct") + 1


def test_noise_lowers_the_harmonics_to_noise_ratio():
    clean, breathy = (feature(voice(noise=n), "hnr_db") for n in (0.0, 0.3))
    assert clean > breathy + 10
    assert breathy == pytest.approx(20 * np.log10(1 / 0.3), abs=4)


def test_periods_that_differ_are_jitter():
    rng = np.random.default_rng(1)
    shaky = np.repeat(120 * (1 + 0.03 * rng.standard_normal(241)), 133)[: 2 * RATE]
    assert feature(voice(shaky), "jitter") > 3 * feature(voice(), "jitter")


def test_syllables_are_counted_per_second():
    time = np.arange(2 * RATE) / RATE
    swell = 0.05 + 0.95 * np.sin(np.pi * 4 * time) ** 2  # four a second
    assert feature(voice() * swell, "syllables_s") == pytest.approx(4.0, abs=0.6)


def test_a_silence_inside_is_a_pause_and_one_outside_is_none():
    gap, part = np.zeros(RATE // 2), voice(seconds=0.75)
    inner = feature(np.concatenate([part, gap, part]), "pause_share")
    outer = feature(np.concatenate([gap, part, part, gap]), "pause_share")
    assert inner == pytest.approx(0.25, abs=0.03)
    assert outer == 0.0


def test_rate_and_silence_at_the_ends_are_no_part_of_it():
    one = measure_emotion(Waveform.of(voice(rate=48_000), 48_000))
    other = measure_emotion(Waveform.of(np.pad(voice(), RATE // 2), RATE))
    for name in ("f0_mean_st", "level_db", "hnr_db"):
        at = NAMES.index(name)
        assert one[at] == pytest.approx(other[at], abs=1.0)


def test_everything_is_finite_and_named_once():
    assert len(set(NAMES)) == len(NAMES)
    found = measure_emotion(Waveform.of(voice(), RATE))
    assert found.shape == (len(NAMES),)
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("sound", "why"),
    [
        (np.zeros(0), "no samples"),
        (np.zeros(RATE), "silent"),
        (np.full(RATE, np.nan), "no number"),
        (voice(seconds=0.2), "too short"),
        (0.1 * np.random.default_rng(0).standard_normal(RATE), "of voice"),
    ],
)
def test_what_cannot_be_heard_is_an_error_that_says_why(sound: np.ndarray, why: str):
    with pytest.raises(JudgeError, match=why):
        measure_emotion(Waveform.of(sound, RATE))


def test_a_baseline_is_the_middle_of_its_clips():
    rows = np.array([[1.0, 2.0], [3.0, 4.0], [100.0, 3.0]])
    assert baseline_of(rows).tolist() == [3.0, 3.0]
