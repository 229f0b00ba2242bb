"""A project's own limits are held against its locales, its cast and the installed voices."""

from __future__ import annotations

from pathlib import Path

import pytest

from renderer.bootstrap import gate_limits, open_workspace
from renderer.config import Settings
from renderer.errors import Fault, InputError, Level

PROJECT = """\
name: tiny
source_locale: en-US
locales: {en-US: {required: true}, de-DE: {}}
characters:
  guard: {name: Guard, voice: formant#m3, voices: {de-DE: 'not_here#m1'}}
"""
CARD = "name: amy\nengine: piper\nmodel_sha256: {hash}\nspeakers: {{low: 0, high: 1}}\n"


@pytest.fixture
def game(tmp_path: Path) -> Path:
    folder = tmp_path / "game"
    (folder / "voices" / "amy").mkdir(parents=True)
    card = CARD.format(hash="0" * 64)
    (folder / "voices" / "amy" / "card.yaml").write_text(card, encoding="utf-8")
    (folder / "project.yaml").write_text(PROJECT, encoding="utf-8")
    return folder


def opened(game: Path, text: str) -> list[Fault]:
    (game / "gate.yaml").write_text(text, encoding="utf-8")
    return list(open_workspace(game, Settings.read()).warnings)


def test_a_voice_that_is_neither_installed_nor_cast_is_warned_of(game: Path) -> None:
    text = """voices:
  amy: {most_gap_s: 3}
  "amy#high@de-DE": {most_gap_s: 3}
  "not_here#m1": {most_gap_s: 3}
  "formant#f2@en": {most_gap_s: 3}
  hearth: {most_gap_s: 3}
  recording: {most_gap_s: 3}
  ammy: {most_gap_s: 3}
  "amy#hihg": {most_gap_s: 3}
"""
    found = opened(game, text)
    assert [(f.path, f.line, f.level) for f in found] == [
        ("gate.yaml", 8, Level.WARNING),
        ("gate.yaml", 9, Level.WARNING),
    ]
    assert "amy" in found[0].fix
    assert "high" in found[1].fix


def test_a_broken_card_is_the_business_of_whoever_needs_the_voice(game: Path) -> None:
    (game / "voices" / "amy" / "card.yaml").write_text("name: bob\n", encoding="utf-8")
    assert opened(game, "voices: {ammy: {}}\n") == []


def test_a_locale_that_the_project_has_not_is_a_fault(game: Path) -> None:
    with pytest.raises(InputError) as caught:
        opened(game, "locales: {de: {}}\nvoices: {amy@fr-FR: {}}\n")
    assert [(f.line, f.field) for f in caught.value.faults] == [(2, "voices.amy@fr-FR")]


def test_limits_in_place_of_the_projects_are_held_against_the_same(
    game: Path, tmp_path: Path
) -> None:
    place = open_workspace(game, Settings.read())
    other = tmp_path / "other.yaml"
    other.write_text("locales: {fr-FR: {}}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"other\.yaml"):
        gate_limits(place, other)
    other.write_text("voices: {ammy: {most_gap_s: 3}}\n", encoding="utf-8")
    warnings: list[Fault] = []
    assert gate_limits(place, other, warnings).tables["voices"]["ammy"] == {"most_gap_s": 3}
    assert [f.field for f in warnings] == ["voices.ammy"]
