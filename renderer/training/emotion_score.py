"""How well emotions were heard: confusions, recall, calibration, and how sure that is.

References:
    Schuller, B. et al. (2009). The Interspeech 2009 emotion challenge: unweighted average recall.
    Guo, C. et al. (2017). On calibration of modern neural networks. ICML: equations 3 and 9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renderer.quality.emotion_model import softmax

Floats = npt.NDArray[np.float64]
Strings = npt.NDArray[np.str_]

TEMPERATURES = np.geomspace(0.3, 8.0, 60)
_DRAWS = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """How well emotions were heard.

    Attributes:
        emotions: In the order of `confusion`.
        confusion: int (asked, heard).
        calibration_error: Mean distance of the top probability from its share of hits, 0–1.
    """

    emotions: tuple[str, ...]
    confusion: npt.NDArray[np.int64]
    calibration_error: float

    @property
    def clips(self) -> int:
        """How many were judged."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """Share of clips heard rightly."""
        return float(np.trace(self.confusion) / max(1, self.clips))

    @property
    def recalls(self) -> Mapping[str, float]:
        """Share heard rightly of each emotion that was asked."""
        asked = self.confusion.sum(axis=1)
        return {
            emotion: float(self.confusion[i, i] / asked[i])
            for i, emotion in enumerate(self.emotions)
            if asked[i]
        }

    @property
    def mean_recall(self) -> float:
        """Unweighted average recall: the mean over emotions."""
        return float(np.mean(list(self.recalls.values())))


def score(emotions: Strings, probabilities: Floats, names: Sequence[str]) -> Score:
    """Count what was heard for what was asked.

    Args:
        emotions: Asked, str (clips,).
        probabilities: (clips, names).
        names: Order of the columns.
    """
    heard = probabilities.argmax(axis=1)
    asked = np.array([names.index(emotion) for emotion in emotions])
    confusion = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(confusion, (asked, heard), 1)
    top, hits = probabilities.max(axis=1), heard == asked
    bins = np.minimum((top * 10).astype(int), 9)
    gaps = [abs(top[bins == b].mean() - hits[bins == b].mean()) * (bins == b).mean()
            for b in set(bins.tolist())]  # fmt: skip
    return Score(tuple(names), confusion, float(sum(gaps)))


def interval(
    emotions: Strings, probabilities: Floats, names: Sequence[str], groups: Strings, seed: int = 0
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return 95 % intervals of accuracy and mean recall: speakers are drawn anew, 1,000 times."""
    rng = np.random.default_rng(seed)
    of_group = [np.flatnonzero(groups == g) for g in sorted(set(groups.tolist()))]
    drawn = []
    for _ in range(_DRAWS):
        chosen = rng.integers(len(of_group), size=len(of_group))
        at = np.concatenate([of_group[i] for i in chosen])
        found = score(emotions[at], probabilities[at], names)
        drawn.append((found.accuracy, found.mean_recall))
    low, high = np.quantile(np.array(drawn), (0.025, 0.975), axis=0)
    return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))


def temperature_of(logits: Floats, emotions: Strings, names: Sequence[str]) -> float:
    """Return the temperature at which unheard clips are least surprising."""
    asked = np.array([list(names).index(emotion) for emotion in emotions])
    losses = [
        -np.log(softmax(logits / t)[np.arange(len(asked)), asked] + 1e-12).mean()
        for t in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(losses))])
