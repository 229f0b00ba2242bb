"""Learned alignment: which frames each phone has, from sound and phones alone.

    phones ─ keys    (B, N, A) ─┐
    mel ──── queries (B, T, A) ─┴─ scores (B, T, N) ─ + prior ─┬─ sum over all paths    (learning)
                                                               └─ the best path  -> durations

A path begins with the first phone, ends with the last, and each phone has at least one frame;
pauses may be skipped. Shapes: B rows, N phones, T frames, M mels, A channels of the comparison.

References:
    Badlani et al. (2021), One TTS Alignment To Rule Them All, arXiv 2108.10447.
    Kim et al. (2020), Glow-TTS, arXiv 2005.11129, section 2.2: monotonic alignment search.
    Rabiner (1989), A tutorial on hidden Markov models, equations 18–20 (forward), 32–35 (Viterbi).
"""

# ruff: noqa: N806 - dimensions have the capitals that papers give them

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own habit
from torch import Tensor, nn

from renderer.errors import TextError, TrainingError
from renderer.text import inventory
from renderer.text.inventory import SYMBOLS
from renderer.training.fastpitch import ConvNeXt

IMPOSSIBLE = -1e9  # instead of −∞, whose gradient is no number
SKIPS = 4  # pauses in a row that a path may leave out


@dataclass(frozen=True, slots=True)
class AlignerConfig:
    """Hyper-parameters.

    Attributes:
        symbols: How many phone symbols there are.
        n_mels: Mel bands.
        width: Channels of the two encoders.
        channels: Channels of the comparison.
        phone_blocks: ConvNeXt blocks over phones; with 0 a key knows its own phone alone, so that
            it cannot learn to stand for its neighbour.
        mel_blocks: ConvNeXt blocks over frames.
        kernel: Frames a block spans: short, or boundaries blur.
    """

    symbols: int = len(SYMBOLS)
    n_mels: int = 80
    width: int = 128
    channels: int = 64
    phone_blocks: int = 0
    mel_blocks: int = 2
    kernel: int = 3


class _Side(nn.Module):
    """Blocks over one sequence: (B, L, width) -> (B, L, channels)."""

    def __init__(self, config: AlignerConfig, blocks: int) -> None:
        super().__init__()
        W = config.width
        self.blocks = nn.ModuleList(ConvNeXt(W, config.kernel, 2) for _ in range(blocks))
        self.norm, self.out = nn.LayerNorm(W), nn.Linear(W, config.channels)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x, mask)
        y: Tensor = self.out(self.norm(x)).float()
        return y


class Aligner(nn.Module):
    """Says how well each phone of a line fits each frame of its sound."""

    def __init__(self, config: AlignerConfig | None = None) -> None:
        super().__init__()
        self.config = config or AlignerConfig()
        W = self.config.width
        self.phone = nn.Embedding(self.config.symbols, W)
        self.mel = nn.Linear(self.config.n_mels, W)
        self.keys = _Side(self.config, self.config.phone_blocks)
        self.queries = _Side(self.config, self.config.mel_blocks)
        self.log_scale = nn.Parameter(torch.tensor(math.log(0.2)))

    def forward(self, phones: Tensor, lengths: Tensor, mel: Tensor, frames: Tensor) -> Tensor:
        """Compare phones with frames.

        Args:
            phones: (B, N) int64.
            lengths: (B,) int64, phones of each row.
            mel: (B, M, T).
            frames: (B,) int64, frames of each row.

        Returns:
            (B, T, N) log-probabilities over the phones of each frame; `IMPOSSIBLE` in the padding.
        """
        has_phone = _inside(lengths, phones.shape[1])  # (B, N)
        has_frame = _inside(frames, mel.shape[2]).unsqueeze(2)  # (B, T, 1)
        x = mel.transpose(1, 2) * has_frame  # (B, T, M)
        mean = x.sum(1, keepdim=True) / frames.view(-1, 1, 1)  # of the room and the speaker
        q = self.queries(self.mel((x - mean) * 0.5), has_frame)  # (B, T, A)
        k = self.keys(self.phone(phones), has_phone.unsqueeze(2))  # (B, N, A)
        near = 2 * q @ k.transpose(1, 2) - (k * k).sum(2).unsqueeze(1)  # −|q − k|² + |q|²
        scores = near * self.log_scale.exp() * has_frame  # (B, T, N); equation 2 of the paper
        # No phone may fit all frames at once, or one of them learns to take the whole line.
        scores = scores - scores.sum(1, keepdim=True) / frames.view(-1, 1, 1)
        scores = scores.masked_fill(has_phone.unsqueeze(1) == 0, IMPOSSIBLE)
        chances: Tensor = scores.log_softmax(2)
        return chances


def _inside(lengths: Tensor, size: int) -> Tensor:
    return (torch.arange(size, device=lengths.device) < lengths.unsqueeze(1)).float()


def diagonal_prior(lengths: Tensor, frames: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the logarithm of the beta-binomial prior (section 2.2 of the paper).

    Frame t of T prefers phone k of N by BetaBinomial(k; N − 1, t + 1, T − t).

    Args:
        lengths: (B,), phones of each row.
        frames: (B,), frames of each row.
        size: T and N of the answer.

    Returns:
        (B, T, N); anything in the padding.
    """
    T, N = size
    n = (lengths - 1).view(-1, 1, 1).float()
    t = torch.arange(T, device=lengths.device).view(1, T, 1).float()
    k = torch.arange(N, device=lengths.device).view(1, 1, N).float().minimum(n)
    total = frames.view(-1, 1, 1).float()
    a, b = t + 1, (total - t).clamp(min=1)
    choose = (n + 1).lgamma() - (k + 1).lgamma() - (n - k + 1).lgamma()
    beta = (k + a).lgamma() + (n - k + b).lgamma() - (n + a + b).lgamma()
    return choose + beta - (a.lgamma() + b.lgamma() - (a + b).lgamma())


@dataclass(frozen=True, slots=True)
class _Moves:
    """What a path may do, as scores to be added: 0 or `IMPOSSIBLE`.

    Attributes:
        into: (B, SKIPS + 2, N), into phone i from phone i − (SKIPS + 1) … i − 0.
        start: (B, N), whether a path may begin there.
        end: (B, N), whether it may end there.
    """

    into: Tensor
    start: Tensor
    end: Tensor

    @classmethod
    def of(cls, pauses: Tensor, lengths: Tensor) -> _Moves:
        """Return the moves where pauses (B, N) may be skipped."""
        N = pauses.shape[1]
        may = pauses.bool()
        before = F.pad(may, (SKIPS + 1, 0))  # phone i − k lies at i + SKIPS + 1 − k
        place = torch.arange(N, device=pauses.device)
        allowed = [place >= 0, place >= 1]  # stay, and from the phone before
        into = [a.expand_as(may) for a in allowed]
        for k in range(2, SKIPS + 2):  # over k − 1 pauses
            at = SKIPS + 1 - (k - 1)
            into.append(into[-1] & before[:, at : at + N] & (place >= k))
        padded = may | (place >= lengths.unsqueeze(1))
        start = F.pad(may[:, :-1], (1, 0), value=True).long().cumprod(1).bool()
        end = F.pad(padded[:, 1:], (0, 1), value=True).flip(1).long().cumprod(1).flip(1).bool()
        end = end & (place < lengths.unsqueeze(1))
        return cls(_score(torch.stack(into[::-1], 1)), _score(start), _score(end))


def _score(allowed: Tensor) -> Tensor:
    return torch.where(allowed, 0.0, IMPOSSIBLE)


def forward_sum(scores: Tensor, pauses: Tensor, lengths: Tensor, frames: Tensor) -> Tensor:
    """Return the mean negative logarithm, per frame, of the sum over all paths (equations 3–4).

    Args:
        scores: (B, T, N), log-probabilities.
        pauses: (B, N), 1 where a phone may be skipped.
        lengths: (B,), phones of each row.
        frames: (B,), frames of each row.

    Returns:
        Scalar; rows with more phones than frames do not count.
    """
    moves = _Moves.of(pauses, lengths)
    N = scores.shape[2]
    alpha = scores[:, 0] + moves.start  # (B, N)
    for t in range(1, scores.shape[1]):
        windows = F.pad(alpha, (SKIPS + 1, 0), value=IMPOSSIBLE).unfold(1, N, 1)  # (B, K, N)
        after = (windows + moves.into).logsumexp(1) + scores[:, t]
        alpha = torch.where((t < frames).unsqueeze(1), after, alpha)
    total = (alpha + moves.end).logsumexp(1) / frames  # (B,)
    possible = total > IMPOSSIBLE / 1e4
    return -torch.where(possible, total, 0.0).sum() / possible.sum().clamp(min=1)


def best_path(scores: Tensor, pauses: Tensor, lengths: Tensor, frames: Tensor) -> Tensor:
    """Return the durations (B, N) int64 of the best path; 0 throughout where there is none.

    Args:
        scores: (B, T, N), log-probabilities.
        pauses: (B, N), 1 where a phone may be skipped.
        lengths: (B,), phones of each row.
        frames: (B,), frames of each row.
    """
    moves = _Moves.of(pauses.cpu(), lengths.cpu())
    values, into = scores.detach().float().cpu().numpy(), moves.into.numpy()
    ends, counts = frames.tolist(), lengths.tolist()
    B, T, N = values.shape
    came = np.zeros((B, T, N), dtype=np.int64)  # how many phones back
    delta = values[:, 0] + moves.start.numpy()
    kept = np.full((B, N), IMPOSSIBLE, dtype=np.float32)
    for t in range(T):
        if t:
            wide = np.pad(delta, ((0, 0), (SKIPS + 1, 0)), constant_values=IMPOSSIBLE)
            windows = np.lib.stride_tricks.sliding_window_view(wide, N, axis=1) + into
            best = windows.argmax(1)  # (B, N)
            came[:, t] = SKIPS + 1 - best
            delta = np.take_along_axis(windows, best[:, None], 1)[:, 0] + values[:, t]
        done = np.array(ends) == t + 1
        kept[done] = delta[done]
    last = kept + moves.end.numpy()
    durations = torch.zeros(B, N, dtype=torch.long)
    for row in range(B):
        phone = int(last[row, : counts[row]].argmax())
        if last[row, phone] <= IMPOSSIBLE / 2:
            continue
        for t in range(ends[row] - 1, -1, -1):
            durations[row, phone] += 1
            phone -= int(came[row, t, phone])
    return durations.to(scores.device)


@dataclass(frozen=True, slots=True)
class Aligned:
    """Where the phones of a line lie in its sound.

    Attributes:
        durations: N lengths in frames, which cover the sound; 0 for pauses that are not there.
        score: Mean log-probability per frame of the path, ≤ 0; low where the words are others.
    """

    durations: tuple[int, ...]
    score: float


@torch.no_grad()
def align(aligner: Aligner, mel: npt.NDArray[np.float32], symbols: Sequence[str]) -> Aligned:
    """Find the phones of a line in its sound.

    Args:
        aligner: Trained.
        mel: (M, T), natural logarithm of magnitudes.
        symbols: N symbols of the inventory.

    Raises:
        TrainingError: An unknown symbol, or more phones than frames.
    """
    try:
        numbers = inventory.numbers(symbols)
    except TextError as error:
        raise TrainingError(str(error)) from error
    aligner.eval()
    device = aligner.log_scale.device
    phones = torch.tensor([numbers], device=device)
    lengths, frames = (torch.tensor([n], device=device) for n in (len(numbers), mel.shape[1]))
    scores = aligner(phones, lengths, torch.from_numpy(mel)[None].to(device), frames)
    durations = best_path(scores, pauses_of(phones), lengths, frames)[0]
    if int(durations.sum()) != mel.shape[1]:
        spoken = sum(not inventory.is_pause(s) for s in symbols)
        raise TrainingError(
            f"{spoken} phones cannot lie in {mel.shape[1]} frames: the words are not those of the "
            "sound, or it is cut off."
        )
    path = durations.cumsum(0)
    place = (torch.arange(mel.shape[1], device=device)[:, None] >= path).sum(1)
    score = scores[0].gather(1, place[:, None]).mean()
    return Aligned(tuple(durations.tolist()), float(score))


_PAUSES = torch.tensor([float(inventory.is_pause(symbol)) for symbol in SYMBOLS])


def pauses_of(phones: Tensor) -> Tensor:
    """Return 1 where phones (B, N) are pauses, which need no frames."""
    return _PAUSES.to(phones.device)[phones]
