from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.audio.waveform import Waveform
from renderer.errors import InputError, TrainingError
from renderer.training.augment import Augmentation, derive, vary_sound
from renderer.training.corpus import MEL, TRAIN, VALID, Clip, Corpus, Speaker
from renderer.training.features import frame_f0, log_mel
from renderer.training.reshape import noisy, resampled, scaled_durations
from renderer.training.sound import clip_samples, write_sound

RATE, HOP = MEL.sample_rate, MEL.hop_length
LENGTHS = (10, 30, 10, 20, 30, 12)
PHONES = ("_", "a", "s", "_", "i", "_")


def speech() -> np.ndarray:
    """Silence, a vowel gliding 140–160 Hz, noise, silence, another at 150 Hz, silence."""
    random = np.random.default_rng(0)
    parts = []
    for phone, length in zip(PHONES, LENGTHS, strict=True):
        size = length * HOP
        if phone == "_":
            parts.append(np.zeros(size))
        elif phone == "s":
            parts.append(random.normal(0, 0.05, size))
        else:
            hz = np.linspace(140, 160, size) if phone == "a" else np.full(size, 150.0)
            peak = 800 if phone == "a" else 400
            phase = 2 * np.pi * np.cumsum(hz) / RATE
            wave = sum(
                (0.02 + np.exp(-(((k * 150 - peak) / 200) ** 2))) * np.sin(k * phase)
                for k in range(1, 40)
            )
            parts.append(0.3 * wave / np.abs(wave).max())
    return np.concatenate(parts).astype(np.float32)


SOUND = Waveform(speech(), RATE)


def vary(text: str, seed: int = 0) -> tuple[np.ndarray, tuple[int, ...]]:
    augmentation = Augmentation.parse(text)
    return vary_sound(SOUND, LENGTHS, HOP, augmentation, np.random.default_rng(seed))


def median_f0(samples: np.ndarray, floor: float = 60.0) -> float:
    f0, voiced = frame_f0(samples, floor_hz=floor)
    return float(np.median(f0[voiced]))


def voiced_span(samples: np.ndarray) -> tuple[int, int]:
    _, voiced = frame_f0(samples)
    where = np.flatnonzero(voiced)
    return int(where[0]), int(where[-1]) + 1


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40), st.floats(0.5, 2), st.integers(0, 2))
@settings(max_examples=300, deadline=None)
def test_durations_keep_their_sum_and_no_phone_vanishes(lengths, factor, more) -> None:
    sounding = sum(n > 0 for n in lengths)
    total = max(sounding, round(sum(lengths) * factor) + more)
    if not sounding:
        return
    scaled = scaled_durations(lengths, factor, total)
    assert sum(scaled) == total
    assert [n > 0 for n in scaled] == [n > 0 for n in lengths]


def test_ends_are_right_to_half_a_frame() -> None:
    scaled = scaled_durations((10,) * 50, 1 / 0.85, 589)
    ends = np.cumsum(scaled)[:-1]
    assert np.abs(ends - np.arange(10, 500, 10) / 0.85).max() <= 0.5


def test_more_phones_than_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        scaled_durations((1, 1, 1), 0.5, 2)


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_resampling_moves_pitch_formants_and_tempo_together(factor: float) -> None:
    samples, durations = vary(f"resample={factor}")
    assert sum(durations) * HOP == samples.size
    assert samples.size == pytest.approx(SOUND.samples.size / factor, abs=HOP)
    assert median_f0(samples) == pytest.approx(median_f0(SOUND.samples) * factor, rel=0.01)
    start, end = voiced_span(samples)
    assert start == pytest.approx(durations[0], abs=2)
    assert end == pytest.approx(sum(durations[:5]), abs=2)


def test_resampling_folds_nothing_back() -> None:
    t = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 9000 * t).astype(np.float32)
    assert np.abs(resampled(tone, RATE, 1.5)[2000:-2000]).max() < 1e-3


def test_resampling_loses_nothing_below_the_band_edge() -> None:
    t = np.arange(RATE) / RATE
    slow = resampled(np.sin(2 * np.pi * 1000 * t).astype(np.float32), RATE, 0.8)
    expected = np.sin(2 * np.pi * 800 * np.arange(slow.size) / RATE)
    np.testing.assert_allclose(slow[3000:-3000], expected[3000:-3000], atol=1e-4)


@pytest.mark.parametrize("shift", [-4, 3])
def test_pitch_moves_and_the_tempo_stays(shift: int) -> None:
    samples, durations = vary(f"pitch={shift}")
    assert durations == LENGTHS
    assert samples.size == SOUND.samples.size
    moved = 12 * np.log2(median_f0(samples) / median_f0(SOUND.samples))
    assert moved == pytest.approx(shift, abs=0.2)


@pytest.mark.parametrize("rate", [0.8, 1.3])
def test_rate_changes_the_tempo_and_the_durations_with_it(rate: float) -> None:
    samples, durations = vary(f"rate={rate}")
    assert sum(durations) * HOP == samples.size
    assert sum(durations) == round(sum(LENGTHS) / rate)
    assert median_f0(samples) == pytest.approx(median_f0(SOUND.samples), rel=0.02)
    start, end = voiced_span(samples)
    assert start == pytest.approx(durations[0], abs=2)
    assert end == pytest.approx(sum(durations[:5]), abs=2)


def centroid(samples: np.ndarray, durations: tuple[int, ...]) -> float:
    """Centre of gravity of the last vowel's mel frames."""
    at = sum(durations[:4])
    mel = np.exp(log_mel(samples)[:, at + 5 : at + durations[4] - 5]).mean(axis=1) ** 2
    return float((mel * np.arange(80)).sum() / mel.sum())


@pytest.mark.parametrize("world", [0, 1])
def test_formants_move_alone(world: int) -> None:
    if world:
        pytest.importorskip("pyworld")
    samples, durations = vary(f"formant=1.25,world={world}")
    assert durations == LENGTHS
    assert median_f0(samples) == pytest.approx(median_f0(SOUND.samples), rel=0.02)
    assert centroid(samples, durations) > centroid(SOUND.samples, LENGTHS) + 1


def test_world_changes_pitch_and_tempo_too() -> None:
    pytest.importorskip("pyworld")
    samples, durations = vary("pitch=4,rate=0.8,world=1")
    assert sum(durations) * HOP == samples.size
    moved = 12 * np.log2(median_f0(samples) / median_f0(SOUND.samples))
    assert moved == pytest.approx(4, abs=0.3)
    start, _ = voiced_span(samples)
    assert start == pytest.approx(durations[0], abs=2)


def test_the_range_is_widened_around_the_mean() -> None:
    def spread(samples: np.ndarray) -> float:
        f0, voiced = frame_f0(samples)
        return float(np.std(np.log2(f0[voiced])))

    samples, _ = vary("range=1.5")
    assert spread(samples) / spread(SOUND.samples) == pytest.approx(1.5, rel=0.1)


def test_noise_has_the_level_that_was_asked_for() -> None:
    clean = SOUND.samples[10 * HOP : 40 * HOP]  # the vowel alone: its level is the speech's
    made = noisy(clean, RATE, 20, np.random.default_rng(1))
    measured = 10 * np.log10(np.mean(clean**2) / np.mean((made - clean) ** 2))
    assert measured == pytest.approx(20, abs=0.5)


def test_nothing_asked_changes_nothing() -> None:
    samples, durations = vary("")
    np.testing.assert_array_equal(samples, SOUND.samples)
    assert durations == LENGTHS


@pytest.mark.parametrize("text", ["resample=0.7,pitch=-3,rate=1.1", "noise=10", "resample=1.3"])
def test_no_variant_clips(text: str) -> None:
    loud = Waveform(SOUND.samples / np.abs(SOUND.samples).max(), RATE)
    samples, _ = vary_sound(loud, LENGTHS, HOP, Augmentation.parse(text), np.random.default_rng(0))
    assert np.abs(samples).max() <= 0.991
    assert samples.dtype == np.float32


def test_all_that_is_wrong_with_the_text_is_told() -> None:
    with pytest.raises(InputError) as caught:
        Augmentation.parse("pitch=99,sneed=1,rate=fast,rate=1.1,noise=nan,resample")
    fields = [fault.field for fault in caught.value.faults]
    assert fields == ["pitch", "sneed", "rate", "noise", "resample"]


@given(st.floats(0.5, 2).map(lambda x: round(x, 3)), st.integers(-12, 12))
def test_the_text_can_be_read_again(rate: float, pitch: int) -> None:
    made = Augmentation(rate=rate, pitch=float(pitch))
    assert Augmentation.parse(str(made)) == made


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InputError):
        assert str(Augmentation.parse(text)).count("=") <= 8


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    folder = tmp_path / "corpus"
    clips = []
    for number in range(4):
        clip = Clip(
            f"c{number}",
            "ann",
            "en",
            "text",
            f"audio/c{number}.flac",
            sum(LENGTHS),
            phones=PHONES,
            stresses=(0,) * 6,
            words=(-1, 0, 0, -1, 1, -1),
            durations=LENGTHS,
            split=VALID if number == 3 else TRAIN,
            checks={"snr_db": 50.0},
        )
        write_sound(folder / clip.audio, SOUND.samples, RATE)
        clips.append(clip)
    made = Corpus(folder, {"ann": Speaker("ann", "CC0-1.0", True, "A fable.")}, tuple(clips))
    made.save()
    return made


def test_a_voice_is_derived_with_its_label(corpus: Corpus, tmp_path: Path) -> None:
    augmentation = Augmentation.parse("resample=0.85,pitch=-3")
    made = derive(corpus, "ann", "bob", augmentation, tmp_path / "bob")
    assert made == replace(Corpus.load(tmp_path / "bob"))
    assert [clip.id for clip in made.clips] == ["bob-c0", "bob-c1", "bob-c2"]
    bob = made.speakers["bob"]
    assert bob.licence == "CC0-1.0"
    assert bob.may_publish
    assert bob.source == "A fable. Made from ann by resample=0.85,pitch=-3."
    assert bob.f0_floor_hz < 60
    clip = made.clips[0]
    assert clip.checks == {"snr_db": 50.0, "augment.resample": 0.85, "augment.pitch": -3.0}
    assert clip_samples(made, clip).size == sum(clip.durations) * HOP


def test_validation_clips_are_left_alone_unless_asked_for(corpus: Corpus, tmp_path: Path) -> None:
    plain = derive(corpus, "ann", "bob", Augmentation(), tmp_path / "a")
    asked = derive(corpus, "ann", "bob", Augmentation(), tmp_path / "b", splits=(TRAIN, VALID))
    assert {clip.split for clip in plain.clips} == {TRAIN}
    assert len(asked.clips) == 4


def test_each_clip_is_varied_otherwise_and_always_the_same(corpus: Corpus, tmp_path: Path) -> None:
    augmentation = Augmentation.parse("vary=0.15")
    first = derive(corpus, "ann", "bob", augmentation, tmp_path / "a", seed=5)
    second = derive(corpus, "ann", "bob", augmentation, tmp_path / "b", seed=5)
    third = derive(corpus, "ann", "bob", augmentation, tmp_path / "c", seed=6)
    rates = [clip.checks["augment.rate"] for clip in first.clips]
    assert len(set(rates)) == 3
    assert all(0.7 < rate < 1.4 for rate in rates)
    assert first.clips == second.clips
    assert first.clips != third.clips


def test_a_smaller_limit_takes_a_part_of_a_larger_one(corpus: Corpus, tmp_path: Path) -> None:
    ids = [
        {c.id for c in derive(corpus, "ann", "b", Augmentation(), tmp_path / str(n), limit=n).clips}
        for n in (1, 2)
    ]
    assert [len(i) for i in ids] == [1, 2]
    assert ids[0] < ids[1]


def test_failed_clips_are_not_varied(corpus: Corpus, tmp_path: Path) -> None:
    clips = tuple(replace(clip, faults=("clipping",)) for clip in corpus.clips)
    with pytest.raises(TrainingError, match="no usable clip"):
        derive(replace(corpus, clips=clips), "ann", "bob", Augmentation(), tmp_path / "x")


def test_an_unknown_speaker_is_named(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no speaker eve; it has ann"):
        derive(corpus, "eve", "bob", Augmentation(), tmp_path / "x")
