"""Noise and hum against sounds of known noise and hum."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.audio.hearing import Hearing
from renderer.audio.noise import hum, noise_floor_dbfs, snr_db
from renderer.audio.waveform import Waveform
from tests.unit.audio.known_sound import RATE, buzz, noise, spoken, syllables


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
@pytest.mark.parametrize("snr", [10.0, 20.0, 40.0, 60.0])
def test_a_known_ratio_of_speech_to_noise_is_found_within_a_decibel(snr, rate):
    made, is_on = syllables(buzz(3.5, rate=rate), rate)
    floor = np.sqrt(np.mean(np.square(made[is_on]))) * 10 ** (-snr / 20)
    hearing = Hearing(Waveform.of(made + noise(made.size, floor), rate))
    assert snr_db(hearing) == pytest.approx(snr, abs=1.0)
    assert noise_floor_dbfs(hearing) == pytest.approx(20 * np.log10(floor), abs=1.0)


def test_the_ratio_does_not_depend_on_the_level():
    sound = spoken(floor=1e-3)
    quiet = Waveform.of(sound.samples * 0.05, RATE)
    assert snr_db(Hearing(quiet)) == pytest.approx(snr_db(Hearing(sound)), abs=0.05)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0),
        np.zeros(RATE),
        buzz(1.0),  # a vowel without a pause
        noise(RATE),
        syllables(buzz(3.5))[0],  # digital silence between the words: no floor to hear
        buzz(0.05),
    ],
    ids=["empty", "silent", "vowel", "hiss", "gated", "shorter than a window"],
)
def test_where_there_is_no_speech_or_no_pause_nothing_is_said(samples):
    hearing = Hearing(Waveform.of(samples, RATE))
    assert snr_db(hearing) is None
    assert hum(hearing) is None


@pytest.mark.parametrize("hz", [50.0, 60.0])
@pytest.mark.parametrize("level", [-30.0, -45.0, -60.0])
def test_hum_of_a_known_level_is_found(hz, level):
    sound = spoken()
    time = np.arange(sound.samples.size) / RATE
    tone = 0.1 * 10 ** (level / 20) * np.sqrt(2) * np.sin(2 * np.pi * hz * time)
    found = hum(Hearing(Waveform.of(sound.samples + tone, RATE)))
    assert found.base_hz == hz
    assert found.level_db == pytest.approx(level, abs=1.0)


def test_noise_is_no_hum():
    levels = [
        hum(
            Hearing(
                Waveform.of(syllables(buzz(5.6))[0] + noise(round(5.6 * RATE), 1e-3, seed), RATE)
            )
        )
        for seed in range(20)
    ]
    # Forty decibels of noise hold 10^-4 of the speech's power; one line of it is far less.
    assert max(found.level_db for found in levels) < -55


def test_a_line_between_the_families_is_no_hum():
    sound = spoken()
    time = np.arange(sound.samples.size) / RATE
    tone = 1e-3 * np.sin(2 * np.pi * 85.0 * time)
    assert hum(Hearing(Waveform.of(sound.samples + tone, RATE))).level_db < -80


def test_a_hiss_in_speech_without_a_pause_is_no_noise_floor():
    vowel = buzz(0.6)
    rng = np.random.default_rng(0)
    hiss = np.diff(rng.standard_normal(round(0.25 * RATE) + 1), 1) * 0.01
    sound = np.concatenate((vowel, hiss, vowel, hiss, vowel))
    assert snr_db(Hearing(Waveform.of(sound, RATE))) is None


def test_what_is_softer_somewhere_is_no_noise_floor():
    """Hisses beside breathy vowels, with closures between them: "Sur mes sourcils."."""
    vowel = buzz(0.3)
    vowel = vowel + noise(vowel.size, 0.02)
    hiss = noise(round(0.15 * RATE), 0.02, seed=1)
    closure = noise(round(0.04 * RATE), 1e-4, seed=2)
    said = np.concatenate((hiss, vowel, closure) * 4)
    assert snr_db(Hearing(Waveform.of(said, RATE))) is None
    steady = noise(said.size, 0.02, seed=3)  # the same under a real floor: that is told
    assert snr_db(Hearing(Waveform.of(said + steady, RATE))) is not None
