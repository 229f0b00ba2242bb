"""What lies beside the scenes and is wrong: said by every command that reads it, with its place."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import soundfile


@pytest.mark.parametrize("command", ["plan", "render", "check"])
def test_a_broken_gate_is_said_before_anything_is_rendered(game: Any, command: str) -> None:
    game.write("gate.yaml", "defaults:\n  most_duration_s: long\n  nonsense: 3\n")
    done = game.call("check", game.project) if command == "check" else game.run(command)
    said = done.out + done.err
    assert done.code == 65
    for place in ("gate.yaml:2", "gate.yaml:3"):
        assert said.count(place) == 1


def test_check_names_broken_emotion_profiles(game: Any) -> None:
    profiles = json.loads(game.read("emotion_profiles.json"))
    profiles["emotions"]["angry"] = {}
    game.write("emotion_profiles.json", json.dumps(profiles))
    done = game.call("check", game.project)
    assert done.code == 65
    assert "angry has no intensities" in done.out


def record(game: Any, name: str, sound: Any, rate: int = 44_100) -> None:
    path = game.project / "recorded" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, rate, format="WAV")


def test_recordings_of_no_line_are_named(game: Any) -> None:
    hum = 0.2 * np.sin(np.arange(44_100) / 40)
    record(game, "en-US/nobody.wav", hum)
    record(game, "xx-XX/halt.wav", hum)
    done = game.render()
    assert done.code == 0
    assert "recorded/en-US/nobody.wav belongs to no line" in done.err
    assert "recorded/xx-XX/halt.wav belongs to no line" in done.err


def test_a_recording_in_capitals_and_one_that_is_noise(game: Any, engine: Any) -> None:
    record(game, "en-US/road.WAV", np.zeros(44_100))
    (game.project / "recorded" / "en-US" / "halt.wav").write_bytes(b"no sound at all" * 100)

    done = game.render()

    assert done.code == 1
    assert engine.said == []
    assert "rejected: road (en-US): " in done.err
    assert "failed: halt (en-US): the bytes are no WAV" in done.err
    status = game.run("status").out
    assert "rejected: road (en-US): " in status
    assert game.publish().code == 1
    assert {("road", "en-US"), ("halt", "en-US")}.isdisjoint(game.entries())


@pytest.mark.parametrize("command", ["plan", "import", "render", "build"])
def test_a_wrong_pattern_for_scenes_takes_nothing_away(game: Any, command: str) -> None:
    before = game.lock_path.read_bytes(), game.dump()
    game.write("project.yaml", game.read("project.yaml") + "scenes: ['scene/*.yaml']\n")
    done = game.run(command)
    assert done.code == 65
    assert "scene/*.yaml" in done.err
    assert (game.lock_path.read_bytes(), game.dump()) == before


def test_preview_of_a_line_in_another_locale_says_which_there_are(game: Any) -> None:
    scene = game.project / "scenes" / "gate.yaml"
    done = game.call("preview", scene, "--line", "halt", "--locale", "it-IT")
    assert done.code == 65
    assert "no line 'halt' in it-IT; it has halt (en-US)." in done.err
    done = game.call("preview", game.project / "project.yaml", "--line", "halt")
    assert "no scene file" in done.err
