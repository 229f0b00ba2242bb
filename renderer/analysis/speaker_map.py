"""Speakers on a plane: near is alike.

The vectors have length 1, so their distance says the same as their cosine: d² = 2 − 2 cos. The map
keeps the two directions in which they differ most; how much of all difference that is, is told.

Reference: Gower (1966), "Some distance properties of latent root and vector methods used in
multivariate analysis", Biometrika 53: classical scaling of Euclidean distances is their PCA.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renderer.errors import AnalysisError

Vectors = npt.NDArray[np.float64]
_DIRECTIONS = 2


@dataclass(frozen=True, slots=True, eq=False)
class SpeakerMap:
    """Speakers on a plane.

    Attributes:
        names: S of them.
        points: (S, 2), in units of the vectors' own distances.
        cosines: (S, S).
        share: How much of all squared distance the plane shows, 0–1.
        mean: Mean of the unit vectors, (D,).
        axes: The plane's two directions, (2, D).
    """

    names: tuple[str, ...]
    points: Vectors
    cosines: Vectors
    share: float
    mean: Vectors
    axes: Vectors

    def project(self, vectors: Vectors) -> Vectors:
        """Return where other unit vectors (N, D) lie on the plane, (N, 2)."""
        return np.asarray((vectors - self.mean) @ self.axes.T)

    def nearest(self, name: str) -> tuple[str, float]:
        """Return who is most alike, and the cosine; ("", 0.0) for a speaker who is alone."""
        row = self.names.index(name)
        others = [i for i in range(len(self.names)) if i != row]
        if not others:
            return "", 0.0
        best = max(others, key=lambda i: float(self.cosines[row, i]))
        return self.names[best], float(self.cosines[row, best])


def lay_out(vectors: Mapping[str, Sequence[float]]) -> SpeakerMap:
    """Lay speakers on a plane.

    Args:
        vectors: By name, all of one length; they are brought to length 1.

    Raises:
        AnalysisError: There is none, or one is no direction.
    """
    if not vectors:
        raise AnalysisError("There is no speaker to be drawn.")
    names = tuple(vectors)
    matrix = np.array([vectors[name] for name in names], dtype=np.float64)  # (S, D)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    if not np.isfinite(matrix).all() or (lengths <= 0).any():
        raise AnalysisError("A speaker's vector is zero or holds no finite numbers.")
    matrix /= lengths
    centred = matrix - matrix.mean(0)
    _, spread, right = np.linalg.svd(centred, full_matrices=False)
    kept = min(_DIRECTIONS, spread.size)
    axes = np.zeros((_DIRECTIONS, matrix.shape[1]))
    axes[:kept] = right[:kept]
    points = centred @ axes.T
    low, high = points.min(0), points.max(0)
    if high[1] - low[1] > high[0] - low[0]:  # a picture has more room across
        axes, points = axes[::-1], points[:, ::-1]
    farthest = points[np.abs(points).argmax(0), range(_DIRECTIONS)]
    turn = np.where(farthest < 0, -1.0, 1.0)  # a picture must not be mirrored by chance
    total = float((spread**2).sum())
    share = float((spread[:kept] ** 2).sum()) / total if total > 0 else 1.0
    mean, axes = matrix.mean(0), axes * turn[:, None]
    return SpeakerMap(names, points * turn, matrix @ matrix.T, share, mean, axes)
