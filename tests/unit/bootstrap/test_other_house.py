"""A house with the voices and profiles of a wish is the same house in everything else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from renderer import config
from renderer.bootstrap.house import House, open_house
from renderer.bootstrap.upgrade import Wish, other_house
from renderer.bootstrap.workspace import open_workspace

PROJECT = """\
name: tiny
source_locale: en-US
locales: {en-US: {required: true}}
characters: {guard: {name: Guard, voice: formant#m3}}
"""
SCENE = """\
scene: gate
locale: en-US
lines: [{id: halt, character: guard, text: "Halt.", emotion: angry 0.6}]
"""


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "game" / "scenes").mkdir(parents=True)
    (tmp_path / "game" / "project.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "game" / "scenes" / "gate.yaml").write_text(SCENE, encoding="utf-8")
    settings = replace(config.Settings(), model_cache_mb=0)
    place = open_workspace(tmp_path / "game", settings, tmp_path / "build")
    return open_house(place, in_memory=True)


def test_loaded_voices_take_no_more_memory_than_is_set(house: House, tmp_path: Path) -> None:
    tried = other_house(house, Wish("formant#m3", "hearth#vera", voices=tmp_path))
    tried.voices.open("hearth")
    tried.voices.open("formant")
    assert "hearth" not in tried.voices.loaded


@pytest.mark.parametrize(("turned", "is_same"), [("calm", True), ("angry", False)])
def test_other_profiles_change_the_keys_of_the_lines_that_use_them_alone(
    house: House, tmp_path: Path, turned: str, is_same: bool
) -> None:
    document = json.loads((config.assets_dir() / "emotion_profiles.json").read_text("utf-8"))
    for row in document["emotions"][turned].values():
        row["shape"]["pitch_st"] += 1
    path = tmp_path / "profiles.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    (said,) = [u for _, some in house.source.read(house.source.files(), [], {}) for u in some]
    tried = other_house(house, Wish("formant#m3", "formant#m3", profiles=path))
    assert (tried.keys.key(said).parts == house.keys.key(said).parts) is is_same
    assert (tried.request(said).shape == house.request(said).shape) is is_same
