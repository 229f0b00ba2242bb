"""From a recipe to a run: puts corpora, source, learner and trainer together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from renderer.errors import TrainingError
from renderer.training import checkpoint, curve, hifigan, metrics, run_card
from renderer.training.acoustic import AcousticLearner
from renderer.training.acoustic_batch import Cast
from renderer.training.acoustic_source import AcousticSource
from renderer.training.checkpoint import Checkpoint
from renderer.training.corpus import MEL, TRAIN, Corpus
from renderer.training.fastpitch import SIZES, FastPitchConfig
from renderer.training.feature_store import FeatureStore, speaker_statistics
from renderer.training.generator import make_generator
from renderer.training.predicted import fingerprint, predicted_mel
from renderer.training.recipe import Recipe
from renderer.training.trainer import LAST, Outcome, Progress, Trainer, Watcher, last_state
from renderer.training.vocoding import VocoderLearner, VocoderSource

Show = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is ready to begin or to go on.

    Attributes:
        trainer: The loop; its `stop` may be called from a signal handler.
        recipe: What it follows.
        corpora: What it learns from.
        folder: Where it lies.
        device: Where it computes.
        notes: What a person should know before it begins.
    """

    trainer: Trainer[Any]
    recipe: Recipe
    corpora: Sequence[Corpus]
    folder: Path
    device: torch.device
    notes: tuple[str, ...] = ()

    def go(self, show: Show = lambda _: None, minutes: float = 0) -> Outcome:
        """Train; write the card and the curves, also when it was stopped before the end.

        Raises:
            TrainingError: See `Trainer.run`.
        """
        outcome = self.trainer.run(show, minutes)
        lines = metrics.read(self.folder / metrics.FILE)
        valid = {line["step"]: line for line in lines if line["kind"] == "valid"}
        best, kept = (valid.get(s, {}) for s in (outcome.best_step, outcome.kept_step))
        run_card.write(self.folder, self.recipe, self.corpora, outcome, self.device, best, kept)
        curve.write(self.folder, title=f"{self.recipe.model}: {self.folder.name}")
        return outcome


def prepare_run(
    recipe: Recipe,
    folder: Path,
    *,
    device: str = "auto",
    watcher: Watcher | None = None,
    show_features: Callable[[int, int], None] = lambda _done, _all: None,
) -> Run:
    """Load the corpora, measure what is not measured yet and build the learner.

    Args:
        recipe: What is learnt.
        folder: Of the run; an unfinished run in it is gone on with.
        device: `cpu`, `cuda`, or `auto` for CUDA where there is one.
        watcher: Shows the run to a person.
        show_features: Told how many clips of how many are measured.

    Raises:
        InputError: A corpus cannot be read.
        TrainingError: There is nothing to train on, or the device is missing.
    """
    where = choose_device(device)
    corpora = [Corpus.load(choice.folder) for choice in recipe.corpora]
    if not any(corpus.usable(TRAIN) for corpus in corpora):
        raise TrainingError("No clip of the corpora passed; look at their qc.html.")
    for corpus in corpora:
        if corpus.spec != MEL:
            raise TrainingError(
                f"{corpus.folder} is cut into other mel frames than the models'; make it again."
            )
    stores = [FeatureStore(corpus) for corpus in corpora]
    for store in stores:
        store.build_all(show_features)
    predicted_sha, notes = _of_predictions(recipe, corpora)
    last = last_state(folder) if recipe.start_from and is_begun(folder) else None
    start_sha = _start_sha(recipe, last)
    torch.manual_seed(recipe.seed)
    make = _acoustic if recipe.model == "acoustic" else _vocoder
    learner, source, of_model = make(recipe, stores, last)
    for module in learner.modules.values():
        module.to(where)
    about = run_card.about(recipe, corpora) | of_model
    about |= {"start_sha256": start_sha, "predicted_sha256": predicted_sha}
    trainer: Trainer[Any] = Trainer(
        learner, source, recipe, folder, device=where, about=about, watcher=watcher
    )
    return Run(trainer, recipe, corpora, folder, where, notes)


def _start_sha(recipe: Recipe, last: Checkpoint | None) -> str | None:
    """Return the hash of the checkpoint to start from; a begun run does without the file."""
    if recipe.start_from is None:
        return None
    if last is not None and not recipe.start_from.exists():
        said = last.run.get("start_sha256")
        return said if isinstance(said, str) else None
    try:
        with recipe.start_from.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise TrainingError(
            f"The checkpoint to start from, {recipe.start_from}, cannot be read "
            f"({error.strerror or error})."
        ) from error


def _of_predictions(
    recipe: Recipe, corpora: Sequence[Corpus]
) -> tuple[str | None, tuple[str, ...]]:
    """Return the hash of the predicted mels, and what to tell where some are missing."""
    if not recipe.predicted_mels:
        return None, ()
    digest, missing, total = fingerprint(corpora)
    if missing == total:
        raise TrainingError(
            "The recipe asks for `predicted_mels` and the corpora have none; make them with "
            "`barkline train predict`."
        )
    if not missing:
        return digest, ()
    note = (
        f"{missing} of {total} clips have no predicted mel and are heard as they were recorded; "
        "`barkline train predict` makes them."
    )
    return digest, (note,)


Made = tuple[Any, Any, dict[str, Any]]


def _acoustic(recipe: Recipe, stores: Sequence[FeatureStore], last: Checkpoint | None) -> Made:
    """Build FastPitch, new, from a checkpoint or as it was begun, and its source."""
    weighted = [
        (store.corpus, choice.weight) for store, choice in zip(stores, recipe.corpora, strict=True)
    ]
    corpora = [store.corpus for store in stores]
    options = {
        "weight_decay": recipe.weight_decay,
        "frozen": recipe.frozen,
        "adversarial_from": recipe.adversarial_from,
    }
    kept = last if last is not None and "config" in last.run else None
    if kept is None and recipe.start_from:
        kept = checkpoint.load(recipe.start_from)
    cast = Cast.of(corpora, with_emotion=recipe.with_emotion)
    learner = None
    if kept is not None:
        learner = AcousticLearner.restored(kept, kept.run, **options)
        _require_heeded(recipe, learner)
        cast = _joined(learner, cast, corpora)
    source = AcousticSource(
        weighted,
        cast,
        batch_frames=recipe.batch_frames,
        seed=recipe.seed,
        balance=recipe.balance,
    )
    if learner is None:
        try:
            learner = AcousticLearner.new(recipe.size, source, **options)
        except ValueError as error:
            raise TrainingError(f"The recipe's `size`: {error}.") from error
    if odd := learner.unknown(recipe.frozen):
        raise recipe.unfit(
            "frozen",
            f"The model has no parameter that begins with {', '.join(odd)}.",
            "Write starts of names such as fastpitch.encoder, fastpitch.decoder or speakers.",
        )
    return learner, source, learner.about()


def _require_heeded(recipe: Recipe, learner: AcousticLearner) -> None:
    """Refuse what the recipe says of a model that its checkpoint to start from says otherwise."""
    config = learner.model.config
    kept = {"symbols": config.symbols, "languages": config.languages, "emotions": config.emotions}
    fits = [size for size in SIZES if FastPitchConfig.named(size, **kept) == config]
    if "size" in recipe.model_fields_set and recipe.size not in fits:
        is_of = f"of size {fits[0]}" if fits else "of a size of its own"
        raise recipe.unfit(
            "size", f"The checkpoint to start from is {is_of}, not {recipe.size}.",
            "Leave `size` out, or start from another checkpoint.",
        )  # fmt: skip
    knows = len(config.emotions) > 1
    if "with_emotion" in recipe.model_fields_set and recipe.with_emotion != knows:
        raise recipe.unfit(
            "with_emotion",
            f"The checkpoint to start from knows {', '.join(config.emotions)} alone.",
            "Leave `with_emotion` out, or start from another checkpoint.",
        )


def _joined(learner: AcousticLearner, cast: Cast, corpora: Sequence[Corpus]) -> Cast:
    """Add the speakers a checkpoint does not know; refuse languages it does not."""
    strange = set(cast.languages) - set(learner.cast.languages)
    if strange:
        raise TrainingError(
            f"The checkpoint to start from does not speak {', '.join(sorted(strange))}; it knows "
            f"{', '.join(learner.cast.languages)}."
        )
    for corpus in corpora:
        for name, stats in speaker_statistics(corpus).items():
            if name not in learner.cast.speakers:
                learner.add_speaker(name, stats.mean_pitch_st, stats.mean_energy_db)
    return learner.cast


def _vocoder(recipe: Recipe, stores: Sequence[FeatureStore], last: Checkpoint | None) -> Made:
    """Build a generator, its discriminators where they are asked for, and its source."""
    spec = stores[0].corpus.spec
    source = VocoderSource(
        stores,
        [choice.weight for choice in recipe.corpora],
        batch_frames=recipe.batch_frames,
        segment_frames=recipe.segment_frames,
        seed=recipe.seed,
        predicted=predicted_mel if recipe.predicted_mels else lambda _corpus, _clip: None,
    )
    try:
        generator = make_generator(recipe.size, spec)
    except ValueError as error:
        raise TrainingError(f"The recipe's `size`: {error}.") from error
    judges = None
    if recipe.adversarial_from >= 0:
        is_large = recipe.size in ("v1", "v2")
        small = hifigan.DiscriminatorConfig.small()
        judges = hifigan.Discriminators(hifigan.DiscriminatorConfig() if is_large else small)
    if recipe.start_from and last is None:  # a begun run has its own weights
        kept = checkpoint.load(recipe.start_from)
        checkpoint.restore_module(kept, "vocoder", generator, averaged=True)
        if judges is not None and kept.part("module.discriminators"):
            checkpoint.restore_module(kept, "discriminators", judges, averaged=False)
    learner = VocoderLearner(
        generator,
        judges,
        spec,
        adversarial_from=max(0, recipe.adversarial_from),
        learning=(recipe.learning_rate, recipe.weight_decay),
    )
    return learner, source, {"size": recipe.size}


def choose_device(name: str) -> torch.device:
    """Return the device of a name; `auto` is CUDA where there is one.

    Raises:
        TrainingError: There is no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainingError(
            "There is no CUDA device that this torch can use; say `--device cpu` or install a "
            "CUDA build of torch."
        )
    return torch.device(name)


def is_begun(folder: Path) -> bool:
    """Return whether a run's folder holds something to go on with."""
    return (folder / LAST).is_file()
