"""The metrics file of a run: one JSON object per line, cut back when a run goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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

    def cut(self, step: int, pending: list[Mapping[str, float]]) -> None:
        """Drop everything after a step: it is about to be done again.

        Args:
            step: The last one that counts.
            pending: Losses of the steps up to it that no line holds yet.
        """
        self.pending = pending
        if self._path.exists():
            kept = [one for one in read(self._path) if one["step"] <= step]
            self._path.write_text("".join(json.dumps(one) + "\n" for one in kept), "utf-8")

    def _write(self, values: Mapping[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")


def read(path: Path) -> list[dict[str, Any]]:
    """Read a metrics file; a last line that was cut off by a kill is left out."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found
