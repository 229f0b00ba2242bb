"""A mean opinion and how sure it is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from renderer.analysis.opinion import Opinion, estimate


def test_the_interval_is_that_of_a_mean() -> None:
    scores = np.random.default_rng(1).normal(3.5, 0.4, 400)
    found = estimate(list(scores))
    assert found is not None
    assert found.mos == pytest.approx(scores.mean())
    half = 1.96 * scores.std() / math.sqrt(400)
    assert found.low == pytest.approx(found.mos - half, abs=0.006)
    assert found.high == pytest.approx(found.mos + half, abs=0.006)
    assert found.clips == 400


def test_the_order_does_not_matter_and_broken_scores_are_left_out() -> None:
    scores = [3.0, 3.2, 3.4, 3.9, 4.1]
    assert estimate(scores) == estimate([*reversed(scores), math.nan, math.inf])


def test_equal_scores_have_no_width_and_few_say_nothing() -> None:
    assert estimate([3.5] * 4) == Opinion(3.5, 3.5, 3.5, 4)
    assert estimate([3.5] * 3) is None
    assert estimate([]) is None
