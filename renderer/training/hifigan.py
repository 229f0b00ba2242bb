"""HiFi-GAN, read from top to bottom: the generators, the discriminators and their losses.

`GeneratorConfig.v1()` and `v2()` are the paper's (with this project's mel, whose hop of 256 is also
the paper's). The generator that is fast on a CPU is `source_filter.SourceFilter`; it is trained by
the same losses and against the same discriminators.

References:
    Kong, Kim & Bae (2020), HiFi-GAN (2010.05646): section 2 and table 4.
    Mao et al. (2017), Least squares GAN (1611.04076).
    Larsen et al. (2016), Autoencoding beyond pixels (1512.09300): feature matching.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name torch's own code uses
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

_SLOPE = 0.1


@dataclass(frozen=True, slots=True)
class GeneratorConfig:
    """Sizes of a generator (table 4 of the paper).

    Attributes:
        n_mels: Mel bands.
        width: Channels before the first upsampling; halved by each.
        rates: Upsampling factors; their product is the hop.
        kernels: Kernels of the residual blocks.
        dilations: Dilations within a residual block.
    """

    n_mels: int = 80
    width: int = 512
    rates: tuple[int, ...] = (8, 8, 2, 2)
    kernels: tuple[int, ...] = (3, 7, 11)
    dilations: tuple[int, ...] = (1, 3, 5)

    @classmethod
    def v1(cls) -> Self:
        """Return the largest one: 14 M parameters."""
        return cls()

    @classmethod
    def v2(cls) -> Self:
        """Return the same with a quarter of the channels: 0.9 M parameters."""
        return cls(width=128)


class ResidualBlock(nn.Module):
    """Multi-receptive-field fusion's part: dilated convolutions, (B, C, T) → (B, C, T)."""

    def __init__(self, width: int, kernel: int, dilations: Sequence[int]) -> None:
        super().__init__()
        self.dilated = nn.ModuleList(_same(width, kernel, d) for d in dilations)
        self.plain = nn.ModuleList(_same(width, kernel, 1) for _ in dilations)

    def forward(self, x: Tensor) -> Tensor:
        """Add what each pair of convolutions finds."""
        for dilated, plain in zip(self.dilated, self.plain, strict=True):
            x = x + plain(F.leaky_relu(dilated(F.leaky_relu(x, _SLOPE)), _SLOPE))
        return x


class Generator(nn.Module):
    """Mel to waveform by transposed convolutions.

    F0, voicing and noise are taken, and not used, so that every vocoder is called alike.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.enter = weight_norm(nn.Conv1d(config.n_mels, width, 7, padding=3))
        self.upsample = nn.ModuleList()
        self.fuse = nn.ModuleList()  # one block per rate and kernel, in that order
        for rate in config.rates:
            pad = (rate + 1) // 2 if rate % 2 else rate // 2
            up = nn.ConvTranspose1d(
                width, width // 2, 2 * rate, rate, padding=pad, output_padding=rate % 2
            )
            self.upsample.append(weight_norm(up))
            width //= 2
            self.fuse.extend(ResidualBlock(width, k, config.dilations) for k in config.kernels)
        self.leave = weight_norm(nn.Conv1d(width, 1, 7, padding=3))

    def forward(self, mel: Tensor, f0: Tensor, voiced: Tensor, noise: Tensor) -> Tensor:
        """Return samples (B, F × hop) for log mels (B, n_mels, F)."""
        del f0, voiced, noise
        x = self.enter(mel)
        count = len(self.config.kernels)
        for i, upsample in enumerate(self.upsample):
            x = upsample(F.leaky_relu(x, _SLOPE))
            blocks = list(self.fuse)[i * count : (i + 1) * count]
            x = torch.stack([block(x) for block in blocks]).mean(0)
        return torch.tanh(self.leave(F.leaky_relu(x))).squeeze(1)

    def pair(
        self, mel: Tensor, f0: Tensor, voiced: Tensor, cycles: Tensor, noise: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Return one answer twice: this generator draws nothing at random."""
        del cycles
        spoken = self(mel, f0, voiced, noise[0])
        return spoken, spoken


@dataclass(frozen=True, slots=True)
class DiscriminatorConfig:
    """Sizes of the discriminators.

    Attributes:
        periods: Of the multi-period discriminator; primes, so that they overlap least.
        period_widths: Channels of its layers.
        scales: How often the sound is halved for the multi-scale discriminator.
        scale_widths: Channels of its layers.
        scale_strides: Samples from step to step in each of them.
        scale_groups: Groups of channels in each of them.
    """

    periods: tuple[int, ...] = (2, 3, 5, 7, 11)
    period_widths: tuple[int, ...] = (32, 128, 512, 1024, 1024)
    scales: int = 3
    scale_widths: tuple[int, ...] = (128, 128, 256, 512, 1024, 1024, 1024)
    scale_strides: tuple[int, ...] = (1, 2, 2, 4, 4, 1, 1)
    scale_groups: tuple[int, ...] = (1, 4, 16, 16, 16, 16, 1)

    @classmethod
    def small(cls) -> Self:
        """Return sizes for two CPU cores."""
        return cls(
            periods=(2, 3, 5, 7, 11),
            period_widths=(8, 24, 48, 96, 96),
            scales=2,
            scale_widths=(16, 24, 48, 96, 96),
            scale_strides=(1, 4, 4, 4, 1),
            scale_groups=(1, 2, 3, 6, 1),
        )


Features = list[Tensor]


class PeriodDiscriminator(nn.Module):
    """Looks at every p-th sample: (B, T) → score map and features (section 2.3)."""

    def __init__(self, period: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.period = period
        sizes = [1, *widths]
        self.layers = nn.ModuleList(
            weight_norm(
                nn.Conv2d(a, b, (5, 1), (3 if i < len(widths) - 1 else 1, 1), padding=(2, 0))
            )
            for i, (a, b) in enumerate(zip(sizes, widths, strict=False))
        )
        self.leave = weight_norm(nn.Conv2d(widths[-1], 1, (3, 1), padding=(1, 0)))

    def forward(self, samples: Tensor) -> tuple[Tensor, Features]:
        """Score a sound."""
        missing = -samples.shape[1] % self.period
        x = F.pad(samples.unsqueeze(1), (0, missing), mode="reflect")
        x = x.reshape(x.shape[0], 1, -1, self.period)
        features = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), _SLOPE)
            features.append(x)
        return self.leave(x), features


class ScaleDiscriminator(nn.Module):
    """Looks at the sound itself, (B, T) → score map and features (section 2.3; MelGAN's)."""

    def __init__(self, config: DiscriminatorConfig, *, is_spectral: bool) -> None:
        super().__init__()
        norm = spectral_norm if is_spectral else weight_norm
        widths = config.scale_widths
        kernels = (15, *[41] * (len(widths) - 2), 5)
        self.layers = nn.ModuleList(
            norm(nn.Conv1d(a, b, kernel, stride, padding=kernel // 2, groups=groups))
            for a, b, kernel, stride, groups in zip(
                (1, *widths[:-1]), widths, kernels, config.scale_strides, config.scale_groups,
                strict=True,
            )
        )  # fmt: skip
        self.leave = norm(nn.Conv1d(widths[-1], 1, 3, padding=1))

    def forward(self, samples: Tensor) -> tuple[Tensor, Features]:
        """Score a sound."""
        x = samples.unsqueeze(1)
        features = []
        for layer in self.layers:
            x = F.leaky_relu(_convolve(layer, x), _SLOPE)
            features.append(x)
        return _convolve(self.leave, x), features


def _convolve(layer: nn.Module, x: Tensor) -> Tensor:
    """Apply a convolution; its weight is normalised in float32.

    Under CUDA's autocast spectral normalisation would mix types and fail.
    """
    if not isinstance(layer, nn.Conv1d):
        raise TypeError(f"{type(layer).__name__} is no convolution")
    with torch.autocast(x.device.type, enabled=False):
        weight = layer.weight
    return F.conv1d(
        x, weight, layer.bias, layer.stride, layer.padding, layer.dilation, layer.groups
    )


class Discriminators(nn.Module):
    """The multi-period and the multi-scale discriminator."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.by_period = nn.ModuleList(
            PeriodDiscriminator(period, config.period_widths) for period in config.periods
        )
        self.by_scale = nn.ModuleList(
            ScaleDiscriminator(config, is_spectral=i == 0) for i in range(config.scales)
        )

    def forward(self, samples: Tensor) -> list[tuple[Tensor, Features]]:
        """Score a sound (B, T) with every discriminator."""
        scored = [one(samples) for one in self.by_period]
        x = samples
        for one in self.by_scale:
            scored.append(one(x))
            x = F.avg_pool1d(x.unsqueeze(1), 4, 2, padding=2).squeeze(1)
        return scored


Scores = list[tuple[Tensor, Features]]


def discriminator_loss(real: Scores, made: Scores) -> Tensor:
    """Return eq. 1: (D(x) − 1)² + D(G(s))², summed over the discriminators."""
    terms = [
        (r.float() - 1).square().mean() + m.float().square().mean()
        for (r, _), (m, _) in zip(real, made, strict=True)
    ]
    return torch.stack(terms).sum()


def adversarial_loss(made: Scores) -> Tensor:
    """Return eq. 2: (D(G(s)) − 1)², summed over the discriminators."""
    return torch.stack([(m.float() - 1).square().mean() for m, _ in made]).sum()


def feature_loss(real: Scores, made: Scores) -> Tensor:
    """Return eq. 4: the mean distance of the layers' features, relative to the real ones' size."""
    terms = [
        (r.detach().float() - m.float()).abs().mean() / (r.detach().float().abs().mean() + 1e-3)
        for (_, reals), (_, mades) in zip(real, made, strict=True)
        for r, m in zip(reals, mades, strict=True)
    ]
    return torch.stack(terms).mean()


def deceive(
    module: nn.Module, judge: Callable[[Tensor], Scores], real: Tensor, made: Tensor
) -> tuple[Tensor, Tensor]:
    """Return eq. 2 and eq. 4 for what a generator made; the judge itself gets no gradients.

    Args:
        module: The judge's parameters.
        judge: Scores a batch.
        real: What was recorded.
        made: What is to pass for it.
    """
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    with torch.no_grad():
        reals = judge(real)
    mades = judge(made)
    losses = adversarial_loss(mades), feature_loss(reals, mades)
    for parameter in module.parameters():
        parameter.requires_grad_(True)
    return losses


def _same(width: int, kernel: int, dilation: int) -> nn.Module:
    pad = (kernel - 1) * dilation // 2
    made: nn.Module = weight_norm(nn.Conv1d(width, width, kernel, dilation=dilation, padding=pad))
    return made
