"""Fine-tuning: the runs that turn a base into one character's voice, each a folder of its own.

aligner/    learns from the recordings alone where their phones lie
acoustic/   the base's acoustic model with one speaker more; its encoder, which reads, is kept
vocoder/    the base's vocoder on what the acoustic model now says, where it is asked for

Each goes on where it was stopped (`trainer`), and counts the time it had before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from renderer.errors import Fault, InputError, TrainingError
from renderer.training import checkpoint, run_card
from renderer.training.acoustic import AcousticLearner
from renderer.training.acoustic_batch import Cast
from renderer.training.acoustic_source import AcousticSource
from renderer.training.aligner import Aligner
from renderer.training.aligning import AlignerLearner, without_durations
from renderer.training.base import Base
from renderer.training.corpus import Corpus
from renderer.training.feature_store import FeatureStore, speaker_statistics
from renderer.training.fit import Run
from renderer.training.predicted import predicted_mel
from renderer.training.recipe import Recipe
from renderer.training.trainer import BEST, LAST, Progress, Trainer
from renderer.training.vocoding import VocoderLearner, VocoderSource

Show = Callable[[str, int, int, str], None]
"""Told what is done, steps done, steps in all and a few losses."""


def require_learnable(base: Base, plan: Recipe, file: str = "") -> None:
    """Refuse a recipe that does not fit the base.

    Raises:
        InputError: What is frozen is no part of its acoustic model.
    """
    if odd := base.learner().unknown(plan.frozen):
        fix = "Write starts of names such as fastpitch.encoder, fastpitch.decoder or speakers."
        problem = f"The base's acoustic model has nothing that begins with {', '.join(odd)}."
        fault = Fault(file, 0, "acoustic.frozen", problem, fix, "nothing-frozen")
        raise InputError("The recipe of the character does not fit the base.", [fault])


def require_fit(base: Base, corpus: Corpus) -> None:
    """Refuse a corpus that the base cannot learn.

    Raises:
        TrainingError: The base does not speak its language, has a speaker of its speaker's name,
            or is of another architecture.
    """
    known = base.learner().cast
    strange = sorted({c.language for c in corpus.clips if c.passed} - set(known.languages))
    if strange:
        raise TrainingError(
            f"{base.path} does not speak {', '.join(strange)}; it knows "
            f"{', '.join(known.languages)}. Choose a base of that language."
        )
    if both := sorted(set(corpus.speakers) & set(known.speakers)):
        raise TrainingError(
            f"{base.path} has a speaker {both[0]!r} of its own; choose another name."
        )
    base.generator()


def align_run(corpus: Corpus, plan: Recipe, folder: Path, device: torch.device) -> Run:
    """Return the run that teaches an aligner the corpus's recordings."""
    hidden = without_durations(corpus)
    source = AcousticSource(
        [(hidden, 1.0)],
        Cast.of([hidden]),
        batch_frames=plan.batch_frames,
        seed=plan.seed,
        get=_measured(corpus),
    )
    torch.manual_seed(plan.seed)
    learner = AlignerLearner(
        binarise_from=plan.steps * 3 // 4, prior_until=plan.steps // 2, knows_durations=False
    )
    of_model = {"aligner": asdict(learner.aligner.config)}
    return _run(learner, source, plan, [corpus], folder, device, of_model)


def trained_aligner(folder: Path) -> Aligner:
    """Return the aligner of a run.

    Raises:
        TrainingError: There is none.
    """
    aligner = Aligner()
    kept = checkpoint.load(_best(folder))
    checkpoint.restore_module(kept, "aligner", aligner, averaged=True)
    return aligner.eval()


def acoustic_run(
    base: Base, corpus: Corpus, plan: Recipe, folder: Path, device: torch.device
) -> Run:
    """Return the run that teaches the base's acoustic model a new speaker.

    The speaker's vector starts as that of the known speaker in whose voice the model comes
    closest to the recordings.

    Args:
        base: What is begun from.
        corpus: Of one speaker, aligned, that fits (`require_fit`).
        plan: How.
        folder: Of the run.
        device: Where to compute.
    """
    learner = base.learner(weight_decay=plan.weight_decay, frozen=plan.frozen)
    (name,) = corpus.speakers
    known = learner.cast
    cast = Cast((*known.speakers, name), known.languages, known.emotions)
    source = AcousticSource(
        [(corpus, 1.0)],
        cast,
        batch_frames=plan.batch_frames,
        seed=plan.seed,
        get=_measured(corpus),
    )
    torch.manual_seed(plan.seed)
    like = learner.nearest(source.batch(0))
    stats = speaker_statistics(corpus)[name]
    learner.add_speaker(name, stats.mean_pitch_st, stats.mean_energy_db, like)
    of_model = learner.about() | {"base": base.sha256, "like": like}
    return _run(learner, source, plan, [corpus], folder, device, of_model)


def trained_acoustic(folder: Path) -> AcousticLearner:
    """Return the acoustic model of a run, as it was when it was best.

    Raises:
        TrainingError: There is none.
    """
    kept = checkpoint.load(_best(folder))
    return AcousticLearner.restored(kept, kept.about["run"])


def vocoder_run(
    base: Base, corpus: Corpus, plan: Recipe, folder: Path, device: torch.device
) -> Run:
    """Return the run that teaches the base's vocoder a new voice."""
    source = VocoderSource(
        [FeatureStore(corpus)],
        [1.0],
        batch_frames=plan.batch_frames,
        segment_frames=plan.segment_frames,
        seed=plan.seed,
        predicted=predicted_mel,
    )
    learner = VocoderLearner(
        base.generator(), None, corpus.spec, learning=(plan.learning_rate, plan.weight_decay)
    )
    of_model = {"vocoder": dict(base.kind), "base": base.sha256}
    return _run(learner, source, plan, [corpus], folder, device, of_model)


def trained_vocoder(base: Base, folder: Path) -> nn.Module:
    """Return the base's vocoder with the weights of a run.

    Raises:
        TrainingError: There is none.
    """
    made = base.generator()
    checkpoint.restore_module(checkpoint.load(_best(folder)), "vocoder", made, averaged=True)
    return made.eval()


def go(run: Run, what: str, show: Show, minutes: float = 0.0) -> bool:
    """Train until the recipe ends, patience ends, or the time in all is spent.

    Args:
        run: Begun or not.
        what: What is shown as its name.
        show: Told of every step.
        minutes: Time in all, over every piece; 0 for no limit.

    Returns:
        Whether it is done; False when somebody stopped it before.
    """
    left = minutes - spent_minutes(run.folder) if minutes > 0 else 0.0
    if minutes > 0 and left <= 0:
        return True

    def tell(progress: Progress) -> None:
        note = " ".join(f"{n} {v:.3f}" for n, v in list(progress.losses.items())[:3])
        show(what, progress.step, progress.steps, note)

    outcome = run.go(tell, left)
    return outcome.reason != "stopped" or (0 < minutes <= outcome.spent_s / 60)


def spent_minutes(folder: Path) -> float:
    """Return how long a run has learnt so far."""
    if not (folder / LAST).is_file():
        return 0.0
    progress = checkpoint.load(folder / LAST).about.get("progress", {})
    return float(progress.get("spent_s", 0.0)) / 60


def _best(folder: Path) -> Path:
    """Return the best checkpoint; the last one of a run that was too short to be validated."""
    return folder / (BEST if (folder / BEST).is_file() else LAST)


def _measured(corpus: Corpus) -> Callable[[Corpus, Any], Any]:
    store = FeatureStore(corpus)
    return lambda _corpus, clip: store.get(clip)


def _run(
    learner: Any,  # noqa: ANN401 - any learner
    source: Any,  # noqa: ANN401 - and its source
    plan: Recipe,
    corpora: list[Corpus],
    folder: Path,
    device: torch.device,
    of_model: Mapping[str, Any],
) -> Run:
    for module in learner.modules.values():
        module.to(device)
    about = {**run_card.about(plan, corpora), **of_model}
    trainer: Trainer[Any] = Trainer(learner, source, plan, folder, device=device, about=about)
    return Run(trainer, plan, corpora, folder, device)
