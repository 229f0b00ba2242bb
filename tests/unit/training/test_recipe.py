"""Recipes: read strictly, every fault at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from renderer.errors import InputError
from renderer.training.recipe import read_recipe

GOOD = """
model = "vocoder"
size = "tiny"
start_from = "../base/best.safetensors"
[[corpora]]
folder = "../corpora/mira"
weight = 2.0
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text, "utf-8")
    return path


def test_paths_belong_to_the_recipes_folder(tmp_path: Path) -> None:
    recipe = read_recipe(write(tmp_path, GOOD))
    assert recipe.corpora[0].folder == tmp_path / "../corpora/mira"
    assert recipe.start_from == tmp_path / "../base/best.safetensors"
    assert (recipe.model, recipe.size, recipe.corpora[0].weight) == ("vocoder", "tiny", 2.0)


def test_all_faults_at_once(tmp_path: Path) -> None:
    text = """
model = "singer"
steps = 0
learning_rate = inf
weight_decay = nan
average = 1.0
adversarial_from = -2
precision = "float16"
learning_rat = 1.0
corpora = [{ folder = "a", weight = -1.0 }, { folder = "b", wieght = 1.0 }]
"""
    with pytest.raises(InputError, match=r"10 faults in the recipe recipe\.toml") as caught:
        read_recipe(write(tmp_path, text))
    faults = {fault.field: fault for fault in caught.value.faults}
    assert set(faults) == {
        "model", "steps", "learning_rate", "weight_decay", "average", "adversarial_from",
        "precision", "learning_rat", "corpora.0.weight", "corpora.1.wieght",
    }  # fmt: skip
    assert faults["steps"].code == "greater-than-equal"
    assert "learning_rate" in faults["learning_rat"].fix
    assert faults["corpora.1.wieght"].fix == "There are folder, weight."


@pytest.mark.parametrize(
    ("text", "field"),
    [("", "model"), ('model = "acoustic"\ncorpora = []', "corpora"), ("corpora = 3", "corpora")],
)
def test_what_is_missing_is_named(tmp_path: Path, text: str, field: str) -> None:
    with pytest.raises(InputError) as caught:
        read_recipe(write(tmp_path, text))
    assert field in {fault.field for fault in caught.value.faults}


@pytest.mark.parametrize("data", [b"model = ", b"\xff\xfe", b"\0", b"a = " + b"[" * 20_000])
def test_what_is_no_toml_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "r.toml").write_bytes(data)
    with pytest.raises(InputError, match="cannot be read") as caught:
        read_recipe(tmp_path / "r.toml")
    assert caught.value.faults[0].code == "unreadable"


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_recipe(tmp_path / "none.toml")
