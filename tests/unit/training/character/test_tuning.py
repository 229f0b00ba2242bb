"""Recipes of a character: every fault at once, with its file, before anything is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from renderer.errors import InputError
from renderer.training.character import train_character
from renderer.training.tuning import Tuning, plans, read_tables


def faults(**tables: object) -> dict[str, str]:
    with pytest.raises(InputError) as caught:
        plans(Tuning(**tables, file="tune.toml"), Path("corpus"))  # type: ignore[arg-type]
    assert {fault.path for fault in caught.value.faults} == {"tune.toml"}
    assert all(fault.fix for fault in caught.value.faults)
    return {fault.field: fault.problem for fault in caught.value.faults}


def test_every_table_is_read_before_the_first_run(
    good_folder: Path, tmp_path: Path, base, mira, quick, transcriber
) -> None:
    how = replace(quick, vocoder={"steps": 2, "learning_rte": 1e-3})
    with pytest.raises(InputError, match="recipe") as caught:
        train_character(good_folder, tmp_path / "run", base, mira, how, transcriber)
    assert [fault.field for fault in caught.value.faults] == ["vocoder.learning_rte"]
    assert not (tmp_path / "run").exists()


def test_frozen_parameters_have_to_be_there_before_anything_is_learnt(
    good_folder: Path, tmp_path: Path, base, mira, quick, transcriber
) -> None:
    how = replace(quick, acoustic={**quick.acoustic, "frozen": ["fastpitch.encodr"]}, file="t.toml")
    with pytest.raises(InputError) as caught:
        train_character(good_folder, tmp_path / "run", base, mira, how, transcriber)
    (fault,) = caught.value.faults
    assert (fault.path, fault.field) == ("t.toml", "acoustic.frozen")
    assert "fastpitch.encodr" in fault.problem
    assert not (tmp_path / "run").exists()


def test_faults_of_all_tables_at_once() -> None:
    found = faults(
        acoustic={"steps": 0, "model": "vocoder"},
        vocoder={"steps": 0, "corpora": [], "segment_frames": 1},
        aligner={"start_from": "x", "learning_rate": -1.0},
    )
    assert set(found) == {
        "acoustic.steps", "acoustic.model", "vocoder.corpora", "vocoder.segment_frames",
        "aligner.start_from", "aligner.learning_rate",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "field", "value"),
    [
        ("acoustic", "size", "large"),
        ("acoustic", "balance", 1.0),
        ("acoustic", "adversarial_from", 0),
        ("acoustic", "with_emotion", True),
        ("acoustic", "predicted_mels", True),
        ("vocoder", "frozen", ["vocoder"]),
        ("vocoder", "size", "v1"),
        ("vocoder", "predicted_mels", False),
        ("aligner", "weight_decay", 0.5),
    ],
)
def test_what_a_step_does_not_heed_is_no_field_of_it(table: str, field: str, value: object) -> None:
    assert "not heeded" in faults(**{table: {field: value}})[f"{table}.{field}"]


def test_no_steps_leave_the_vocoder_alone() -> None:
    assert plans(Tuning(), Path("corpus")).vocoder is None
    made = plans(Tuning(vocoder={"steps": 2}), Path("corpus"))
    assert made.vocoder is not None
    assert made.vocoder.predicted_mels


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("a = " + "[" * 5000, ""),
        ("acoustic = 3", "acoustic"),
        ("[singer]\nsteps = 1", "singer"),
        ("[acoustic\n", ""),
    ],
)
def test_a_file_of_other_things(tmp_path: Path, text: str, field: str) -> None:
    path = tmp_path / "tune.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        read_tables(path)
    assert [(f.path, f.field) for f in caught.value.faults] == [(path.as_posix(), field)]
