"""The picture of a run's losses."""

from __future__ import annotations

import json
import math
from pathlib import Path
from xml.etree import ElementTree

import pytest

from renderer.training import curve
from renderer.training.curve import FILE, draw, read_panels, ticks, write
from renderer.training.metrics import FILE as METRICS

SVG = "{http://www.w3.org/2000/svg}"


def lines(steps: int = 400) -> list[dict[str, object]]:
    made: list[dict[str, object]] = []
    for step in range(20, steps + 1, 20):
        loss = 10 / step
        made.append({"kind": "train", "step": step, "loss": loss, "mel": 1.0, "learning_rate": 1.0})
        if step % 100 == 0:
            made.append({"kind": "valid", "step": step, "loss": abs(step - 300) + 1, "mel/en": 0.5})
    return made


def texts(svg: str) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_one_panel_per_loss_training_and_validation() -> None:
    panels = read_panels(lines())
    assert [panel.name for panel in panels] == ["loss", "mel", "mel/en"]
    assert len(panels[0].train) == 20
    assert panels[0].valid == [(100, 201), (200, 101), (300, 1), (400, 101)]
    drawn = draw(panels, "a <b> & c")
    assert "a <b> & c" in texts(drawn)
    assert "best 1 at 300" in texts(drawn)
    assert drawn.count("<polyline") == 4
    assert {"100", "200", "300", "400", "steps"} <= set(texts(drawn))


def test_everything_lies_inside_of_its_panel() -> None:
    root = ElementTree.fromstring(draw(read_panels(lines()), "t"))
    for line in root.iter(f"{SVG}polyline"):
        for point in line.attrib["points"].split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= 460
            assert 0 <= y <= 240


def test_a_loss_that_falls_far_has_a_logarithmic_axis() -> None:
    assert [panel.is_log for panel in read_panels(lines())] == [True, False, False]
    assert not any(panel.is_log for panel in read_panels(lines(), log=False))
    assert "loss (log)" in texts(draw(read_panels(lines()), "t"))
    below = [{"kind": "valid", "step": s, "loss": 5.0 - s} for s in range(8)]
    assert not read_panels(below, log=True)[0].is_log  # there is no logarithm of what is below 0


def test_values_that_are_no_numbers_are_left_out() -> None:
    odd = [{"kind": "train", "step": 20, "loss": math.nan, "mel": math.inf, "note": "x", "ok": 1.0}]
    assert [panel.name for panel in read_panels(odd)] == ["ok"]


@pytest.mark.parametrize("value", [0.0, -3.0, 1e-30, 1e30])
def test_a_single_flat_value_can_be_drawn(value: float) -> None:
    panels = read_panels([{"kind": "valid", "step": 0, "loss": value}])
    ElementTree.fromstring(draw(panels, ""))


def test_long_runs_stay_small() -> None:
    long = [{"kind": "train", "step": 20 * i, "loss": 1.0 + i % 2} for i in range(1, 50_001)]
    (panel,) = read_panels(long)
    assert len(panel.train) <= 600
    assert panel.train[-1][0] == 1_000_000
    assert all(value == pytest.approx(1.5, abs=0.01) for _, value in panel.train)


def test_axes_have_round_numbers() -> None:
    assert ticks(0.0, 1.0) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks(-0.5, 7.3) == [0.0, 2.0, 4.0, 6.0]
    for low, high in [(0, 1), (3, 3.001), (-5, 1e6), (1e-9, 2e-9)]:
        assert 2 <= len(ticks(low, high)) <= 8


def test_written_into_the_runs_folder(tmp_path: Path) -> None:
    assert write(tmp_path) is None
    (tmp_path / METRICS).write_text("".join(json.dumps(x) + "\n" for x in lines()))
    path = write(tmp_path)
    assert path == tmp_path / FILE
    assert tmp_path.name in texts(path.read_text("utf-8"))
    assert curve.write(tmp_path, log=False) == path
