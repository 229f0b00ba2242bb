"""A training recipe: one TOML file that says what is learnt, from what and for how long.

model = "acoustic"
size = "small"
seed = 1
steps = 20_000

[[corpora]]
folder = "build/corpora/kristin-en"
weight = 2.0
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from renderer.errors import Fault, InputError

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


class CorpusChoice(BaseModel):
    """One corpus and how much of it is heard.

    Attributes:
        folder: Of `train prepare` or `train distil`; relative to the recipe.
        weight: How often its clips are drawn, × their number.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path
    weight: Positive = 1.0


class Recipe(BaseModel):
    """Everything a training run depends on, apart from the corpora's bytes.

    Attributes:
        model: `acoustic` (FastPitch) or `vocoder`.
        size: Named size of the model.
        corpora: What it learns from.
        seed: Of weights, batches and dropout.
        steps: Length of the learning-rate schedule; training ends there.
        batch_frames: Mel frames in a batch, over all of its clips.
        segment_frames: Frames of each stretch a vocoder hears at a time.
        learning_rate: At its highest.
        warmup_steps: Steps over which it rises.
        final_rate: Where the cosine ends, × `learning_rate`.
        weight_decay: Of AdamW.
        clip_norm: Largest gradient norm; larger ones are scaled down.
        average: Decay of the exponential moving average of weights; 0 keeps none.
        precision: Of the matrix products: `float32`, `bfloat16`, or `auto` for 16 bits where the
            device computes in them.
        adversarial_from: Step from which a vocoder's discriminators are heard, or the acoustic
            model's critic of mels; −1 for never.
        keep: Which weights the run gives: those of the `best` validation, or the `latest`. What an
            adversary teaches costs some loss, so that the best would be those before it.
        patience: Validations without a better loss before stopping early; 0 for never.
        validate_every: Steps between validations.
        illustrate_every: Steps between pictures and sounds in TensorBoard.
        checkpoint_s: Seconds between checkpoints.
        start_from: Checkpoint whose weights training begins with, or None.
        with_emotion: Whether the acoustic model has an embedding of the clips' emotions.
        balance: 0 draws speakers as their clips are many, 1 all speakers equally often.
        frozen: Starts of parameter names of the acoustic model that are not learnt.
        predicted_mels: Whether a vocoder learns from the mels of `train predict`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Literal["acoustic", "vocoder"]
    corpora: Annotated[list[CorpusChoice], Field(min_length=1)]
    size: str = "small"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    steps: Count = 10_000
    batch_frames: Count = 6_400
    segment_frames: Annotated[int, Field(ge=8)] = 32
    learning_rate: Positive = 1e-3
    warmup_steps: Annotated[int, Field(ge=0)] = 200
    final_rate: Annotated[float, Field(ge=0, le=1)] = 0.05
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.01
    clip_norm: Positive = 5.0
    average: Annotated[float, Field(ge=0, lt=1)] = 0.999
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    adversarial_from: Annotated[int, Field(ge=-1)] = -1
    keep: Literal["best", "latest"] = "best"
    patience: Annotated[int, Field(ge=0)] = 0
    validate_every: Count = 500
    illustrate_every: Count = 2_000
    checkpoint_s: Positive = 120.0
    start_from: Path | None = None
    with_emotion: bool = False
    balance: Annotated[float, Field(ge=0, le=1)] = 0.0
    frozen: tuple[str, ...] = ()
    predicted_mels: bool = False

    _file: str = PrivateAttr("")

    def wrote(self, field: str) -> bool:
        """Return whether a person wrote a field, and not just what it is by default."""
        plain = type(self).model_fields[field].default
        return field in self.model_fields_set and getattr(self, field) != plain

    def unfit(self, field: str, problem: str, fix: str) -> InputError:
        """Return what to raise where a field does not fit what else there is."""
        fault = Fault(self._file, 0, field, problem, fix, "not-heeded")
        return InputError(f"1 fault in the recipe {Path(self._file).name}.", [fault])


def read_toml(path: Path, failed: str) -> dict[str, Any]:
    """Read a TOML file that a person wrote.

    Args:
        path: The file.
        failed: What is said where it cannot be read.

    Raises:
        InputError: It cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        fault = Fault(path.as_posix(), 0, "", f"{error}.", "Write a TOML file.", "unreadable")
        raise InputError(failed, [fault]) from error


def read_recipe(path: Path) -> Recipe:
    """Read a recipe; its paths become relative to its own folder.

    Raises:
        InputError: It cannot be read or is wrong; every fault.
    """
    plain = read_toml(path, f"The recipe {path.name} cannot be read.")
    try:
        recipe = Recipe.model_validate(plain)
    except ValidationError as error:
        faults = [fault_of(path.as_posix(), dict(one)) for one in error.errors()]
        raise InputError(f"{len(faults)} faults in the recipe {path.name}.", faults) from error
    if faults := list(_unheeded(path, recipe)):
        raise InputError(f"{len(faults)} faults in the recipe {path.name}.", faults)
    recipe._file = path.as_posix()
    corpora = [
        choice.model_copy(update={"folder": path.parent / choice.folder})
        for choice in recipe.corpora
    ]
    start = path.parent / recipe.start_from if recipe.start_from else None
    return recipe.model_copy(update={"corpora": corpora, "start_from": start})


_OTHERS: Mapping[str, tuple[str, ...]] = {
    "vocoder": ("balance", "with_emotion", "frozen"),
    "acoustic": ("predicted_mels",),
}


def _unheeded(path: Path, recipe: Recipe) -> Iterator[Fault]:
    """Yield what a person wrote and training would not heed."""
    for name in filter(recipe.wrote, _OTHERS[recipe.model]):
        other = "acoustic model" if recipe.model == "vocoder" else "vocoder"
        problem = f"This is of the {other}; the recipe is one of the {recipe.model}."
        yield Fault(path.as_posix(), 0, name, problem, "Leave it out.", "not-heeded")
    if recipe.adversarial_from >= recipe.steps:
        problem = f"Training ends at step {recipe.steps}, before anything is heard from there on."
        fix = "Name an earlier step, or leave it out."
        yield Fault(path.as_posix(), 0, "adversarial_from", problem, fix, "not-heeded")


def fault_of(path: str, error: Mapping[str, Any], table: str = "") -> Fault:
    """Return what pydantic found as a fault of a file, below a table where it lies in one."""
    place = ".".join(str(part) for part in ((table,) if table else ()) + error["loc"])
    code = str(error["type"])
    fix = "See docs/training.md."
    if code == "extra_forbidden":
        known = Recipe if len(error["loc"]) == 1 else CorpusChoice
        fix = f"There are {', '.join(known.model_fields)}."
    return Fault(path, 0, place, f"{error['msg']}.", fix, code.replace("_", "-"))
