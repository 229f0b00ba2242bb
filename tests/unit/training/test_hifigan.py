"""HiFi-GAN as in the paper: sizes, shapes, and losses that pull the right way."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from renderer.training import hifigan
from renderer.training.corpus import MEL
from renderer.training.hifigan import (
    DiscriminatorConfig,
    Discriminators,
    Generator,
    GeneratorConfig,
    PeriodDiscriminator,
)


def count(module: nn.Module) -> int:
    """Parameters as the paper counts them: weight normalisation's lengths are not weights."""
    return sum(p.numel() for name, p in module.named_parameters() if not name.endswith("original0"))


def speak(generator: Generator, mel: torch.Tensor) -> torch.Tensor:
    batch, _, frames = mel.shape
    flat = torch.zeros(batch, frames)
    made: torch.Tensor = generator(mel, flat, flat, torch.zeros(batch, frames * MEL.hop_length))
    return made


@pytest.mark.parametrize(
    ("config", "millions"), [(GeneratorConfig.v1(), 13.92), (GeneratorConfig.v2(), 0.92)]
)
def test_the_generators_have_the_papers_sizes(config: GeneratorConfig, millions: float) -> None:
    """Table 1 of 2010.05646."""
    with torch.device("meta"):
        generator = Generator(config)
    assert count(generator) / 1e6 == pytest.approx(millions, abs=0.01)


def test_v2_makes_a_hop_of_samples_per_frame() -> None:
    with torch.no_grad():
        made = speak(Generator(GeneratorConfig.v2()), torch.randn(2, 80, 3))
    assert made.shape == (2, 3 * MEL.hop_length)
    assert made.abs().max() <= 1


@pytest.mark.parametrize("rates", [(3, 2), (5,), (2, 7)])
def test_odd_rates_keep_their_length(rates: tuple[int, ...]) -> None:
    generator = Generator(GeneratorConfig(width=8, rates=rates, kernels=(3,), dilations=(1,)))
    hop = int(torch.tensor(rates).prod())
    assert speak(generator, torch.randn(1, 80, 5)).shape == (1, 5 * hop)


def test_a_row_alone_is_the_row_in_a_batch_and_what_is_far_does_not_matter() -> None:
    torch.manual_seed(0)
    generator = Generator(GeneratorConfig(width=16, rates=(4, 2), kernels=(3,), dilations=(1, 3)))
    mel = torch.randn(3, 80, 40)
    whole = speak(generator, mel)
    torch.testing.assert_close(speak(generator, mel[1:2])[0], whole[1])
    torch.testing.assert_close(speak(generator, mel[:, :, :30])[:, :100], whole[:, :100])


def test_the_discriminators_have_the_papers_sizes() -> None:
    """Section 2.3 and its published code; the scales are MelGAN's with grouped convolutions."""
    with torch.device("meta"):
        judges = Discriminators(DiscriminatorConfig())
    per_period = 5 * 32 + 5 * 32 * 128 + 5 * 128 * 512 + 5 * 512 * 1024 + 5 * 1024**2 + 3 * 1024
    per_period += 32 + 128 + 512 + 1024 + 1024 + 1
    assert count(judges.by_period) == 5 * per_period
    assert count(judges.by_period) / 1e6 == pytest.approx(41.1, abs=0.05)
    assert count(judges.by_scale) / 1e6 == pytest.approx(29.6, abs=0.05)
    strides = [[layer.stride[0] for layer in one.layers] for one in judges.by_scale]
    assert strides == [[1, 2, 2, 4, 4, 1, 1]] * 3


def test_the_scales_see_the_sound_and_its_halves() -> None:
    judges = Discriminators(DiscriminatorConfig.small())
    scored = judges(torch.randn(2, 8192))
    assert len(scored) == 5 + 2
    assert scored[5][0].shape[-1] == pytest.approx(2 * scored[6][0].shape[-1], abs=4)
    assert [f.shape[1] for f in scored[5][1]] == [16, 24, 48, 96, 96]


@pytest.mark.parametrize("size", [8192, 8191, 300])
def test_a_period_is_looked_at_alone(size: int) -> None:
    """The score of one phase of the period depends on no sample of another."""
    judge = PeriodDiscriminator(3, (4, 4))
    sound = torch.randn(1, size, requires_grad=True)
    score, _ = judge(sound)
    score[..., 0].sum().backward()
    touched = torch.nonzero(sound.grad[0]).squeeze(1)
    inside = touched[touched < size - 3]  # the end is filled by reflection
    assert (inside % 3 == 0).all()


def scores(value: float) -> hifigan.Scores:
    return [(torch.full((2, 1, 5), value), [torch.full((2, 4, 5), value)]) for _ in range(3)]


def test_the_losses_are_the_papers() -> None:
    assert hifigan.discriminator_loss(scores(1.0), scores(0.0)) == 0
    assert hifigan.discriminator_loss(scores(0.0), scores(1.0)) == 3 * 2
    assert hifigan.adversarial_loss(scores(1.0)) == 0
    assert hifigan.adversarial_loss(scores(0.0)) == 3
    assert hifigan.feature_loss(scores(2.0), scores(2.0)) == 0
    assert hifigan.feature_loss(scores(2.0), scores(1.0)) == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("is_low", [False, True])
def test_gradients_reach_every_weight(is_low: bool) -> None:
    torch.manual_seed(0)
    generator = Generator(GeneratorConfig(width=16, kernels=(3,), dilations=(1,)))
    judges = Discriminators(DiscriminatorConfig.small())
    real = torch.randn(1, 8 * 256)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=is_low):
        made = speak(generator, torch.randn(1, 80, 8)).float()
        loss = hifigan.discriminator_loss(judges(real), judges(made.detach()))
        loss.backward()
        assert loss.dtype == torch.float32
        assert all(p.grad is not None and p.grad.isfinite().all() for p in judges.parameters())
        reals, mades = judges(real), judges(made)
        total = hifigan.adversarial_loss(mades) + hifigan.feature_loss(reals, mades)
        total.backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in generator.parameters())


def test_a_judge_that_is_to_be_deceived_learns_nothing() -> None:
    torch.manual_seed(0)
    judge = Discriminators(DiscriminatorConfig.small())
    made = torch.randn(1, 512, requires_grad=True)
    adversarial, features = hifigan.deceive(judge, judge, torch.randn(1, 512), made)
    (adversarial + features).backward()
    assert made.grad is not None
    assert made.grad.abs().sum() > 0
    assert all(p.grad is None and p.requires_grad for p in judge.parameters())


def test_discriminators_learn_to_tell_noise_from_a_tone() -> None:
    torch.manual_seed(0)
    config = DiscriminatorConfig(
        periods=(2,), period_widths=(4, 8), scales=1, scale_widths=(4, 8, 8),
        scale_strides=(1, 4, 1), scale_groups=(1, 2, 1),
    )  # fmt: skip
    judges = Discriminators(config)
    optimizer = torch.optim.AdamW(judges.parameters(), lr=5e-3)
    tone = torch.sin(torch.arange(1024) * 0.1).expand(2, -1)
    losses = []
    for _ in range(30):
        loss = hifigan.discriminator_loss(judges(tone), judges(torch.randn(2, 1024)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert sum(losses[-5:]) < 0.6 * sum(losses[:5])
