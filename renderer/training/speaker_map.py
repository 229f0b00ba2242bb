"""A picture of the speakers of a voice: near is alike.

The vectors have length 1, so their distance says the same as their cosine: d² = 2 − 2 cos. The map
keeps the two directions in which they differ most; how much of all difference that is stands below
it. A line leads from each speaker to the most alike one.

Reference: Gower (1966), "Some distance properties of latent root and vector methods used in
multivariate analysis", Biometrika 53: classical scaling of Euclidean distances is their PCA.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from renderer.errors import TrainingError

Vectors = npt.NDArray[np.float64]
_WIDTH, _HEIGHT, _EDGE = 760, 520, 60
_DIRECTIONS = 2
_LABEL_PX = 13


@dataclass(frozen=True, slots=True, eq=False)
class SpeakerMap:
    """Speakers on a plane.

    Attributes:
        names: S of them.
        points: (S, 2), in units of the vectors' own distances.
        cosines: (S, S).
        share: How much of all squared distance the plane shows, 0–1.
    """

    names: tuple[str, ...]
    points: Vectors
    cosines: Vectors
    share: float

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
        TrainingError: There is none, or one is no direction.
    """
    if not vectors:
        raise TrainingError("There is no speaker to be drawn.")
    names = tuple(vectors)
    matrix = np.array([vectors[name] for name in names], dtype=np.float64)  # (S, D)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    if not np.isfinite(matrix).all() or (lengths <= 0).any():
        raise TrainingError("A speaker's vector is zero or holds no finite numbers.")
    matrix /= lengths
    centred = matrix - matrix.mean(0)
    left, spread, _ = np.linalg.svd(centred, full_matrices=False)
    kept = min(_DIRECTIONS, spread.size)
    points = np.zeros((len(names), _DIRECTIONS))
    points[:, :kept] = left[:, :kept] * spread[:kept]
    farthest = points[np.abs(points).argmax(0), range(_DIRECTIONS)]
    points *= np.where(farthest < 0, -1.0, 1.0)  # a picture must not be mirrored by chance
    total = float((spread**2).sum())
    share = float((spread[:kept] ** 2).sum()) / total if total > 0 else 1.0
    return SpeakerMap(names, points, matrix @ matrix.T, share)


def draw(found: SpeakerMap, title: str, marked: Sequence[str] = ()) -> str:
    """Return the map as an SVG, whose text follows the page's colour.

    Args:
        found: The map.
        title: For those who cannot see it.
        marked: Names to stand out.
    """
    places = _places(found.points)
    lines, dots = [], []
    for name, (x, y) in zip(found.names, places, strict=True):
        near, cosine = found.nearest(name)
        if near:
            to = places[found.names.index(near)]
            lines.append(
                f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to[0]:.1f}" y2="{to[1]:.1f}" '
                f'stroke="currentColor" stroke-opacity="{_opacity(cosine):.2f}"/>'
            )
        dots.append(_dot(name, x, y, f"{near} {cosine:.2f}" if near else "", name in marked))
    note = f"{found.share:.0%} of the differences are shown; a line leads to the most alike speaker"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
            f'role="img" font-family="system-ui, sans-serif" font-size="{_LABEL_PX}" '
            'fill="currentColor">',
            f"<title>{escape(title)}</title>",
            *lines,
            *dots,
            f'<text x="{_WIDTH / 2:.0f}" y="{_HEIGHT - 12}" text-anchor="middle" '
            f'fill-opacity="0.7">{escape(note)}</text>',
            "</svg>\n",
        ]
    )


def _opacity(cosine: float) -> float:
    return min(0.8, max(0.12, cosine * cosine))


def _dot(name: str, x: float, y: float, near: str, is_marked: bool) -> str:
    right = x > _WIDTH - 2 * _EDGE
    at, anchor = (x - 9, "end") if right else (x + 9, "start")
    colour, weight, radius = ("#d33", "bold", 7) if is_marked else ("currentColor", "normal", 5)
    told = f"{name}; most alike: {near}" if near else name
    return (
        f"<g><title>{escape(told)}</title>"
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}"/>'
        f'<text x="{at:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(name)}</text></g>'
    )


def _places(points: Vectors) -> list[tuple[float, float]]:
    """Scale points to the picture, the same in both directions."""
    low, high = points.min(0), points.max(0)
    span = max(float((high - low).max()), 1e-9)
    room = np.array([_WIDTH - 2 * _EDGE, _HEIGHT - 2 * _EDGE], dtype=np.float64)
    scale = float((room / np.maximum(high - low, span / 1e3)).min())
    middle = (low + high) / 2
    moved = (points - middle) * scale * np.array([1.0, -1.0])
    moved += np.array([_WIDTH, _HEIGHT]) / 2
    return [(float(x), float(y)) for x, y in moved]
