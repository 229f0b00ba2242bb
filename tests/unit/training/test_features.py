from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.audio.codec import decode
from renderer.training.corpus import MEL, Speaker
from renderer.training.features import (
    MEL_FLOOR,
    extract,
    frame_count,
    frame_energy,
    frame_f0,
    log_mel,
    phone_energy,
    phone_pitch,
)

RATE, HOP = MEL.sample_rate, MEL.hop_length


def vowel(f0_hz: np.ndarray) -> np.ndarray:
    """A buzz with formants near 700 and 1200 Hz whose F0 is given per sample."""
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE
    total = np.zeros(f0_hz.size)
    for k in range(1, 40):
        hz = k * f0_hz
        gain = 1 / (1 + ((hz - 700) / 150) ** 2) + 0.5 / (1 + ((hz - 1200) / 200) ** 2) + 0.02
        total += np.where(hz < RATE / 2, gain, 0) * np.sin(k * phase)
    return (0.3 * total / np.abs(total).max()).astype(np.float32)


def test_mel_is_the_one_of_hifigan() -> None:
    librosa = pytest.importorskip("librosa")
    samples = np.random.default_rng(1).normal(0, 0.1, 20 * HOP).astype(np.float32)
    pad = (MEL.n_fft - HOP) // 2
    padded = np.pad(samples, pad, mode="reflect")
    spectrum = librosa.stft(padded, n_fft=MEL.n_fft, hop_length=HOP, center=False)
    filters = librosa.filters.mel(sr=RATE, n_fft=MEL.n_fft, n_mels=80, fmin=0, fmax=RATE / 2)
    magnitude = np.sqrt(np.abs(spectrum) ** 2 + 1e-9)
    expected = np.log(np.maximum(filters @ magnitude, 1e-5))
    ours = log_mel(samples)
    assert ours.shape == expected.shape == (80, 20)
    np.testing.assert_allclose(ours, expected, atol=2e-4)


@given(st.integers(0, 5000))
@settings(max_examples=40, deadline=None)
def test_any_length_gives_whole_frames_of_numbers(size: int) -> None:
    samples = np.linspace(-0.5, 0.5, size, dtype=np.float32)
    mel = log_mel(samples)
    f0, voiced = frame_f0(samples)
    assert mel.shape == (80, frame_count(size))
    assert f0.shape == voiced.shape == (frame_count(size),)
    assert np.isfinite(mel).all()


def test_silence_lies_on_the_floor() -> None:
    mel = log_mel(np.zeros(4 * HOP, np.float32))
    np.testing.assert_allclose(mel, np.log(MEL_FLOOR), rtol=1e-6)
    assert frame_energy(mel).max() < -80


def test_f0_is_that_at_the_middle_of_each_frame() -> None:
    size = 80 * HOP
    glide = 120 * 2 ** (np.arange(size) / size)  # an octave up: 0.15 semitone per frame
    f0, voiced = frame_f0(vowel(glide))
    inner = slice(3, -3)
    centres = glide[HOP // 2 :: HOP]
    assert voiced[inner].all()
    error = 12 * np.log2(f0[inner] / centres[inner])
    assert abs(error.mean()) < 0.02  # half a frame off would be 0.075
    assert np.abs(error).max() < 0.15


def test_frames_of_noise_and_silence_are_unvoiced() -> None:
    sound = vowel(np.full(20 * HOP, 150.0))
    noise = np.random.default_rng(2).normal(0, 0.02, 20 * HOP).astype(np.float32)
    f0, voiced = frame_f0(np.concatenate([np.zeros(20 * HOP, np.float32), sound, noise]))
    assert not voiced[:18].any()
    assert voiced[22:38].all()
    assert voiced[42:].mean() < 0.2
    assert (f0[~voiced] == 0).all()


def test_the_speakers_bounds_are_kept() -> None:
    sound = vowel(np.full(40 * HOP, 100.0))
    low = extract(sound, Speaker("man", f0_floor_hz=60, f0_ceiling_hz=300))
    high = extract(sound, Speaker("child", f0_floor_hz=150, f0_ceiling_hz=600))
    assert np.median(low.f0[low.voiced]) == pytest.approx(100, abs=0.5)
    assert (high.f0[high.voiced] >= 149).all()


def test_energy_follows_gain_in_decibels() -> None:
    sound = vowel(np.full(20 * HOP, 150.0))
    loud, soft = frame_energy(log_mel(sound)), frame_energy(log_mel(sound * 0.5))
    np.testing.assert_allclose(loud - soft, 20 * np.log10(2), atol=0.05)


def test_a_phone_has_the_mean_of_its_voiced_frames() -> None:
    f0 = np.array([0, 100, 200, 0, 0, 400], np.float32)
    pitch = phone_pitch(f0, f0 > 0, (1, 2, 2, 1))
    np.testing.assert_allclose(pitch[[1, 3]], [6.0, 24.0], atol=1e-5)
    assert pitch[0] == pytest.approx(0.0, abs=1e-5)  # held from the first voiced frame
    assert pitch[2] == pytest.approx(18.0, abs=1e-5)  # on the line from 12 to 24


def test_unvoiced_frames_do_not_pull_a_voiced_phone() -> None:
    f0 = np.array([100, 0, 0, 0, 200], np.float32)
    assert phone_pitch(f0, f0 > 0, (4, 1))[0] == pytest.approx(0.0, abs=1e-5)


def test_phones_without_frames_or_voice_have_a_pitch() -> None:
    f0 = np.array([100, 200], np.float32)
    pitch = phone_pitch(f0, f0 > 0, (0, 1, 0, 1, 0))
    np.testing.assert_allclose(pitch, [0, 0, 12, 12, 12], atol=1e-5)
    nothing = phone_pitch(np.zeros(3, np.float32), np.zeros(3, bool), (1, 2), fallback_st=7.5)
    np.testing.assert_allclose(nothing, 7.5)
    assert phone_pitch(np.zeros(0, np.float32), np.zeros(0, bool), (0,)).tolist() == [0]


def test_energy_of_a_phone_is_the_mean_of_its_frames() -> None:
    energy = np.array([-60, -20, -10, -30], np.float32)
    np.testing.assert_allclose(phone_energy(energy, (1, 2, 1)), [-60, -15, -30])


def test_durations_that_do_not_cover_the_clip_are_refused() -> None:
    with pytest.raises(ValueError, match="3 of 4"):
        phone_energy(np.zeros(4, np.float32), (1, 2))


@pytest.mark.reference
def test_real_speech_is_voiced_about_half_of_the_time(reference_data) -> None:
    path = reference_data / "speech" / "ljspeech" / "LJ001-0002.flac"
    features = extract(decode(path.read_bytes()).samples, Speaker("lj", f0_floor_hz=75))
    assert 0.35 < features.voiced.mean() < 0.85
    assert 150 < np.median(features.f0[features.voiced]) < 260
    assert features.mel.shape[1] == features.f0.size == features.energy.size
