"""What the acoustic model is told it did wrong: its losses, and where each of them counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own habit
from torch import Tensor

from renderer.training.acoustic_batch import AcousticBatch
from renderer.training.fastpitch import (
    ENERGY_SCALE_DB,
    PITCH_SCALE_ST,
    REFERENCE_HZ,
    Decoded,
    Encoded,
)


@dataclass(frozen=True, slots=True)
class LossWeights:
    """What each loss counts.

    Attributes:
        mel: Mean absolute error, nepers.
        duration: Mean square error of log(1 + frames).
        pitch: Mean square error over phones, in units of 4 semitones.
        energy: Mean square error over phones, in units of 10 dB.
        tone: Mean absolute error of F0 over voiced frames, semitones.
        voicing: Binary cross-entropy per frame.
        adversarial: Of the critic's opinion of mels.
        features: Distance of the critic's features.
    """

    mel: float = 1.0
    duration: float = 0.5
    pitch: float = 0.2
    energy: float = 0.2
    tone: float = 0.1
    voicing: float = 0.2
    adversarial: float = 0.1
    features: float = 0.5


@dataclass(frozen=True, slots=True)
class Said:
    """What the model made of a batch, and where it counts: phones (B, N), frames (B, T)."""

    encoded: Encoded
    decoded: Decoded
    pitch: Tensor  # (B, N), semitones relative to the speaker's mean
    energy: Tensor  # (B, N), dB relative to the speaker's mean
    phones: Tensor
    trusted: Tensor
    frames: Tensor
    voiced: Tensor


def acoustic_losses(batch: AcousticBatch, said: Said) -> dict[str, Tensor]:
    """Return the losses by name, each averaged over where it counts."""
    encoded, decoded = said.encoded, said.decoded
    heard = said.frames.bool()
    tone = 12 * torch.log2(decoded.f0.clamp(min=1.0) / REFERENCE_HZ)  # (B, T)
    logits = decoded.voicing.masked_fill(~heard, 0.0)
    voicing = F.binary_cross_entropy_with_logits(
        logits, batch.voiced * said.frames, reduction="none"
    )
    apart = {
        "mel": ((decoded.mel - batch.mel).abs().mean(1), said.frames),
        "duration": (
            (encoded.log_durations - batch.durations.float().log1p()) ** 2,
            said.phones,
        ),
        "pitch": (((encoded.pitch - said.pitch) / PITCH_SCALE_ST) ** 2, said.trusted),
        "energy": (((encoded.energy - said.energy) / ENERGY_SCALE_DB) ** 2, said.trusted),
        "tone": ((tone - batch.tone).abs(), said.voiced),
        "voicing": (voicing, said.frames),
    }
    return {name: mean_where(error, where) for name, (error, where) in apart.items()}


def weigh(weights: LossWeights, losses: Mapping[str, Tensor]) -> Tensor:
    """Return the sum of losses, each by its weight."""
    return torch.stack([getattr(weights, name) * loss for name, loss in losses.items()]).sum()


def mean_where(values: Tensor, where: Tensor) -> Tensor:
    """Average values where `where` is 1; 0 where that is nowhere."""
    kept = torch.where(where > 0, values, 0.0)  # no product: what is left out may be infinite
    return kept.sum() / where.sum().clamp(min=1.0)
