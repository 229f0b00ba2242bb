"""Who will be taken for whom.

Two reasons are given, each with its figure. A listener who knows both voices and hears one line
must say who speaks; the share of lines that lie nearer to the other character than to their own
(whose mean is then taken without that line) stands for that. And two characters whose means are as
alike as two halves of one character's own lines differ by no more than a voice differs from
itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from renderer.analysis.cast import Member
from renderer.analysis.likeness import by_embedding

Floats = npt.NDArray[np.float64]

MOST_MISTAKEN = 0.1  # one line in ten: a scene of ten lines has one whose speaker is not clear
LEAST_CLIPS = 4  # fewer say nothing of a share
OWN_QUANTILE = 0.05


@dataclass(frozen=True, slots=True)
class Pair:
    """Two characters held against each other.

    Attributes:
        one: Character id.
        other: Character id.
        cosine: Of their mean embeddings.
        mistaken: Share of their lines that lie nearer to the other, 0–1, or None where one of the
            two has fewer than four lines.
        lines: How many lines that share is of.
        reasons: Why the two will be confused; empty when they will not.
    """

    one: str
    other: str
    cosine: float
    mistaken: float | None
    lines: int
    reasons: tuple[str, ...] = ()

    @property
    def will_be_confused(self) -> bool:
        """Whether there is a reason to expect it."""
        return bool(self.reasons)


def find_pairs(cast: Sequence[Member]) -> list[Pair]:
    """Hold every pair of characters against each other, the most likely to be confused first.

    Args:
        cast: Characters without any embedding are left out.
    """
    heard = [member for member in cast if member.centroid is not None]
    matrix = by_embedding(heard).values
    own = np.diag(matrix)[[len(m.clips) >= 2 * LEAST_CLIPS for m in heard]]
    ceiling = float(np.nanquantile(own, OWN_QUANTILE)) if own.size else 1.0
    pairs = [
        _pair(heard[i], heard[j], float(matrix[i, j]), ceiling)
        for i, j in combinations(range(len(heard)), 2)
    ]
    return sorted(
        pairs,
        key=lambda p: (-p.will_be_confused, -(p.mistaken or 0.0), -p.cosine, p.one, p.other),
    )


def _pair(one: Member, other: Member, cosine: float, ceiling: float) -> Pair:
    lines = len(one.clips) + len(other.clips)
    share = None
    if min(len(one.clips), len(other.clips)) >= LEAST_CLIPS:
        share = float(np.concatenate([_lost(one, other), _lost(other, one)]).mean())
    reasons = []
    if share is not None and share >= MOST_MISTAKEN:
        reasons.append(f"{share:.0%} of their {lines} lines lie nearer to the other one")
    if cosine >= ceiling:
        reasons.append(f"as alike ({cosine:.2f}) as one voice is with itself ({ceiling:.2f})")
    return Pair(one.id, other.id, cosine, share, lines, tuple(reasons))


def _lost(mine: Member, theirs: Member) -> npt.NDArray[np.bool_]:
    """Return which of my lines lie nearer to theirs, (N,); each is left out of my own mean."""
    rest = mine.clips.sum(axis=0) - mine.clips
    rest /= np.maximum(np.linalg.norm(rest, axis=1, keepdims=True), 1e-12)
    centroid = theirs.centroid
    if centroid is None:
        return np.zeros(len(mine.clips), dtype=bool)
    return np.asarray(mine.clips @ centroid > np.sum(mine.clips * rest, axis=1))
