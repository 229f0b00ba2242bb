"""Networks as onnxruntime wants them: what is written differently for a graph than for training.

Three graphs make a voice, and overrides act between the first two:

    encoder   phones, stresses, word_starts, lengths, language, emotion, speaker
              -> hidden, durations (frames), pitch (st, relative), energy (dB, relative)
    decoder   hidden, durations (whole), pitch (st re 100 Hz), spread, energy, speaker, frames
              -> mel, f0 (Hz), voicing (logit), padded to `frames`
    vocoder   mel, f0, voiced, noise -> samples

Fourier transforms are products with matrices of cosines, and complex numbers are pairs.
"""

from __future__ import annotations

import copy
import math

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own habit
from torch import Tensor, nn
from torch.nn.utils import parametrize

from renderer.training.fastpitch import REFERENCE_HZ, FastPitch, Regulated, regulate
from renderer.training.source_filter import Filters, SourceFilter, bursts, overlap_add


class EncoderGraph(nn.Module):
    """`FastPitch.encode` with durations in frames."""

    inputs = ("phones", "stresses", "word_starts", "lengths", "language", "emotion", "speaker")
    outputs = ("hidden", "durations", "pitch", "energy")

    def __init__(self, acoustic: FastPitch) -> None:
        super().__init__()
        self.acoustic = acoustic

    def forward(
        self, phones: Tensor, stresses: Tensor, word_starts: Tensor, lengths: Tensor,
        language: Tensor, emotion: Tensor, speaker: Tensor,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        """Return hidden (B, N, C) and durations, pitch and energy, each (B, N)."""
        said = self.acoustic.encode(
            phones, stresses, word_starts, lengths, language, emotion, speaker
        )
        durations = (torch.exp(said.log_durations) - 1.0).clamp(min=0.0)
        return said.hidden, durations, said.pitch, said.energy


class DecoderGraph(nn.Module):
    """`FastPitch.decode`, padded to a given number of frames."""

    inputs = ("hidden", "durations", "pitch", "spread", "energy", "speaker", "frames")
    outputs = ("mel", "f0", "voicing")

    def __init__(self, acoustic: FastPitch) -> None:
        super().__init__()
        self.acoustic = acoustic

    def forward(
        self, hidden: Tensor, durations: Tensor, pitch: Tensor, spread: Tensor, energy: Tensor,
        speaker: Tensor, frames: Tensor,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        """Return mel (B, M, T), F0 and voicing (B, T); T is `frames` (1,), at least every row's.

        `spread` (B, N) multiplies what F0 does within a phone: 1 as the model would have it.
        """
        filler = torch.cat((frames.view(1, 1), torch.zeros_like(durations[:1, 1:])), dim=1)
        padded = regulate(torch.cat((durations, filler)))  # one more row, as long as asked
        on = Regulated(*(part[:-1] for part in padded))
        contour = on.interpolate(pitch)
        residual, voicing = self.acoustic.intonation(hidden, contour, on, speaker)
        tone = contour + residual * on.repeat(spread)
        mel = self.acoustic.decoder(hidden, tone, energy, on, speaker)
        f0 = REFERENCE_HZ * torch.exp(tone * (math.log(2.0) / 12.0)) * on.mask.squeeze(2)
        return mel, f0, voicing


class VocoderGraph(nn.Module):
    """A vocoder as it is."""

    inputs = ("mel", "f0", "voiced", "noise")
    outputs = ("samples",)

    def __init__(self, vocoder: nn.Module) -> None:
        super().__init__()
        self.vocoder = vocoder

    def forward(self, mel: Tensor, f0: Tensor, voiced: Tensor, noise: Tensor) -> Tensor:
        """Return samples (B, T × hop)."""
        samples: Tensor = self.vocoder(mel, f0, voiced, noise)
        # A vocoder that needs no F0 takes it all the same, so that every voice is run alike.
        return samples + 0.0 * (f0[:, :1] + voiced[:, :1] + noise[:, :1])


class SourceFilterGraph(VocoderGraph):
    """`SourceFilter` with real numbers alone.

    Attributes:
        cosine: (n_fft, bins); not stored, `onnx_graph` has the graph make it.
        sine: Likewise.
    """

    vocoder: SourceFilter
    cosine: Tensor
    sine: Tensor

    def __init__(self, vocoder: SourceFilter) -> None:
        super().__init__(vocoder)
        cosine, sine = fourier(vocoder.config.n_fft)
        self.register_buffer("cosine", cosine)
        self.register_buffer("sine", sine)

    def forward(self, mel: Tensor, f0: Tensor, voiced: Tensor, noise: Tensor) -> Tensor:
        """Return samples (B, T × hop)."""
        net = self.vocoder
        return self._render(net.filters(mel, f0, voiced), net.phase(f0), f0, noise)

    def _render(self, filters: Filters, cycles: Tensor, f0: Tensor, noise: Tensor) -> Tensor:
        """Filter pulses, noise and bursts and add them up, as `SourceFilter.render` does."""
        net = self.vocoder
        pulse_gain, hiss_gain, burst_gain, phase = filters
        n_fft = net.config.n_fft
        cosine, sine = self.cosine, self.sine  # (n_fft, bins)
        window = net.window.unsqueeze(1)  # (n_fft, 1)
        forward = torch.cat((cosine, -sine), dim=1) * window  # (n_fft, 2 × bins)
        a, b = self._frames(net.pulses(cycles, f0)).matmul(forward).chunk(2, dim=2)
        c, d = self._frames(noise).matmul(forward).chunk(2, dim=2)
        e, f = self._frames(noise * bursts(cycles)).matmul(forward).chunk(2, dim=2)
        turn_real, turn_imaginary = pulse_gain * phase.cos(), pulse_gain * phase.sin()
        real = a * turn_real - b * turn_imaginary + c * hiss_gain + e * burst_gain
        imaginary = a * turn_imaginary + b * turn_real + d * hiss_gain + f * burst_gain
        # Each bin but the first and the last stands for two (of opposite frequency).
        twice = torch.cat((torch.ones(1), torch.full((net.bins - 2,), 2.0), torch.ones(1))) / n_fft
        backward = torch.cat((cosine * twice, -sine * twice), dim=1).t() * window.t()
        frames = torch.cat((real, imaginary), dim=2).matmul(backward)
        return overlap_add(frames, net.hop) / 1.5

    def _frames(self, samples: Tensor) -> Tensor:
        """Cut samples (B, T) into windows (B, T / hop, n_fft), centred on their hops."""
        net = self.vocoder
        side = (net.config.n_fft - net.hop) // 2
        pieces = F.pad(samples, (side, side)).reshape(samples.shape[0], -1, net.hop)
        parts = net.config.n_fft // net.hop
        count = pieces.shape[1] - (parts - 1)
        return torch.cat([pieces[:, i : i + count] for i in range(parts)], dim=2)


def fourier(n_fft: int) -> tuple[Tensor, Tensor]:
    """Return cosines and sines (n_fft, n_fft // 2 + 1) of 2π × sample × bin / n_fft."""
    sample = torch.arange(n_fft, dtype=torch.float32).unsqueeze(1)
    bin_ = torch.arange(n_fft // 2 + 1, dtype=torch.float32).unsqueeze(0)
    turns = torch.remainder(sample * bin_, n_fft) * (2.0 * math.pi / n_fft)
    return turns.cos(), turns.sin()


def plain(module: nn.Module) -> nn.Module:
    """Return a copy for export: float32 on the CPU, without dropout and weight norms."""
    made = copy.deepcopy(module).cpu().float().eval()
    for inner in made.modules():
        for name in list(getattr(inner, "parametrizations", {})):
            parametrize.remove_parametrizations(inner, name)
    return made


def vocoder_graph(vocoder: nn.Module) -> VocoderGraph:
    """Return the graph of any vocoder of ours."""
    made = plain(vocoder)
    graph = SourceFilterGraph(made) if isinstance(made, SourceFilter) else VocoderGraph(made)
    return graph.eval()


def acoustic_graphs(acoustic: FastPitch) -> tuple[EncoderGraph, DecoderGraph]:
    """Return the two graphs of an acoustic model."""
    made = plain(acoustic)
    assert isinstance(made, FastPitch)  # noqa: S101 - a copy is what it is a copy of
    return EncoderGraph(made).eval(), DecoderGraph(made).eval()
