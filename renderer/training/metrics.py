"""The metrics file of a run: one JSON object per line, cut back when a run goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from renderer.errors import TrainingError
from renderer.training.sound import write_bytes

FILE = "metrics.jsonl"
_EVERY = 20


class Metrics:
    """Writes `metrics.jsonl`: every twentieth training step and every validation.

    Args:
        path: The file.

    Attributes:
        pending: Losses of the steps since the last line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.pending: list[Mapping[str, float]] = []

    def train(self, step: int, losses: Mapping[str, float], rate: float) -> Mapping[str, float]:
        """Take one step's losses; return what was written: the averages, or nothing."""
        self.pending.append(losses)
        if step % _EVERY:
            return {}
        averaged = {
            name: sum(one[name] for one in self.pending if name in one)
            / sum(1 for one in self.pending if name in one)
            for name in sorted({name for one in self.pending for name in one})
        } | {"learning_rate": rate}
        self.pending = []
        self._write({"kind": "train", "step": step} | averaged)
        return averaged

    def valid(self, step: int, values: Mapping[str, float]) -> None:
        """Take the measures of a validation."""
        self._write({"kind": "valid", "step": step} | dict(values))

    def cut(self, step: int, validated: int, pending: list[Mapping[str, float]]) -> None:
        """Drop everything after a step: it is about to be done again.

        Args:
            step: The last one that counts.
            validated: The last step whose validation counts.
            pending: Losses of the steps up to it that no line holds yet.

        Raises:
            TrainingError: The disk is full; the file is as it was.
        """
        self.pending = pending
        if self._path.exists():
            until = {"train": step, "valid": validated}
            kept = [one for one in read(self._path) if one["step"] <= until[one["kind"]]]
            write_bytes(self._path, "".join(json.dumps(one) + "\n" for one in kept).encode())

    def _write(self, values: Mapping[str, Any]) -> None:
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(values) + "\n")
        except OSError as error:
            raise TrainingError(
                f"{self._path} cannot be written ({error.strerror or error}). The last checkpoint "
                "stands: make room and start the same command again."
            ) from error


def read(path: Path) -> list[dict[str, Any]]:
    """Read a metrics file: [] where there is none; lines that a kill cut off are left out."""
    try:
        text = path.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return []
    found = []
    for line in text.splitlines():
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(values, dict) and _is_line(values):
            found.append(values)
    return found


def _is_line(values: Mapping[str, Any]) -> bool:
    return values.get("kind") in ("train", "valid") and isinstance(values.get("step"), int)
