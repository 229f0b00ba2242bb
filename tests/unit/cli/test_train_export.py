"""`barkline train export`: what a person may say about a voice."""

from __future__ import annotations

from pathlib import Path

import pytest

from renderer.cli import train_fit
from renderer.errors import InputError

ABOUT = """
name = "pack"
[speakers.mira]
pitch = 1.0
[blends.both]
parts = { mira = 1.0, tomas = 1.0 }
rat = 1.0
"""


def test_unknown_fields_of_speakers_and_blends_are_faults(tmp_path: Path) -> None:
    path = tmp_path / "about.toml"
    path.write_text(ABOUT, "utf-8")
    with pytest.raises(InputError) as caught:
        train_fit._about(path)
    assert [f.field for f in caught.value.faults] == ["speakers.mira.pitch", "blends.both.rat"]
    assert "pitch_st" in caught.value.faults[0].problem


def test_the_shipped_one_is_good() -> None:
    path = Path(__file__).parents[3] / "assets/training/hearth/about.toml"
    said = train_fit._about(path)
    assert said.name == "hearth"
    train_fit._require_spoken(path, said.languages, ("ca", "de", "en", "fr"))


def test_languages_the_model_does_not_know_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        train_fit._require_spoken(tmp_path / "about.toml", ("en", "tlh"), ("de", "en"))
    (fault,) = caught.value.faults
    assert fault.field == "languages"
    assert "does not speak tlh; it knows de, en" in fault.problem
