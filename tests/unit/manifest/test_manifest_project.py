"""The project file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from renderer.domain.direction import Delivery, Emotion
from renderer.domain.project import DeliveryTarget, MasteringTarget
from renderer.errors import ManifestError
from renderer.manifest.project import read_project

FULL = """\
name: emberfall
title: Emberfall
source_locale: en-US
locales:
  de-DE: {required: true}
  en-US:
  fr-FR: {required: false}
characters:
  anna:
    name: Anna of the Gate
    voice: formant#f2
    voices: {de-DE: formant#f3}
    emotion: angry 0.3
    delivery: shout
    prosody: {rate: 0.9}
    notes: Tired.
scenes: ["acts/*/*.yaml"]
lexicons: [names.yaml]
targets:
  mastering: {loudness_lufs: -20, true_peak_dbtp: -2, head_s: 0, tail_s: 0.2, sample_rate: 44100}
  delivery: {codec: opus, quality: 0.7}
max_attempts: 2
"""
SMALL = "name: game\nlocales: [en-US]\ncharacters: {anna: {voice: formant}}\n"


def faults_of(root: Path, text: str) -> list[tuple[str, str, int]]:
    (root / "project.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        read_project(root)
    assert all(f.fix.endswith((".", ")", "?")) and f.path for f in caught.value.faults)
    return [(f.code, f.field, f.line) for f in caught.value.faults]


def test_everything_a_project_can_say(tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text(FULL)
    project = read_project(tmp_path / "project.yaml")
    assert project == read_project(tmp_path)
    assert project.name == "emberfall"
    assert project.root == tmp_path
    assert project.locales == ("en-US", "de-DE", "fr-FR"), "the source locale comes first"
    assert project.required == {"en-US": True, "de-DE": True, "fr-FR": False}
    anna = project.characters["anna"]
    assert (anna.name, anna.voice_for("de-DE"), anna.voice_for("fr-FR")) == (
        "Anna of the Gate",
        "formant#f3",
        "formant#f2",
    )
    assert (anna.direction.emotion, anna.direction.intensity) == (Emotion.ANGRY, 0.3)
    assert anna.direction.delivery is Delivery.SHOUT
    assert anna.direction.prosody.rate == 0.9
    assert project.scenes == ("acts/*/*.yaml",)
    assert project.lexicons == ("names.yaml",)
    assert project.mastering == MasteringTarget(-20, -2, 0, 0.2, 44_100)
    assert project.delivery == DeliveryTarget("opus", 0.7)
    assert project.max_attempts == 2


def test_defaults(tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text(SMALL)
    project = read_project(tmp_path)
    assert project.source_locale == "en-US"
    assert project.mastering == MasteringTarget()
    assert project.delivery == DeliveryTarget()
    assert project.scenes == ("scenes/**/*",)
    assert project.required == {"en-US": True}
    assert project.characters["anna"].name == "anna"


def test_json_project(tmp_path: Path) -> None:
    document = {
        "name": "game",
        "locales": {"en-US": {"required": False}},
        "characters": {"anna": {"voice": "formant"}},
    }
    (tmp_path / "project.json").write_text(json.dumps(document))
    project = read_project(tmp_path)
    assert project.required == {"en-US": True}, "the source locale is always required"


@pytest.mark.parametrize(
    ("text", "code", "field", "line"),
    [
        ("", "wrong-type", "", 1),
        ("[]", "wrong-type", "", 1),
        (SMALL.replace("name: game\n", ""), "missing-field", "name", 1),
        (SMALL.replace("game", "../game"), "unsafe-id", "name", 1),
        (SMALL.replace("locales: [en-US]\n", ""), "missing-field", "locales", 1),
        (SMALL.replace("en-US", "english"), "bad-locale", "locales", 2),
        (SMALL.replace("en-US", "en_US"), "bad-locale", "locales", 2),
        (SMALL.replace("en-US", "en-US, en-US"), "duplicate-key", "locales", 2),
        (SMALL + "source_locale: de-DE\n", "unknown-locale", "source_locale", 4),
        ("name: g\nlocales: [de]\n", "missing-field", "characters", 1),
        ("name: g\nlocales: [de]\ncharacters: {}\n", "missing-field", "characters", 3),
        ("name: g\nlocales: [de]\ncharacters: [a]\n", "wrong-type", "characters", 3),
        (SMALL.replace("{voice: formant}", ""), "missing-field", "characters.anna.voice", 3),
        (SMALL.replace("formant", "no voice"), "bad-voice", "characters.anna.voice", 3),
        (SMALL.replace("formant", '""'), "bad-voice", "characters.anna.voice", 3),
        (SMALL.replace("formant", "a#b#c"), "bad-voice", "characters.anna.voice", 3),
        (SMALL.replace("anna", "a/b"), "unsafe-id", "characters", 3),
        (SMALL.replace("}}", "}, ANNA: {voice: x}}"), "duplicate-id", "characters", 3),
        (SMALL.replace("}}", "}, anna: {voice: x}}"), "duplicate-key", "anna", 3),
        (
            SMALL.replace("formant", "formant, emotion: angy"),
            "unknown-emotion",
            "characters.anna.emotion",
            3,
        ),
        (
            SMALL.replace("formant", "formant, voices: {fr-FR: x}"),
            "unknown-locale",
            "characters.anna.voices.fr-FR",
            3,
        ),
        (SMALL + "scenes: [/etc/*]\n", "escaping-pattern", "scenes", 4),
        (SMALL + "scenes: [../other/*]\n", "escaping-pattern", "scenes", 4),
        (SMALL + "scenes: ['C:/x/*']\n", "escaping-pattern", "scenes", 4),
        (SMALL + "lexicons: ['a\\\\..\\\\b']\n", "escaping-pattern", "lexicons", 4),
        (SMALL + "scenes: ['']\n", "escaping-pattern", "scenes", 4),
        (
            SMALL + "targets: {mastering: {loudness_lufs: 3}}\n",
            "out-of-range",
            "targets.mastering.loudness_lufs",
            4,
        ),
        (
            SMALL + "targets: {mastering: {sample_rate: 12345}}\n",
            "out-of-range",
            "targets.mastering.sample_rate",
            4,
        ),
        (
            SMALL + "targets: {delivery: {codec: mp3}}\n",
            "unknown-codec",
            "targets.delivery.codec",
            4,
        ),
        (SMALL + "max_attempts: 0\n", "out-of-range", "max_attempts", 4),
        (SMALL + "title: [x]\n", "wrong-type", "title", 4),
        (SMALL + "colour: red\n", "unknown-field", "colour", 4),
        (
            SMALL.replace("[en-US]", "{en-US: {required: maybe}}"),
            "wrong-type",
            "locales.en-US.required",
            2,
        ),
        (SMALL + "name: twice\n", "duplicate-key", "name", 4),
        (SMALL + "x: *y\n", "yaml-alias", "", 4),
        (SMALL + "notes: a\x00b\n", "control-character", "", 4),
    ],
)
def test_fault(tmp_path: Path, text: str, code: str, field: str, line: int) -> None:
    assert (code, field, line) in faults_of(tmp_path, text)


def test_all_faults_at_once(tmp_path: Path) -> None:
    text = "name: ../g\nlocales: [xx-yy]\ncharacters: {a: {voice: '?'}}\nmax_attempts: 99\n"
    assert len(faults_of(tmp_path, text)) == 4


def test_wrong_encoding(tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_bytes((SMALL + "title: Feuerhüter\n").encode("latin-1"))
    with pytest.raises(ManifestError) as caught:
        read_project(tmp_path)
    assert [(f.code, f.line) for f in caught.value.faults] == [("wrong-encoding", 4)]


def test_no_project_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"project\.yaml") as caught:
        read_project(tmp_path)
    assert caught.value.faults[0].code == "no-project"


def test_warning_alone_does_not_stop(game: Any) -> None:
    assert game.project().name == "game"
