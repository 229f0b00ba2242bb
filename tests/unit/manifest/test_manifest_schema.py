"""The JSON Schema and the reader agree on what is right and what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from renderer.errors import ManifestError
from renderer.manifest.schema import project_schema, retakes_schema, scene_schema

SCENE = Draft7Validator(scene_schema())
PROJECT = Draft7Validator(project_schema())
GOOD: list[dict[str, Any]] = [
    {},
    {"emotion": "angry"},
    {"emotion": "angry 0.8"},
    {"emotion": "angry 1"},
    {"emotion": {"name": "sad"}},
    {"emotion": {"name": "sad", "intensity": 0}},
    {"delivery": "whisper"},
    {"prosody": {"rate": 0.5, "pitch": -12, "range": 0, "energy": 12, "pause_after": 5}},
    {"words": [{"word": "there", "occurrence": 1, "emphasis": "reduced", "phonemes": "ðɛr"}]},
    {"words": [{"word": "hi", "phones": [{"phone": "aɪ", "prosody": {"rate": 0.5}}]}]},
    {"words": [{"word": "hi", "phones": []}]},
    {"hints": {"hi": "greeting"}},
    {"tags": ["a", "b"], "notes": "x", "seed": 5, "was": "old", "scene": "x", "locale": "de-DE"},
    {"was": ["old", "older"], "tags": "one"},
    {"locale": "de-DE", "source_hash": "0123456789ab"},
]
BAD: list[dict[str, Any]] = [
    {"id": "a/b"},
    {"id": ""},
    {"id": 5},
    {"text": ""},
    {"text": 5},
    {"text": "x" * 4001},
    {"emotion": "angy"},
    {"emotion": "angry 1.5"},
    {"emotion": 3},
    {"emotion": {"intensity": 1}},
    {"emotion": {"name": "sad", "intensity": -1}},
    {"delivery": "yell"},
    {"prosody": {"rate": 3}},
    {"prosody": {"rate": "1"}},
    {"prosody": {"speed": 1}},
    {"prosody": [1]},
    {"words": [{"emphasis": "strong"}]},
    {"words": [{"word": "hi", "occurrence": 0}]},
    {"words": [{"word": "hi", "emphasis": "huge"}]},
    {"words": ["hi"]},
    {"words": [{"word": "hi", "phones": ["aɪ"]}]},
    {"words": [{"word": "hi", "phones": [{"phone": "aɪ"}]}]},
    {"words": [{"word": "hi", "phones": [{"phone": "aɪ", "prosody": {}}]}]},
    {"words": [{"word": "hi", "phones": [{"prosody": {"rate": 0.5}}]}]},
    {"words": [{"word": "hi", "phones": [{"phone": "aɪ", "prosody": {"range": 0.5}}]}]},
    {"words": [{"word": "hi", "phones": [{"phone": "aɪ", "prosody": {"pitch": 13}}]}]},
    {"hints": {"hi": ""}},
    {"seed": -1},
    {"seed": 1.5},
    {"source_hash": "xyz", "locale": "de-DE"},
    {"notes": 5},
    {"tags": [5]},
    {"tags": ["x" * 51]},
    {"colour": "red"},
]


def scene(extra: dict[str, Any]) -> dict[str, Any]:
    return {"lines": [{"id": "one", "character": "anna", "text": "hi there", **extra}]}


def test_schemas_are_schemas() -> None:
    Draft7Validator.check_schema(scene_schema())
    Draft7Validator.check_schema(project_schema())


@pytest.mark.parametrize("suffix", ["json", "yaml"])
@pytest.mark.parametrize("extra", GOOD, ids=str)
def test_both_accept(game: Any, extra: dict[str, Any], suffix: str) -> None:
    document = scene(extra)
    assert not list(SCENE.iter_errors(document))
    dump = json.dumps(document) if suffix == "json" else yaml.safe_dump(document)
    lines, faults = game.read({f"a.{suffix}": dump})
    assert len(lines) == 1, faults


@pytest.mark.parametrize("extra", BAD, ids=lambda extra: str(extra)[:40])
def test_both_refuse(game: Any, extra: dict[str, Any]) -> None:
    document = scene(extra)
    assert list(SCENE.iter_errors(document))
    lines, faults = game.read({"a.json": json.dumps(document)})
    assert faults
    assert not lines


@pytest.mark.parametrize(
    "file", [{"lines": 5}, {"line": []}, {"lines": [], "x": 1}, {"scene": "a"}]
)
def test_both_refuse_files(game: Any, file: dict[str, Any]) -> None:
    assert list(SCENE.iter_errors(file))
    assert game.read({"a.json": json.dumps(file)})[1]


def test_examples_in_the_repository(repository: Path) -> None:
    folder = repository / "manifests/emberfall"
    loaded = yaml.safe_load((folder / "project.yaml").read_text(encoding="utf-8"))
    assert not list(PROJECT.iter_errors(loaded))
    for path in folder.glob("scenes/**/*.yaml"):
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert [e.message for e in SCENE.iter_errors(loaded)] == [], path


BAD_PROJECTS: list[dict[str, Any]] = [
    {"name": "../x"},
    {"locales": []},
    {"locales": ["english"]},
    {"locales": {"en-US": {"required": "maybe"}}},
    {"characters": {}},
    {"characters": {"anna": {}}},
    {"characters": {"anna": {"voice": "a b"}}},
    {"characters": {"anna": {"voice": "x", "age": 3}}},
    {"targets": {"mastering": {"loudness_lufs": 0}}},
    {"targets": {"mastering": {"sample_rate": 5}}},
    {"targets": {"delivery": {"codec": "mp3"}}},
    {"max_attempts": 11},
    {"colour": "red"},
]


@pytest.mark.parametrize("extra", BAD_PROJECTS, ids=str)
def test_both_refuse_projects(game: Any, extra: dict[str, Any]) -> None:
    good = {"name": "game", "locales": ["en-US"], "characters": {"anna": {"voice": "formant"}}}
    assert not list(PROJECT.iter_errors(good))
    document = {**good, **extra}
    assert list(PROJECT.iter_errors(document))
    (game.root / "project.yaml").unlink()
    game.write("project.json", json.dumps(document))
    with pytest.raises(ManifestError):
        game.project()


@pytest.mark.parametrize(
    ("change", "is_good"),
    [
        ({"seed": 7}, True),
        ({"emotion": "angry 0.8", "prosody": {"rate": 0.9}, "note": "x", "who": "Ada"}, True),
        ({"words": [{"word": "hi", "phonemes": "haɪ"}], "text_hash": "0123456789ab"}, True),
        ({}, False),
        ({"note": "x"}, False),
        ({"seed": -1}, False),
        ({"colour": "red", "seed": 1}, False),
        ({"text_hash": "x", "seed": 1}, False),
    ],
)
def test_the_schema_of_retakes_agrees_with_their_reader(
    change: dict[str, Any], is_good: bool, game: Any
) -> None:
    document = {"retakes": [{"line": "one", "locale": "en-US", **change}]}
    assert Draft7Validator(retakes_schema()).is_valid(document) is is_good
    game.write("retakes.yaml", json.dumps(document))
    line = 'lines:\n  - {id: one, character: anna, text: "hi there"}\n'
    _, faults = game.read({"s.yaml": line})
    assert all(f.code == "stale-retake" for f in faults) is is_good
