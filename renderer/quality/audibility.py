"""How well the recogniser hears each voice, and at which size; a data file says so.

A small or large voice is heard better when it is played at another size: slower or faster, pitch
and formants with it. What that factor is, and how many phones go wrong on clean lines then, was
measured (`benchmarks/heard.py`). A voice that is hard to hear at any size is not judged by what
is heard of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from renderer.errors import Fault, InputError

MOST_ERROR_RATE = 0.2  # on clean lines; beyond it wrong words are no worse than right ones
SIZES = (0.8, 0.9, 1.0, 1.12, 1.25)
SIZE_RANGE = (0.5, 2.0)
MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Audibility:
    """How a voice is listened to.

    Attributes:
        size: How much faster it is played, × (0.5–2); below 1 for small voices.
        error_rate: Phone error rate on clean lines at that size, ≥ 0.
    """

    size: float
    error_rate: float

    @property
    def is_hearable(self) -> bool:
        """Whether what is heard says anything."""
        return self.error_rate <= MOST_ERROR_RATE


def read_audibility(path: Path) -> dict[str, Audibility]:
    """Read the data file: voice reference → {size, error_rate}.

    Raises:
        InputError: It cannot be read or holds anything else; all faults at once.
    """
    try:
        data = path.read_bytes()[: MAX_BYTES + 1]
        plain = yaml.safe_load(data.decode("utf-8")) if len(data) <= MAX_BYTES else None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    voices = plain.get("voices") if isinstance(plain, Mapping) else None
    if not isinstance(voices, Mapping):
        raise InputError(f"{path} has no mapping `voices`.")
    read = {str(name): _audibility(row) for name, row in voices.items()}
    faults = [_fault(path, name) for name, row in read.items() if row is None]
    if faults:
        raise InputError(f"{path} has {len(faults)} faults", faults)
    return {name: row for name, row in read.items() if row is not None}


def _audibility(row: object) -> Audibility | None:
    if not isinstance(row, Mapping) or set(row) != {"size", "error_rate"}:
        return None
    size, rate = _number(row["size"]), _number(row["error_rate"])
    low, high = SIZE_RANGE
    if size is None or rate is None or not low <= size <= high or rate < 0:
        return None
    return Audibility(size, rate)


def _number(value: object) -> float | None:
    """Return a finite number; YAML also has truth values and integers of any length."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _fault(path: Path, name: str) -> Fault:
    low, high = SIZE_RANGE
    problem = "is not {size: a number, error_rate: a number}"
    fix = f"Write size ({low}–{high}) and error_rate (0 or more) as numbers."
    return Fault(path.name, 0, f"voices.{name}", problem, fix, "audibility")
