"""The critic of mels: it learns to tell smooth from rough, by speaker, and cuts fairly."""

from __future__ import annotations

import torch

from renderer.training import hifigan
from renderer.training.mel_critic import MOST_ROWS, WINDOW, MelCritic, stretches

BANDS = 80


def learn(critic: MelCritic, real: torch.Tensor, made: torch.Tensor, who: torch.Tensor) -> float:
    """Teach a critic for some steps; how much higher it scores what is real."""
    optimizer = torch.optim.AdamW(critic.parameters(), lr=2e-3)
    for _ in range(120):
        loss = hifigan.discriminator_loss(critic(real, who), critic(made, who))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    (scored_real, _), *_ = critic(real, who)
    (scored_made, _), *_ = critic(made, who)
    return float((scored_real.mean() - scored_made.mean()).detach())


def test_it_learns_to_tell_a_smoothed_mel_from_a_rough_one() -> None:
    torch.manual_seed(0)
    who = torch.nn.functional.normalize(torch.randn(6, 8), dim=1)
    rough = torch.randn(6, BANDS, 32) - 6.0
    smooth = torch.nn.functional.avg_pool2d(rough[:, None], 3, 1, 1).squeeze(1)
    assert learn(MelCritic(8, (8, 8, 8, 8)), rough, smooth, who) > 0.5


def test_it_knows_who_should_speak() -> None:
    """Both mels are as likely; only the speaker tells which one is right."""
    torch.manual_seed(0)
    who = torch.eye(8)[torch.tensor([0, 1, 0, 1, 0, 1])]
    level = torch.tensor([-3.0, -9.0] * 3)[:, None, None]
    noise = torch.randn(6, BANDS, 32)
    right, wrong = noise + level, noise + level.flip(0)
    assert learn(MelCritic(8, (8, 8, 8, 8)), right, wrong, who) > 0.5


def test_every_mel_is_cut_at_the_same_place_and_within_its_row() -> None:
    torch.manual_seed(0)
    lengths = torch.tensor([10, 200, 64, 65] * 10)
    frames = torch.arange(200).float().expand(40, BANDS, 200)
    inside = torch.where(torch.arange(200) < lengths[:, None, None], frames, -1.0)
    rows, (a, b) = stretches(lengths, (inside, inside + 1000))
    assert len(rows) == MOST_ROWS == len(set(rows.tolist()))
    assert a.shape == (MOST_ROWS, BANDS, WINDOW)
    assert torch.equal(a + 1000, b)
    for row, cut in zip(rows.tolist(), a, strict=True):
        if lengths[row] >= WINDOW:
            assert cut.min() >= 0, "nothing behind the end"
        else:
            assert cut[0, 0] == 0, "a short one from its beginning"
    assert len({float(cut[0, 0]) for cut in a}) > 3, "places are drawn"


def test_a_batch_shorter_than_a_window_is_judged_whole() -> None:
    _, (cut,) = stretches(torch.tensor([5, 7]), (torch.zeros(2, BANDS, 7),))
    assert cut.shape == (2, BANDS, 7)
    scored = MelCritic(8)(cut, torch.zeros(2, 8))
    assert torch.isfinite(scored[0][0]).all()
