"""FastPitch: phones -> mel, with duration, pitch and energy in the open. Read it top to bottom.

    phones ─ Encoder ─ hidden ─┬─ Predictor ×3 ── durations, pitch, energy   <- overrides act here
                               └─ regulate by durations ─┬─ Intonation ── F0, voicing
                                                         └─ Decoder ───── mel

Shapes: B rows, N phones, T frames, C width, D speaker_dim, M n_mels; everything runs in (B, T, C).
Who speaks is a unit vector (B, D), so that blending voices is averaging. The language is known to
the encoder alone: the decoder must not learn which speaker speaks which language.
What a row gives never depends on its batch: whatever lies in the padding is zeroed before every
convolution, and the regulator never looks past a row's last phone that has frames.

References:
    Łańcucki (2020), FastPitch, arXiv 2006.06873.
    Vaswani et al. (2017), Attention Is All You Need, arXiv 1706.03762.
    Su et al. (2021), RoFormer, arXiv 2104.09864: rotary positions, for lines of any length.
    Liu et al. (2022), A ConvNet for the 2020s (ConvNeXt), arXiv 2201.03545.
    Perez et al. (2017), FiLM, arXiv 1709.07871: the speaker scales and shifts.
"""

# ruff: noqa: N806 - dimensions have the capitals that papers give them

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own habit
from torch import Tensor, nn

from renderer.text.inventory import SYMBOLS
from renderer.training.depthwise import Depthwise

STRESSES = 3
REFERENCE_HZ = 100.0  # semitones are counted from here
PITCH_SCALE_ST, ENERGY_SCALE_DB = 4.0, 10.0  # about one standard deviation of what phones have
NEPERS_PER_DB = math.log(10.0) / 20.0  # mels are natural logarithms of magnitudes


@dataclass(frozen=True, slots=True)
class FastPitchConfig:
    """Hyper-parameters; a checkpoint fits a network of the same ones.

    Attributes:
        symbols: How many phone symbols there are.
        languages: Codes, in the order of their embeddings.
        emotions: Names, in the order of their embeddings.
        n_mels: Mel bands.
        speaker_dim: Length of a speaker's vector.
        width: Channels of encoder and decoder.
        heads: Attention heads; width / heads is even.
        encoder_blocks: Attention and convolution, over phones.
        encoder_expansion: Inner width of their linear layers, in widths.
        decoder_blocks: ConvNeXt blocks, over frames.
        decoder_expansion: Inner width of their linear layers, in widths.
        kernel: Phones or frames each convolution spans; odd.
        predictor_width: Channels of the predictors and of the intonation.
        dropout: Probability, in encoder and predictors.
    """

    symbols: int = len(SYMBOLS)
    languages: tuple[str, ...] = ("en",)
    emotions: tuple[str, ...] = ("neutral",)
    n_mels: int = 80
    speaker_dim: int = 64
    width: int = 192
    heads: int = 4
    encoder_blocks: int = 4
    encoder_expansion: int = 4
    decoder_blocks: int = 6
    decoder_expansion: int = 2
    kernel: int = 7
    predictor_width: int = 96
    dropout: float = 0.1

    @classmethod
    def named(cls, size: str, **changes: object) -> Self:
        """Return a size of `SIZES`, with changes.

        Raises:
            ValueError: There is no such size.
        """
        if size not in SIZES:
            raise ValueError(f"no size {size!r}; there are {', '.join(SIZES)}")
        values: dict[str, object] = {**SIZES[size], **changes}
        return cls(**values)  # type: ignore[arg-type]


SIZES: Mapping[str, Mapping[str, int | float]] = {
    "tiny": {"width": 32, "heads": 2, "encoder_blocks": 1, "encoder_expansion": 2,
             "decoder_blocks": 2, "decoder_expansion": 2, "predictor_width": 32, "dropout": 0.0},
    "small": {},  # two CPU cores: 3.5 M parameters
    "large": {"width": 320, "heads": 5, "encoder_blocks": 5, "decoder_blocks": 8,
              "decoder_expansion": 3, "predictor_width": 192},  # a GPU: 13 M parameters
}  # fmt: skip


class ConvNeXt(nn.Module):
    """Depthwise convolution, norm, linear up, GELU, linear down; the speaker scales and shifts."""

    def __init__(
        self, width: int, kernel: int, expansion: int, speaker_dim: int = 0, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.depthwise = Depthwise(width, kernel)
        self.norm = nn.LayerNorm(width)
        self.film = nn.Linear(speaker_dim, 2 * width) if speaker_dim else None
        self.up = nn.Linear(width, expansion * width)
        self.down = nn.Linear(expansion * width, width)
        self.dropout = nn.Dropout(dropout)
        if self.film is not None:
            nn.init.zeros_(self.film.weight)
            nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, mask: Tensor, speaker: Tensor | None = None) -> Tensor:
        """Return x (B, T, C) and what this block adds; mask (B, T, 1), speaker (B, D)."""
        y = self.norm(self.depthwise(x * mask))  # (B, T, C)
        if self.film is not None and speaker is not None:
            scale, shift = self.film(speaker).unsqueeze(1).chunk(2, dim=-1)  # (B, 1, C) each
            y = y * (1 + scale) + shift
        added: Tensor = self.dropout(self.down(F.gelu(self.up(y))))
        return x + added


class Attention(nn.Module):
    """Self-attention over the phones of a line, with rotary positions."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
        """Return x (B, N, C) and what this block adds; mask (B, N, 1)."""
        B, N, C = x.shape
        H, E = self.heads, C // self.heads
        qkv = self.query_key_value(self.norm(x)).view(B, N, 3, H, E)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # (B, H, N, E) each
        q, k = _rotate(q, *rotation), _rotate(k, *rotation)
        scores = q @ k.transpose(2, 3) / math.sqrt(E)  # (B, H, N, N)
        scores = scores.masked_fill(~mask.view(B, 1, 1, N).bool(), float("-inf"))
        y = scores.softmax(-1).to(v.dtype) @ v  # (B, H, N, E)
        added: Tensor = self.dropout(self.out(y.transpose(1, 2).reshape(B, N, C)))
        return x + added


def _rotations(count: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return cosines and sines (N, size / 2) for positions count (N,) (RoFormer, equation 15)."""
    half = torch.arange(size // 2, device=count.device, dtype=torch.float32)
    angles = count.float()[:, None] * torch.exp(half * (-math.log(10_000.0) / (size // 2)))
    return angles.cos(), angles.sin()


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair of channels of x (B, H, N, E) by its position's angle."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1)


class Encoder(nn.Module):
    """Phones, their stress, the starts of words, a language and an emotion -> hidden."""

    def __init__(self, config: FastPitchConfig) -> None:
        super().__init__()
        C, kernel, dropout = config.width, config.kernel, config.dropout
        self.phone = nn.Embedding(config.symbols, C)
        self.stress = nn.Embedding(STRESSES, C)
        self.word_start = nn.Embedding(2, C)
        self.language = nn.Embedding(len(config.languages), C)
        self.emotion = nn.Embedding(len(config.emotions), C)
        self.head = C // config.heads
        blocks = range(config.encoder_blocks)
        self.attentions = nn.ModuleList(Attention(C, config.heads, dropout) for _ in blocks)
        self.convolutions = nn.ModuleList(
            ConvNeXt(C, kernel, config.encoder_expansion, dropout=dropout) for _ in blocks
        )
        self.norm = nn.LayerNorm(C)
        for embedding in (self.stress, self.word_start, self.language, self.emotion):
            nn.init.normal_(embedding.weight, std=0.3)

    def forward(
        self, phones: Tensor, stresses: Tensor, word_starts: Tensor, mask: Tensor,
        language: Tensor, emotion: Tensor,
    ) -> Tensor:  # fmt: skip
        """Return hidden (B, N, C), zero where mask (B, N, 1) is."""
        x = self.phone(phones) + self.stress(stresses) + self.word_start(word_starts)  # (B, N, C)
        x = x + (self.language(language) + self.emotion(emotion)).unsqueeze(1)
        rotation = _rotations(torch.arange(phones.shape[1], device=x.device), self.head)
        for attention, convolution in zip(self.attentions, self.convolutions, strict=True):
            x = convolution(attention(x, mask, rotation), mask)
        hidden: Tensor = self.norm(x) * mask
        return hidden


class Predictor(nn.Module):
    """One number per phone, as this speaker would have it (FastPitch, section 2.2)."""

    def __init__(self, config: FastPitchConfig, start: float = 0.0, scale: float = 1.0) -> None:
        super().__init__()
        W, D = config.predictor_width, config.speaker_dim
        self.scale = scale
        self.into = nn.Linear(config.width, W)
        self.blocks = nn.ModuleList(ConvNeXt(W, 5, 2, D, config.dropout) for _ in range(2))
        self.norm = nn.LayerNorm(W)
        self.out = nn.Linear(W, 1)
        nn.init.constant_(self.out.bias, start)

    def forward(self, hidden: Tensor, mask: Tensor, speaker: Tensor) -> Tensor:
        """Return (B, N), zero where mask (B, N, 1) is."""
        x = self.into(hidden)
        for block in self.blocks:
            x = block(x, mask, speaker)
        values: Tensor = self.out(self.norm(x)).float() * self.scale * mask  # (B, N, 1)
        return values.squeeze(2)


class Regulated(NamedTuple):
    """How the phones of a batch lie on its frames.

    Attributes:
        phone: (B, T) int64, the phone that each frame belongs to.
        other: (B, T) int64, the neighbour towards which the frame lies in its phone.
        weight: (B, T), how far it is from the phone's centre (0) to the neighbour's (1).
        place: (B, T, 2), where in its phone the frame lies, −1 … 1, and log(1 + frames) of it.
        mask: (B, T, 1), 1 where the row has sound.
    """

    phone: Tensor
    other: Tensor
    weight: Tensor
    place: Tensor
    mask: Tensor

    def repeat(self, values: Tensor) -> Tensor:
        """Repeat each phone's values (B, N) or (B, N, C) over its frames: (B, T) or (B, T, C)."""
        if values.dim() == 2:  # noqa: PLR2004 - (B, N)
            return values.gather(1, self.phone)
        return values.gather(1, self.phone.unsqueeze(2).expand(-1, -1, values.shape[2]))

    def interpolate(self, values: Tensor) -> Tensor:
        """Draw lines from phone centre to phone centre through values (B, N): (B, T)."""
        here, there = values.gather(1, self.phone), values.gather(1, self.other)
        return here + (there - here) * self.weight


def regulate(durations: Tensor) -> Regulated:
    """Lay phones on frames (FastPitch, section 2; FastSpeech's length regulator), without loops.

    A phone of no frames lies on the border of its neighbours. The first and the last phone that
    have frames hold their values to the ends: nothing is drawn towards the padding.

    Args:
        durations: (B, N) int64 ≥ 0, 0 in the padding.
    """
    N = durations.shape[1]
    ends = durations.cumsum(1)  # (B, N)
    total = ends[:, -1:]  # (B, 1)
    t = torch.arange(total.max(), device=durations.device)  # type: ignore[call-overload]  # (T,)
    mask = t.unsqueeze(0) < total  # (B, T)
    phone = (t.view(1, -1, 1) >= ends.unsqueeze(1)).sum(2).clamp(max=N - 1)  # (B, T)
    sounds = durations > 0
    place = torch.arange(N, device=durations.device)
    last = (place * sounds).amax(1, keepdim=True)  # (B, 1)
    first = N - 1 - ((N - 1 - place) * sounds).amax(1, keepdim=True)
    length = durations.gather(1, phone).clamp(min=1).float()  # (B, T)
    centres = ends.float() - 0.5 * durations.float()  # (B, N)
    distance = t.float() + 0.5 - centres.gather(1, phone)  # (B, T)
    towards = torch.where(distance < 0, -1, 1)
    other = torch.minimum(torch.maximum(phone + towards, first), last)
    gap = (centres.gather(1, other) - centres.gather(1, phone)).abs()
    weight = torch.where(gap > 0, distance.abs() / gap.clamp(min=0.5), 0.0) * mask
    where = torch.stack((2 * distance / length, length.log1p()), dim=2)
    return Regulated(phone, other, weight, where, mask.unsqueeze(2).float())


class Intonation(nn.Module):
    """What F0 does within phones, and where there is voice.

    It sees phones, speaker and the SLOPE of the pitch, never its height: raising the pitch by three
    semitones raises F0 by three semitones.
    """

    def __init__(self, config: FastPitchConfig) -> None:
        super().__init__()
        W = config.predictor_width
        self.into = nn.Linear(config.width, W)
        self.place = nn.Linear(3, W)
        self.blocks = nn.ModuleList(
            ConvNeXt(W, config.kernel, 2, config.speaker_dim) for _ in range(2)
        )
        self.norm = nn.LayerNorm(W)
        self.out = nn.Linear(W, 2)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(
        self, hidden: Tensor, contour: Tensor, on: Regulated, speaker: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return (B, T) semitones to be added to the contour (B, T), and voicing logits (B, T)."""
        slope = F.pad(contour[:, 1:] - contour[:, :-1], (0, 1))  # (B, T), st per frame
        inside = on.mask * F.pad(on.mask[:, 1:], (0, 0, 0, 1))  # no slope into the padding
        where = torch.cat((on.place, slope.unsqueeze(2) * inside), dim=2)  # (B, T, 3)
        x = on.repeat(self.into(hidden)) + self.place(where)  # (B, T, W)
        for block in self.blocks:
            x = block(x, on.mask, speaker)
        residual, voicing = (self.out(self.norm(x)).float() * on.mask).unbind(2)
        return residual, voicing


class Decoder(nn.Module):
    """Frames of phones with their F0 and energy -> mel, in one speaker's voice."""

    def __init__(self, config: FastPitchConfig) -> None:
        super().__init__()
        C, D = config.width, config.speaker_dim
        self.energy = nn.Linear(1, C)
        self.frame = nn.Linear(2 + 7, C)
        self.blocks = nn.ModuleList(
            ConvNeXt(C, config.kernel, config.decoder_expansion, D)
            for _ in range(config.decoder_blocks)
        )
        self.norm = nn.LayerNorm(C)
        self.out = nn.Linear(C, config.n_mels)
        nn.init.constant_(self.out.bias, -5.0)

    def forward(
        self, hidden: Tensor, tone: Tensor, energy: Tensor, on: Regulated, speaker: Tensor
    ) -> Tensor:
        """Return mel (B, M, T); hidden (B, N, C), tone (B, T) in st, energy (B, N) in dB."""
        octaves = tone.unsqueeze(2) / 12.0  # (B, T, 1); harmonics move with it, hence the waves
        turns = octaves * (2 * math.pi * octaves.new_tensor((0.25, 0.5, 1.0)))  # (B, T, 3)
        frame = torch.cat((on.place, octaves, turns.sin(), turns.cos()), dim=2)  # (B, T, 9)
        phone = hidden + self.energy(energy.unsqueeze(2) / ENERGY_SCALE_DB)  # (B, N, C)
        x = on.repeat(phone) + self.frame(frame)  # (B, T, C)
        for block in self.blocks:
            x = block(x, on.mask, speaker)
        level = on.repeat(energy).unsqueeze(2) * NEPERS_PER_DB  # so that 6 dB asked are 6 dB given
        mel: Tensor = (self.out(self.norm(x)).float() + level) * on.mask  # (B, T, M)
        return mel.transpose(1, 2)


class Encoded(NamedTuple):
    """What the text says and how this speaker would say it; overrides act here.

    Attributes:
        hidden: (B, N, C), without speaker.
        log_durations: (B, N), log(1 + frames).
        pitch: (B, N), semitones relative to the speaker's mean.
        energy: (B, N), dB relative to the speaker's mean.
    """

    hidden: Tensor
    log_durations: Tensor
    pitch: Tensor
    energy: Tensor


class Decoded(NamedTuple):
    """What the vocoder wants.

    Attributes:
        mel: (B, M, T), natural logarithm of magnitudes; 0 in the padding, as all of it.
        f0: (B, T), Hz, also where there is no voice.
        voicing: (B, T), logits.
    """

    mel: Tensor
    f0: Tensor
    voicing: Tensor


class FastPitch(nn.Module):
    """The acoustic model: `encode`, override what you like, `decode`."""

    def __init__(self, config: FastPitchConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.duration = Predictor(config, start=2.0)
        self.pitch = Predictor(config, scale=PITCH_SCALE_ST)
        self.energy = Predictor(config, scale=ENERGY_SCALE_DB)
        self.intonation = Intonation(config)
        self.decoder = Decoder(config)

    def encode(
        self, phones: Tensor, stresses: Tensor, word_starts: Tensor, lengths: Tensor,
        language: Tensor, emotion: Tensor, speaker: Tensor,
    ) -> Encoded:  # fmt: skip
        """Read phones.

        Args:
            phones: (B, N) int64, numbers of symbols; anything in the padding.
            stresses: (B, N) int64, 0 none, 1 primary, 2 secondary.
            word_starts: (B, N) int64, 1 at the first phone of each word.
            lengths: (B,) int64, phones of each row.
            language: (B,) int64, place in `config.languages`.
            emotion: (B,) int64, place in `config.emotions`.
            speaker: (B, D), unit vectors.
        """
        place = torch.arange(phones.shape[1], device=phones.device)
        mask = (place.unsqueeze(0) < lengths.unsqueeze(1)).unsqueeze(2).float()  # (B, N, 1)
        hidden = self.encoder(phones, stresses, word_starts, mask, language, emotion)
        return Encoded(
            hidden,
            self.duration(hidden, mask, speaker),
            self.pitch(hidden, mask, speaker),
            self.energy(hidden, mask, speaker),
        )

    def decode(
        self, hidden: Tensor, durations: Tensor, pitch: Tensor, energy: Tensor, speaker: Tensor
    ) -> Decoded:
        """Speak.

        Args:
            hidden: (B, N, C), from `encode`.
            durations: (B, N) int64 frames, 0 in the padding.
            pitch: (B, N), semitones re 100 Hz: the speaker's mean is in it.
            energy: (B, N), dB relative to the speaker's mean.
            speaker: (B, D), unit vectors.
        """
        on = regulate(durations)
        contour = on.interpolate(pitch)  # (B, T), st
        residual, voicing = self.intonation(hidden, contour, on, speaker)
        tone = contour + residual
        mel = self.decoder(hidden, tone.detach(), energy, on, speaker)
        f0 = REFERENCE_HZ * torch.exp(tone * (math.log(2) / 12)) * on.mask.squeeze(2)
        return Decoded(mel, f0, voicing)
