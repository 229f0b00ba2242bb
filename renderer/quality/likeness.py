"""Is it the right voice? A take's speaker vector held against those of the characters. Pure.

A voice's centroid is the direction of the mean of unit vectors of sentences it is known to have
spoken. The cosine to it says how alike a take sounds; the margin to the nearest other voice says
whether it could be taken for somebody else, and needs no knowledge of how alike clips of one voice
are in general.

References:
    Wan, Wang, Papir & Lopez Moreno (2018), "Generalized end-to-end loss for speaker verification",
    ICASSP, equation 1 (the centroid).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]
LEAST_SOUND_S = 1.0  # below it, two clips of one voice are no more alike than those of two


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a take's voice stands to those of the characters.

    Attributes:
        cosine: To its own voice's centroid, −1 to 1.
        margin: That, less the cosine to the nearest other voice; None when there is no other.
        nearest: The nearest other voice, or "".
    """

    cosine: float
    margin: float | None
    nearest: str


def centroid(vectors: Sequence[Vector]) -> Vector:
    """Return the unit vector in the mean direction.

    Args:
        vectors: Unit vectors, float32 (D,), at least one.

    Raises:
        ValueError: There is none, or they cancel out.
    """
    if not vectors:
        raise ValueError("a centroid needs at least one vector")
    return _unit(np.mean(np.stack(vectors), axis=0))


def cosine(one: Vector, other: Vector) -> float:
    """Return the cosine of two vectors of any length, −1 to 1."""
    return float(np.clip(np.dot(_unit(one), _unit(other)), -1.0, 1.0))


def resemble(vector: Vector, voice: str, centroids: Mapping[str, Vector]) -> Likeness:
    """Hold a take's vector against its voice and the others.

    Args:
        vector: Of the take, float32 (D,).
        voice: Whose voice it should be; must be in `centroids`.
        centroids: Voice to its centroid, float32 (D,).
    """
    own = cosine(vector, centroids[voice])
    others = {name: cosine(vector, c) for name, c in centroids.items() if name != voice}
    if not others:
        return Likeness(own, None, "")
    nearest = max(sorted(others), key=lambda name: others[name])
    return Likeness(own, own - others[nearest], nearest)


def _unit(vector: npt.NDArray[np.floating]) -> Vector:
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length <= 0:
        raise ValueError("the vector has no direction")
    return np.asarray(vector / length, dtype=np.float32)
