"""A run's folder: held by one process, gone on with by the same recipe and corpora alone."""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from renderer.errors import TrainingError
from renderer.training.recipe import Recipe

_LOCK = ".lock"
_SHORT = 40
_LATER = frozenset(("start_sha256", "predicted_sha256"))  # older runs do not say them


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a run's folder: two processes must not write into one run.

    The hold ends with the process, however that ends.

    Raises:
        TrainingError: Another process trains in it.
    """
    with (folder / _LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TrainingError(f"Another process is training in {folder}.") from error
        yield


def comparable(kept: Mapping[str, Any], asked: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return what two runs say of themselves, less what may differ.

    A run that was begun before there was a field of recipes has it at its neutral value, the
    default; what else it does not say of itself is not asked of it. `precision` is a matter of the
    hardware, which may differ.
    """
    before, now = dict(kept), {k: v for k, v in asked.items() if k in kept or k not in _LATER}
    if isinstance(before.get("recipe"), dict) and isinstance(now.get("recipe"), dict):
        plain = {
            name: field.get_default(call_default_factory=True)
            for name, field in Recipe.model_fields.items()
            if not field.is_required() and name in now["recipe"]
        }
        before["recipe"] = json.loads(json.dumps(plain, default=str)) | before["recipe"]
        for run in (before, now):
            run["recipe"] = {k: v for k, v in run["recipe"].items() if k != "precision"}
    return before, now


def differences(kept: Any, asked: Any, name: str = "") -> list[str]:  # noqa: ANN401 - JSON
    """Return what differs between two pieces of JSON, by name.

    >>> differences({"recipe": {"steps": 10, "seed": 1}}, {"recipe": {"steps": 20, "seed": 1}})
    ['recipe.steps was 10, now 20']
    """
    if isinstance(kept, dict) and isinstance(asked, dict):
        return [
            text
            for key in sorted(kept.keys() | asked.keys())
            for text in differences(kept.get(key), asked.get(key), f"{name}.{key}".strip("."))
        ]
    return [] if kept == asked else [f"{name} was {_short(kept)}, now {_short(asked)}"]


def _short(value: Any) -> str:  # noqa: ANN401 - JSON
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < _SHORT else f"{text[: _SHORT - 1]}…"
