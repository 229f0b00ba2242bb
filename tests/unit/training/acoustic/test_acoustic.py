"""Learning of the acoustic model: losses fall, nothing untrusted counts, new speakers join."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from renderer.errors import TrainingError
from renderer.training import checkpoint
from renderer.training.acoustic import AcousticLearner
from renderer.training.acoustic_batch import AcousticBatch, Cast
from renderer.training.acoustic_source import AcousticSource
from renderer.training.corpus import Corpus


@pytest.fixture(scope="module")
def source(babble: Corpus) -> AcousticSource:
    return AcousticSource([(babble, 1.0)], Cast.of([babble]), batch_frames=500)


def learner_of(source: AcousticSource, **options: object) -> AcousticLearner:
    torch.manual_seed(4)
    return AcousticLearner.new("tiny", source, **options)


def updater(learner: AcousticLearner, rate: float = 3e-3) -> Callable[[str, Tensor], float]:
    def update(name: str, loss: Tensor) -> float:
        optimizer = learner.optimizers[name]
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return 1.0

    return update


def train(learner: AcousticLearner, source: AcousticSource, steps: int) -> list[dict[str, float]]:
    update = updater(learner)
    return [learner.train_step(source.batch(step), step, update) for step in range(steps)]


def test_every_loss_falls_in_thirty_steps(source: AcousticSource) -> None:
    learner = learner_of(source)
    before = learner.validate(source.validation()[0])
    losses = train(learner, source, 30)
    after = learner.validate(source.validation()[0])
    assert losses[-1]["loss"] < 0.6 * losses[0]["loss"]
    for name in ("loss", "mel", "duration", "pitch", "energy", "voicing", "duration_frames"):
        assert after[name] < before[name], name


def test_it_learns_in_low_precision_too(source: AcousticSource) -> None:
    learner = learner_of(source)
    with torch.autocast("cpu", torch.bfloat16):
        losses = train(learner, source, 8)
    assert losses[-1]["mel"] < losses[0]["mel"]
    assert all(p.dtype == torch.float32 for p in learner.model.parameters())


def test_measures_are_given_by_language_and_speaker(source: AcousticSource) -> None:
    measures = learner_of(source).validate(source.validation()[0])
    assert {"mel/de", "mel/en", "mel/low", "mel/high", "f0_cents", "pitch_st"} <= set(measures)
    # The two speakers speak one language each, so that these are the same clips.
    assert measures["mel/en"] == pytest.approx(measures["mel/high"])


def test_a_critic_is_heard_from_its_step_on(source: AcousticSource) -> None:
    plain, told = learner_of(source), learner_of(source, adversarial_from=2)
    before = [p.detach().clone() for p in told.modules["critic"].parameters()]
    first, then = train(plain, source, 2), train(told, source, 2)
    assert first == then
    critic = list(told.modules["critic"].parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, critic, strict=True))
    losses = told.train_step(source.batch(2), 2, updater(told))
    assert {"critic", "adversarial", "features"} <= set(losses)
    assert not all(torch.equal(a, b) for a, b in zip(before, critic, strict=True))


def test_a_run_may_begin_to_hear_a_critic(source: AcousticSource, tmp_path: Path) -> None:
    learner = learner_of(source)
    train(learner, source, 2)
    kept = saved(learner, tmp_path / "a.safetensors")
    again = AcousticLearner.restored(kept, kept.about, adversarial_from=0)
    assert "critic" in again.modules
    assert "critic" not in again.averaged
    later = saved(again, tmp_path / "b.safetensors")
    plain = AcousticLearner.restored(later, later.about)
    assert set(plain.modules) == {"fastpitch", "speakers"}


def gradients(learner: AcousticLearner, batch: AcousticBatch) -> list[Tensor]:
    kept: list[Tensor] = []

    def keep(name: str, loss: Tensor) -> float:
        for module in learner.modules.values():
            module.zero_grad()
        loss.backward()
        kept.extend(
            p.grad.clone()
            for module in learner.modules.values()
            for p in module.parameters()
            if p.grad is not None
        )
        return 0.0

    torch.manual_seed(0)
    learner.train_step(batch, 0, keep)
    return kept


@pytest.mark.parametrize("critic_from", [-1, 0])
@pytest.mark.parametrize("poison", [40.0, float("inf"), float("nan")])
def test_what_is_not_trusted_changes_no_gradient(
    source: AcousticSource, poison: float, critic_from: int
) -> None:
    learner = learner_of(source, adversarial_from=critic_from)
    batch = source.batch(0)
    trusted = batch.trusted.clone()
    trusted[:, 2] = 0
    ends = batch.durations.cumsum(1)
    frame = torch.arange(batch.mel.shape[2])
    inside = (frame >= ends[:, 1:2]) & (frame < ends[:, 2:3])
    clean = replace(batch, trusted=trusted)
    bad = replace(
        clean,
        mel=batch.mel.masked_fill(inside[:, None], poison),
        tone=batch.tone.masked_fill(inside, 3.0),
        voiced=batch.voiced.masked_fill(inside, 1.0),
    )
    for a, b in zip(gradients(learner, clean), gradients(learner, bad), strict=True):
        torch.testing.assert_close(a, b, atol=0, rtol=0)
    different = gradients(learner, batch)
    assert any(
        not torch.equal(a, b) for a, b in zip(different, gradients(learner, clean), strict=True)
    )


def test_padding_changes_no_loss(source: AcousticSource) -> None:
    learner = learner_of(source)
    batch = source.validation()[0]
    wide = replace(
        batch,
        **{
            name: torch.nn.functional.pad(getattr(batch, name), (0, 5))
            for name in (
                "phones", "stresses", "word_starts", "durations", "pitch", "energy", "trusted"
            )
        },
    )  # fmt: skip
    a, b = learner.validate(batch), learner.validate(wide)
    assert a == pytest.approx(b, rel=1e-4)


def test_pictures(source: AcousticSource) -> None:
    drawn = learner_of(source).illustrate(source.validation()[0]).images
    assert set(drawn) == {"mel", "alignment", "predicted"}
    batch = source.validation()[0]
    row = int(batch.durations.sum(1).argmax())
    frames = int(batch.durations[row].sum())
    assert drawn["mel"].shape == (162, frames)
    assert drawn["alignment"].shape == (int(batch.lengths[row]), frames)
    assert drawn["alignment"].sum(axis=1).tolist() == [
        float(d) for d in batch.durations[row, : int(batch.lengths[row])]
    ]


def saved(learner: AcousticLearner, path: Path) -> checkpoint.Checkpoint:
    about = json.loads(json.dumps(learner.about()))
    checkpoint.save(path, 3, about, learner.modules, learner.optimizers, {})
    return checkpoint.load(path)


def test_a_checkpoint_gives_the_same_model(source: AcousticSource, tmp_path: Path) -> None:
    learner = learner_of(source)
    train(learner, source, 2)
    kept = saved(learner, tmp_path / "a.safetensors")
    again = AcousticLearner.restored(kept, kept.about)
    assert again.speakers.names == learner.speakers.names
    batch = source.validation()[0]
    assert again.validate(batch) == pytest.approx(learner.validate(batch))
    with pytest.raises(TrainingError, match="does not say"):
        AcousticLearner.restored(kept, {})


def test_a_new_speaker_learns_beside_frozen_parts(babble: Corpus, tmp_path: Path) -> None:
    """Fine-tune on the other voice: its vector moves, the frozen encoder and the cast do not."""
    of = {
        name: replace(
            babble,
            clips=tuple(replace(c, language="en") for c in babble.clips if c.speaker == name),
        )
        for name in ("low", "high")
    }
    first = AcousticSource([(of["low"], 1.0)], Cast.of([of["low"]]), batch_frames=400)
    learner = learner_of(first)
    train(learner, first, 5)
    kept = saved(learner, tmp_path / "low.safetensors")

    tuned = AcousticLearner.restored(kept, kept.about, frozen=["fastpitch.encoder"])
    tuned.add_speaker("high", mean_pitch_st=14.0, mean_energy_db=-12.0, like="low")
    second = AcousticSource([(of["high"], 1.0)], tuned.cast, batch_frames=400)
    before = {n: p.clone() for n, p in tuned.model.named_parameters()}
    vectors = tuned.speakers.vectors.detach().clone()
    assert torch.equal(vectors[0], learner.speakers.vectors[0])
    losses = train(tuned, second, 10)
    assert losses[-1]["loss"] < losses[0]["loss"]
    for name, weight in tuned.model.named_parameters():
        assert torch.equal(weight, before[name]) == name.startswith("encoder."), name
    assert torch.equal(tuned.speakers.vectors[0], vectors[0])
    assert not torch.equal(tuned.speakers.vectors[1], vectors[1])
    assert float(tuned.speakers.mean_pitch_st[1]) == 14.0


def test_the_nearest_speaker_is_found(babble: Corpus, source: AcousticSource) -> None:
    learner = learner_of(source)
    train(learner, source, 60)
    for name in ("low", "high"):
        clips = tuple(clip for clip in babble.clips if clip.speaker == name)
        only = AcousticSource([(replace(babble, clips=clips), 1.0)], learner.cast)
        assert learner.nearest(only.validation()[0]) == name


def test_nothing_left_to_learn(source: AcousticSource) -> None:
    with pytest.raises(TrainingError, match="Nothing is left"):
        learner_of(source, frozen=["fastpitch", "speakers"])
