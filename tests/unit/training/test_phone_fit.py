"""A judge of phones learns sounds, goes on where it was, and is written as a file that hears."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from renderer.audio.phone_frames import FRAME_S, SPEC, phone_frames
from renderer.audio.waveform import Waveform
from renderer.domain.transcript import SpokenWord, Transcript
from renderer.errors import JudgeError, TrainingError, UnhearableError
from renderer.judges.phones import PhoneJudge
from renderer.quality.phone_path import align
from renderer.training import phone_fit
from renderer.training.corpus import Clip, Corpus, Speaker
from renderer.training.phone_fit import PhoneRecipe, realigned, train, write_model
from renderer.training.phone_lessons import PhoneLesson, batches, classes_of, lessons_of, vary
from renderer.training.phone_net import PhoneNet
from renderer.training.sound import write_sound

RATE = SPEC.sample_rate
CLASSES = ("_", "a", "i", "s")
HZ = {"a": (300, 700), "i": (1500, 2600), "s": (4000, 7000)}
RECIPE = PhoneRecipe(epochs=3, realign=(2,), batch=8, length=64, rate=5e-3, width=32)


def tone(sound: str, samples: int) -> np.ndarray:
    """A sound of its own band, or silence."""
    if sound == "_":
        return np.zeros(samples, np.float32)
    low, high = HZ[sound]
    time = np.arange(samples) / RATE
    return sum(np.sin(2 * np.pi * hz * time) for hz in np.linspace(low, high, 5)) * 0.05


def said(sounds: str, frames: int = 12) -> Waveform:
    return Waveform.of(np.concatenate([tone(s, frames * SPEC.hop_length) for s in sounds]), RATE)


def corpus(folder: Path, clips: int = 36) -> Corpus:
    """Clips of three sounds in a random order, between pauses."""
    rng = np.random.default_rng(1)
    rows = []
    for number in range(clips):
        sounds = "_" + "".join(rng.choice(list("ais"), 6)) + "_"
        write_sound(folder / f"audio/{number}.flac", said(sounds).samples, RATE)
        rows.append(
            Clip(
                id=str(number),
                speaker="ann",
                language="en",
                text=sounds,
                audio=f"audio/{number}.flac",
                frames=12 * len(sounds),
                phones=tuple(sounds),
                stresses=(0,) * len(sounds),
                words=(-1, 0, 0, 0, 1, 1, 1, -1),
                durations=(12,) * len(sounds),
                split="valid" if number % 6 == 0 else "train",
            )
        )
    made = Corpus(folder, {"ann": Speaker("ann")}, tuple(sorted(rows, key=lambda clip: clip.id)))
    made.save()
    return made


@pytest.fixture(scope="module")
def lessons(tmp_path_factory: pytest.TempPathFactory) -> list[PhoneLesson]:
    found = corpus(tmp_path_factory.mktemp("corpus"))
    assert classes_of([found]) == CLASSES[:1] + tuple(sorted(CLASSES[1:]))
    return lessons_of([found], CLASSES)


@pytest.fixture(scope="module")
def net(lessons: list[PhoneLesson], tmp_path_factory: pytest.TempPathFactory) -> PhoneNet:
    epochs: list[phone_fit.PhoneEpoch] = []
    recipe = PhoneRecipe(epochs=9, realign=(7,), batch=8, length=64, rate=5e-3, width=32)
    made = train(
        lessons,
        len(CLASSES),
        recipe,
        tmp_path_factory.mktemp("run") / "p.safetensors",
        epochs.append,
    )
    assert made is not None
    assert epochs[-1].right > 0.9
    assert epochs[-1].loss < epochs[0].loss
    return made


@pytest.fixture(scope="module")
def judge(net: PhoneNet, tmp_path_factory: pytest.TempPathFactory) -> PhoneJudge:
    path = tmp_path_factory.mktemp("judge") / "phones.onnx"
    write_model(net, CLASSES, path, {"about": "three tones"})
    return PhoneJudge(path)


def line(*words: str) -> Transcript:
    spoken = tuple(SpokenWord(w, w, i) for i, w in enumerate(words))
    return Transcript("en-US", words, spoken)


def test_the_file_hears_as_the_network_does(judge: PhoneJudge, net: PhoneNet) -> None:
    sound = said("_ais_")
    heard = judge.read(sound, line("ais"))
    assert heard.frame_s == FRAME_S
    assert heard.words == ((1, 2, 3),)
    expected = phone_fit.hear(net, phone_frames(sound))
    assert np.abs(np.exp(heard.log_p) - np.exp(expected)).max() < 0.02  # float16 weights
    assert np.exp(heard.log_p).sum(axis=1) == pytest.approx(1, abs=1e-3)


def test_sounds_are_found_where_they_are(judge: PhoneJudge) -> None:
    found = align(judge.read(said("_aisia_"), line("ais", "ia")))
    assert found is not None
    assert [found.words[12 * n + 6] for n in range(7)] == [-1, 0, 0, 0, 1, 1, -1]


def test_level_and_rate_do_not_matter(judge: PhoneJudge) -> None:
    loud, soft = said("_ais_"), said("_ais_")
    soft = Waveform(soft.samples * np.float32(0.01), RATE)
    both = [judge.read(w, line("ais")).log_p.argmax(axis=1) for w in (loud, soft)]
    assert np.mean(both[0] == both[1]) > 0.95


def test_what_cannot_be_heard_is_said(judge: PhoneJudge, tmp_path: Path) -> None:
    with pytest.raises(UnhearableError, match="does not know u"):
        judge.read(said("_a_"), line("u"))
    with pytest.raises(UnhearableError, match="60 s"):
        judge.read(Waveform.of(np.ones(61 * 8000), 8000), line("a"))
    with pytest.raises(JudgeError, match="nothing to hear"):
        judge.read(Waveform.of(np.zeros(RATE), RATE), line("a"))
    with pytest.raises(JudgeError, match="cannot be read"):
        PhoneJudge(tmp_path / "none.onnx").read(said("a"), line("a"))
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(JudgeError, match="no judge of phones"):
        PhoneJudge(tmp_path / "broken.onnx").read(said("a"), line("a"))


def test_a_training_goes_on_where_it_was(lessons: list[PhoneLesson], tmp_path: Path) -> None:
    whole: list[phone_fit.PhoneEpoch] = []
    parts: list[phone_fit.PhoneEpoch] = []
    train(lessons, len(CLASSES), RECIPE, tmp_path / "whole.safetensors", whole.append)
    while (
        train(lessons, len(CLASSES), RECIPE, tmp_path / "parts.safetensors", parts.append, 1e-9)
        is None
    ):
        pass
    assert [e.epoch for e in parts] == [1, 2, 3]
    assert [e.loss for e in parts] == [e.loss for e in whole]
    assert [e.right for e in parts] == [e.right for e in whole]
    with pytest.raises(TrainingError, match="another training"):
        train(lessons, 9, RECIPE, tmp_path / "whole.safetensors", whole.append)


def test_too_few_clips_are_refused(lessons: list[PhoneLesson], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="too few"):
        train(lessons[:3], len(CLASSES), RECIPE, tmp_path / "p.safetensors", lambda _: None)


def test_late_labels_are_mended_by_what_is_heard(net: PhoneNet, lessons: list[PhoneLesson]) -> None:
    true = lessons[0]
    late = PhoneLesson(true.frames, np.roll(true.labels, 4), true.words, "ann", False)
    (mended,) = realigned(net, [late])
    assert np.mean(mended.labels == true.labels) > np.mean(late.labels == true.labels) + 0.1


def test_a_batch_has_the_shape_and_the_same_seed_the_same_values(
    lessons: list[PhoneLesson],
) -> None:
    first, again = (next(iter(batches(lessons, np.random.default_rng(3), 4, 64))) for _ in range(2))
    assert first[0].shape == (4, 64, SPEC.n_mels)
    assert first[1].shape == (4, 64)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert set(np.unique(first[1])) <= {-1, 0, 1, 2, 3}


def test_variation_stays_in_range() -> None:
    frames = phone_frames(said("_ais_"))
    for seed in range(40):
        made = vary(frames, np.random.default_rng(seed))
        assert made.shape == frames.shape
        assert np.isfinite(made).all()
        assert np.abs(made).max() < 4
