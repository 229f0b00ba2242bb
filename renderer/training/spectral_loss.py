"""Distances between sounds, by their spectra at several resolutions.

References:
    Yamamoto, Song & Kim (2020), Parallel WaveGAN (1910.11480), eq. 3–6: several resolutions.
    Gritsenko et al. (2020), A spectral energy distance for parallel speech synthesis (2008.01160):
    two answers with different noise; their distance from each other is taken back, so that noise
    is learnt as noise and not averaged away.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

WINDOWS = (128, 256, 512, 1024, 2048)
_FLOOR = 1e-4
_LINEAR = 10.0
_PHASE_HZ = 1_200.0  # up to about here the phase of the fundamental tells that of the harmonics


class SpectralDistance(nn.Module):
    """Compares sounds by log and linear magnitude.

    Args:
        windows: Window lengths in samples; the hop is a quarter.
    """

    def __init__(self, windows: tuple[int, ...] = WINDOWS) -> None:
        super().__init__()
        self.windows = windows
        for size in windows:
            self.register_buffer(f"hann_{size}", torch.hann_window(size), persistent=False)

    def magnitudes(self, samples: Tensor) -> list[Tensor]:
        """Return the magnitudes (B, bins, frames) of a sound (B, T), at every resolution."""
        return [
            _transform(samples, size, getattr(self, f"hann_{size}")).abs() / math.sqrt(0.375 * size)
            for size in self.windows
        ]

    def between(self, one: list[Tensor], other: list[Tensor]) -> Tensor:
        """Return the mean distance of magnitudes."""
        terms = [
            (torch.log(a + _FLOOR) - torch.log(b + _FLOOR)).abs().mean()
            + _LINEAR * (a - b).abs().mean()
            for a, b in zip(one, other, strict=True)
        ]
        return torch.stack(terms).mean()

    def energy(self, first: Tensor, second: Tensor, real: Tensor) -> Tensor:
        """Return 2008.01160's eq. 4: d(y, x) + d(y′, x) − d(y, y′), y and y′ of the same words."""
        a, b, x = self.magnitudes(first), self.magnitudes(second), self.magnitudes(real)
        return self.between(a, x) + self.between(b, x) - self.between(a, b)


class PhaseDistance(nn.Module):
    """Compares voiced sound by complex spectra at low frequencies, relative to its size."""

    window: Tensor
    weight: Tensor

    def __init__(self, sample_rate: int, n_fft: int = 1024) -> None:
        super().__init__()
        hz = torch.arange(n_fft // 2 + 1) * sample_rate / n_fft
        self.n_fft = n_fft
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        weight = torch.exp(-((hz / _PHASE_HZ) ** 2)).reshape(1, -1, 1)
        self.register_buffer("weight", weight, persistent=False)

    def forward(self, made: Tensor, real: Tensor, voiced: Tensor) -> Tensor:
        """Compare (B, F × hop) sounds with hop n_fft / 4 where `voiced` (B, F) is 1."""
        frames = voiced.shape[1]
        y = _transform(made, self.n_fft, self.window)[:, :, :frames]
        x = _transform(real, self.n_fft, self.window)[:, :, :frames]
        weight = self.weight * voiced.unsqueeze(1)
        return ((y - x).abs() * weight).mean() / ((x.abs() * weight).mean() + 1e-3)


def _transform(samples: Tensor, n_fft: int, window: Tensor) -> Tensor:
    return torch.stft(
        samples, n_fft, n_fft // 4, window=window, pad_mode="constant", return_complex=True
    )
