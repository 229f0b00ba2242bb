"""A floor and hum of known level, under speech that hardly pauses or does not."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.audio.hearing import Hearing
from renderer.audio.steady import floor_snr_db, steady_hum
from renderer.audio.waveform import Waveform
from tests.unit.audio.known_sound import RATE, noise

EDGE = np.zeros(round(0.08 * RATE))  # a take's own head and tail: too short to be a pause


def word(seconds: float, hz: float = 110.0, glide_hz: float = 17.0) -> np.ndarray:
    """One glide of a voice that swells and dies away, without a pause; RMS 0.1 while it sounds."""
    time = np.arange(round(seconds * RATE)) / RATE
    f0 = hz + glide_hz * np.sin(2 * np.pi * (1.3 / seconds) * time)
    phase = 2 * np.pi * np.cumsum(f0) / RATE
    tone = sum(np.sin(k * phase + k * k) / k for k in range(1, 21))
    swell = np.sin(np.pi * np.arange(time.size) / time.size)
    made = tone * swell
    loud = 0.1 * made / np.sqrt(np.mean(np.square(made)))
    return np.concatenate((EDGE, loud, EDGE))


def hum_of(size: int, base_hz: float, rms: float, lines=(1, 2, 3, 5)) -> np.ndarray:
    time = np.arange(size) / RATE
    made = sum(np.sin(2 * np.pi * k * base_hz * time + k) / k for k in lines)
    return np.asarray(rms * made / np.sqrt(np.mean(np.square(made))))


def heard(samples: np.ndarray) -> Hearing:
    return Hearing(Waveform.of(samples, RATE))


@pytest.mark.parametrize("seconds", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("snr_db", [10.0, 20.0, 30.0])
def test_white_noise_of_a_known_level_reads_true_without_any_pause(seconds, snr_db):
    clean = word(seconds)
    floor = noise(clean.size, 0.1 * 10 ** (-snr_db / 20))
    assert floor_snr_db(heard(clean + floor)) == pytest.approx(snr_db, abs=5.0)


def test_the_floor_does_not_depend_on_the_level():
    samples = word(1.0)
    samples = samples + noise(samples.size, 0.003)
    loud, soft = floor_snr_db(heard(samples)), floor_snr_db(heard(0.05 * samples))
    assert loud == pytest.approx(soft, abs=0.01)


def test_digital_silence_is_no_floor():
    pause = np.zeros(round(0.2 * RATE))
    assert floor_snr_db(heard(np.concatenate((pause, word(1.0), pause)))) == 100.0


@pytest.mark.parametrize("base_hz", [50.0, 60.0])
@pytest.mark.parametrize("seconds", [0.5, 1.0, 3.0])
def test_hum_under_a_word_has_its_level_and_its_mains(base_hz, seconds):
    clean = word(seconds)
    found = steady_hum(heard(clean + hum_of(clean.size, base_hz, 0.1 * 10 ** (-20 / 20))))
    assert found is not None
    assert found.base_hz == base_hz
    assert found.level_db == pytest.approx(-20.0, abs=4.0)


def test_a_voice_that_rests_on_a_multiple_of_the_mains_does_not_hum():
    held = word(2.0, hz=100.0, glide_hz=2.0)  # no voice is steadier
    found = steady_hum(heard(held + noise(held.size, 1e-4)))
    assert found is not None
    assert found.level_db < -45


def test_a_clean_word_does_not_hum_and_a_scrap_has_no_answer():
    sound = word(1.0)
    clean = steady_hum(heard(sound + noise(sound.size, 1e-5)))
    assert clean is not None
    assert clean.level_db < -60
    scrap = heard(word(0.05))
    assert steady_hum(scrap) is None
    assert floor_snr_db(scrap) is None
