"""What a user would not forgive: a green second run, a blind plan, neighbours of a poison line."""

from __future__ import annotations

from typing import Any

REJECTS_ALL = "version: 1\ndefaults: {least_peak_dbfs: 0.0}\n"


def test_a_rejected_line_keeps_the_exit_code_red(game: Any) -> None:
    game.write("gate.yaml", REJECTS_ALL)
    game.edit("scenes/road.yaml", "is closed.", "is shut.")
    assert game.run("render", "--no-report").code == 1
    again = game.run("render", "--no-report")
    assert again.code == 1
    assert "nothing to render" in again.out
    assert "unsettled: 1 rejected" in again.out


def test_a_voice_that_is_missing_hides_no_other_change(game: Any) -> None:
    """A member of the cast without lines and without an installed voice blinds nobody."""
    game.edit("project.yaml", "characters:", "characters:\n  ghost: {name: Ghost, voice: nobody}")
    assert game.run("render", "--no-report").code == 0
    game.edit("project.yaml", "loudness_lufs: -23", "loudness_lufs: -20")
    assert {why for _, (_, why) in game.plan().items() for why in why} == {"mastering"}


def test_one_line_overtakes_what_waits(game: Any) -> None:
    """`render --line` renders that line, not everything an earlier import asked for."""
    game.edit("scenes/road.yaml", "is closed.", "is barred.")
    game.edit("scenes/gate.yaml", "I am looking for", "I search for")
    assert game.run("import").code == 0
    assert game.run("render", "--no-report", "--line", "road").code == 0
    assert len(game.plan()) >= 1
    assert ("road", "en-US") not in game.plan()
