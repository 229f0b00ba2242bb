"""A delivery against its master: known losses read as what they are, good encoders pass."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from renderer.audio.codec import decode, encode
from renderer.audio.fidelity import fidelity
from renderer.audio.mastering import resample
from renderer.audio.waveform import Waveform
from tests.unit.audio.known_sound import noise, spoken

RATE = 48_000


def master(seconds: float = 0.6) -> Waveform:
    made = spoken(seconds, RATE).samples
    return Waveform.of(made + 0.1 * noise(made.size) * (np.abs(made) > 0.02), RATE)


def test_the_same_sound_has_lost_nothing():
    found = fidelity(master(), master())
    assert (found.distance_db, found.band_loss_db, found.lost_s) == (0.0, 0.0, 0.0)


def test_a_softer_delivery_lies_as_far_as_it_is_softer():
    sound = Waveform.of(0.1 * noise(RATE), RATE)
    found = fidelity(sound, Waveform.of(0.5 * sound.samples, RATE))
    assert found.distance_db == pytest.approx(6.02, abs=0.05)
    assert found.band_loss_db == pytest.approx(6.02, abs=0.05)


def test_a_band_that_is_gone_is_named():
    sound = Waveform.of(0.1 * noise(RATE), RATE)
    gone = sosfiltfilt(butter(6, (2_000, 4_000), "bandstop", fs=RATE, output="sos"), sound.samples)
    found = fidelity(sound, Waveform.of(gone, RATE))
    assert found.band_loss_db > 20
    assert 2_000 < found.band_hz < 4_000


@pytest.mark.parametrize("lost", [1, 3])
def test_lost_packets_are_counted_in_seconds_and_placed(lost):
    sound = Waveform.of(0.1 * noise(RATE), RATE)
    samples = sound.samples.copy()
    for index in range(lost):
        at = round((0.3 + 0.2 * index) * RATE)
        samples[at : at + round(0.02 * RATE)] = 0
    found = fidelity(sound, Waveform(samples, RATE))
    assert found.lost_s == pytest.approx(0.02 * lost, abs=0.001)
    assert found.lost_at_s == pytest.approx(0.3, abs=0.005)


@pytest.mark.parametrize(
    ("codec", "quality"), [("ogg", 0.0), ("ogg", 0.5), ("opus", 0.0), ("opus", 0.5), ("wav16", 0.5)]
)
@pytest.mark.parametrize("seconds", [0.35, 2.0])
def test_every_encoder_keeps_the_shipped_limits(codec, quality, seconds):
    sound = master(seconds)
    found = fidelity(sound, decode(encode(sound, codec, quality)))
    assert found.distance_db < 3.2
    assert found.band_loss_db < 5.5
    assert found.lost_s <= 0.012


@pytest.mark.parametrize("seconds", [0.35, 2.0])
def test_a_delivery_that_went_through_a_telephone_is_far_from_its_master(seconds):
    sound = master(seconds)
    low = resample(decode(encode(resample(sound, 8_000), "ogg", 0.0)), RATE)
    assert fidelity(sound, low).distance_db > 3.2


def test_silence_and_nothing_have_no_distance():
    for size in (0, 10, RATE):
        silent = Waveform.of(np.zeros(size), RATE)
        found = fidelity(silent, silent)
        assert (found.distance_db, found.band_loss_db, found.lost_s) == (0.0, 0.0, 0.0)
