"""A critic of mels: is a stretch of frames recorded, or did the acoustic model predict it?

A model that is taught by absolute error alone predicts the middle of everything a phone can sound
like, and middles are smooth: formants and harmonics blur, the voice sounds muffled. A critic cannot
be pleased with a middle, since nothing recorded looks like one. Mels are small (80 values per
11.6 ms), so that this costs a fraction of what discriminators of samples cost.

References:
    Yang et al. (2021), GANSpeech (2106.15153): FastSpeech 2 of many speakers with a critic that
    knows the speaker, and feature matching.
    Isola et al. (2017), pix2pix (1611.07004): a critic that judges patches.
    Miyato & Koyama (2018), cGANs with projection discriminator (1802.05637): how it is told who.
    Liu et al. (2018), CoordConv (1807.03247): how it is told which band it looks at.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own habit
from torch.nn.utils.parametrizations import weight_norm

from renderer.training import hifigan
from renderer.training.hifigan import Features, Scores
from renderer.training.learner import Update

CRITIC = "critic"  # name of its optimiser, its module and its loss
WINDOW = 64  # frames judged at a time: 0.74 s
MOST_ROWS = 32  # of a batch
_SLOPE = 0.2
MIDDLE, _SPREAD = -6.0, 3.0  # about the mean and the standard deviation of log mels
_WIDTHS = (32, 64, 128, 128)
_KERNELS = ((5, 5), (5, 3), (5, 3), (3, 3))  # bands, frames
_STRIDES = ((2, 1), (2, 2), (2, 2), (1, 1))


class MelCritic(nn.Module):
    """Scores patches of mels, knowing who is said to speak.

    Args:
        speaker_dim: Length of a speaker's vector.
        widths: Channels of the layers.
    """

    def __init__(self, speaker_dim: int, widths: Sequence[int] = _WIDTHS) -> None:
        super().__init__()
        sizes = (2, *widths)
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, kernel, stride, padding=(kernel[0] // 2, kernel[1] // 2)))
            for a, b, kernel, stride in zip(sizes, widths, _KERNELS, _STRIDES, strict=False)
        )
        self.who = nn.Linear(speaker_dim, widths[-1])
        self.leave = weight_norm(nn.Conv2d(widths[-1], 1, 3, padding=1))

    def forward(self, mel: Tensor, speaker: Tensor) -> Scores:
        """Score stretches.

        Args:
            mel: Natural log magnitudes, (B, M, W).
            speaker: Unit vectors, (B, D).

        Returns:
            One (score map, features), as the discriminators of samples give for each of theirs.
        """
        count, bands, frames = mel.shape
        place = torch.linspace(-1, 1, bands, device=mel.device).view(1, bands, 1)
        x = torch.stack(((mel - MIDDLE) / _SPREAD, place.expand(count, bands, frames)), 1)
        features: Features = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), _SLOPE)
            features.append(x)
        knows = (x * self.who(speaker)[:, :, None, None]).mean(1, keepdim=True)
        return [(self.leave(x) + knows, features)]


def critique(
    critic: MelCritic,
    mels: Sequence[Tensor],
    lengths: Tensor,
    speaker: Tensor,
    update: Update,
) -> dict[str, Tensor]:
    """Teach the critic from a batch, then let it judge what was predicted.

    Args:
        critic: Learns.
        mels: Recorded and predicted, each (B, M, T).
        lengths: (B,) int64, frames of each row.
        speaker: Unit vectors, (B, D).
        update: Takes the critic's step.

    Returns:
        Losses: `critic`, its own; `adversarial` and `features`, of what was predicted.
    """
    rows, (real, made) = stretches(lengths, mels)
    who = speaker[rows]
    own = hifigan.discriminator_loss(critic(real, who), critic(made.detach(), who))
    update(CRITIC, own)
    adversarial, features = hifigan.deceive(critic, lambda mel: critic(mel, who), real, made)
    return {CRITIC: own, "adversarial": adversarial, "features": features}


def stretches(lengths: Tensor, mels: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Cut the same stretches of `WINDOW` frames, drawn at random, out of several mels.

    Args:
        lengths: (B,) int64, frames of each row.
        mels: Each (B, M, T).

    Returns:
        Rows (K,), K ≤ `MOST_ROWS`, that were drawn, and of each mel (K, M, min(WINDOW, T)).
    """
    device, most = lengths.device, mels[0].shape[2]
    size = min(WINDOW, most)
    rows = torch.randperm(len(lengths))[:MOST_ROWS].to(device)
    room = (lengths[rows] - size).clamp(min=0)
    drawn = torch.rand(len(rows)).to(device)
    starts = torch.minimum((drawn * (room + 1)).long(), room)
    at = starts[:, None] + torch.arange(size, device=device)  # (K, W)
    return rows, [mel[rows].gather(2, at[:, None, :].expand(-1, mel.shape[1], -1)) for mel in mels]
