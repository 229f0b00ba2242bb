"""The measured emotion profiles: how far each emotion moves a voice from its neutral.

Standard library only: `verify` and `plan` read this without numpy.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from renderer.domain.direction import Direction, Emotion
from renderer.domain.render_key import digest
from renderer.errors import ConfigError

_FORMAT = "barkline-emotion-profiles"
_VERSION = 1
_FACTORS = frozenset({"pitch_range", "rate", "pause_scale"})


@dataclass(frozen=True, slots=True)
class EmotionShape:
    """How one emotion at one intensity differs from neutral.

    Attributes:
        pitch_st: Mean F0, semitones.
        pitch_range: F0 excursion around its mean, ×.
        rate: Speaking rate, ×.
        energy_db: Level of the speech, dB.
        tilt_db: Level of 1–5 kHz against 50 Hz–1 kHz, dB.
        pause_scale: Pauses inside the line, ×.
    """

    pitch_st: float = 0.0
    pitch_range: float = 1.0
    rate: float = 1.0
    energy_db: float = 0.0
    tilt_db: float = 0.0
    pause_scale: float = 1.0

    def plain(self) -> dict[str, float]:
        """Return the numbers by name, for storage."""
        return asdict(self)

    @classmethod
    def from_plain(cls, stored: Mapping[str, float]) -> EmotionShape:
        """Rebuild a shape; names that are missing are neutral, unknown ones are ignored."""
        return cls(**{n: float(stored[n]) for n in _NAMES if n in stored})


_NAMES = tuple(f.name for f in fields(EmotionShape))
NEUTRAL = EmotionShape()


@dataclass(frozen=True, slots=True)
class EmotionProfiles:
    """Every emotion's measured shapes.

    Attributes:
        rows: Emotion to its (intensity, shape) pairs in rising order of intensity, without 0.
    """

    rows: Mapping[Emotion, tuple[tuple[float, EmotionShape], ...]]

    def shape(self, emotion: Emotion, intensity: float) -> EmotionShape:
        """Return an emotion's shape at an intensity.

        Between recorded intensities it is interpolated, from neutral at 0: shifts linearly,
        factors geometrically. Above the strongest recorded one it stays there.

        Args:
            emotion: One of the eight.
            intensity: 0–1; values outside are held to it.
        """
        below, shape_below = 0.0, NEUTRAL
        level = min(max(intensity, 0.0), 1.0)
        for above, shape_above in self.rows.get(emotion, ()):
            if level <= above:
                return _between(shape_below, shape_above, (level - below) / (above - below))
            below, shape_below = above, shape_above
        return shape_below

    def digest(self, direction: Direction) -> str:
        """Return a digest of what a direction takes from the profiles; "" when that is nothing.

        It moves when the shape at this very emotion and intensity moves, and not otherwise.
        """
        shape = self.shape(direction.emotion, direction.intensity)
        return "" if shape == NEUTRAL else digest(shape.plain())


def read_profiles(path: Path) -> EmotionProfiles:
    """Read `emotion_profiles.json`.

    Raises:
        ConfigError: The file cannot be read, is of another version, lacks an emotion or holds a
            figure that is no sensible number.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read emotion profiles {path}: {error}") from error
    is_ours = isinstance(document, dict) and document.get("format") == _FORMAT
    if not is_ours or document.get("version") != _VERSION:
        raise ConfigError(
            f"{path} holds no emotion profiles of version {_VERSION}; "
            "write them with scripts/measure_emotions.py"
        )
    emotions = document.get("emotions")
    if not isinstance(emotions, dict):
        raise ConfigError(f"{path}: `emotions` is missing")
    return EmotionProfiles(
        {
            emotion: _rows(emotions.get(emotion.value), f"{path}: {emotion.value}")
            for emotion in Emotion
            if emotion is not Emotion.NEUTRAL
        }
    )


def _rows(value: Any, where: str) -> tuple[tuple[float, EmotionShape], ...]:  # noqa: ANN401 - JSON
    if not isinstance(value, dict) or not value:
        raise ConfigError(f"{where} has no intensities; measure the profiles again")
    rows = []
    for level, row in value.items():
        shape = row.get("shape") if isinstance(row, dict) else None
        rows.append((_level(level, where), _shape(shape, f"{where} at {level}")))
    return tuple(sorted(rows, key=lambda pair: pair[0]))


def _level(text: str, where: str) -> float:
    try:
        level = float(text)
    except ValueError:
        level = math.nan
    if not 0.0 < level <= 1.0:
        raise ConfigError(f"{where}: intensity {text!r} is not in (0, 1]")
    return level


def _shape(value: Any, where: str) -> EmotionShape:  # noqa: ANN401 - JSON
    if not isinstance(value, dict) or set(value) != set(_NAMES):
        raise ConfigError(f"{where}: `shape` needs exactly {', '.join(_NAMES)}")
    for name, number in value.items():
        is_number = isinstance(number, int | float) and not isinstance(number, bool)
        if not is_number or not math.isfinite(number) or (name in _FACTORS and number <= 0):
            raise ConfigError(f"{where}: {name} is {number!r}, no usable number")
    return EmotionShape.from_plain(value)


def _between(low: EmotionShape, high: EmotionShape, part: float) -> EmotionShape:
    def mix(name: str) -> float:
        a, b = getattr(low, name), getattr(high, name)
        mixed = a * (b / a) ** part if name in _FACTORS else a + (b - a) * part
        return round(float(mixed), 6)

    return EmotionShape(**{name: mix(name) for name in _NAMES})
