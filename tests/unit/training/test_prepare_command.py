from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from renderer.cli import main, train_augment
from renderer.errors import InputError, TrainingError


def run(*argv: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([str(arg) for arg in argv])
    return int(stopped.value.code or 0)


def augment(*argv: object) -> Result:
    return CliRunner().invoke(train_augment.command, [str(arg) for arg in argv])


def test_prepare_and_augment(good_folder: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "corpus"
    options = ("--speaker", "ann", "--licence", "CC0-1.0", "--may-publish", "--no-words", "--json")
    assert run("train", "prepare", good_folder, "--out", out, *options) == 1
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert told["clips"] == told["passed"] == 8
    assert Path(told["page"]).is_file()
    assert "5 usable minutes per speaker are needed, ann has 0.2" in said.err

    ogre = tmp_path / "ogre"
    change = ("--speaker", "ann", "--as", "ogre", "--change", "resample=0.8,rate=1.2")
    made = augment(out, *change, "--out", ogre, "--json")
    assert json.loads(made.output)["clips"] == 7  # one is kept for validation
    again = augment(out, *change, "--out", ogre)
    assert isinstance(again.exception, TrainingError)
    assert "holds a corpus already" in str(again.exception)


def test_faults_are_listed(good_folder: Path, tmp_path: Path, capsys) -> None:
    with (good_folder / "metadata.csv").open("a") as file:
        file.write("\ns9|No such file.\ns0|Twice.")
    assert run("train", "prepare", good_folder, "--out", tmp_path / "out", "--no-words") == 65
    said = capsys.readouterr().err
    assert "metadata.csv:9: [id]" in said
    assert "metadata.csv:10: [id]" in said
    assert not (tmp_path / "out").exists()


def test_a_change_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    argv = ("--speaker", "a", "--as", "b", "--change", "pitch=high", "--out", tmp_path / "o")
    refused = augment(tmp_path, *argv).exception
    assert isinstance(refused, InputError)
    assert "'high' is no number" in str(refused)
