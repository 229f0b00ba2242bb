"""Pictures are well-formed, told in words, safe with hostile names, and nothing covers a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import numpy as np
import pytest

from renderer.analysis.bar_picture import draw_drift, draw_pairs
from renderer.analysis.canvas import Canvas, shorten, style_sheet
from renderer.analysis.cast import Spoken
from renderer.analysis.drift import Drift
from renderer.analysis.emotion_picture import draw_confusion, draw_recall
from renderer.analysis.emotion_table import Heard, tabulate
from renderer.analysis.label import place_names
from renderer.analysis.map_picture import Legend, draw_map
from renderer.analysis.matrix_picture import draw_matrix
from renderer.analysis.raster import has_letters, to_png
from renderer.analysis.ridge_picture import draw_f0, draw_rate
from renderer.analysis.study import Study, study
from renderer.analysis.table import to_csv

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert(1)</script>&"\x00\u202e'


@pytest.fixture
def found(plant: Callable[..., list[Spoken]], axes: np.ndarray) -> Study:
    takes = [t for i, name in enumerate(("kara", "mila", "odo")) for t in plant(name, axes[i])]
    return study(takes, {"kara": HOSTILE, "mila": "Mila"}, {"kara": ["v#1"], "mila": ["v#2"]})


def pictures(found: Study) -> Iterator[Canvas]:
    assert found.layout is not None
    legend = Legend(found.names, {}, found.hues, found.clouds, found.pairs[:1])
    yield draw_map(found.layout, "map", legend)
    yield draw_pairs(found.pairs, found.names)
    yield draw_drift([Drift("kara", "en-US", "a", "b", 9, 12.0, 3.0, 0.9)], found.names)
    yield from (draw_matrix(m, found.groups.order, found.names) for m in found.matrices)
    yield draw_f0(found.cast, found.hues)
    yield draw_rate(found.cast, found.hues)
    table = tabulate([Heard("kara", "angry", "sad"), Heard("mila", "sad", "sad")])
    yield draw_recall(table, found.names)
    yield draw_confusion(table)


def test_every_picture_is_told_in_words_and_holds_hostile_names(found: Study) -> None:
    for canvas in pictures(found):
        document = canvas.document()
        assert "<script" not in document
        assert "http" not in document.replace("http://www.w3.org/2000/svg", "")
        root = ElementTree.fromstring(document)
        names = {root.attrib["aria-labelledby"], root.attrib["aria-describedby"]}
        told = {e.attrib.get("id"): e.text for e in root if e.tag in (f"{SVG}title", f"{SVG}desc")}
        assert set(told) == names
        assert all(told.values())


def test_no_words_are_smaller_than_eleven_units_and_none_leave_the_picture(found: Study) -> None:
    for canvas in pictures(found):
        for text in ElementTree.fromstring(canvas.document()).iter(f"{SVG}text"):
            assert float(text.attrib["font-size"]) >= 11
            assert 0 <= float(text.attrib["x"]) <= canvas.width
            assert 0 <= float(text.attrib["y"]) <= canvas.height


def test_every_picture_becomes_a_png_with_letters(found: Study) -> None:
    assert has_letters()
    for canvas in pictures(found):
        png = to_png(canvas.for_raster(), 1.0)
        assert png.startswith(b"\x89PNG")
        assert len(png) > 3_000


def test_dark_colours_are_for_screens_alone() -> None:
    assert "prefers-color-scheme:dark" in style_sheet()
    assert "prefers-color-scheme" not in style_sheet(is_dark_too=False)


@pytest.mark.parametrize("seed", range(4))
def test_names_cover_neither_names_nor_dots(seed: int) -> None:
    random = np.random.default_rng(seed)
    dots = [(float(x), float(y)) for x, y in random.uniform((60, 60), (940, 540), (22, 2))]
    dots[1] = (dots[0][0] + 3, dots[0][1] + 1)  # twins
    places = [p.box for p in place_names(dots, [(110, 32)] * 22, (0, 0, 1000, 600), 8)]
    for i, one in enumerate(places):
        assert one[0] >= 0 and one[2] <= 1000 and one[1] >= 0 and one[3] <= 600  # noqa: PT018
        for other in places[:i]:
            across = min(one[2], other[2]) - max(one[0], other[0])
            down = min(one[3], other[3]) - max(one[1], other[1])
            assert across <= 0.5 or down <= 0.5


def test_a_single_speaker_can_be_drawn(
    plant: Callable[..., list[Spoken]], axes: np.ndarray
) -> None:
    alone = study(plant("kara", axes[0]), {}, {})
    assert alone.layout is not None
    assert "NaN" not in draw_map(alone.layout, "map", Legend(clouds=alone.clouds)).document()
    assert alone.groups.count == 1


def test_cells_that_would_run_as_formulas_are_defused() -> None:
    assert to_csv(("a",), [("=HYPERLINK(1)",), ("-0.5",)]) == "a\n'=HYPERLINK(1)\n-0.5\n"
    assert shorten("short", 10) == "short"
