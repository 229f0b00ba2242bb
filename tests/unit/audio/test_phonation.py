"""The quality of a voice against trains of pulses and tones whose quality is known."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.audio.hearing import Hearing
from renderer.audio.phonation import cpps_db, hnr_db, jitter, shimmer, voiced_f0, voiced_share
from renderer.audio.waveform import Waveform
from tests.unit.audio.known_sound import RATE, buzz, noise, spoken, syllables


def pulses(unsteady: float, uneven: float, f0: float = 120.0, seconds: float = 3.0) -> Waveform:
    """Damped pulses whose periods and heights vary; the mean difference of two normal values of
    deviation s is 2 s / sqrt(pi)."""
    rng = np.random.default_rng(1)
    rate = 48_000
    deviation = np.sqrt(np.pi) / 2
    count = int(seconds * f0)
    periods = (1 + unsteady * deviation * rng.standard_normal(count)) / f0
    heights = 1 + uneven * deviation * rng.standard_normal(count)
    samples = np.zeros(round((seconds + 0.1) * rate))
    length = round(0.02 * rate)
    for at, height in zip(np.cumsum(periods), heights, strict=True):
        first = int(at * rate)
        time = (np.arange(first, first + length) - at * rate) / rate
        swing = (time - 0.003) / 0.0006
        pulse = -swing * np.exp(-0.5 * swing**2)  # without an offset that would be taken out
        samples[first : first + length] += (height * pulse)[: samples.size - first]
    return Waveform.of(0.3 * samples[: round(seconds * rate)], rate)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 48_000])
@pytest.mark.parametrize("hz", [80.0, 120.0, 250.0, 500.0])
def test_a_known_f0_is_found(hz, rate):
    f0 = voiced_f0(Hearing(Waveform.of(buzz(1.0, hz, rate), rate)))
    assert np.median(f0) == pytest.approx(hz, rel=0.005)


@pytest.mark.parametrize("rate", [16_000, 22_050, 48_000])
@pytest.mark.parametrize("ratio", [5.0, 10.0, 20.0, 30.0])
def test_a_tone_in_noise_has_the_ratio_it_was_made_with(ratio, rate):
    # At 16 kHz the noise above 8 kHz is not heard: it is made there.
    import soxr

    tone = buzz(2.0, 200.0, 16_000)
    mixed = tone + noise(tone.size, 0.1 * 10 ** (-ratio / 20))
    made = soxr.resample(mixed, 16_000, rate)
    assert hnr_db(Hearing(Waveform.of(made, rate))) == pytest.approx(ratio, abs=1.0)


@pytest.mark.parametrize("share", [0.0, 0.005, 0.01, 0.03])
def test_known_jitter_is_found(share):
    found = jitter(Hearing(pulses(share, 0.0)))
    assert found == pytest.approx(share, rel=0.15, abs=0.0005)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.05, 0.1])
def test_known_shimmer_is_found(share):
    hearing = Hearing(pulses(0.0, share))
    assert shimmer(hearing) == pytest.approx(share, rel=0.1, abs=0.002)
    assert jitter(hearing) < 0.001


def test_the_cepstral_peak_sinks_with_every_step_of_noise():
    clean = buzz(2.0, 130.0)
    values = [
        cpps_db(Hearing(Waveform.of(clean + noise(clean.size, 0.1 * 10 ** (-snr / 20)), RATE)))
        for snr in (40, 30, 20, 10, 0)
    ]
    assert values == sorted(values, reverse=True)
    assert values[0] > values[-1] + 5


def test_a_whisper_has_no_voice_to_judge():
    made, _ = syllables(noise(round(3.5 * RATE)))
    hearing = Hearing(Waveform.of(made + noise(made.size, 1e-5, seed=3), RATE))
    assert hnr_db(hearing) is None
    assert jitter(hearing) is None
    assert shimmer(hearing) is None
    assert voiced_share(hearing) < 0.1
    assert voiced_share(Hearing(spoken())) > 0.9


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(RATE), buzz(0.05), np.full(RATE, 0.5)])
def test_what_is_silent_or_short_has_no_voice(samples):
    hearing = Hearing(Waveform.of(samples, RATE))
    assert hnr_db(hearing) is None
    assert jitter(hearing) is None
    assert shimmer(hearing) is None
    assert cpps_db(hearing) is None
