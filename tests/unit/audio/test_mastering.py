from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.audio.limiter import limit
from renderer.audio.loudness import integrated_loudness_lufs, true_peak_dbtp
from renderer.audio.mastering import master, voice_gain_db
from renderer.audio.waveform import Waveform
from renderer.domain.project import MasteringTarget

TARGET = MasteringTarget()
RATE = 22_050


def speechlike(seconds: float = 2.0, rate: int = RATE, level: float = 0.2) -> np.ndarray:
    """A buzz with syllables: 120 Hz harmonics under a 4 Hz envelope."""
    time = np.arange(round(seconds * rate)) / rate
    buzz = sum(np.sin(2 * np.pi * 120 * k * time) / k for k in range(1, 20))
    return level * buzz * (0.1 + 0.9 * np.sin(2 * np.pi * 2 * time) ** 2)


def with_silence(samples: np.ndarray, before_s: float, after_s: float, rate: int = RATE):
    return Waveform.of(np.pad(samples, (round(before_s * rate), round(after_s * rate))), rate)


@pytest.mark.parametrize(("before", "after"), [(0, 0), (0.01, 0.02), (0.5, 1.0), (3, 0)])
def test_head_and_tail_are_the_targets_whatever_the_engine_left(before, after):
    sound = speechlike()
    made = master(with_silence(sound, before, after), TARGET, 0.0)
    expected = TARGET.head_s + sound.size / RATE + TARGET.tail_s
    assert made.waveform.sample_rate == 48_000
    assert made.waveform.duration_s == pytest.approx(expected, abs=0.03)
    # A time in the take lands on the same sound in the master.
    assert before + made.shift_s == pytest.approx(TARGET.head_s, abs=0.03)


def test_shift_is_exact_to_the_sample():
    click = np.zeros(RATE)
    click[9_000:9_400] = 0.3 * np.hanning(400) * np.sin(np.arange(400) * 0.5)
    made = master(Waveform.of(click, RATE), TARGET, 0.0)
    envelope_take = np.argmax(np.abs(click)) / RATE
    envelope_master = np.argmax(np.abs(made.waveform.samples)) / 48_000
    assert envelope_take + made.shift_s == pytest.approx(envelope_master, abs=2 / 48_000)


def test_a_quiet_onset_45_db_below_the_vowel_is_not_cut():
    breath = np.random.default_rng(0).standard_normal(RATE // 4) * 10 ** (-45 / 20) * 0.3
    made = master(with_silence(np.concatenate([breath, speechlike()]), 0.4, 0.4), TARGET, 0.0)
    assert made.waveform.duration_s == pytest.approx(0.05 + 0.25 + 2.0 + 0.12, abs=0.05)


def test_a_whisper_is_trimmed_by_its_own_level():
    whisper = np.random.default_rng(0).standard_normal(RATE) * 0.004
    made = master(with_silence(whisper, 1.0, 1.0), TARGET, 0.0)
    assert not made.is_silent
    assert made.waveform.duration_s == pytest.approx(1.17, abs=0.05)


def test_room_noise_is_trimmed_and_not_taken_for_sound():
    room = np.random.default_rng(0).standard_normal(RATE * 5) * 10 ** (-60 / 20) * 0.3
    room[2 * RATE : 4 * RATE] += speechlike()
    made = master(Waveform.of(room, RATE), TARGET, 0.0)
    assert made.waveform.duration_s == pytest.approx(2.17, abs=0.1)


def test_asked_pauses_come_on_top():
    plain = master(with_silence(speechlike(), 0.3, 0.3), TARGET, 0.0)
    paused = master(with_silence(speechlike(), 0.3, 0.3), TARGET, 0.0, 0.5, 0.25)
    assert paused.waveform.duration_s - plain.waveform.duration_s == pytest.approx(0.75, abs=0.002)
    assert paused.shift_s - plain.shift_s == pytest.approx(0.5, abs=0.002)


def test_dc_goes_without_a_thump():
    made = master(Waveform.of(speechlike() + 0.3, RATE), TARGET, 0.0)
    clean = master(Waveform.of(speechlike(), RATE), TARGET, 0.0)
    assert abs(float(made.waveform.samples.mean())) < 1e-3
    assert (
        np.abs(made.waveform.samples[:2000]).max()
        < 1.3 * np.abs(clean.waveform.samples[:2000]).max() + 0.05
    )


def test_the_ends_are_zero_and_the_samples_finite():
    samples = master(Waveform.of(np.full(RATE, np.nan), RATE), TARGET, 0.0).waveform.samples
    assert np.isfinite(samples).all()
    loud = master(Waveform.of(speechlike(level=1.0), RATE), TARGET, 20.0).waveform.samples
    assert loud[0] == 0
    assert abs(loud[-1]) < 1e-3


@pytest.mark.parametrize("gain_db", [-10.0, 0.0, 6.0, 25.0])
def test_the_ceiling_holds(gain_db):
    made = master(Waveform.of(speechlike(level=0.5), RATE), TARGET, gain_db)
    assert made.true_peak_dbtp <= TARGET.true_peak_dbtp
    assert made.gain_applied_db == gain_db
    if made.limited_db == 0:
        assert made.true_peak_dbtp < TARGET.true_peak_dbtp


def test_limiter_leaves_what_is_under_the_ceiling_untouched():
    quiet = Waveform.of(speechlike(level=0.1), RATE)
    assert limit(quiet, -1.0).waveform.samples is quiet.samples
    assert limit(quiet, -1.0).reduction_db == 0.0


def test_limiter_holds_between_samples_and_is_local():
    samples = np.zeros(48_000)
    samples[::] = 0.05 * np.sin(np.arange(48_000) * 0.05)
    burst = 1.2 * np.sin(2 * np.pi * np.arange(400) / 4 + np.pi / 4)
    samples[24_000:24_400] += burst
    limited = limit(Waveform.of(samples, 48_000), -1.0)
    assert true_peak_dbtp(limited.waveform) <= -1.0
    assert limited.reduction_db == pytest.approx(2.6, abs=0.7)
    assert np.array_equal(limited.waveform.samples[:20_000], samples[:20_000].astype(np.float32))


def test_one_gain_per_voice_brings_its_neutral_speech_to_the_target():
    passages = [with_silence(speechlike(4.0, level=0.03), 0.5, 2.0) for _ in range(3)]
    gain = voice_gain_db(passages, TARGET)
    made = master(passages[0], MasteringTarget(head_s=0, tail_s=0), gain)
    assert made.loudness_lufs == pytest.approx(TARGET.loudness_lufs, abs=0.5)


def test_lines_of_one_voice_keep_their_distance():
    gain = voice_gain_db([Waveform.of(speechlike(6.0), RATE)], TARGET)
    normal = master(Waveform.of(speechlike(), RATE), TARGET, gain)
    hushed = master(Waveform.of(speechlike() * 0.25, RATE), TARGET, gain)
    assert normal.loudness_lufs - hushed.loudness_lufs == pytest.approx(12.04, abs=0.3)


def test_voice_gain_is_bounded_and_silence_has_none():
    assert voice_gain_db([], TARGET) == 0.0
    assert voice_gain_db([Waveform.of(np.zeros(RATE), RATE)], TARGET) == 0.0
    assert voice_gain_db([Waveform.of(speechlike() * 1e-6, RATE)], TARGET) <= 30.0


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(0, 700),
    level=st.sampled_from([0.0, 1e-9, 1e-3, 1.0, 50.0, float("nan"), float("inf"), 3e38]),
    rate=st.sampled_from([8_000, 16_000, 22_050, 44_100, 48_000]),
    gain_db=st.floats(-30, 30),
)
def test_nothing_makes_mastering_raise(count, level, rate, gain_db):
    noise = np.random.default_rng(count).uniform(-1, 1, count)
    with np.errstate(all="ignore"):
        made = master(Waveform.of(noise * level, rate), TARGET, gain_db)
    assert np.isfinite(made.waveform.samples).all()
    assert made.waveform.duration_s >= 0.169
    assert not made.true_peak_dbtp > TARGET.true_peak_dbtp


def test_mastering_twice_gives_the_same_samples():
    take = with_silence(speechlike(), 0.2, 0.2)
    first, second = master(take, TARGET, 12.0), master(take, TARGET, 12.0)
    assert first.waveform.samples.tobytes() == second.waveform.samples.tobytes()
    assert np.isfinite(integrated_loudness_lufs(first.waveform))
