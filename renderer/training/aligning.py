"""How the aligner learns, how good it is, and how it gives durations to a corpus without them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from renderer.errors import TrainingError
from renderer.training.acoustic_batch import AcousticBatch
from renderer.training.aligner import (
    Aligner,
    AlignerConfig,
    align,
    best_path,
    diagonal_prior,
    forward_sum,
    pauses_of,
)
from renderer.training.corpus import Clip, Corpus
from renderer.training.feature_store import FeatureStore
from renderer.training.features import Features
from renderer.training.learner import Illustration, Update

OPTIMIZER = "aligner"
SCORE = "alignment_score"


def without_durations(corpus: Corpus) -> Corpus:
    """Return a corpus as the aligner may see it: every phone of a clip about equally long.

    An `AcousticSource` of it gives batches to learn from; the true durations are hidden.
    """
    return replace(corpus, clips=tuple(_even(clip) for clip in corpus.clips if clip.phones))


def _even(clip: Clip) -> Clip:
    count = len(clip.phones)
    edges = [clip.frames * i // count for i in range(count + 1)]
    return replace(clip, durations=tuple(int(n) for n in np.diff(edges)))


class AlignerLearner:
    """Implements `learner.Learner` for the aligner.

    Args:
        config: Of the network.
        binarise_from: Step from which frames are also drawn to the best path (section 2.4).
        prior_until: Step to which the diagonal prior fades.
        knows_durations: Whether the batches' durations are exact, so that `validate` may measure
            the boundaries against them.
    """

    averaged: Sequence[str] = ("aligner",)

    def __init__(
        self,
        config: AlignerConfig | None = None,
        *,
        binarise_from: int = 300,
        prior_until: int = 300,
        knows_durations: bool = False,
    ) -> None:
        self.aligner = Aligner(config)
        self._binarise_from, self._prior_until = binarise_from, prior_until
        self._knows = knows_durations
        self.modules: Mapping[str, nn.Module] = {"aligner": self.aligner}
        made = torch.optim.AdamW(self.aligner.parameters(), betas=(0.9, 0.98), fused=True)
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {OPTIMIZER: made}

    def train_step(self, batch: AcousticBatch, step: int, update: Update) -> dict[str, float]:
        """Learn from a batch; returns the losses by name."""
        frames, pauses = batch.durations.sum(1), pauses_of(batch.phones)
        scores = self._scores(batch, frames)
        held = max(0.0, 1 - step / self._prior_until) if self._prior_until else 0.0
        if held:
            size = (scores.shape[1], scores.shape[2])
            prior = diagonal_prior(batch.lengths, frames, size)
            scores = (scores + held * prior).log_softmax(2)
        losses = {"path": forward_sum(scores, pauses, batch.lengths, frames)}
        if step >= self._binarise_from:
            losses["binary"] = _binarisation(scores, pauses, batch.lengths, frames)
        total = torch.stack(list(losses.values())).sum()
        norm = update(OPTIMIZER, total)
        values = {name: float(loss.detach()) for name, loss in losses.items()}
        return {"loss": float(total.detach()), **values, "gradient": norm}

    @torch.no_grad()
    def validate(self, batch: AcousticBatch) -> dict[str, float]:
        """Measure a batch: `loss`, and the boundaries' errors where exact durations are known."""
        frames, pauses = batch.durations.sum(1), pauses_of(batch.phones)
        scores = self._scores(batch, frames)
        measures = {"loss": float(forward_sum(scores, pauses, batch.lengths, frames))}
        if self._knows:
            found = best_path(scores, pauses, batch.lengths, frames)
            errors = boundary_errors(found, batch.durations, batch.lengths)
            measures["boundary_median_frames"] = float(errors.median())
            measures["boundary_p90_frames"] = float(errors.quantile(0.9))
        return measures

    @torch.no_grad()
    def illustrate(self, batch: AcousticBatch) -> Illustration:
        """Draw how the longest clip's phones fit its frames, and the best path."""
        frames, pauses = batch.durations.sum(1), pauses_of(batch.phones)
        row = int(frames.argmax())
        scores = self._scores(batch, frames)
        path = best_path(scores, pauses, batch.lengths, frames)[row]
        count = int(batch.lengths[row])
        steps = np.repeat(np.eye(count, dtype=np.float32), path[:count].cpu().numpy(), axis=1)
        fit = scores[row, :, :count].exp().T.float().cpu().numpy()
        return Illustration({"fit": fit, "path": steps})

    def _scores(self, batch: AcousticBatch, frames: Tensor) -> Tensor:
        scores: Tensor = self.aligner(batch.phones, batch.lengths, batch.mel, frames)
        return scores


def _binarisation(scores: Tensor, pauses: Tensor, lengths: Tensor, frames: Tensor) -> Tensor:
    """Return the mean negative log-probability of the best path (equation 6)."""
    path = best_path(scores, pauses, lengths, frames).cumsum(1)  # (B, N)
    t = torch.arange(scores.shape[1], device=scores.device)
    inside = t < path[:, -1:]  # (B, T)
    phone = (t.view(1, -1, 1) >= path.unsqueeze(1)).sum(2).clamp(max=scores.shape[2] - 1)
    chosen = scores.gather(2, phone.unsqueeze(2)).squeeze(2)
    return -torch.where(inside, chosen, 0.0).sum() / inside.sum().clamp(min=1)


def boundary_errors(found: Tensor, true: Tensor, lengths: Tensor) -> Tensor:
    """Return the distances between found and true boundaries inside the lines, in frames.

    Args:
        found: (B, N), durations.
        true: (B, N), durations.
        lengths: (B,), phones of each row; each has one boundary less.
    """
    place = torch.arange(found.shape[1], device=found.device)
    inside = place < (lengths - 1).unsqueeze(1)
    return (found.cumsum(1) - true.cumsum(1)).abs()[inside].float()


def align_corpus(
    aligner: Aligner,
    corpus: Corpus,
    *,
    again: bool = False,
    get: Callable[[Clip], Features] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Corpus:
    """Return a corpus whose clips have durations; a clip that cannot be aligned gets a fault.

    Args:
        aligner: Trained, on this corpus at best.
        corpus: Clips with phones.
        again: Replace the durations that are known.
        get: Measures a clip; the corpus's feature store where None.
        progress: Called with (clips done, clips in all).
    """
    measure = get or FeatureStore(corpus).get
    clips = []
    for done, clip in enumerate(corpus.clips, 1):
        is_due = clip.passed and bool(clip.phones) and (again or not clip.durations)
        clips.append(_aligned(aligner, clip, measure(clip).mel) if is_due else clip)
        progress(done, len(corpus.clips))
    return replace(corpus, clips=tuple(clips))


def _aligned(aligner: Aligner, clip: Clip, mel: npt.NDArray[np.float32]) -> Clip:
    try:
        found = align(aligner, mel, clip.phones)
    except TrainingError as error:
        return replace(clip, durations=(), faults=(*clip.faults, f"alignment: {error}"))
    return replace(clip, durations=found.durations, checks={**clip.checks, SCORE: found.score})
