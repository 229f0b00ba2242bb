"""A picture of who is like whom."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.analysis.speaker_map import lay_out
from renderer.errors import AnalysisError


def flat() -> dict[str, list[float]]:
    """Four voices that differ in two directions only."""
    return {
        "a": [1, 0.1, 0, 2],
        "b": [1, -0.1, 0, 2],
        "c": [-1, 0.1, 0, 2],
        "d": [-1, -0.1, 0, 2],
    }


def test_distances_are_those_of_the_vectors() -> None:
    found = lay_out(flat())
    assert found.share == pytest.approx(1.0)
    for i in range(4):
        for j in range(4):
            apart = np.linalg.norm(found.points[i] - found.points[j])
            assert apart**2 == pytest.approx(2 - 2 * found.cosines[i, j], abs=1e-9)
    assert found.nearest("a")[0] == "b"
    assert found.nearest("d")[0] == "c"


def test_length_and_order_do_not_turn_the_picture() -> None:
    found = lay_out(flat())
    louder = lay_out({name: [3 * x for x in vector] for name, vector in flat().items()})
    assert np.allclose(found.points, louder.points)
    turned = lay_out(dict(reversed(flat().items())))
    assert np.allclose(np.abs(found.points), np.abs(turned.points[::-1]))


def test_twins_lie_on_one_place() -> None:
    found = lay_out({"a": [1.0, 0.0], "b": [1.0, 0.0]})
    assert found.nearest("a") == ("b", pytest.approx(1.0))
    assert np.isfinite(found.points).all()


def test_other_vectors_are_put_where_they_would_lie() -> None:
    found = lay_out(flat())
    unit = np.array([flat()["b"]]) / np.linalg.norm(flat()["b"])
    assert np.allclose(found.project(unit), found.points[1:2])


@pytest.mark.parametrize("vectors", [{}, {"a": [0.0, 0.0]}, {"a": [float("nan"), 1.0]}])
def test_what_is_no_direction_is_refused(vectors: dict[str, list[float]]) -> None:
    with pytest.raises(AnalysisError):
        lay_out(vectors)
