"""Backup and restore, as docs/operations.md has it: with PostgreSQL's own programs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.servers.postgres import PostgresServer, find_binaries


class Backups:
    """A game in PostgreSQL and a shared folder, which are dumped, destroyed and restored."""

    def __init__(self, game: Any, server: PostgresServer, folder: Path) -> None:
        self.game = game
        self._server = server
        self._folder = folder
        self.store = folder / "shared"
        game.env |= {"BARKLINE_STORE": str(self.store)}
        self._use(server.new_database())
        assert game.call("migrate").code == 0
        done = game.call("copy", "--from", game.build)
        assert done.code == 0, done.err
        shutil.rmtree(game.build)

    def _use(self, url: str) -> None:
        self.url = url
        self.game.env["BARKLINE_DATABASE_URL"] = url

    def dump(self) -> Path:
        file = self._folder / "barkline.dump"
        self._program("pg_dump", "--format=custom", f"--file={file}", f"--dbname={self._plain}")
        return file

    def restore(self, dump: Path) -> None:
        """Into a new, empty database; the one before is gone."""
        self._server.drop_database(self.url)
        self._use(self._server.new_database())
        self._program(
            "pg_restore", "--exit-on-error", "--no-owner", f"--dbname={self._plain}", dump
        )

    def copy_store(self) -> Path:
        copy = self._folder / "store-copy"
        shutil.copytree(self.store, copy)
        return copy

    def restore_store(self, copy: Path) -> None:
        shutil.rmtree(self.store)
        shutil.copytree(copy, self.store)

    @property
    def _plain(self) -> str:
        return self.url.replace("+psycopg", "")

    @staticmethod
    def _program(name: str, *words: object) -> None:
        command = [str(find_binaries() / name), *map(str, words)]
        done = subprocess.run(command, capture_output=True, check=False, text=True)
        assert done.returncode == 0, done.stderr

    def change(self) -> None:
        """A writer commits another line, which is rendered and published."""
        self.game.edit("scenes/road.yaml", "is closed", "is open again")
        assert self.game.takes() == {"approved": 1}
        assert self.game.publish().code == 0

    def ships(self) -> bytes:
        """Publish, pull and verify; returns the lock."""
        game, into = self.game, self._folder / "voice"
        assert game.publish().code == 0
        done = game.call("pull", "--lock", game.lock_path, "--store", self.store, "--into", into)
        assert done.code == 0, done.err
        done = game.call("verify", game.project, "--lock", game.lock_path, "--assets", into)
        assert done.code == 0, done.out + done.err
        return bytes(game.lock_path.read_bytes())


@pytest.fixture
def backups(game: Any, postgres_server: PostgresServer, tmp_path: Path) -> Any:
    made = Backups(game, postgres_server, tmp_path)
    yield made
    postgres_server.drop_database(made.url)


def test_database_and_store_come_back_from_a_backup(backups: Backups) -> None:
    game = backups.game
    assert game.run("freeze", "--line", "halt").code == 0
    lock, status = backups.ships(), game.run("status", "--json").json
    dump, copy = backups.dump(), backups.copy_store()
    shutil.rmtree(game.build)
    shutil.rmtree(backups.store)

    backups.restore(dump)
    backups.store.mkdir()
    backups.restore_store(copy)

    assert game.run("status", "--json").json == status
    assert backups.ships() == lock
    assert game.takes() == {}
    assert backups.ships() == lock


def test_an_older_database_under_a_newer_store_loses_no_sound(backups: Backups) -> None:
    """What was rendered since is found in the store by its render key."""
    dump = backups.dump()
    backups.change()
    lock = backups.ships()

    backups.restore(dump)

    assert game_of(backups).takes() == {}
    assert backups.ships() == lock


def test_a_newer_database_over_an_older_store_is_found_and_healed(backups: Backups) -> None:
    copy = backups.copy_store()
    backups.change()
    lock = backups.ships()

    backups.restore_store(copy)

    game = game_of(backups)
    done = game.render("--retry", "lost")
    assert done.json["takes"]["approved"] == 1
    assert "the store has lost the sound of road (en-US)" in done.err
    assert backups.ships() == lock


def game_of(backups: Backups) -> Any:
    """The game on a machine that has no build folder yet."""
    shutil.rmtree(backups.game.build)
    return backups.game
