"""The commands `voices train-character` and `voices map`: what they refuse, and how they stop.

A whole run is followed by the tutorial's test.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
import torch

from renderer.cli import main, voices
from renderer.cli.training_bar import _Brake
from renderer.training.export import WEIGHTS, VoiceAbout, export_voice
from renderer.training.fastpitch import FastPitch, FastPitchConfig
from renderer.training.source_filter import SourceFilter, SourceFilterConfig
from renderer.training.speaker_table import SpeakerTable

ROOT = Path(__file__).resolve().parents[3]


def run(*argv: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([str(arg) for arg in argv])
    return int(stopped.value.code or 0)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one untaught voice, `pack`, that can be fine-tuned."""
    torch.manual_seed(3)
    folder = tmp_path_factory.mktemp("voices")
    networks = (
        FastPitch(FastPitchConfig.named("tiny")).eval(),
        SpeakerTable(("ann", "bob")).eval(),
        SourceFilter(SourceFilterConfig(width=32, blocks=1)).eval(),
    )
    weights = folder / "weights"
    export_voice(*networks, VoiceAbout("pack", "CC0-1.0", True), folder / "pack", weights=weights)
    weights.rename(folder / "pack" / WEIGHTS)
    return folder


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recordings").mkdir()


def train(installed: Path, *more: object) -> int:
    return run("voices", "train-character", "recordings", "--voices", installed, *more)


@pytest.mark.parametrize("name", ["train-character", "map"])
def test_help_has_an_example_and_imports_nothing_heavy(name: str) -> None:
    code = (
        "import sys\nfrom renderer.cli import barkline\n"
        f"try: barkline.main(['voices', '{name}', '-h'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'torch', 'onnxruntime', 'numpy', 'scipy'} & set(sys.modules)))"
    )
    argv = [sys.executable, "-c", code]
    said = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=ROOT)
    assert f"Example: barkline voices {name}" in said.stdout
    assert said.stdout.splitlines()[-1] == "[]"


def test_every_command_of_voices_is_documented() -> None:
    text = (ROOT / "docs/commands.md").read_text("utf-8")
    assert [name for name in voices.command.commands if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    ("more", "code", "why"),
    [
        (("--name", "formant"), 78, "always there"),
        (("--name", "pack"), 78, "There is a voice 'pack' already"),
        (("--name", "a#b"), 78, "plain name"),
        (("--name", "../a"), 78, "no voice reference"),
        (("--name", "mira", "--may-publish"), 78, "under a licence"),
        (("--name", "mira", "--base", "nobody"), 78, "Installed voices with weights: hearth, pack"),
        (("--name", "mira", "--base", "pack"), 65, r"needs a metadata.csv"),
        (("--name", "mira", "--base", "pack", "--cast", "nobody"), 69, "no voice 'nobody'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(
    installed: Path, tmp_path: Path, capsys, more: tuple[str, ...], code: int, why: str
) -> None:
    assert train(installed, "--out", installed, *more) == code
    assert why in capsys.readouterr().err
    assert sorted(path.name for path in installed.iterdir()) == ["pack"]
    assert not (tmp_path / "build/characters/mira/character.json").exists()


def test_a_recipe_with_other_tables_is_refused(installed: Path, tmp_path: Path, capsys) -> None:
    recipe = tmp_path / "recipe.toml"
    asked = ("--name", "mira", "--base", "pack", "--recipe", recipe)
    recipe.write_text("steps = 5\n[acustic]\nsteps = 5\n", "utf-8")
    assert train(installed, *asked) == 65
    said = capsys.readouterr().err
    assert f"{recipe}: [acustic] This is no table" in said
    assert "[steps]" in said
    for text in ("[acoustic", "a = " + "[" * 5000):
        recipe.write_text(text, "utf-8")
        assert train(installed, *asked) == 65
    recipe.write_text("[vocoder]\nsteps = 2\nlearning_rte = 1.0\n", "utf-8")
    assert train(installed, *asked) == 65
    assert f"{recipe}: [vocoder.learning_rte]" in capsys.readouterr().err
    assert not (tmp_path / "build/characters").exists()


def test_a_stop_ends_the_run_and_then_everything_else() -> None:
    stopped: list[str] = []
    under_way: Any = SimpleNamespace(
        folder=Path("run/acoustic"),
        trainer=SimpleNamespace(stop=lambda: stopped.append("acoustic")),
    )
    brake = _Brake()
    before = signal.getsignal(signal.SIGTERM)
    with brake:
        brake.began(under_way)
        brake.check("acoustic")
        os.kill(os.getpid(), signal.SIGTERM)
        assert stopped == ["acoustic"]
        brake.check("acoustic")  # it ends by itself
        with pytest.raises(KeyboardInterrupt):
            brake.check("writing the voice")
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_map_is_drawn(installed: Path, tmp_path: Path, capsys) -> None:
    assert run("voices", "map", "pack", "--voices", installed, "--out", tmp_path / "map.svg") == 0
    said = capsys.readouterr().out
    assert "map.svg: 2 speakers" in said
    assert "The most alike: ann and bob" in said
    ElementTree.fromstring((tmp_path / "map.svg").read_text("utf-8"))


def test_voices_without_vectors_are_no_map(installed: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "map.svg"
    assert run("voices", "map", "formant", "--voices", installed, "--out", out) == 69
    assert "have no vectors" in capsys.readouterr().err
    assert not out.exists()
