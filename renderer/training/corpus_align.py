"""Durations for a corpus of recordings: an aligner learns on it, then tells where phones lie.

The run is the trainer's and goes on where it was stopped; the corpus is written once, at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from renderer.errors import TrainingError
from renderer.training import finetune
from renderer.training.aligning import align_corpus
from renderer.training.corpus import CLIPS_FILE, MEL, Corpus
from renderer.training.feature_store import FeatureStore
from renderer.training.fit import Run
from renderer.training.recipe import Recipe
from renderer.training.tuning import ALIGNER, recipe

__all__ = ["Run", "align", "plan_of"]

STEPS: int = ALIGNER["steps"]


def plan_of(folder: Path, steps: int = STEPS) -> Recipe:
    """Return the recipe of an aligner that learns on the corpus in a folder."""
    return recipe("aligner", {"steps": steps}, folder)


def align(
    corpus: Corpus,
    folder: Path,
    plan: Recipe,
    *,
    device: torch.device | None = None,
    minutes: float = 0.0,
    show: finetune.Show = lambda _what, _done, _all, _note: None,
    began: Callable[[Run], None] = lambda _run: None,
) -> Corpus | None:
    """Give durations to the clips of a corpus that have none, and save it, whole or not at all.

    Args:
        corpus: As it was read from its folder.
        folder: Of the aligner's run; an unfinished one is gone on with.
        plan: How the aligner learns.
        device: Where to compute; the CPU where None.
        minutes: How long the aligner may learn in all, over every piece; 0 for no limit.
        show: Told what is done, steps done, in all, and a few losses.
        began: Told of the run before it begins, so that it can be stopped between two steps.

    Returns:
        What was saved; None when it was stopped before.

    Raises:
        TrainingError: There is nothing to learn from, no clip could be aligned, or the corpus was
            changed meanwhile. It is as it was.
    """
    where = device or torch.device("cpu")
    if corpus.spec != MEL:
        raise TrainingError(
            f"{corpus.folder} is cut into other mel frames than the models'; make it again."
        )
    path = corpus.folder / CLIPS_FILE
    before = path.read_bytes()
    FeatureStore(corpus).build_all(lambda done, n: show("measuring clips", done, n, ""))
    run = finetune.align_run(corpus, plan, folder, where)
    began(run)
    if not finetune.go(run, folder.name, show, minutes):
        return None
    made = align_corpus(
        finetune.trained_aligner(folder),
        corpus,
        progress=lambda done, n: show("aligning", done, n, ""),
    )
    if not any(clip.passed and clip.durations for clip in made.clips):
        raise TrainingError(
            f"None of the clips of {corpus.folder} could be aligned, so it was left as it was. "
            f"Look whether the texts are those of the sounds, and remove {folder} to begin anew."
        )
    if path.read_bytes() != before:
        raise TrainingError(
            f"{corpus.folder} was changed while it was aligned, so nothing was written. Remove "
            f"{folder} and start again."
        )
    made.save()
    return made
