"""The vocoder that is fast on a CPU: a harmonic source and noise, filtered by a small network.

A network at the frame rate reads mel and F0 and predicts three time-varying filters: of a train of
pulses at F0, of noise, and of noise that comes in bursts with the pulses. Pulses are filtered with
minimum phase plus a learnt correction. All of it happens in the domain of a short Fourier transform
with half the hop of the mel, and one inverse transform gives the sound. The pitch that is asked is
the pitch that is heard, because nothing but F0 makes the pulses.

References:
    Wang, Takaki & Yamagishi (2020), Neural source-filter waveform models (1904.12088): the source.
    Kaneko et al. (2022), iSTFTNet (2203.02395); Siuzdak (2024), Vocos (2306.00814): the head.
    Liu et al. (2022), A ConvNet for the 2020s (2201.03545): the blocks.
    Oppenheim & Schafer, Discrete-Time Signal Processing, 12.1: minimum phase from log magnitude.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name torch's own code uses

from renderer.audio.spectrum import MelSpec, mel_filters
from renderer.training.corpus import MEL

_FLOOR_HZ = 20.0
_GAINS = (-12.0, 4.0)  # natural log, against the level of the mel
_NEAR = 1e-4  # of a pulse's peak: the closed form divides by zero there
Filters = tuple[Tensor, Tensor, Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class SourceFilterConfig:
    """Sizes of the network.

    Attributes:
        width: Channels of a block.
        blocks: ConvNeXt blocks.
        kernel: Frames each block looks at.
        expansion: Channels inside a block, × width.
        n_fft: Window of the filters, samples; the hop is half the mel's.
        spec: Mel frames it reads.
    """

    width: int = 256
    blocks: int = 6
    kernel: int = 7
    expansion: int = 3
    n_fft: int = 512
    spec: MelSpec = MEL


class Block(nn.Module):
    """One ConvNeXt block, channels last: (B, T, C) → (B, T, C)."""

    def __init__(self, width: int, kernel: int, inner: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, inner)
        self.shrink = nn.Linear(inner, width)
        self.scale = nn.Parameter(torch.full((width,), 0.1))

    def forward(self, x: Tensor) -> Tensor:
        """Mix over time, then over channels, and add."""
        mixed = self.depthwise(x.transpose(1, 2)).transpose(1, 2)
        added: Tensor = self.scale * self.shrink(F.gelu(self.expand(self.norm(mixed))))
        return x + added


class SourceFilter(nn.Module):
    """Mel, F0 and voicing to a waveform."""

    level: Tensor
    spread: Tensor
    hilbert: Tensor
    window: Tensor

    def __init__(self, config: SourceFilterConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or SourceFilterConfig()
        spec = config.spec
        self.hop = spec.hop_length // 2
        self.bins = config.n_fft // 2 + 1
        self.enter = nn.Conv1d(
            spec.n_mels + 2, config.width, config.kernel, padding=config.kernel // 2
        )
        self.blocks = nn.ModuleList(
            Block(config.width, config.kernel, config.width * config.expansion)
            for _ in range(config.blocks)
        )
        self.norm = nn.LayerNorm(config.width)
        # per half frame: log gain of pulses, of noise, of bursts, and the phase of the pulses
        self.head = nn.Linear(config.width, 2 * 4 * self.bins)
        nn.init.trunc_normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)
        self.register_buffer("level", _white_level(spec), persistent=False)
        self.register_buffer("spread", _mel_to_bins(spec, config.n_fft), persistent=False)
        self.register_buffer("hilbert", _minimum_phase(config.n_fft), persistent=False)
        window = torch.hann_window(config.n_fft, periodic=True)
        self.register_buffer("window", window, persistent=False)

    def forward(self, mel: Tensor, f0: Tensor, voiced: Tensor, noise: Tensor) -> Tensor:
        """Return the sound.

        Args:
            mel: Natural log magnitudes, (B, n_mels, F).
            f0: Hz, continued through unvoiced frames, (B, F).
            voiced: 1 where there is voice, 0 elsewhere, (B, F).
            noise: White noise of unit variance, (B, F × hop).

        Returns:
            Samples (B, F × hop).
        """
        return self.render(self.filters(mel, f0, voiced), self.phase(f0), f0, noise)

    def pair(
        self, mel: Tensor, f0: Tensor, voiced: Tensor, cycles: Tensor, noise: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Speak a batch twice, with different noise, with pulses where `cycles` has them."""
        filters = self.filters(mel, f0, voiced)
        voice = self._voice(filters, cycles, f0)  # has no noise in it: once is enough
        first, second = (self._with_noise(voice, filters, cycles, one) for one in noise)
        return first, second

    def filters(self, mel: Tensor, f0: Tensor, voiced: Tensor) -> Filters:
        """Predict the filters: (gains of pulses, noise, bursts; phase), each (B, 2F, bins)."""
        batch, _, frames = mel.shape
        pitch = torch.log(f0.clamp(min=_FLOOR_HZ) / 200.0)
        x = torch.cat([mel, pitch.unsqueeze(1), voiced.unsqueeze(1)], 1)
        x = self.enter(x).transpose(1, 2)  # (B, F, C)
        for block in self.blocks:
            x = block(x)
        x = self.head(self.norm(x)).float()
        with torch.autocast(mel.device.type, enabled=False):
            return self._shape(mel.float(), voiced, x.reshape(batch, 2 * frames, 4, self.bins))

    def _shape(self, mel: Tensor, voiced: Tensor, x: Tensor) -> Filters:
        """Put what the network found on top of the level of the mel."""
        base = torch.matmul(mel.transpose(1, 2) - self.level, self.spread)  # (B, F, bins)
        base = _to_halves(base)
        has_voice = _to_halves(voiced.unsqueeze(2))  # (B, 2F, 1)
        # Trackers call the ends of voiced stretches and voiced obstruents unvoiced: the network
        # hears in the mel what is periodic there, so that voicing is where it starts from alone.
        pulse = base + x[:, :, 0].clamp(*_GAINS) - 2.0 * (1.0 - has_voice)
        hiss = base + x[:, :, 1].clamp(*_GAINS) - 2.0 * has_voice
        burst = base + x[:, :, 2].clamp(*_GAINS) - 2.0 - 2.0 * (1.0 - has_voice)
        phase = torch.matmul(pulse, self.hilbert) + x[:, :, 3]
        return pulse.exp(), hiss.exp(), burst.exp(), phase

    def phase(self, f0: Tensor) -> Tensor:
        """Integrate F0: phase in cycles, 0–1, (B, F × hop); exact over any length."""
        hop = self.config.spec.hop_length
        step = (_to_samples(f0, hop) / self.config.spec.sample_rate).reshape(*f0.shape, hop)
        inside = step.cumsum(2)
        total = inside[:, :, -1]
        before = torch.cumsum(total - torch.floor(total), 1) - (total - torch.floor(total))
        cycles = inside + (before - torch.floor(before)).unsqueeze(2)
        cycles = cycles - torch.floor(cycles)
        return cycles.reshape(f0.shape[0], -1)

    def render(
        self,
        filters: Filters,
        cycles: Tensor,
        f0: Tensor,
        noise: Tensor,
    ) -> Tensor:
        """Filter pulses at the given phase (cycles), noise and bursts, and add them up."""
        return self._with_noise(self._voice(filters, cycles, f0), filters, cycles, noise)

    def _voice(self, filters: Filters, cycles: Tensor, f0: Tensor) -> Tensor:
        """Return the spectra of the filtered pulses, complex (B, 2F, bins)."""
        gain, _, _, phase = filters
        turned = torch.complex(gain * torch.cos(phase), gain * torch.sin(phase))
        return self._analyse(self.pulses(cycles, f0)) * turned

    def _with_noise(self, voice: Tensor, filters: Filters, cycles: Tensor, noise: Tensor) -> Tensor:
        """Add noise and bursts to the spectra of the voice; return the sound (B, F × hop)."""
        _, hiss_gain, burst_gain, _ = filters
        hiss = self._analyse(noise)
        burst = self._analyse(noise * bursts(cycles))
        return self._synthesise(voice + hiss * hiss_gain + burst * burst_gain)

    def pulses(self, cycles: Tensor, f0: Tensor) -> Tensor:
        """Sum all cosines below half the sampling rate, in closed form, at unit power."""
        spec = self.config.spec
        top = torch.floor(0.49 * spec.sample_rate / f0.clamp(min=_FLOOR_HZ))  # harmonics
        top = torch.repeat_interleave(top, spec.hop_length, dim=1)
        low = torch.sin(math.pi * cycles)
        near = low.abs() < _NEAR
        ratio = torch.sin((2 * top + 1) * math.pi * cycles) / torch.where(
            near, torch.ones_like(low), low
        )
        total = torch.where(near, top, 0.5 * (ratio - 1.0))
        return total * torch.sqrt(2.0 / top)

    def _analyse(self, samples: Tensor) -> Tensor:
        side = (self.config.n_fft - self.hop) // 2
        frames = F.pad(samples, (side, side)).unfold(1, self.config.n_fft, self.hop)
        spectrum: Tensor = torch.fft.rfft(frames * self.window)
        return spectrum

    def _synthesise(self, spectrum: Tensor) -> Tensor:
        frames = torch.fft.irfft(spectrum, self.config.n_fft) * self.window
        return overlap_add(frames, self.hop) / 1.5


def overlap_add(frames: Tensor, hop: int) -> Tensor:
    """Add windows (B, T, n) at every hop and cut the margins: (B, T × hop)."""
    batch, count, n_fft = frames.shape
    parts = n_fft // hop
    pieces = frames.reshape(batch, count, parts, hop)
    moved = [F.pad(pieces[:, :, i], (0, 0, i, parts - 1 - i)) for i in range(parts)]
    total = torch.stack(moved).sum(0)
    side = (n_fft - hop) // 2
    return total.reshape(batch, -1)[:, side : side + count * hop]


def bursts(cycles: Tensor) -> Tensor:
    """Return a raised cosine that peaks with the pulses, of unit power."""
    return (1.0 + torch.cos(2 * math.pi * cycles)) * math.sqrt(2.0 / 3.0)


def _to_samples(frames: Tensor, hop: int) -> Tensor:
    """Interpolate (B, F) at frame centres linearly to samples (B, F × hop)."""
    before = torch.cat([frames[:, :1], frames[:, :-1]], 1)
    after = torch.cat([frames[:, 1:], frames[:, -1:]], 1)
    at = (torch.arange(hop, device=frames.device) + 0.5) / hop - 0.5  # −½…½ of a frame
    left = (frames - before).unsqueeze(2) * at.clamp(max=0.0)
    right = (after - frames).unsqueeze(2) * at.clamp(min=0.0)
    return (frames.unsqueeze(2) + left + right).reshape(frames.shape[0], -1)


def _to_halves(frames: Tensor) -> Tensor:
    """Interpolate (B, F, C) to two half frames each: (B, 2F, C)."""
    before = torch.cat([frames[:, :1], frames[:, :-1]], 1)
    after = torch.cat([frames[:, 1:], frames[:, -1:]], 1)
    halves = torch.stack([0.75 * frames + 0.25 * before, 0.75 * frames + 0.25 * after], 2)
    return halves.flatten(1, 2)


def _mel_to_bins(spec: MelSpec, n_fft: int) -> Tensor:
    """Return the matrix (n_mels, bins) that spreads log mel levels over frequency."""
    filters = mel_filters(spec)
    hz = np.arange(spec.n_fft // 2 + 1) * spec.sample_rate / spec.n_fft
    centres = (filters * hz).sum(1) / filters.sum(1)
    wanted = np.arange(n_fft // 2 + 1) * spec.sample_rate / n_fft
    weights = np.stack([np.interp(wanted, centres, row) for row in np.eye(spec.n_mels)])
    return torch.from_numpy(weights.astype(np.float32))


def _white_level(spec: MelSpec) -> Tensor:
    """Return the expected log mel of white noise of unit variance, (n_mels,)."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(spec.n_fft) / spec.n_fft)
    bin_level = np.sqrt(np.pi) / 2 * np.sqrt((window**2).sum())  # mean of a Rayleigh variable
    return torch.from_numpy(np.log(mel_filters(spec).sum(1) * bin_level).astype(np.float32))


def _minimum_phase(n_fft: int) -> Tensor:
    """Return the matrix (bins, bins) from log magnitude to the phase of minimum phase, radians."""
    bins = n_fft // 2 + 1
    logs = np.eye(bins)
    cepstra = np.fft.irfft(logs, n_fft, axis=1)
    fold = np.zeros(n_fft)
    fold[0] = fold[n_fft // 2] = 1.0
    fold[1 : n_fft // 2] = 2.0
    return torch.from_numpy(np.fft.rfft(cepstra * fold, axis=1).imag.astype(np.float32))
