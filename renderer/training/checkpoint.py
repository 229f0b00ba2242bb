"""Checkpoints: everything a run needs to go on as if it had never stopped, in one safetensors file.

Tensors are named `module.<name>.<parameter>`, `average.<name>.<parameter>` and
`optimizer.<name>.<index>.<state>`; the step and what the run is stand in the header. Nothing in the
file can run code.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from renderer.errors import TrainingError

Averages = Mapping[str, Mapping[str, Tensor]]
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint as read.

    Attributes:
        path: Where it lies.
        step: Steps that were taken.
        about: What the run said of itself: plain JSON.
        tensors: By name.
    """

    path: Path
    step: int
    about: Mapping[str, Any]
    tensors: Mapping[str, Tensor]

    def part(self, prefix: str) -> dict[str, Tensor]:
        """Return the tensors under a prefix, without it."""
        start = f"{prefix}."
        return {k.removeprefix(start): v for k, v in self.tensors.items() if k.startswith(start)}

    @property
    def run(self) -> Mapping[str, Any]:
        """What the training run said of itself.

        Raises:
            TrainingError: This is no checkpoint of a run.
        """
        said = self.about.get("run")
        if not isinstance(said, dict):
            raise TrainingError(
                f"{self.path} is no checkpoint of a training run. Name `best.safetensors` or "
                "`last.safetensors` of a run's folder."
            )
        return said

    def weights(self, name: str) -> dict[str, Tensor]:
        """Return a module's averaged weights where there are some, else its plain ones."""
        return self.part(f"module.{name}") | self.part(f"average.{name}")


def save(
    path: Path,
    step: int,
    about: Mapping[str, Any],
    modules: Mapping[str, nn.Module],
    optimizers: Mapping[str, torch.optim.Optimizer],
    averages: Averages,
) -> None:
    """Write a checkpoint, at once or not at all.

    Raises:
        TrainingError: The disk is full or not writable; the checkpoint before is untouched.
    """
    tensors: dict[str, Tensor] = {}
    for name, module in modules.items():
        tensors |= {f"module.{name}.{k}": v for k, v in module.state_dict().items()}
    for name, kept in averages.items():
        tensors |= {f"average.{name}.{k}": v for k, v in kept.items()}
    for name, optimizer in optimizers.items():
        for index, state in optimizer.state_dict()["state"].items():
            tensors |= {
                f"optimizer.{name}.{index}.{k}": torch.as_tensor(v) for k, v in state.items()
            }
    plain = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
    header = {"step": str(step), "about": json.dumps(about, ensure_ascii=False)}
    temporary = path.with_name(f".{path.name}.part")  # one name: a kill leaves one file at most
    try:
        save_file(plain, temporary, metadata=header)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(path.parent.stat().st_mode & 0o666)  # safetensors' are the owner's alone
        temporary.replace(path)
    except (OSError, SafetensorError) as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise TrainingError(
            f"The checkpoint {path} could not be written ({error}). Make room and start the same "
            "command again: it goes on from the checkpoint before."
        ) from error


def load(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        TrainingError: There is none, or it is damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        step, about = int(header["step"]), json.loads(header["about"])
        if step < 0 or not isinstance(about, dict):
            raise ValueError("its header is not a checkpoint's")
    except (OSError, SafetensorError, KeyError, ValueError, RecursionError) as error:
        why = f"{error} is missing in its header" if isinstance(error, KeyError) else error
        raise TrainingError(f"{path} is no checkpoint that can be read: {why}.") from error
    return Checkpoint(path, step, about, tensors)


def restore_module(checkpoint: Checkpoint, name: str, module: nn.Module, *, averaged: bool) -> None:
    """Fill a module's weights.

    Raises:
        TrainingError: The checkpoint is of another architecture; what differs.
    """
    module.load_state_dict(require_module(checkpoint, name, module, averaged=averaged))


def require_module(
    checkpoint: Checkpoint, name: str, module: nn.Module, *, averaged: bool
) -> dict[str, Tensor]:
    """Return a module's weights, which fit it.

    Raises:
        TrainingError: As of `restore_module`.
    """
    weights = checkpoint.weights(name) if averaged else checkpoint.part(f"module.{name}")
    _require(checkpoint, name, weights, module.state_dict())
    return weights


def restore_average(checkpoint: Checkpoint, name: str, average: Mapping[str, Tensor]) -> None:
    """Fill a module's averages.

    Raises:
        TrainingError: As of `restore_module`.
    """
    kept = checkpoint.part(f"average.{name}")
    _require(checkpoint, name, kept, average)
    for key, tensor in kept.items():
        average[key].copy_(tensor)


def _require(
    checkpoint: Checkpoint, name: str, found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]
) -> None:
    """Refuse tensors of other names or shapes."""
    odd = [f"{k} is missing" for k in wanted if k not in found]
    odd += [f"{k} is not known" for k in found if k not in wanted]
    odd += [
        f"{k} is {tuple(found[k].shape)}, not {tuple(v.shape)}"
        for k, v in wanted.items()
        if k in found and found[k].shape != v.shape
    ]
    if odd:
        more = f" and {len(odd) - _SHOWN} more" if len(odd) > _SHOWN else ""
        raise TrainingError(
            f"{checkpoint.path} holds another architecture of {name!r}: "
            f"{'; '.join(odd[:_SHOWN])}{more}. Use the recipe it was made with, or another folder."
        )


def restore_optimizer(checkpoint: Checkpoint, name: str, optimizer: torch.optim.Optimizer) -> None:
    """Fill an optimiser's state; its rates come from the recipe.

    Raises:
        TrainingError: The state belongs to other parameters.
    """
    groups = optimizer.state_dict()["param_groups"]
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in checkpoint.part(f"optimizer.{name}").items():
        number, _, field = key.partition(".")
        index = int(number) if number.isdecimal() else len(parameters)
        fits = index < len(parameters) and tensor.shape in ((), parameters[index].shape)
        if not fits:
            raise TrainingError(
                f"{checkpoint.path} holds another optimiser of {name!r}: {key} fits no parameter. "
                "Use the recipe it was made with, or another folder."
            )
        state.setdefault(index, {})[field] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": groups})
