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


def recipe_of(folder: Path, model: str, text: str) -> Path:
    return write(folder, f'model = "{model}"\n{text}\ncorpora = [{{ folder = "a" }}]')


@pytest.mark.parametrize(
    ("model", "text", "fields"),
    [
        (
            "vocoder",
            'balance = 0.5\nwith_emotion = true\nfrozen = ["vocoder"]',
            ["balance", "with_emotion", "frozen"],
        ),
        ("acoustic", "predicted_mels = true", ["predicted_mels"]),
        ("acoustic", "steps = 5\nadversarial_from = 5", ["adversarial_from"]),
    ],
)
def test_what_is_not_heeded_is_a_fault(
    tmp_path: Path, model: str, text: str, fields: list[str]
) -> None:
    path = recipe_of(tmp_path, model, text)
    with pytest.raises(InputError) as caught:
        read_recipe(path)
    assert [(f.path, f.field) for f in caught.value.faults] == [(str(path), f) for f in fields]


@pytest.mark.parametrize(
    ("model", "text"),
    [
        ("vocoder", "balance = 0.0\nfrozen = []\nadversarial_from = -1"),
        ("acoustic", "predicted_mels = false\nsteps = 5\nadversarial_from = 4"),
    ],
)
def test_what_changes_nothing_is_none(tmp_path: Path, model: str, text: str) -> None:
    assert read_recipe(recipe_of(tmp_path, model, text)).model == model


def test_the_shipped_recipes_are_good() -> None:
    paths = sorted((Path(__file__).parents[3] / "assets/training").rglob("*/*/*.toml"))
    assert len(paths) == 7
    assert all(read_recipe(path).steps for path in paths)
