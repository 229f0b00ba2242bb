"""A newcomer at the command line: typing errors, wrong settings, help, and JSON for machines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from renderer.cli import COMMANDS

VOICES = ("list", "show", "add", "install", "say")


@pytest.mark.parametrize(
    "words", [*((name,) for name in COMMANDS), *(("voices", name) for name in VOICES)], ids=" ".join
)
def test_every_help_shows_an_example(game: Any, words: tuple[str, ...]) -> None:
    done = game.call(*words, "--help")
    assert done.code == 0
    assert f"Example: barkline {' '.join(words)}" in " ".join(done.out.split())


def test_a_mistyped_command_names_the_near_one(game: Any) -> None:
    done = game.call("rendr")
    assert done.code == 64
    assert "'render'" in done.err
    assert game.call("xyzzy").code == 64


def test_all_wrong_settings_are_named_at_once(game: Any) -> None:
    wrong = {"THREADS": "many", "WORKERS": "0", "BATCH": "-1", "CUDA": "maybe"}
    game.env |= {f"BARKLINE_{name}": value for name, value in wrong.items()}
    done = game.run("plan")
    assert done.code == 78
    for name, value in wrong.items():
        assert f"BARKLINE_{name}={value!r}" in done.err


@pytest.mark.parametrize(
    "words",
    [
        *(("plan",), ("plan", "--annotate"), ("import",), ("render",), ("status",), ("publish",)),
        ("freeze",),
    ],
    ids=" ".join,
)
def test_json_is_alone_on_standard_output(game: Any, words: tuple[str, ...]) -> None:
    game.env["GITHUB_ACTIONS"] = "true"
    game.edit("scenes/de-DE/gate.yaml", "Ich suche Vhar.", "Ich suche Vhar: %0A::error::x.")
    document = json.loads(game.run(*words, "--json").out)
    assert isinstance(document, list if words == ("freeze",) else dict)


def test_a_console_without_unicode_is_no_error(game: Any) -> None:
    (game.project / "recorded" / "en-US").mkdir(parents=True)
    (game.project / "recorded" / "en-US" / "日本😀.wav").write_bytes(b"x")
    process = game.spawn("import", PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "recorded/en-US/\\u65e5\\u672c\\U0001f600.wav belongs to no line" in err

    game.edit("project.yaml", "name: tiny", "name: tiny2")
    process = game.spawn("status", "--json", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    out, _ = process.communicate(timeout=120)
    assert json.loads(out)["waiting"] == []


def test_a_misspelt_setting_is_named(game: Any) -> None:
    game.env["BARKLINE_TREADS"] = "4"
    done = game.run("plan")
    assert done.code == 0
    assert "nothing reads BARKLINE_TREADS" in done.err


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("mysql://user:secret@host/x", "knows sqlite and postgresql"),
        ("nonsense", "no database URL"),
    ],
)
def test_a_database_barkline_does_not_know(game: Any, url: str, advice: str) -> None:
    game.env["BARKLINE_DATABASE_URL"] = url
    done = game.run("plan")
    assert done.code == 78
    assert advice in done.err
    assert "secret" not in done.err


@pytest.mark.parametrize("command", ["render", "freeze", "thaw"])
def test_a_scope_that_holds_nothing_is_said(game: Any, command: str) -> None:
    done = game.run(command, "--character", "gaurd")
    assert done.code == 0
    assert "no line matches" in done.err
    assert "no line matches" not in game.run(command, "--character", "guard").err
