"""How good a voice sounds to a predictor of opinions, with the interval that its lines allow. Pure.

References:
    Reddy et al. (2021), "DNSMOS: a non-intrusive perceptual objective speech quality metric",
    ICASSP (the P.808 model): predicts what listeners say of calls, 1–5. It hears noise and
    distortion, not acting, and its own ceiling lies below 5; `benchmarks/mos.py` measures where.
    Efron (1979), "Bootstrap methods: another look at the jackknife", Ann. Statist. 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST_CLIPS = 4  # fewer say nothing of how far lines differ
_DRAWS = 2_000
_SEED = 19
_LOW, _HIGH = 0.025, 0.975


@dataclass(frozen=True, slots=True)
class Opinion:
    """A predicted mean opinion.

    Attributes:
        mos: Mean over the clips, 1–5.
        low: Lower end of the 95 % interval of that mean.
        high: Upper end.
        clips: How many it rests on.
    """

    mos: float
    low: float
    high: float
    clips: int


def estimate(scores: Sequence[float]) -> Opinion | None:
    """Return the mean of predicted opinions and its interval, by resampling whole clips.

    Args:
        scores: One prediction per clip, 1–5; what is no finite number is left out.

    Returns:
        None with fewer than `LEAST_CLIPS`. The same scores in any order give the same interval.
    """
    known = np.sort([score for score in scores if np.isfinite(score)])
    if known.size < LEAST_CLIPS:
        return None
    rng = np.random.default_rng(_SEED)
    means = known[rng.integers(known.size, size=(_DRAWS, known.size))].mean(axis=1)
    low, high = np.quantile(means, (_LOW, _HIGH))
    return Opinion(float(known.mean()), float(low), float(high), int(known.size))
