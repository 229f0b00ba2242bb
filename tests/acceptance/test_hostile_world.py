"""Full disks, damaged databases and folders that are none: said in words, and nothing is lost."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from renderer import bootstrap
from tests.disk import fill_disk


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize("damage", [half, lambda data: b"\x00\xff" * 30_000])
def test_a_damaged_database_says_how_to_get_a_new_one(
    game: Any, damage: Callable[[bytes], bytes]
) -> None:
    connection = sqlite3.connect(game.database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    for path in game.build.glob("barkline.db-*"):
        path.unlink()
    game.database.write_bytes(damage(game.database.read_bytes()))

    for command in ("plan", "status", "render", "publish", "report"):
        done = game.run(command)
        assert done.code == 74, (command, done.err)
        assert "Traceback" not in done.err
        assert "is damaged. Delete it" in done.err

    game.database.unlink()
    assert game.takes() == {}, "the store still has everything"


def test_a_locked_database_says_so(game: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renderer.db.engine.BUSY_TIMEOUT_S", 0.1)
    other = sqlite3.connect(game.database, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        done = game.run("import")
    finally:
        other.close()
    assert done.code == 74
    assert "another process holds the database" in done.err


def test_a_build_folder_below_a_file_is_no_traceback(game: Any) -> None:
    (game.root / "file").write_text("")
    for command in ("render", "build", "status", "publish"):
        done = game.call(command, game.project, "--build", game.root / "file" / "build")
        assert done.code in (74, 78), command
        assert "Traceback" not in done.err
        assert "file" in done.err


def test_an_unforeseen_error_is_short_and_points_to_debug(
    game: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(bootstrap, "open_workspace", broken)
    done = game.run("plan")
    assert done.code == 70
    assert "a bug" in done.err
    assert "--debug" in done.err
    assert "Traceback" not in done.err


def test_a_full_store_fails_lines_and_says_why(game: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    game.edit("scenes/road.yaml", "is closed.", "is open.")
    with monkeypatch.context() as patch:
        patch.setattr("renderer.storage.local.write_atomically", full)
        done = game.render()
    assert done.code == 1
    assert done.json["takes"]["failed"] == 1
    assert "failed: road (en-US): it could not be stored: no room for" in done.err
    assert "Free some space" in done.err
    assert "Traceback" not in done.err
    assert "Free some space" in game.run("status").out

    assert game.takes() == {"approved": 1}
    assert "Free some space" not in game.run("status").out


def test_status_before_any_render_names_the_next_step(new_game: Callable[[], Any]) -> None:
    done = new_game().run("status")
    assert done.code == 0
    assert "barkline render" in done.out


def test_a_report_on_a_full_disk_leaves_no_half_files(
    game: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        fill_disk(patch, game.build / "report")
        done = game.run("report")
    assert done.code == 74
    assert "report" in done.err
    assert "No space left on device" in done.err
    assert not [p for p in (game.build / "report").rglob("*") if p.is_file()]
    assert game.run("report").code == 0
