"""The F0 tracker against signals whose F0 is known."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.audio.pitch import semitones, speaker_range, track_f0
from renderer.audio.waveform import Waveform


def harmonics(f0: np.ndarray, rate: int, count: int = 12) -> Waveform:
    phase = 2 * np.pi * np.cumsum(f0) / rate
    tone = sum(np.sin(k * phase) / k for k in range(1, count) if k * f0.max() < rate / 2)
    return Waveform.of(0.2 * np.asarray(tone), rate)


@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 48_000])
@pytest.mark.parametrize("hz", [70.0, 110.0, 220.0, 440.0])
def test_a_steady_tone_is_found_within_a_twentieth_of_a_semitone(rate, hz):
    f0, voiced = track_f0(harmonics(np.full(rate // 2, hz), rate))
    assert voiced.mean() > 0.95
    assert np.abs(semitones(f0[voiced], hz)).max() < 0.05


def test_a_glide_is_followed_at_the_centre_of_each_frame():
    rate = 22_050
    t = np.arange(rate) / rate
    f0, voiced = track_f0(harmonics(120 * 2**t, rate))
    times = np.arange(f0.size) * 0.01
    inner = voiced & (times > 0.05) & (times < 0.95)
    assert np.abs(semitones(f0[inner]) - semitones(120 * 2 ** times[inner])).max() < 0.1


def test_a_missing_fundamental_is_no_octave_error():
    rate = 16_000
    t = np.arange(rate // 2) / rate
    tone = sum(np.sin(2 * np.pi * 100 * k * t) for k in range(3, 9)) * 0.1
    f0, voiced = track_f0(Waveform.of(tone, rate))
    assert np.median(f0[voiced]) == pytest.approx(100, rel=0.01)


def test_noise_and_silence_are_unvoiced():
    noise = np.random.default_rng(1).normal(size=22_050) * 0.1
    assert track_f0(Waveform.of(noise, 22_050))[1].mean() < 0.05
    assert not track_f0(Waveform.of(np.zeros(22_050), 22_050))[1].any()


def test_silence_between_two_tones_is_unvoiced():
    rate = 16_000
    tone = harmonics(np.full(rate // 2, 150.0), rate).samples
    _, voiced = track_f0(Waveform.of(np.concatenate([tone, np.zeros(rate // 2), tone]), rate))
    assert voiced[5:45].all()
    assert not voiced[55:95].any()
    assert voiced[105:145].all()


@pytest.mark.parametrize("size", [0, 1, 2, 50, 441])
def test_the_shortest_sounds_do_not_raise(size):
    f0, voiced = track_f0(Waveform.of(np.full(size, 0.5), 22_050))
    assert f0.shape == voiced.shape == (int(size / 220.5 + 1e-9) + 1,)


def test_samples_that_are_no_numbers_do_not_spread():
    wave = harmonics(np.full(16_000, 200.0), 16_000).samples.copy()
    wave[8000:8010] = np.nan
    f0, voiced = track_f0(Waveform(wave, 16_000))
    assert np.isfinite(f0).all()
    assert np.median(f0[voiced]) == pytest.approx(200, rel=0.01)


def test_a_long_line_has_the_frames_of_its_length():
    wave = harmonics(np.full(16_000 * 12, 130.0), 16_000)
    f0, voiced = track_f0(wave)
    assert f0.size == 1201
    assert voiced.mean() > 0.99


def test_the_range_of_a_speaker_holds_the_voice():
    low, high = speaker_range(harmonics(np.full(16_000, 200.0), 16_000))
    assert low == pytest.approx(150, rel=0.02)
    assert high == pytest.approx(380, rel=0.02)


def test_a_range_that_is_none_is_refused():
    with pytest.raises(ValueError, match="no pitch range"):
        track_f0(Waveform.of(np.zeros(100), 8000), 300, 100)
