"""Names beside dots, so that no name covers another name or dot.

Greedy: dots in the thick of things first, each name at the free place nearest to its dot. A name
that had to move away is told so, and gets a line to its dot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]  # left, top, right, bottom
_DIRECTIONS = (
    (1.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (0.0, 1.0),
    (0.8, -0.8), (0.8, 0.8), (-0.8, -0.8), (-0.8, 0.8),
)  # fmt: skip
_REACHES = (10.0, 20.0, 34.0, 52.0, 74.0, 100.0, 140.0)
_NEAR = 20.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name stands.

    Attributes:
        box: Left, top, right, bottom.
        is_far: Whether it needs a line to its dot.
    """

    box: Box
    is_far: bool

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of the box."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


def place_names(
    dots: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    bounds: Box,
    radius: float,
) -> list[Place]:
    """Place a name of some size beside each dot.

    Args:
        dots: Where they are.
        sizes: Width and height of each name.
        bounds: Names stay inside.
        radius: Of the dots, which no name covers.
    """
    taken: list[Box] = [(x - radius, y - radius, x + radius, y + radius) for x, y in dots]
    placed: dict[int, Place] = {}
    for index in sorted(range(len(dots)), key=lambda i: -_crowd(dots, i)):
        best = min(
            _candidates(dots[index], sizes[index], radius),
            key=lambda place: (
                _covered(place[1].box, taken) + 4 * _outside(place[1].box, bounds),
                place[0],
            ),
        )[1]
        placed[index] = best
        taken.append(best.box)
    return [placed[i] for i in range(len(dots))]


def _crowd(dots: Sequence[tuple[float, float]], index: int) -> float:
    x, y = dots[index]
    return sum(1.0 / (1.0 + ((x - a) ** 2 + (y - b) ** 2) / 1_000.0) for a, b in dots)


def _candidates(
    dot: tuple[float, float], size: tuple[float, float], radius: float
) -> list[tuple[int, Place]]:
    """Return places with their rank, the best first."""
    found: list[tuple[int, Place]] = []
    (x, y), (width, height) = dot, size
    for reach in _REACHES:
        gap = reach - _REACHES[0] + radius + 4
        for dx, dy in _DIRECTIONS:
            left = x + dx * gap - (width if dx < 0 else 0.0 if dx > 0 else width / 2)
            top = y + dy * gap - (height if dy < 0 else 0.0 if dy > 0 else height / 2)
            box = (left, top, left + width, top + height)
            found.append((len(found), Place(box, reach > _NEAR)))
    return found


def _covered(box: Box, taken: Sequence[Box]) -> float:
    return sum(
        max(0.0, min(box[2], other[2]) - max(box[0], other[0]))
        * max(0.0, min(box[3], other[3]) - max(box[1], other[1]))
        for other in taken
    )


def _outside(box: Box, bounds: Box) -> float:
    width, height = box[2] - box[0], box[3] - box[1]
    inside = max(0.0, min(box[2], bounds[2]) - max(box[0], bounds[0])) * max(
        0.0, min(box[3], bounds[3]) - max(box[1], bounds[1])
    )
    return width * height - inside
