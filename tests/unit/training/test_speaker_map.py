"""A picture of who is like whom."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from renderer.errors import TrainingError
from renderer.training.speaker_map import draw, lay_out

SVG = "{http://www.w3.org/2000/svg}"


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


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_speakers_can_be_drawn(count: int) -> None:
    names = dict(list(flat().items())[:count])
    picture = ElementTree.fromstring(draw(lay_out(names), "few"))
    circles = list(picture.iter(f"{SVG}circle"))
    assert len(circles) == count
    assert len(list(picture.iter(f"{SVG}line"))) == (count if count > 1 else 0)
    for circle in circles:
        assert 0 < float(circle.attrib["cx"]) < 760
        assert 0 < float(circle.attrib["cy"]) < 520


def test_twins_lie_on_one_place() -> None:
    found = lay_out({"a": [1.0, 0.0], "b": [1.0, 0.0]})
    assert found.nearest("a") == ("b", pytest.approx(1.0))
    assert np.isfinite(found.points).all()
    draw(found, "twins")


def test_names_are_text() -> None:
    picture = draw(lay_out({"<b>&": [1.0, 0.0], "c": [0.0, 1.0]}), "a < b", ["c"])
    texts = [t.text for t in ElementTree.fromstring(picture).iter(f"{SVG}text")]
    assert "<b>&" in texts


@pytest.mark.parametrize("vectors", [{}, {"a": [0.0, 0.0]}, {"a": [float("nan"), 1.0]}])
def test_what_is_no_direction_is_refused(vectors: dict[str, list[float]]) -> None:
    with pytest.raises(TrainingError):
        lay_out(vectors)
