"""A small model that tells emotions from `emotion_features`: plain numbers, run by numpy.

It has two heads: `relative` for a clip whose speaker's neutral baseline is known (features less the
baseline), `absolute` for one whose speaker is not. A head standardises, holds outliers to ±5
deviations, runs dense layers with ReLU between them, and turns the last into probabilities by a
softmax at a temperature that was fitted on voices the head had not heard.

References:
    Guo, C. et al. (2017). On calibration of modern neural networks. ICML, equation 9: temperature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from renderer.domain.direction import Emotion
from renderer.errors import ModelRefusedError
from renderer.quality.emotion_features import NAMES

Floats = npt.NDArray[np.float64]

FORMAT, VERSION = "barkline-emotion-model", 1
HELD_TO = 5.0  # deviations; farther away is out of what was learnt from
MOST_LAYERS, MOST_UNITS = 3, 256
LARGEST = 1e6  # of any weight
_DIGITS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Dense layer.

    Attributes:
        weight: float64 (inputs, outputs).
        bias: float64 (outputs,).
    """

    weight: Floats
    bias: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Standardisation, layers and temperature.

    Attributes:
        mean: float64 (features,).
        scale: float64 (features,), positive.
        layers: At least one; the last has one output per emotion.
        temperature: Divides the logits; above 1 the head was too sure.
    """

    mean: Floats
    scale: Floats
    layers: tuple[Layer, ...]
    temperature: float = 1.0

    def logits(self, features: Floats) -> Floats:
        """Return (clips, emotions) before temperature and softmax.

        Args:
            features: float64 (clips, features).
        """
        here = standardise(features, self.mean, self.scale)
        for number, layer in enumerate(self.layers):
            here = here if number == 0 else np.maximum(here, 0.0)
            # Not `@`: BLAS adds up in another order for another number of rows.
            here = np.einsum("ij,jk->ik", here, layer.weight) + layer.bias
        return here

    def probabilities(self, features: Floats) -> Floats:
        """Return (clips, emotions), each row adding up to 1."""
        return softmax(self.logits(features) / self.temperature)


@dataclass(frozen=True, slots=True, eq=False)
class EmotionModel:
    """Both heads and what they were made of.

    Attributes:
        emotions: In the order of the outputs.
        relative: For clips with a baseline.
        absolute: For clips without.
        card: What it was trained on, its terms and figures.
    """

    emotions: tuple[Emotion, ...]
    relative: Head
    absolute: Head
    card: Mapping[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "card": dict(self.card),
            "emotions": [emotion.value for emotion in self.emotions],
            "features": list(NAMES),
            "relative": _plain_head(self.relative),
            "absolute": _plain_head(self.absolute),
        }

    @classmethod
    def from_plain(cls, stored: object) -> EmotionModel:
        """Check what is stored and build the model.

        Raises:
            ModelRefusedError: Anything is not as this version writes it.
        """
        if not isinstance(stored, dict):
            raise ModelRefusedError("an emotion model is a JSON object; train it again")
        if (stored.get("format"), stored.get("version")) != (FORMAT, VERSION):
            raise ModelRefusedError(f"no {FORMAT} of version {VERSION}; train it again")
        if stored.get("features") != list(NAMES):
            raise ModelRefusedError("the emotion model has other features; train it again")
        emotions = _emotions(stored.get("emotions"))
        relative, absolute = (
            _head(stored.get(name), len(emotions), name) for name in ("relative", "absolute")
        )
        card = stored.get("card")
        if not isinstance(card, dict):
            raise ModelRefusedError("the emotion model has no card; train it again")
        return cls(emotions, relative, absolute, card)


def standardise(features: Floats, mean: Floats, scale: Floats) -> Floats:
    """Return features in deviations from a mean, (clips, features), held to ±5."""
    return np.clip((features - mean) / scale, -HELD_TO, HELD_TO)


def softmax(logits: Floats) -> Floats:
    """Return probabilities (rows, emotions)."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float64)


def _plain_head(head: Head) -> dict[str, Any]:
    return {
        "mean": _rounded(head.mean),
        "scale": _rounded(head.scale),
        "temperature": round(head.temperature, _DIGITS),
        "layers": [{"weight": _rounded(x.weight), "bias": _rounded(x.bias)} for x in head.layers],
    }


def _rounded(values: Floats) -> Any:  # noqa: ANN401 - nested lists
    return np.vectorize(lambda v: float(f"{v:.{_DIGITS}g}"), otypes=[float])(values).tolist()


def _emotions(value: object) -> tuple[Emotion, ...]:
    names = value if isinstance(value, list) else []
    known = {emotion.value for emotion in Emotion}
    good = [name for name in names if isinstance(name, str) and name in known]
    if len(good) < 2 or len(good) != len(names) or len(set(good)) != len(good):  # noqa: PLR2004
        raise ModelRefusedError(f"the emotion model tells {value!r:.80} apart; train it again")
    return tuple(Emotion(name) for name in good)


def _head(value: object, emotions: int, name: str) -> Head:
    if not isinstance(value, dict):
        raise ModelRefusedError(f"the emotion model has no head {name!r}; train it again")
    where = f"the emotion model's {name}"
    mean = _numbers(value.get("mean"), (len(NAMES),), f"{where} mean")
    scale = _numbers(value.get("scale"), (len(NAMES),), f"{where} scale")
    temperature = _numbers([value.get("temperature")], (1,), f"{where} temperature")
    if not (scale > 0).all() or not (temperature > 0).all():
        raise ModelRefusedError(f"{where}: scale and temperature must be above 0; train it again")
    return Head(mean, scale, _layers(value.get("layers"), emotions, where), float(temperature[0]))


def _layers(value: object, emotions: int, where: str) -> tuple[Layer, ...]:
    stored: Sequence[Any] = value if isinstance(value, list) else []
    if not 1 <= len(stored) <= MOST_LAYERS:
        raise ModelRefusedError(f"{where}: 1 to {MOST_LAYERS} layers, not {len(stored)}")
    made = []
    width = len(NAMES)
    for number, one in enumerate(stored):
        bias = one.get("bias") if isinstance(one, dict) else None
        units = len(bias) if isinstance(bias, list) else 0
        if not 1 <= units <= MOST_UNITS or (number == len(stored) - 1 and units != emotions):
            raise ModelRefusedError(f"{where}: layer {number} has {units} outputs; train it again")
        weight = _numbers(one.get("weight"), (width, units), f"{where} layer {number}")
        made.append(Layer(weight, _numbers(bias, (units,), f"{where} layer {number} bias")))
        width = units
    return tuple(made)


def _numbers(value: object, shape: tuple[int, ...], where: str) -> Floats:
    """Return the array of a shape; nothing but finite numbers of a sensible size is taken."""
    flat = value
    for _ in shape[1:]:
        rows = flat if isinstance(flat, list) else [None]
        flat = [x for row in rows for x in (row if isinstance(row, list) else [None])]
    is_plain = isinstance(flat, list) and all(
        isinstance(x, int | float) and not isinstance(x, bool) for x in flat
    )
    try:
        array = np.array(value if is_plain else [], dtype=np.float64)
    except (ValueError, OverflowError):
        array = np.zeros(0)
    if array.shape != shape:
        raise ModelRefusedError(f"{where} is not {' × '.join(map(str, shape))} numbers")
    if not np.isfinite(array).all() or float(np.abs(array).max()) > LARGEST:
        raise ModelRefusedError(f"{where} holds numbers that are not finite or beyond {LARGEST:g}")
    return array
