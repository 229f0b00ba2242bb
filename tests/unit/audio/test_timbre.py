"""The long-term spectrum against noises whose spectrum is known."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from renderer.audio.hearing import Hearing
from renderer.audio.timbre import bandwidth_hz, centroid_hz, flatness_db, tilt_db_per_octave
from renderer.audio.waveform import Waveform
from tests.unit.audio.known_sound import RATE, buzz, noise, shaped, spoken, syllables


def bursts(sound: np.ndarray, rate: int, floor: float = 1e-5) -> Hearing:
    made, _ = syllables(sound, rate)
    return Hearing(Waveform.of(made + noise(made.size, floor, seed=9), rate))


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000])
@pytest.mark.parametrize("top", [3_400, 5_500, 8_000])
def test_noise_that_ends_at_a_frequency_reaches_there(rate, top):
    sound = shaped(round(3.5 * rate), rate, lambda hz: hz < top)
    assert bandwidth_hz(bursts(sound, rate)) == pytest.approx(top, abs=350)


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000])
def test_a_telephone_file_that_was_resampled_is_found_out(rate):
    wide = shaped(round(3.5 * 48_000), 48_000, lambda hz: 1 / np.maximum(hz, 100))
    phone = soxr.resample(wide, 48_000, 8_000)
    upsampled, honest = soxr.resample(phone, 8_000, rate), soxr.resample(wide, 48_000, rate)
    assert bandwidth_hz(bursts(upsampled, rate)) < 4_400
    assert bandwidth_hz(bursts(honest, rate)) > 0.45 * rate


def test_noise_above_the_voice_is_not_the_voice():
    narrow = shaped(round(3.5 * RATE), RATE, lambda hz: hz < 4_000)
    assert bandwidth_hz(bursts(narrow, RATE, floor=3e-3)) == pytest.approx(4_000, abs=350)


@pytest.mark.parametrize("rate", [16_000, 22_050, 48_000])
@pytest.mark.parametrize(("power", "tilt"), [(0.0, 0.0), (0.5, -3.01), (1.0, -6.02), (1.5, -9.03)])
def test_coloured_noise_falls_as_it_was_made_to(power, tilt, rate):
    sound = shaped(round(3.5 * rate), rate, lambda hz: np.maximum(hz, 20) ** -power)
    assert tilt_db_per_octave(bursts(sound, rate, floor=1e-5)) == pytest.approx(tilt, abs=0.3)


def test_the_centroid_of_a_band_is_its_middle():
    sound = shaped(round(3.5 * RATE), RATE, lambda hz: (hz > 1_000) & (hz < 3_000))
    assert centroid_hz(bursts(sound, RATE)) == pytest.approx(2_000, abs=40)


def test_white_noise_is_flat_and_a_voice_is_not():
    # The mean logarithm of a chi-square of two degrees is the Euler constant: -2.51 dB.
    assert flatness_db(bursts(noise(round(3.5 * RATE)), RATE)) == pytest.approx(-2.51, abs=0.2)
    assert flatness_db(Hearing(spoken())) < -10


@pytest.mark.parametrize("measure", [bandwidth_hz, tilt_db_per_octave, centroid_hz, flatness_db])
@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(RATE), buzz(0.05)])
def test_what_is_silent_or_short_has_no_spectrum(measure, samples):
    assert measure(Hearing(Waveform.of(samples, RATE))) is None
