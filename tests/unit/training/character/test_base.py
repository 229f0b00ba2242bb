"""What new voices begin from: written, read, and refused when it is something else."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from renderer.errors import TrainingError
from renderer.training import checkpoint
from renderer.training.base import Base, Inherited, save_base
from renderer.training.hifigan import Generator, GeneratorConfig
from renderer.training.speaker_table import SpeakerTable


def rewritten(weights: Path, path: Path, about: dict, keep: str = "") -> Path:
    """Write a base again with another header, or with some tensors only."""
    kept = checkpoint.load(weights)
    tensors = {k: v for k, v in kept.tensors.items() if k.startswith(keep)}
    save_file(tensors, path, metadata={"step": "0", "about": json.dumps(about)})
    return path


def test_a_base_is_read_as_it_was_written(base: Base) -> None:
    learner = base.learner()
    assert learner.cast.speakers == ("ann", "bob")
    assert learner.cast.languages == ("en", "fr")
    assert learner.speakers.mean_pitch_st.tolist() == [12.0, 2.0]
    assert base.rights == Inherited("pack", "CC0-1.0", True, "Thanks to Ann and Bob.")
    noise = torch.zeros(1, 2_560)
    sound = base.generator()(torch.zeros(1, 80, 10), *torch.full((2, 1, 10), 100.0), noise)
    assert sound.shape == (1, 2_560)


def test_a_hifigan_is_a_base_too(base: Base, tmp_path: Path) -> None:
    config = GeneratorConfig(width=32, kernels=(3,), dilations=(1,))
    learner, path = base.learner(), tmp_path / "w.safetensors"
    made = Generator(config)
    save_base(path, learner.model, learner.speakers, made, Inherited(), half=False)
    again = Base.load(path).generator()
    assert isinstance(again, Generator)
    assert again.config == config
    for name, value in made.state_dict().items():
        assert torch.equal(again.state_dict()[name], value)


def test_another_architecture_is_refused(weights: Path, tmp_path: Path) -> None:
    about = json.loads(json.dumps(checkpoint.load(weights).about))
    about["run"]["config"]["width"] = 64
    with pytest.raises(TrainingError, match="another architecture of 'fastpitch'"):
        Base.load(rewritten(weights, tmp_path / "w.safetensors", about)).learner()
    about["run"]["vocoder"]["config"]["width"] = 16
    with pytest.raises(TrainingError, match="another architecture of 'vocoder'"):
        Base.load(rewritten(weights, tmp_path / "w.safetensors", about)).generator()


def test_what_is_no_base_is_refused(weights: Path, tmp_path: Path) -> None:
    about = dict(checkpoint.load(weights).about)
    path = tmp_path / "w.safetensors"
    with pytest.raises(TrainingError, match="no vocoder"):
        Base.load(rewritten(weights, path, about, "module.fastpitch") and path)
    with pytest.raises(TrainingError, match="does not say what it holds"):
        Base.load(rewritten(weights, path, {"run": about["run"]}))
    strange = {**about, "run": {**about["run"], "vocoder": {"kind": "tape", "config": {}}}}
    with pytest.raises(TrainingError, match="'tape'"):
        Base.load(rewritten(weights, path, strange)).generator()
    with pytest.raises(TrainingError, match="no weights file"):
        Base.load(tmp_path)
    path.write_bytes(b"no safetensors")
    with pytest.raises(TrainingError, match="no checkpoint"):
        Base.load(path)


def test_two_runs_are_a_base(base: Base, tmp_path: Path) -> None:
    learner, generator = base.learner(), base.generator()
    for name, modules, about in (
        ("acoustic", learner.modules, learner.about()),
        ("vocoder", {"vocoder": generator}, {"size": "tiny"}),
    ):
        (tmp_path / name).mkdir()
        path = tmp_path / name / "best.safetensors"
        checkpoint.save(path, 5, {"run": about}, modules, {}, {})
    found = Base.load(tmp_path / "acoustic", tmp_path / "vocoder")
    assert found.learner().cast.speakers == ("ann", "bob")
    assert not found.rights.may_publish
    with pytest.raises(TrainingError, match="another architecture"):  # the size says other widths
        found.generator()
    assert isinstance(SpeakerTable(("a",)), torch.nn.Module)


BAD: list[tuple[str, str, object]] = [
    ("acoustic", "width", "64"),
    ("acoustic", "width", 10**7),
    ("acoustic", "width", 4096),
    ("acoustic", "width", -4),
    ("acoustic", "heads", 0),
    ("acoustic", "heads", 3),
    ("acoustic", "emotions", 3),
    ("acoustic", "emotions", ["calm", "calm"]),
    ("acoustic", "languages", []),
    ("acoustic", "dropout", "x"),
    ("acoustic", "dropout", 2.0),
    ("acoustic", "kernel", True),
    ("acoustic", "strange", 1),
    ("speakers", "", 3),
    ("speakers", "", [1, 2]),
    ("vocoder", "width", "64"),
    ("vocoder", "width", 10**7),
    ("vocoder", "width", -4),
    ("vocoder", "blocks", 10**7),
    ("vocoder", "n_fft", 10**9),
    ("vocoder", "spec", {"n_mels": "x"}),
    ("vocoder", "spec", 3),
]


@pytest.mark.parametrize(("part", "field", "value"), BAD)
def test_sizes_that_are_none_are_refused_with_the_file(
    base: Base, part: str, field: str, value: object
) -> None:
    run = json.loads(json.dumps(base.acoustic.about["run"]))
    if part == "speakers":
        run["speakers"] = value
    else:
        config = run["config"] if part == "acoustic" else run["vocoder"]["config"]
        config[field] = value
    kept = replace(base.acoustic, about={"run": run})
    odd = replace(base, acoustic=kept, vocoder=kept, kind=run["vocoder"])
    with pytest.raises(TrainingError, match=re.escape(str(base.path))):
        odd.generator() if part == "vocoder" else odd.learner()
