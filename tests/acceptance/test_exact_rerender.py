"""The same inputs give the same bytes, however the work is cut, and a preview is no other sound."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from renderer.domain.object_key import sha256_hex


def test_another_machine_renders_the_same_bytes(new_game: Callable[[], Any], rendered: Any) -> None:
    game = new_game()
    game.env |= {"BARKLINE_BATCH": "3", "BARKLINE_WORKERS": "2", "BARKLINE_THREADS": "1"}

    assert game.takes() == {"approved": 7}

    assert game.publish().code == 0
    assert game.lock_path.read_bytes() == rendered.lock_path.read_bytes()
    assert [p.name for p in game.objects()] == [p.name for p in rendered.objects()]


def test_a_lost_store_and_database_are_made_again(game: Any) -> None:
    before = game.lock_path.read_bytes()
    for path in game.build.glob("barkline.db*"):
        path.unlink()
    shutil.rmtree(game.build / "store")

    assert game.takes("--line", "road") == {"approved": 1}
    assert game.publish().code == 1
    assert [e.line_id for e in game.lock().entries] == ["road"]
    row = next(r for r in before.decode().splitlines() if '"line_id": "road"' in r).rstrip(",")
    assert row in game.lock_path.read_text(encoding="utf-8")


def test_a_preview_is_what_a_render_would_give(game: Any, tmp_path: Path) -> None:
    entry = game.entries()["road", "en-US"]
    shutil.rmtree(game.build)
    out = tmp_path / "heard.ogg"
    scene = game.project / "scenes" / "road.yaml"

    done = game.call("preview", scene, "--line", "road", "--out", out, "--build", game.build)

    assert done.code == 0, done.err
    assert "approved" in done.out
    assert sha256_hex(out.read_bytes()) == entry.sha256
    assert not game.database.exists()


def test_a_preview_of_a_line_that_is_not_there_names_those_that_are(game: Any) -> None:
    scene = game.project / "scenes" / "road.yaml"
    done = game.call("preview", scene, "--line", "raod", "--build", game.build)
    assert done.code == 65
    assert "road" in done.err


def test_status_tells_where_every_line_is(game: Any) -> None:
    assert game.run("freeze", "--line", "halt").code == 0
    game.edit("scenes/road.yaml", "is closed.", "is open.")
    assert game.run("import").code == 0

    told = game.run("status", "--json").json

    assert told["locales"]["en-US"] == {"frozen": 1, "approved": 3, "pending": 1}
    assert told["locales"]["fr-FR"] == {"frozen": 1}
    assert told["characters"]["guard"] == {"frozen": 3, "pending": 1}
    waiting = {(row["line_id"], row["locale"]): row["why"] for row in told["waiting"]}
    assert waiting["road", "en-US"] == "pending"
    assert waiting["name", "de-DE"] == "stale translation"  # it records no source
    assert ("halt", "en-US") not in waiting
