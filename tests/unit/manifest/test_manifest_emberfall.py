"""The example game holds what it promises to show."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from renderer.cli.check import _around
from renderer.domain.direction import Delivery, Emotion
from renderer.domain.project import Project
from renderer.domain.utterance import Utterance
from renderer.errors import Fault
from renderer.manifest.inspection import inspect
from renderer.manifest.project import read_project
from renderer.manifest.reader import find_files, read_scenes


@pytest.fixture(scope="module")
def project(repository: Path) -> Project:
    return read_project(repository / "manifests/emberfall")


@pytest.fixture(scope="module")
def lines(project: Project) -> list[Utterance]:
    faults: list[Fault] = []
    scenes = list(read_scenes(project, find_files(project), faults, voices={"hearth"}))
    assert not faults
    return [u for s in scenes for u in s.utterances]


def test_no_fault_and_no_stale_translation(project: Project) -> None:
    assert inspect(project.root, around=_around).faults == []


def test_size(lines: list[Utterance]) -> None:
    per_locale = Counter(u.locale for u in lines)
    assert per_locale["en-US"] >= 150
    assert per_locale["de-DE"] >= 50
    assert per_locale["fr-FR"] >= 50
    assert per_locale["ca-ES"] >= 24
    english = [u for u in lines if u.locale == "en-US"]
    assert len({u.character for u in english}) >= 14
    assert len({u.scene for u in english}) >= 6


def test_every_character_has_a_speaker_of_the_pack_to_itself(lines: list[Utterance]) -> None:
    english = {u.character: u.voice for u in lines if u.locale == "en-US"}
    assert len(set(english.values())) == len(english)
    assert all(u.voice.startswith("hearth#") for u in lines)


def test_new_characters_are_translated(lines: list[Utterance]) -> None:
    speak = {(u.character, u.locale) for u in lines}
    for who in ("thrum", "snick", "quarter"):
        assert {(who, "de-DE"), (who, "fr-FR")} <= speak
    assert {("remei", "ca-ES"), ("mireia", "ca-ES")} <= speak


def test_translations_follow_their_source(lines: list[Utterance]) -> None:
    english = {u.line_id: u for u in lines if u.locale == "en-US"}
    for line in lines:
        source = english[line.line_id]
        assert (line.character, line.scene) == (source.character, source.scene)
        assert line.direction.emotion is source.direction.emotion
        assert line.direction.delivery is source.direction.delivery


def test_every_way_of_saying_it(lines: list[Utterance]) -> None:
    english = [u for u in lines if u.locale == "en-US"]
    levels = {
        e: {u.direction.intensity for u in english if u.direction.emotion is e} for e in Emotion
    }
    assert all(len(found) >= 3 for e, found in levels.items() if e is not Emotion.NEUTRAL)
    assert levels[Emotion.NEUTRAL]
    deliveries = Counter(u.direction.delivery for u in english)
    assert all(deliveries[d] >= 5 for d in Delivery)
    assert any(u.text == "Halt!" for u in english)
    assert any(len(u.text.split()) >= 40 for u in english)
    assert any(u.was for u in english)
    assert any(u.seed for u in english)
    assert {h for u in english for h in u.hints} >= {
        ("lead", "metal"), ("wind", "turn"), ("read", "past"), ("tear", "rip"), ("tear", "eye"),
    }  # fmt: skip
    edits = [e for u in english for e in u.direction.words]
    assert any(e.phonemes for e in edits)
    assert any(e.occurrence > 1 for e in edits)
    assert any(e.prosody.pitch_st for e in edits)
    assert any(e.phones for e in edits)


@pytest.mark.parametrize(
    "pattern",
    [r"\$\d", r"\d{4}", r"\bDr\.", r"\bNo\. 7", r"\d+ °F", r"\d{1,2}:\d{2}", r"\d/\d", r"\blb\."],
)
def test_text_that_has_to_be_normalised(lines: list[Utterance], pattern: str) -> None:
    assert any(re.search(pattern, u.text) for u in lines if u.locale == "en-US")


def test_every_format_is_shown(project: Project) -> None:
    assert {Path(f.path).suffix for f in find_files(project)} == {".yaml", ".csv", ".jsonl"}
