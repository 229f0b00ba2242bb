"""Objects that are gone or damaged: rendered again or said, never shipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.disk import fill_disk


def stored(game: Any, key: str) -> Path:
    return game.build / "store" / key


@pytest.mark.parametrize("which", ["key", "metadata_key"])
def test_render_heals_what_the_store_has_lost(game: Any, engine: Any, which: str) -> None:
    lock = game.lock_path.read_bytes()
    gone = stored(game, getattr(game.entries()["road", "en-US"], which))
    gone.unlink()

    refused = game.publish()
    assert refused.code == 1
    assert "barkline render --retry lost" in refused.err
    assert ("road", "en-US") not in game.entries()

    done = game.render()
    assert done.code == 0
    assert "lost the sound of road (en-US)" in done.err
    assert done.json["takes"]["approved"] == 1
    assert gone.is_file()
    assert game.publish().code == 0
    assert game.lock_path.read_bytes() == lock
    assert game.takes() == {}


def test_a_damaged_sound_is_found_and_rendered_again(game: Any) -> None:
    entry = game.entries()["road", "en-US"]
    whole = stored(game, entry.key).read_bytes()
    stored(game, entry.key).write_bytes(whole[:100])

    into = game.root / "voice"
    pulled = game.call(
        *("pull", "--lock", game.lock_path, "--store", game.build / "store", "--into", into)
    )
    assert pulled.code == 74
    assert "is damaged" in pulled.err
    assert not (into / "en-US" / "road.ogg").exists()

    assert game.takes("--retry", "lost") == {"approved": 1}
    assert stored(game, entry.key).read_bytes() == whole
    assert game.takes("--retry", "lost") == {}


def test_with_the_whole_store_gone_everything_is_rendered_again(game: Any) -> None:
    lock = game.lock_path.read_bytes()
    for path in game.objects():
        path.unlink()

    assert game.takes() == {"approved": 7}
    assert game.publish().code == 0
    assert game.lock_path.read_bytes() == lock


def test_a_frozen_line_is_not_replaced_behind_its_back(game: Any, engine: Any) -> None:
    assert game.run("freeze", "--line", "road").code == 0
    stored(game, game.entries()["road", "en-US"].key).unlink()

    assert game.takes() == {}
    assert engine.said == []
    refused = game.publish()
    assert refused.code == 1
    assert "thaw it" in refused.err


def test_a_raw_take_that_is_damaged_is_spoken_again(game: Any, engine: Any) -> None:
    for path in game.objects():
        if path.suffix == ".wav":
            path.write_bytes(b"RIFF")
    game.edit("project.yaml", "loudness_lufs: -23", "loudness_lufs: -20")

    done = game.render()

    assert done.code == 0, done.err
    assert "The road to Vhar is closed" in engine.said
    assert game.publish().code == 0


def test_publish_before_any_render_leaves_the_lock_alone(game: Any) -> None:
    before = game.lock_path.read_bytes()
    done = game.call(
        *("publish", game.project, "--build", game.root / "fresh", "--lock", game.lock_path)
    )
    assert done.code == 65
    assert "barkline render" in done.err
    assert game.lock_path.read_bytes() == before


def test_publish_says_when_the_manifests_are_ahead(game: Any) -> None:
    game.edit("scenes/road.yaml", "is closed.", "is open.")
    done = game.publish()
    assert done.code == 1
    assert "1 lines are not rendered as they are committed" in done.err
    assert game.run("publish", "--json").json["stale"] == 1


def test_a_lock_that_cannot_be_written_is_left_as_it_was(
    game: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (game.project / "scenes" / "fr-FR" / "gate.yaml").unlink()
    assert game.takes() == {}
    before = game.lock_path.read_bytes()
    with monkeypatch.context() as patch:
        fill_disk(patch, game.lock_path.parent)
        done = game.publish()
    assert done.code == 74
    assert "No space left" in done.err
    assert game.lock_path.read_bytes() == before
    assert not list(game.build.glob(".voice.lock*"))
    assert game.publish().code == 0
    assert game.lock_path.read_bytes() != before
