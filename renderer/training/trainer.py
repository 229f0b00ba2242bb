"""The training loop, read from top to bottom.

A run is a folder: `last.safetensors` (to go on from), `best.safetensors` (best by validation),
`metrics.jsonl`, `card.json` and `tensorboard/`. Every step is a function of the weights and the
step's number: batches come from the source by number, the random state is set from seed and step,
so that a run that was killed and goes on draws the same loss curve.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol

import torch
from torch import Tensor

from renderer.errors import TrainingError
from renderer.training import checkpoint
from renderer.training.learner import BatchT, Learner, Source
from renderer.training.metrics import FILE as METRICS_FILE
from renderer.training.metrics import Metrics
from renderer.training.precision import LOW, choose_precision
from renderer.training.recipe import Recipe
from renderer.training.run_folder import alone, comparable, differences

_SHOWN = 4
LAST, BEST = "last.safetensors", "best.safetensors"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is, for a display.

    Attributes:
        step: Steps taken.
        steps: Steps in all.
        left_s: Estimated seconds left.
        losses: Averages over the last steps, by name.
    """

    step: int
    steps: int
    left_s: float
    losses: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    Attributes:
        step: Steps taken in all.
        reason: `finished`, `early` (no better validation loss) or `stopped` (asked to).
        best_step: Step of the best validation.
        best_loss: Its loss.
        spent_s: Seconds spent training in all, over every piece.
        keep: Whose weights the run gives, as its recipe says: `best` or `latest`.
        kept_step: Step of those weights; 0 where nothing was validated yet.
    """

    step: int
    reason: str
    best_step: int
    best_loss: float
    spent_s: float
    keep: str = "best"
    kept_step: int = 0


def kept_weights(folder: Path) -> checkpoint.Checkpoint:
    """Return what a run gives: the checkpoint that its recipe's `keep` chose.

    Raises:
        TrainingError: There is none, or it is damaged.
    """
    if not (folder / BEST).exists() and (folder / LAST).exists():
        raise TrainingError(
            f"{folder} has no {BEST}: it was stopped before its first validation. Go on with it "
            "by the same `barkline train fit` until it was validated (the recipe's "
            "`validate_every`)."
        )
    return checkpoint.load(folder / BEST)


def last_state(folder: Path) -> checkpoint.Checkpoint:
    """Return what a run goes on from.

    Raises:
        TrainingError: It is damaged.
    """
    try:
        return checkpoint.load(folder / LAST)
    except TrainingError as error:
        raise TrainingError(
            f"{error} Copy {BEST} over it to go on from the best validation, or remove the "
            "folder to begin anew."
        ) from error


class Watcher(Protocol):
    """Shows a run to a person, such as TensorBoard."""

    def numbers(self, kind: str, values: Mapping[str, float], step: int) -> None:
        """Take measures; `kind` is `train` or `valid`."""
        ...

    def picture(self, illustration: Any, step: int) -> None:  # noqa: ANN401
        """Take pictures and sounds."""
        ...


class Trainer(Generic[BatchT]):
    """Trains one learner.

    Args:
        learner: What learns.
        source: What it learns from.
        recipe: For how long and how.
        folder: The run's folder; what is there already is gone on with.
        device: Where to compute.
        about: What the run says of itself in every checkpoint; must be equal when it goes on.
        watcher: Shows it to a person, or None.
    """

    def __init__(
        self,
        learner: Learner[BatchT],
        source: Source[BatchT],
        recipe: Recipe,
        folder: Path,
        *,
        device: torch.device,
        about: Mapping[str, Any],
        watcher: Watcher | None = None,
    ) -> None:
        self._learner, self._source, self._recipe = learner, source, recipe
        self._folder, self._device, self._about = folder, device, about
        self._watcher = watcher
        self._is_low = choose_precision(recipe.precision, device) == LOW
        self._step, self._best_step, self._best_loss = 0, 0, math.inf
        self._stale, self._validated, self._spent_s = 0, 0, 0.0
        self._should_stop = False
        self._averages = {
            name: {k: v.detach().clone() for k, v in learner.modules[name].state_dict().items()}
            for name in (learner.averaged if recipe.average else ())
        }
        self._metrics = Metrics(folder / METRICS_FILE)

    def stop(self) -> None:
        """Ask for the end after the step that is under way; safe in a signal handler."""
        self._should_stop = True

    def run(self, show: Callable[[Progress], None] = lambda _: None, minutes: float = 0) -> Outcome:
        """Train to the recipe's end, to the end of patience, or for some minutes.

        Args:
            show: Told of every step.
            minutes: Stop after so long, to be gone on with; 0 for no such limit.

        Raises:
            TrainingError: A loss is no finite number, or the disk is full; the last checkpoint
                stands.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with alone(self._folder):
            if not self._source.validation():
                raise TrainingError("There is no validation clip: the corpora have no `valid` one.")
            self._resume()
            reason = self._train(show, minutes)
            if reason != "stopped" and self._validated != self._step:
                self._validate()
            self._save(LAST)
        keep = self._recipe.keep
        kept = self._validated if keep == "latest" else self._best_step
        best = (self._best_step, self._best_loss)
        return Outcome(self._step, reason, *best, self._spent_s, keep, kept)

    def _train(self, show: Callable[[Progress], None], minutes: float) -> str:
        """Take steps; return why they ended."""
        began = saved = time.monotonic()
        spent_before, first = self._spent_s, self._step
        while not (reason := self._end()):
            losses = self._take_step()
            now = time.monotonic()
            self._spent_s = spent_before + now - began
            pace = (now - began) / (self._step - first)
            show(Progress(self._step, self._recipe.steps, pace * self._steps_left(), losses))
            if self._step % self._recipe.validate_every == 0:
                self._validate()
            is_late = minutes > 0 and time.monotonic() - began > minutes * 60
            if not self._end() and (self._should_stop or is_late):
                return "stopped"
            if now - saved > self._recipe.checkpoint_s:
                self._save(LAST)
                saved = time.monotonic()
        return reason

    def _end(self) -> str:
        """Return why the run is at its end, or "" while it is not."""
        if 0 < self._recipe.patience <= self._stale:
            return "early"
        return "" if self._steps_left() > 0 else "finished"

    def _steps_left(self) -> int:
        return self._recipe.steps - self._step

    def _take_step(self) -> Mapping[str, float]:
        """Take one step and keep what it measured."""
        torch.manual_seed(self._recipe.seed * 1_000_003 + self._step)
        rate = learning_rate(self._recipe, self._step)
        for optimizer in self._learner.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = rate * group.get("rate_scale", 1.0)
        batch = self._source.batch(self._step).to(self._device)
        for module in self._learner.modules.values():
            module.train()
        with self._autocast():
            losses = self._learner.train_step(batch, self._step, self._update)
        self._step += 1
        self._average()
        averaged = self._metrics.train(self._step, losses, rate)
        if averaged and self._watcher:
            self._watcher.numbers("train", averaged, self._step)
        return losses

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self._is_low)

    def _update(self, name: str, loss: Tensor) -> float:
        """Backward, clip and one step of an optimiser; see `learner.Update`."""
        optimizer = self._learner.optimizers[name]
        optimizer.zero_grad(set_to_none=True)
        if not torch.isfinite(loss):
            raise self._not_finite(f"The loss of {name!r}")
        torch.autograd.backward([loss])
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        norm = float(torch.nn.utils.clip_grad_norm_(parameters, self._recipe.clip_norm))
        if not math.isfinite(norm):
            raise self._not_finite(f"A gradient of {name!r}")
        optimizer.step()
        return norm

    def _not_finite(self, what: str) -> TrainingError:
        return TrainingError(
            f"{what} is no finite number in step {self._step}. {self._folder / LAST} stands. Look "
            "for a broken clip, or begin another run with a lower `learning_rate` or "
            f'`precision = "float32"`; `start_from = "{BEST}"` of this one keeps what was learnt.'
        )

    def _average(self) -> None:
        """Move the averages: θ̄ ← d θ̄ + (1 − d) θ, with a faster d in the first steps."""
        decay = min(self._recipe.average, self._step / (self._step + 10))
        for name, kept in self._averages.items():
            for key, value in self._learner.modules[name].state_dict().items():
                if value.is_floating_point():
                    kept[key].lerp_(value, 1 - decay)
                else:
                    kept[key].copy_(value)

    def _validate(self) -> None:
        """Measure the averaged weights; keep them when they are the best."""
        with self._averaged_weights(), torch.no_grad():
            batches = [batch.to(self._device) for batch in self._source.validation()]
            measured = [self._learner.validate(batch) for batch in batches]
            names = {name for one in measured for name in one}
            values = {n: _mean([one[n] for one in measured if n in one]) for n in sorted(names)}
            if batches and self._watcher and self._is_time_to_draw():
                self._watcher.picture(self._learner.illustrate(batches[0]), self._step)
        if not math.isfinite(values["loss"]):
            raise self._not_finite("The validation loss")
        self._validated = self._step
        self._metrics.valid(self._step, values)
        if self._watcher:
            self._watcher.numbers("valid", values, self._step)
        is_better = values["loss"] < self._best_loss
        if is_better:
            self._best_step, self._best_loss, self._stale = self._step, values["loss"], 0
        else:
            self._stale += 1
        if is_better or self._recipe.keep == "latest":
            self._save(BEST)

    def _is_time_to_draw(self) -> bool:
        every = max(self._recipe.illustrate_every, self._recipe.validate_every)
        return self._step % every < self._recipe.validate_every

    def _averaged_weights(self) -> _Swapped:
        return _Swapped(self._learner, self._averages)

    def _save(self, name: str) -> None:
        progress = {
            "best_step": self._best_step,
            "best_loss": self._best_loss if math.isfinite(self._best_loss) else None,
            "stale": self._stale,
            "validated": self._validated,
            "spent_s": self._spent_s,
            "pending": self._metrics.pending,
        }
        checkpoint.save(
            self._folder / name,
            self._step,
            {"run": self._about, "progress": progress},
            self._learner.modules,
            self._learner.optimizers,
            self._averages,
        )

    def _resume(self) -> None:
        """Go on from the last checkpoint where there is one; metrics after it are dropped."""
        path = self._folder / LAST
        if not path.exists():
            self._metrics.cut(0, 0, [])
            return
        kept = last_state(self._folder)
        self._require_same(kept.run)
        for name, module in self._learner.modules.items():
            checkpoint.restore_module(kept, name, module, averaged=False)
        for name, optimizer in self._learner.optimizers.items():
            checkpoint.restore_optimizer(kept, name, optimizer)
        for name, values in self._averages.items():
            checkpoint.restore_average(kept, name, values)
        try:
            self._restore_progress(kept.step, kept.about["progress"])
        except (KeyError, TypeError, ValueError) as error:
            raise TrainingError(f"{path} does not say how far it came: {error!r}.") from error
        self._metrics.cut(self._step, self._validated, self._metrics.pending)

    def _restore_progress(self, step: int, progress: Mapping[str, Any]) -> None:
        best = progress["best_loss"]
        self._step, self._best_step = step, int(progress["best_step"])
        self._best_loss = math.inf if best is None else float(best)
        self._stale, self._spent_s = int(progress["stale"]), float(progress["spent_s"])
        self._validated = int(progress.get("validated", step))
        self._metrics.pending = [dict(one) for one in progress["pending"]]

    def _require_same(self, run: Mapping[str, Any]) -> None:
        """Refuse to go on with a run of something else; say what differs."""
        odd = differences(*comparable(run, json.loads(json.dumps(self._about))))
        if odd:
            raise TrainingError(
                f"{self._folder} holds a run of another recipe or other corpora "
                f"({'; '.join(odd[:_SHOWN])}). Choose another folder, or remove it to begin anew."
            )


class _Swapped:
    """Puts the averaged weights into the modules, in evaluation mode, and takes them out again."""

    def __init__(self, learner: Learner[Any], averages: Mapping[str, Mapping[str, Tensor]]) -> None:
        self._learner, self._averages = learner, averages
        self._own: dict[str, dict[str, Tensor]] = {}

    def __enter__(self) -> None:
        for module in self._learner.modules.values():
            module.eval()
        for name, values in self._averages.items():
            module = self._learner.modules[name]
            self._own[name] = {k: v.detach().clone() for k, v in module.state_dict().items()}
            module.load_state_dict(dict(values))

    def __exit__(self, *_: object) -> None:
        for name, values in self._own.items():
            self._learner.modules[name].load_state_dict(values)


def learning_rate(recipe: Recipe, step: int) -> float:
    """Return the rate of a step: a linear rise, then a cosine to `final_rate`.

    Reference: Loshchilov & Hutter (2017), SGDR (1608.03983), eq. 5.
    """
    rise = min(1.0, (step + 1) / recipe.warmup_steps) if recipe.warmup_steps else 1.0
    done = min(1.0, step / recipe.steps)
    fall = recipe.final_rate + (1 - recipe.final_rate) * 0.5 * (1 + math.cos(math.pi * done))
    return recipe.learning_rate * rise * fall


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
