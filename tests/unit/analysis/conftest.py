"""A cast made of planted embeddings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from renderer.analysis.cast import Spoken
from renderer.analysis.sound_print import BANDS, BINS, SoundPrint

DIMENSIONS = 32


def unit(vector: np.ndarray) -> np.ndarray:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def spoken(
    character: str, embedding: np.ndarray | None, number: int = 0, emotion: str = "neutral"
) -> Spoken:
    """A take at 120 Hz and 12 phones per second."""
    counts = np.zeros(BINS, np.float32)
    counts[24] = 50  # an octave above 60 Hz
    held = None if embedding is None else unit(embedding)
    sound = SoundPrint(held, np.zeros(BANDS, np.float32), counts)
    return Spoken(f"{character}_{number}", "en-US", character, emotion, sound, 12.0, 1.0)


@pytest.fixture
def plant() -> Callable[..., list[Spoken]]:
    """Return takes of a character around a direction, with noise of some size."""

    def make(
        character: str, centre: np.ndarray, lines: int = 12, noise: float = 0.02, seed: int = 1
    ) -> list[Spoken]:
        random = np.random.default_rng(seed)
        return [
            spoken(character, centre + noise * random.normal(size=centre.size), n)
            for n in range(lines)
        ]

    return make


@pytest.fixture
def axes() -> np.ndarray:
    """Directions at right angles, (D, D)."""
    return np.eye(DIMENSIONS)
