"""What the trainer drives: a learner takes steps on batches that a source cuts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn


class Batch(Protocol):
    """Some clips as tensors."""

    def to(self, device: torch.device) -> Self:
        """Return the batch on a device."""
        ...


BatchT = TypeVar("BatchT", bound=Batch)
BatchT_co = TypeVar("BatchT_co", bound=Batch, covariant=True)
BatchT_contra = TypeVar("BatchT_contra", bound=Batch, contravariant=True)

Update = Callable[[str, Tensor], float]
"""`update(optimizer_name, loss)`: backward, clip, one step of that optimiser; the gradient norm.

Raises `TrainingError` when the loss or the gradient is no finite number; nothing is changed then.
"""


@dataclass(frozen=True, slots=True)
class Illustration:
    """What a person looks at and listens to while a model learns.

    Attributes:
        images: Name to float32 (rows, columns), low frequencies or early phones first.
        sounds: Name to float32 (T,) in −1..1.
        sample_rate: Hz of the sounds.
    """

    images: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    sounds: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    sample_rate: int = 22_050


class Source(Protocol[BatchT_co]):
    """Batches of a corpus.

    `batch(step)` is a pure function of the step and the source's seed, so that a resumed run sees
    what the killed one would have seen.
    """

    def batch(self, step: int) -> BatchT_co:
        """Return the training batch of a step, from 0."""
        ...

    def validation(self) -> Sequence[BatchT_co]:
        """Return the validation batches, the same ones every time, never augmented."""
        ...


class Learner(Protocol[BatchT_contra]):
    """One or more networks, their optimisers and how they take a step.

    Attributes:
        modules: Networks by name; all of them are saved.
        optimizers: Optimisers by name; all of them are saved.
        averaged: Names of the modules that are exported; an exponential moving average is kept of
            each where the recipe asks for it.
    """

    modules: Mapping[str, nn.Module]
    optimizers: Mapping[str, torch.optim.Optimizer]
    averaged: Sequence[str]

    def train_step(self, batch: BatchT_contra, step: int, update: Update) -> dict[str, float]:
        """Learn from one batch, under the trainer's autocast; return the losses by name."""
        ...

    def validate(self, batch: BatchT_contra) -> dict[str, float]:
        """Return the measures of one validation batch; `loss` is the one that decides."""
        ...

    def illustrate(self, batch: BatchT_contra) -> Illustration:
        """Draw and speak a few clips of a validation batch."""
        ...
