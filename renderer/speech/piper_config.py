"""A Piper voice's `.onnx.json`, checked."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from renderer.errors import ModelRefusedError

MOST_BYTES = 4 << 20
_MOST_IDS = 65_536
_PHONEME_TYPES = ("espeak", "text")
_BOUNDS = {"noise_scale": (0.0, 2.0), "length_scale": (0.1, 10.0), "noise_w": (0.0, 2.0)}
_DEFAULTS = {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8}


@dataclass(frozen=True, slots=True)
class PiperConfig:
    """What a request needs of the configuration.

    Attributes:
        ids: Symbol to its ids.
        replaced: Symbol to what stands for it (`phoneme_map`).
        from_letters: Whether the symbols are letters and not phonemes (`phoneme_type: text`).
        sample_rate: Hz.
        noise_scale: Variation of the sound.
        length_scale: Length of everything, ×.
        noise_w: Variation of durations.
        speakers: Speaker name to id; empty for one speaker.
        language: BCP 47 tag, or "".
    """

    ids: Mapping[str, tuple[int, ...]]
    replaced: Mapping[str, tuple[str, ...]]
    from_letters: bool
    sample_rate: int
    noise_scale: float
    length_scale: float
    noise_w: float
    speakers: Mapping[str, int]
    language: str


def _refuse(what: str) -> ModelRefusedError:
    return ModelRefusedError(f"The voice's configuration (.onnx.json) is wrong: {what}.")


def _section(values: Mapping[str, Any], name: str, *, needed: bool = False) -> Mapping[str, Any]:
    section = values.get(name)
    if section is None and not needed:
        return {}
    if not isinstance(section, dict):
        raise _refuse(f"`{name}` is no mapping")
    return section


def _listed(section: Mapping[str, Any], name: str, kind: Callable[[Any], bool]) -> dict[str, Any]:
    """Return symbol → tuple, each list short and of one kind."""
    if not all(
        isinstance(v, list) and len(v) < 64 and all(kind(one) for one in v)  # noqa: PLR2004
        for v in section.values()
    ):
        raise _refuse(f"`{name}` has a wrong entry")
    return {str(symbol): tuple(v) for symbol, v in section.items()}


def _number(section: Mapping[str, Any], name: str) -> float:
    value = section.get(name, _DEFAULTS[name])
    low, high = _BOUNDS[name]
    if type(value) not in (int, float) or not math.isfinite(value) or not low <= value <= high:
        raise _refuse(f"`inference.{name}` has to be a number from {low} to {high}")
    return float(value)


def _is_id(value: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    return type(value) is int and 0 <= value < _MOST_IDS


def _speakers(values: Mapping[str, Any]) -> dict[str, int]:
    count = values.get("num_speakers", 1)
    named = _section(values, "speaker_id_map")
    if not _is_id(count) or not all(_is_id(v) and v < max(count, 1) for v in named.values()):
        raise _refuse("`speaker_id_map` names a speaker the model does not have")
    if count <= 1:
        return {}
    missing = sorted(set(range(count)) - set(named.values()))
    return {**{str(k): v for k, v in named.items()}, **{f"speaker{n}": n for n in missing}}


def _load(data: bytes) -> Mapping[str, Any]:
    if len(data) > MOST_BYTES:
        raise _refuse(f"it is bigger than {MOST_BYTES >> 20} MiB")
    try:
        values = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _refuse(f"it is no JSON ({str(error)[:80]})") from error
    if not isinstance(values, dict):
        raise _refuse("it is no mapping")
    return values


def read_config(data: bytes) -> PiperConfig:
    """Read a configuration.

    Raises:
        ModelRefusedError: It is no JSON, or a value is missing or out of range.
    """
    values = _load(data)
    kind = values.get("phoneme_type") or "espeak"
    if kind not in _PHONEME_TYPES:
        raise _refuse(f"phoneme type {str(kind)[:20]!r} is not supported, only {_PHONEME_TYPES}")
    rate = _section(values, "audio", needed=True).get("sample_rate")
    if type(rate) is not int or not 8_000 <= rate <= 96_000:  # noqa: PLR2004 - Hz
        raise _refuse("`audio.sample_rate` has to be a whole number of Hz from 8000 to 96000")
    ids = _listed(_section(values, "phoneme_id_map", needed=True), "phoneme_id_map", _is_id)
    if missing := [symbol for symbol in "_^$" if not ids.get(symbol)]:
        raise _refuse(f"`phoneme_id_map` lacks {' '.join(missing)}")
    inference = _section(values, "inference")
    code = _section(values, "language").get("code") or _section(values, "espeak").get("voice") or ""
    return PiperConfig(
        ids=ids,
        replaced=_listed(
            _section(values, "phoneme_map"), "phoneme_map", lambda v: isinstance(v, str)
        ),
        from_letters=kind == "text",
        sample_rate=rate,
        noise_scale=_number(inference, "noise_scale"),
        length_scale=_number(inference, "length_scale"),
        noise_w=_number(inference, "noise_w"),
        speakers=_speakers(values),
        language=str(code).replace("_", "-")[:35],
    )
