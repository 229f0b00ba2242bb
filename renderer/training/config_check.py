"""Sizes of a network as a file says them: of the right types and within bounds, or refused.

What a checkpoint says is built only where its tensors have those sizes, so that no file can ask for
more memory than it fills itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import torch
from torch import nn

from renderer.training.checkpoint import Checkpoint, require_module

ConfigT = TypeVar("ConfigT")

_MOST = 64
_WIDEST = 4_096
# Largest numbers, where they are not `_MOST`.
_LARGEST: Mapping[str, int] = {
    "sample_rate": 192_000,
    **dict.fromkeys(("symbols", "n_mels", "speaker_dim", "width", "predictor_width"), _WIDEST),
    **dict.fromkeys(("n_fft", "hop_length"), _WIDEST),
}
_LARGEST_REAL: Mapping[str, float] = {"dropout": 0.99}


def read_config(example: ConfigT, plain: Any) -> ConfigT:  # noqa: ANN401 - whatever JSON holds
    """Return a config as plain JSON has it; what is missing is as in the example.

    Args:
        example: A config dataclass, whose values have the types that are due.
        plain: Its fields.

    Raises:
        ValueError: A field is unknown, of another type or out of bounds.
    """
    if not is_dataclass(example) or isinstance(example, type) or not isinstance(plain, dict):
        raise ValueError(f"{_short(plain)} is no config")
    known = {one.name: getattr(example, one.name) for one in fields(example)}
    if strange := sorted(plain.keys() - known.keys()):
        raise ValueError(f"there is no field {strange[0]!r}")
    return replace(example, **{name: _read(name, known[name], v) for name, v in plain.items()})


def require_tensors(kept: Checkpoint, name: str, build: Callable[[], nn.Module]) -> None:
    """Refuse a checkpoint whose tensors are not those of a network, before that takes memory.

    Raises:
        TrainingError: It is of another architecture.
        ValueError: No network has these sizes.
    """
    try:
        with torch.device("meta"):
            made = build()
    except (RuntimeError, ArithmeticError, TypeError) as error:
        raise ValueError(f"no network has these sizes ({error})") from error
    require_module(kept, name, made, averaged=True)


def _read(name: str, example: Any, value: Any) -> Any:  # noqa: ANN401 - of JSON
    """Return a value of the example's type."""
    if isinstance(example, tuple):
        return _list(name, type(example[0]), value)
    if is_dataclass(example):
        return read_config(example, value)
    is_whole = isinstance(example, int)
    if type(value) is not int and (is_whole or type(value) is not float):
        raise ValueError(f"{name} is {_short(value)}, no number")
    low, high = (1, _LARGEST.get(name, _MOST)) if is_whole else (0, _LARGEST_REAL.get(name, 1e6))
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"{name} is {_short(value)}, not within {low:g}–{high:g}")
    return value


def _list(name: str, kind: type, value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - of JSON
    """Return names, or numbers."""
    is_list = isinstance(value, list) and 0 < len(value) <= _WIDEST
    if not is_list or not all(type(one) is kind for one in value):
        raise ValueError(f"{name} is {_short(value)}, no list of {kind.__name__}")
    if kind is int:
        return tuple(_read(name, 1, one) for one in value)
    if len(set(value)) != len(value):
        raise ValueError(f"{name} has a name twice")
    return tuple(value)


def _short(value: Any) -> str:  # noqa: ANN401 - of JSON
    return repr(value)[:40]
