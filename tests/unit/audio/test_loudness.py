"""Conformance signals of EBU Tech 3341 and ITU-R BS.1770, synthesised here."""

from __future__ import annotations

import math

import numpy as np
import pyloudnorm
import pytest

from renderer.audio.loudness import (
    integrated_loudness_lufs,
    inter_sample_peaks,
    pooled_loudness_lufs,
    true_peak_dbtp,
)
from renderer.audio.waveform import Waveform

RATE = 48_000
# The signals of Tech 3341 are stereo with both channels driven; ours is one channel, so each
# sinusoid is 3.01 dB higher for the same reading.
STEREO_DB = 10 * math.log10(2)


def tone(level_dbfs: float, seconds: float, rate: int = RATE, hz: float = 1000.0) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return 10 ** ((level_dbfs + STEREO_DB) / 20) * np.sin(2 * np.pi * hz * time)


def programme(*parts: tuple[float, float], rate: int = RATE) -> Waveform:
    return Waveform.of(np.concatenate([tone(level, s, rate) for level, s in parts]), rate)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param([(-23, 20)], -23.0, id="3341-1"),
        pytest.param([(-33, 20)], -33.0, id="3341-2"),
        pytest.param([(-36, 10), (-23, 60), (-36, 10)], -23.0, id="3341-3"),
        pytest.param([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0, id="3341-4"),
        pytest.param([(-26, 20), (-20, 20.1), (-26, 20)], -23.0, id="3341-5"),
    ],
)
def test_integrated_loudness_meets_ebu_tech_3341(parts, expected):
    assert integrated_loudness_lufs(programme(*parts)) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 44_100, 48_000, 96_000])
def test_a_997_hz_full_scale_tone_reads_minus_3_01_at_every_rate(rate):
    time = np.arange(5 * rate) / rate
    waveform = Waveform.of(np.sin(2 * np.pi * 997 * time), rate)
    assert integrated_loudness_lufs(waveform) == pytest.approx(-3.01, abs=0.1)


# BS.2217 tests the K weighting over frequency; these are the responses of the standard's own
# 48 kHz coefficients.
@pytest.mark.parametrize("hz", [25, 100, 500, 2000, 10_000])
def test_k_weighting_follows_the_coefficients_printed_in_the_standard(hz):
    from scipy.signal import sosfreqz

    printed = np.array(
        [
            [
                1.53512485958697,
                -2.69169618940638,
                1.19839281085285,
                1.0,
                -1.69065929318241,
                0.73248077421585,
            ],
            [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
        ]
    )
    response = abs(sosfreqz(printed, [hz], fs=RATE)[1][0])
    time = np.arange(10 * RATE) / RATE
    measured = integrated_loudness_lufs(Waveform.of(0.25 * np.sin(2 * np.pi * hz * time), RATE))
    expected = -0.691 + 10 * math.log10(0.5 * 0.25**2) + 20 * math.log10(response)
    assert measured == pytest.approx(expected, abs=0.05)


def test_agrees_with_pyloudnorm_on_noise_with_pauses():
    noise = np.random.default_rng(3).standard_normal(RATE * 10) * 0.05
    noise[RATE * 2 : RATE * 4] *= 0.001
    expected = pyloudnorm.Meter(RATE).integrated_loudness(noise)
    assert integrated_loudness_lufs(Waveform.of(noise, RATE)) == pytest.approx(expected, abs=0.05)


@pytest.mark.reference
def test_agrees_with_pyloudnorm_on_real_speech(reference_data):
    from renderer.audio.codec import decode

    for path in sorted((reference_data / "speech" / "ljspeech").glob("*.flac"))[:6]:
        waveform = decode(path.read_bytes())
        if waveform.duration_s > 4:
            meter = pyloudnorm.Meter(waveform.sample_rate, filter_class="DeMan")
            expected = meter.integrated_loudness(waveform.samples.astype(float))
            assert integrated_loudness_lufs(waveform) == pytest.approx(expected, abs=0.1)


def test_silence_nothing_and_broken_samples_have_no_loudness():
    for samples in ([], np.zeros(100), np.zeros(RATE * 3), [np.nan] * RATE, [np.inf] * 5):
        assert integrated_loudness_lufs(Waveform.of(samples, RATE)) == -math.inf


def test_a_bark_shorter_than_a_gating_block_has_the_level_of_what_is_there():
    assert integrated_loudness_lufs(programme((-23, 0.3))) == pytest.approx(-23, abs=0.3)


def test_pooling_measures_several_lines_as_one_programme():
    lines = [programme((-26, 20)), programme((-20, 20.1)), programme((-26, 20))]
    assert pooled_loudness_lufs(lines) == pytest.approx(-23, abs=0.1)
    assert pooled_loudness_lufs([]) == -math.inf


# EBU Tech 3341, table 1, signals 15-19: sinusoids at a fraction of the rate, by phase and level.
@pytest.mark.parametrize(
    ("fraction", "degrees", "level", "expected"),
    [
        pytest.param(4, 0, 0.5, -6.0, id="3341-15"),
        pytest.param(4, 45, 0.5, -6.0, id="3341-16"),
        pytest.param(6, 60, 0.5, -6.0, id="3341-17"),
        pytest.param(8, 67.5, 0.5, -6.0, id="3341-18"),
        pytest.param(4, 45, 1.41, 3.0, id="3341-19"),
    ],
)
def test_true_peak_meets_ebu_tech_3341(fraction, degrees, level, expected):
    phase = 2 * np.pi * np.arange(RATE) / fraction + math.radians(degrees)
    samples = level * np.sin(phase) * np.minimum(1, np.arange(RATE) / 480)
    assert expected - 0.4 <= true_peak_dbtp(Waveform.of(samples, RATE)) <= expected + 0.2


def test_skipping_quiet_stretches_changes_nothing():
    rng = np.random.default_rng(1)
    for seed in range(20):
        samples = rng.standard_normal(5000) * np.repeat(rng.random(50) ** 6, 100)
        waveform = Waveform.of(samples * 0.5, RATE)
        whole = max(np.abs(waveform.samples).max(), inter_sample_peaks(waveform.samples).max())
        assert true_peak_dbtp(waveform) == pytest.approx(20 * math.log10(whole), abs=1e-5), seed


def test_true_peak_is_never_below_the_sample_peak_and_tells_broken_sound():
    impulse = np.zeros(64)
    impulse[30] = -0.5
    assert true_peak_dbtp(Waveform.of(impulse, RATE)) == pytest.approx(-6.02, abs=0.01)
    assert true_peak_dbtp(Waveform.of([], RATE)) == -math.inf
    assert true_peak_dbtp(Waveform.of(np.zeros(9), RATE)) == -math.inf
    assert math.isnan(true_peak_dbtp(Waveform.of([0.1, np.nan], RATE)))
