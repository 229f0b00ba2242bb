"""The card of a run: what was learnt from what, on what, for how long, with what result."""

from __future__ import annotations

import hashlib
import json
import math
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from renderer.training.corpus import CLIPS_FILE, TRAIN, VALID, Corpus
from renderer.training.precision import choose_precision
from renderer.training.recipe import Recipe
from renderer.training.sound import write_bytes
from renderer.training.trainer import Outcome

CARD = "card.json"
_GIT_TIMEOUT_S = 10


def about(recipe: Recipe, corpora: Sequence[Corpus]) -> dict[str, Any]:
    """Return what a run depends on; a run goes on only where this is unchanged.

    Paths are left out, so that a run can be moved.
    """
    plain = recipe.model_dump(mode="json", exclude={"corpora", "start_from", "checkpoint_s"})
    return {
        "recipe": plain,
        "weights": [choice.weight for choice in recipe.corpora],
        "clips_sha256": [_sha256(corpus.folder / CLIPS_FILE) for corpus in corpora],
    }


def write(
    folder: Path,
    recipe: Recipe,
    corpora: Sequence[Corpus],
    outcome: Outcome,
    device: torch.device,
    best: Mapping[str, float],
    kept: Mapping[str, float] | None = None,
) -> Path:
    """Write `card.json` into a run's folder.

    Args:
        folder: Of the run.
        recipe: What it was made by.
        corpora: What it learnt from.
        outcome: How it ended.
        device: What it computed on.
        best: Measures of the best validation.
        kept: Measures of the weights that the run gives, where those are not the best ones.

    Returns:
        The file.

    Raises:
        TrainingError: It cannot be written.
    """
    card = {
        "recipe": recipe.model_dump(mode="json", exclude={"corpora", "start_from"}),
        "data": [_data(corpus) for corpus in corpora],
        "outcome": plain(outcome),
        "best": dict(best),
        **({"kept": dict(kept)} if kept is not None and outcome.keep == "latest" else {}),
        "hardware": hardware(device),
        "precision": choose_precision(recipe.precision, device),
        "torch": torch.__version__,
        "git_revision": git_revision(Path(__file__).parent),
    }
    path = folder / CARD
    write_bytes(path, (json.dumps(card, ensure_ascii=False, indent=1) + "\n").encode())
    return path


def plain(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON has it: no best loss is null, for infinity is no JSON."""
    best = outcome.best_loss if math.isfinite(outcome.best_loss) else None
    return asdict(outcome) | {"best_loss": best}


def _data(corpus: Corpus) -> dict[str, Any]:
    hop_s = corpus.spec.hop_length / corpus.spec.sample_rate
    train, valid = corpus.usable(TRAIN), corpus.usable(VALID)
    return {
        "name": corpus.folder.name,
        "languages": corpus.languages,
        "minutes": round(sum(clip.frames for clip in train) * hop_s / 60, 2),
        "clips": len(train),
        "valid_clips": len(valid),
        "refused_clips": sum(1 for clip in corpus.clips if not clip.passed),
        "speakers": [asdict(speaker) for speaker in corpus.speakers.values()],
        "clips_sha256": _sha256(corpus.folder / CLIPS_FILE),
    }


def hardware(device: torch.device) -> str:
    """Return what a run computed on, in words."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    threads = torch.get_num_threads()
    return f"{threads} CPU {'core' if threads == 1 else 'cores'} ({platform.machine()})"


def git_revision(folder: Path) -> str:
    """Return the commit a folder is at, `+` when files differ from it, or "" outside of git."""
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        return commit + ("+" if _git(folder, "status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(  # noqa: S603 - fixed words, no shell
        ["git", "-C", str(folder), *words],  # noqa: S607 - git is where PATH says
        check=True,
        capture_output=True,
        text=True,
        timeout=_GIT_TIMEOUT_S,
    ).stdout.strip()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
