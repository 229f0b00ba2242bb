"""Decisions of gate_errors.py that are kept, so that a run goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gate_spec import ROOT

Row = Mapping[str, Any]
JUDGING = ("domain", "ports", "quality", "audio", "judges", "text", "speech", "direction")
SERVICES = (
    *("finish", "perform", "hear", "hear_emotion", "listen", "level", "voice_norm"),
    *("plain_lines", "said_plainly", "own_score", "in_place", "estimate", "stage"),
)
COUNTING = ("gate_rates.py", "gate_errors.py", "gate_page.py")  # decide nothing


class Ledger:
    """Decisions that were made, in a file that belongs to one state of code and limits."""

    def __init__(self, build: Path, side: str) -> None:
        self._path = build / f"decided-{side}-{state()}.jsonl"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self.rows: dict[str, Row | None] = {}
        if self._path.is_file():
            lines = self._path.read_text(encoding="utf-8").splitlines()
            self.rows = dict(json.loads(line) for line in lines)

    def keep(self, decided: Sequence[tuple[str, Row | None]]) -> None:
        """Write decisions down at once."""
        self.rows |= dict(decided)
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(pair) + "\n" for pair in decided)


def deciding_files() -> list[Path]:
    """Return all code, limits and lines that a decision comes from."""
    renderer, here = ROOT / "renderer", Path(__file__).parent
    return [
        *(p for room in JUDGING for p in sorted((renderer / room).rglob("*.py"))),
        *(renderer / "services" / f"{name}.py" for name in SERVICES),
        ROOT / "assets" / "gate_limits.yaml",
        ROOT / "assets" / "audibility.yaml",
        ROOT / "assets" / "judges" / "phones.onnx",
        here / "gate_split.yaml",
        *(p for p in sorted(here.glob("gate_*.py")) if p.name not in COUNTING),
    ]


def state() -> str:
    """Return a hash of all that a decision comes from."""
    whole = hashlib.sha256()
    for path in deciding_files():
        whole.update(path.read_bytes())
    return whole.hexdigest()[:12]
