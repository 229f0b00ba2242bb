"""The metrics file: averages, cut back to a checkpoint, whatever a kill left of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from renderer.errors import TrainingError
from renderer.training.metrics import Metrics, read


def filled(path: Path, steps: int) -> Metrics:
    made = Metrics(path)
    for step in range(1, steps + 1):
        made.train(step, {"loss": float(step)} | ({"late": 1.0} if step > 19 else {}), 0.5)
        if step % 10 == 0:
            made.valid(step, {"loss": step / 10})
    return made


def test_twenty_steps_make_a_line(tmp_path: Path) -> None:
    made = filled(tmp_path / "m", 25)
    train = [one for one in read(tmp_path / "m") if one["kind"] == "train"]
    assert train == [{"kind": "train", "step": 20, "late": 1.0, "loss": 10.5, "learning_rate": 0.5}]
    assert [one["loss"] for one in made.pending] == [21, 22, 23, 24, 25]


def test_cut_back_to_a_step(tmp_path: Path) -> None:
    made = filled(tmp_path / "m", 45)
    made.cut(20, 20, [{"loss": 1.0}])
    steps = [(one["kind"], one["step"]) for one in read(tmp_path / "m")]
    assert steps == [("valid", 10), ("train", 20), ("valid", 20)]
    assert made.pending == [{"loss": 1.0}]


def test_a_validation_after_the_checkpoint_goes_though_its_step_is_the_same(tmp_path: Path) -> None:
    filled(tmp_path / "m", 20).cut(20, 10, [])
    assert [one["kind"] for one in read(tmp_path / "m")] == ["valid", "train"]


def test_rubbish_is_left_out(tmp_path: Path) -> None:
    filled(tmp_path / "m", 20)
    with (tmp_path / "m").open("ab") as file:
        file.write(b'7\nnull\n{"step": 1}\n{"kind": "valid", "step": "x"}\n\xff\xfe\0\0\n{"ki')
    assert len(read(tmp_path / "m")) == 3


def test_no_file_is_no_lines(tmp_path: Path) -> None:
    assert read(tmp_path / "none") == []


def test_a_disk_that_does_not_take_it_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="last checkpoint stands"):
        Metrics(tmp_path / "nowhere" / "m").valid(1, {"loss": 1.0})
