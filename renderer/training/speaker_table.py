"""Who speaks: one unit vector per speaker and how high and loud that speaker is on average."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own habit
from torch import Tensor, nn

from renderer.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Timbre:
    """A speaker, or a blend of speakers, as the models want it.

    Attributes:
        vector: (D,), of unit length.
        mean_pitch_st: Average of the voiced frames, semitones re 100 Hz.
        mean_energy_db: Average level of the phones, dB.
    """

    vector: Tensor
    mean_pitch_st: float
    mean_energy_db: float


class SpeakerTable(nn.Module):
    """Learned unit vectors (S, D), with the speakers' statistics beside them.

    Attributes:
        names: S speakers, in the order of the rows.
        mean_pitch_st: (S,), semitones re 100 Hz.
        mean_energy_db: (S,), dB.
    """

    mean_pitch_st: Tensor
    mean_energy_db: Tensor

    def __init__(self, names: Sequence[str], dim: int = 64) -> None:
        super().__init__()
        if len(set(names)) != len(names) or not names:
            raise TrainingError("A model needs at least one speaker, each name once.")
        self.names = tuple(names)
        self.vectors = nn.Parameter(F.normalize(torch.randn(len(names), dim), dim=1))
        self.register_buffer("mean_pitch_st", torch.zeros(len(names)))
        self.register_buffer("mean_energy_db", torch.zeros(len(names)))

    def forward(self, index: Tensor) -> Tensor:
        """Return unit vectors (B, D) of speakers index (B,)."""
        return F.normalize(self.vectors[index], dim=1)

    def index(self, name: str) -> int:
        """Return the row of a speaker.

        Raises:
            TrainingError: There is none of that name.
        """
        if name not in self.names:
            raise TrainingError(f"No speaker {name!r}; there are {', '.join(self.names)}.")
        return self.names.index(name)

    def tell(self, name: str, mean_pitch_st: float, mean_energy_db: float) -> None:
        """Set what a speaker is on average."""
        row = self.index(name)
        self.mean_pitch_st[row], self.mean_energy_db[row] = mean_pitch_st, mean_energy_db

    @torch.no_grad()
    def blend(self, shares: Mapping[str, float]) -> Timbre:
        """Average speakers; one speaker alone is itself.

        Args:
            shares: Weight above 0 by name; they need not add up to 1.

        Raises:
            TrainingError: An unknown name or no weight above 0.
        """
        rows = torch.tensor([self.index(name) for name in shares], dtype=torch.long)
        weights = torch.tensor(list(shares.values()), dtype=torch.float32)
        if rows.numel() == 0 or bool((weights <= 0).any()):
            raise TrainingError("A blend needs speakers with shares above 0.")
        weights = weights / weights.sum()
        vectors = F.normalize(self.vectors[rows], dim=1)
        return Timbre(
            F.normalize(weights @ vectors, dim=0),
            float(weights @ self.mean_pitch_st[rows]),
            float(weights @ self.mean_energy_db[rows]),
        )

    @torch.no_grad()
    def with_speaker(self, name: str, like: str = "") -> SpeakerTable:
        """Return a larger table whose new last row starts as a known speaker, or as the mean.

        Args:
            name: New.
            like: Whom to start from; "" for the mean of all.
        """
        if name in self.names:
            raise TrainingError(f"There is already a speaker {name!r}.")
        start = self.blend({like: 1.0} if like else dict.fromkeys(self.names, 1.0))
        table = SpeakerTable((*self.names, name), self.vectors.shape[1])
        table.vectors.copy_(torch.cat((self.vectors, start.vector.unsqueeze(0))))
        for kind in ("mean_pitch_st", "mean_energy_db"):
            value = torch.tensor([getattr(start, kind)])
            getattr(table, kind).copy_(torch.cat((getattr(self, kind), value)))
        return table
