"""Stretches of clips, and one step of a vocoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from renderer.errors import TrainingError
from renderer.training import hifigan
from renderer.training.corpus import MEL, TRAIN, VALID, Clip, Corpus, Speaker
from renderer.training.feature_store import FeatureStore
from renderer.training.features import log_mel
from renderer.training.generator import make_generator
from renderer.training.sound import write_sound
from renderer.training.vocoding import VocoderBatch, VocoderLearner, VocoderSource

HOP, RATE = MEL.hop_length, MEL.sample_rate


def tone(frames: int, hz: float) -> np.ndarray:
    at = np.arange(frames * HOP) / RATE
    sound = sum(np.cos(2 * np.pi * k * hz * at) / k for k in range(1, 12))
    return (0.1 * sound + 1e-3 * np.random.default_rng(0).standard_normal(at.size)).astype("f4")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    folder = tmp_path_factory.mktemp("tones")
    clips = []
    for name, hz, frames, split in [
        ("a", 120.0, 60, TRAIN), ("b", 180.0, 30, TRAIN), ("short", 150.0, 6, TRAIN),
        ("v", 150.0, 40, VALID),
    ]:  # fmt: skip
        write_sound(folder / f"{name}.flac", tone(frames, hz), RATE)
        clips.append(Clip(name, "hum", "en", name, f"{name}.flac", frames, split=split))
    speaker = Speaker("hum", f0_floor_hz=80, f0_ceiling_hz=300)
    return FeatureStore(Corpus(folder, {"hum": speaker}, tuple(clips)))


def source(store: FeatureStore, **options: object) -> VocoderSource:
    known = {"batch_frames": 64, "segment_frames": 16, "seed": 1} | options
    return VocoderSource([store], [1.0], **known)  # type: ignore[arg-type]


def test_a_batch_is_a_function_of_seed_and_step(store: FeatureStore) -> None:
    one, other = source(store), source(store)
    other.batch(3)
    for field in ("mel", "f0", "voiced", "cycles", "samples"):
        assert torch.equal(getattr(one.batch(7), field), getattr(other.batch(7), field))
    assert not torch.equal(one.batch(7).samples, one.batch(8).samples)
    assert not torch.equal(one.batch(7).samples, source(store, seed=2).batch(7).samples)


def test_the_shapes(store: FeatureStore) -> None:
    batch = source(store).batch(0)
    assert batch.mel.shape == (4, MEL.n_mels, 16)
    assert batch.f0.shape == batch.voiced.shape == (4, 16)
    assert batch.samples.shape == batch.cycles.shape == (4, 16 * HOP)
    assert {one.mel.shape[2] for one in source(store).validation()} == {40}


def test_mel_phase_and_sound_belong_together(store: FeatureStore) -> None:
    """Also where the level was changed: louder sound, higher mel, by the same factor."""
    batch = source(store).batch(0)
    levels = batch.samples.square().mean(1).sqrt().log()
    assert float(levels.max() - levels.min()) > 0.15
    inside = slice(2, -2)  # the ends of a stretch have no neighbours
    for row in range(4):
        again = log_mel(batch.samples[row].numpy())
        apart = np.abs(again - batch.mel[row].numpy())[:60, inside]
        assert apart.mean() < 0.02
    for row in range(4):
        folded = torch.cos(2 * torch.pi * batch.cycles[row]) * batch.samples[row]
        assert float(folded.mean() / batch.samples[row].square().mean().sqrt()) > 0.4


def test_clips_are_drawn_by_their_length_and_weight(store: FeatureStore) -> None:
    made = source(store, batch_frames=16)
    tones = [float(made.batch(step).f0.median()) for step in range(300)]
    low = np.mean([abs(t - 120) < 10 for t in tones])
    assert low == pytest.approx(60 / 90, abs=0.1)
    assert all(abs(t - 120) < 10 or abs(t - 180) < 10 for t in tones)  # "short" is too short


def test_clips_that_are_all_too_short_are_told(store: FeatureStore) -> None:
    with pytest.raises(TrainingError, match="longer than `segment_frames`"):
        source(store, segment_frames=500)


def test_predicted_mels_take_the_place_of_the_recorded(store: FeatureStore) -> None:
    def predicted(_: Corpus, clip: Clip) -> np.ndarray | None:
        return None if clip.id == "b" else np.full((MEL.n_mels, clip.frames), -3.0, np.float32)

    (batch,) = source(store, predicted=predicted).validation()
    assert (batch.mel == -3.0).all()
    (recorded,) = source(store).validation()
    assert torch.equal(batch.samples, recorded.samples)


def updating(learner: VocoderLearner, seen: list[str]) -> Callable[[str, Tensor], float]:
    def update(name: str, loss: Tensor) -> float:
        seen.append(name)
        learner.optimizers[name].zero_grad()
        loss.backward()
        learner.optimizers[name].step()
        return 1.0

    return update


def learner(*, with_judges: bool, adversarial_from: int = 0) -> VocoderLearner:
    torch.manual_seed(0)
    judges = None
    if with_judges:
        judges = hifigan.Discriminators(
            hifigan.DiscriminatorConfig(
                periods=(2, 3),
                period_widths=(4, 8),
                scales=1,
                scale_widths=(4, 8, 8),
                scale_strides=(1, 4, 1),
                scale_groups=(1, 2, 1),
            )
        )
    return VocoderLearner(
        make_generator("tiny", MEL), judges, MEL, adversarial_from=adversarial_from
    )


def test_discriminators_are_heard_from_their_step_on(store: FeatureStore) -> None:
    made, seen = learner(with_judges=True, adversarial_from=1), []
    batch = source(store).batch(0)
    before = [p.clone() for p in made.discriminators.parameters()]
    losses = made.train_step(batch, 0, updating(made, seen))
    assert seen == ["vocoder"]
    assert set(losses) == {"spectral", "phase", "gradient"}
    assert all(
        torch.equal(a, b) for a, b in zip(before, made.discriminators.parameters(), strict=True)
    )
    losses = made.train_step(batch, 1, updating(made, seen))
    assert seen == ["vocoder", "discriminators", "vocoder"]
    assert {"discriminators", "adversarial", "features"} <= set(losses)
    assert all(p.requires_grad for p in made.discriminators.parameters())


def test_the_generators_step_leaves_the_discriminators_alone(store: FeatureStore) -> None:
    made = learner(with_judges=True)
    after: list[list[Tensor]] = []

    def update(name: str, loss: Tensor) -> float:
        for module in made.modules.values():
            module.zero_grad()
        loss.backward()
        after.append([p.grad for p in made.discriminators.parameters() if p.grad is not None])
        return 1.0

    made.train_step(source(store).batch(0), 0, update)
    assert len(after[0]) > 0
    assert after[1] == []


def test_the_loss_falls(store: FeatureStore) -> None:
    made = learner(with_judges=False)
    batch = source(store).batch(0)
    losses = [made.train_step(batch, s, updating(made, []))["spectral"] for s in range(20)]
    assert losses[-1] < 0.9 * losses[0]


def test_validation_is_the_same_every_time_and_the_picture_speaks(store: FeatureStore) -> None:
    made = learner(with_judges=False)
    (batch,) = source(store).validation()
    with torch.no_grad():
        torch.manual_seed(1)
        first = made.validate(batch)
        torch.manual_seed(2)
        assert made.validate(batch) == first
        shown = made.illustrate(batch)
    assert first["loss"] > 0
    assert {name: sound.shape for name, sound in shown.sounds.items()} == {
        "recorded": (40 * HOP,), "made": (40 * HOP,)
    }  # fmt: skip
    assert np.abs(shown.sounds["made"]).max() <= 1


def test_sizes_have_names() -> None:
    with pytest.raises(ValueError, match="'huge'; there are small, tiny, v1, v2"):
        make_generator("huge", MEL)


def test_a_batch_moves_as_a_whole(store: FeatureStore) -> None:
    moved = source(store).batch(0).to(torch.device("meta"))
    assert isinstance(moved, VocoderBatch)
    assert moved.samples.device.type == "meta"


def test_a_sound_that_is_gone_is_told(store: FeatureStore, tmp_path: Path) -> None:
    gone = FeatureStore(replace(store.corpus, folder=tmp_path))
    with pytest.raises(TrainingError, match="sound of clip a cannot be read"):
        source(gone)
