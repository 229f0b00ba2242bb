"""Whether what was heard in an upgrade may be promoted."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from renderer.bootstrap.upgrade import Wish
from renderer.cli.analyse_upgrade import ELSEWHERE, OTHER_MODEL, _why_not
from renderer.config import assets_dir
from renderer.speech.voice_book import Voices


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
