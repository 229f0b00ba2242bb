"""Which lines an upgrade takes, and whether what was heard may be promoted."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from renderer.bootstrap.upgrade import Wish, sample
from renderer.cli.analyse_upgrade import ELSEWHERE, OTHER_MODEL, _why_not
from renderer.config import assets_dir
from renderer.speech.voice_book import Voices


def lines(count: int, who: str = "a") -> list[Any]:
    return [SimpleNamespace(utterance=SimpleNamespace(character=who), at=i) for i in range(count)]


@pytest.mark.parametrize(("count", "most"), [(13, 12), (20, 12), (25, 12), (5, 4), (3, 12), (1, 1)])
def test_as_many_lines_as_asked_for_are_taken_evenly_from_the_first(count: int, most: int) -> None:
    taken = [line.at for line in sample(lines(count), most)]
    assert len(taken) == len(set(taken)) == min(count, most)
    assert taken[0] == 0
    steps = [b - a for a, b in pairwise(taken)]
    assert not steps or max(steps) - min(steps) <= 1


def test_every_character_gives_its_own_lines_and_all_without_a_number() -> None:
    some = [*lines(5), *lines(2, "b")]
    assert [line.utterance.character for line in sample(some, 2)] == ["a", "a", "b", "b"]
    assert sample(some, 0) == some


@pytest.fixture
def other_pack(tmp_path: Path) -> Path:
    """A folder in which the pack is another model of the same name."""
    folder = tmp_path / "hearth"
    shutil.copytree(assets_dir() / "voices" / "hearth", folder)
    card = (folder / "card.yaml").read_text("utf-8")
    sha256 = Voices([tmp_path], use_cuda=False).card("hearth").model_sha256
    (folder / "card.yaml").write_text(card.replace(sha256, "0" * 64), "utf-8")
    return tmp_path


def test_another_speaker_of_another_model_is_not_what_would_be_promoted(other_pack: Path) -> None:
    installed = Voices([assets_dir() / "voices"], use_cuda=False)
    house: Any = SimpleNamespace(voices=installed)
    tried: Any = SimpleNamespace(voices=Voices([other_pack], use_cuda=False))
    wish = Wish("hearth#vera", "hearth#sable", other_pack)
    assert _why_not(house, house, wish) == ""
    assert _why_not(house, tried, wish) == OTHER_MODEL
    nowhere: Any = SimpleNamespace(voices=Voices([], use_cuda=False))
    assert _why_not(nowhere, tried, wish) == ELSEWHERE
