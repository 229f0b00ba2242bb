"""Groups of voices that sound alike, and an order in which like stands beside like.

References:
    Rousseeuw (1987), "Silhouettes: a graphical aid to the interpretation and validation of cluster
    analysis", J. Comput. Appl. Math. 20. Kaufman & Rousseeuw (1990), "Finding groups in data",
    table 4: a mean silhouette of 0.25 or less is no structure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
NO_STRUCTURE = 0.25
_LEAST = 3


@dataclass(frozen=True, slots=True)
class Groups:
    """Which voices go together.

    Attributes:
        of: Group of each row, from 0, the group of the first row first.
        silhouette: Mean silhouette, −1 to 1; 0 where there is only one group.
        order: Rows in an order in which like stands beside like.
    """

    of: tuple[int, ...]
    silhouette: float
    order: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many groups there are."""
        return len(set(self.of))


def find_groups(cosines: Floats) -> Groups:
    """Group voices by agglomerative clustering on cosine distance, average linkage.

    The number of groups is the one with the highest mean silhouette, from 2 to V − 1. Where even
    that is 0.25 or less there is no structure, and all voices are one group.

    Args:
        cosines: (V, V), symmetric; what is not finite counts as unlike (0).
    """
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.metrics import silhouette_score

    count = len(cosines)
    apart = np.clip(1.0 - np.nan_to_num(cosines, nan=0.0), 0.0, 2.0)
    np.fill_diagonal(apart, 0.0)
    best, labels = NO_STRUCTURE, np.zeros(count, dtype=int)
    for number in range(2, count):
        model = AgglomerativeClustering(number, metric="precomputed", linkage="average")
        found = model.fit_predict(apart)
        score = float(silhouette_score(apart, found, metric="precomputed"))
        if score > best:
            best, labels = score, found
    is_one = len(set(labels.tolist())) < 2  # noqa: PLR2004 - one group
    return Groups(_in_order(labels.tolist()), 0.0 if is_one else best, _leaves(apart))


def _in_order(labels: list[int]) -> tuple[int, ...]:
    names = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    return tuple(names[label] for label in labels)


def _leaves(apart: Floats) -> tuple[int, ...]:
    """Return the leaves of the tree of average linkage, neighbours turned to each other."""
    if len(apart) < _LEAST:
        return tuple(range(len(apart)))
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    flat = squareform(apart, checks=False)
    tree = optimal_leaf_ordering(linkage(flat, "average"), flat)
    return tuple(int(leaf) for leaf in leaves_list(tree))
