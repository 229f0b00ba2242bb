"""Who committed what was imported; imports that wait for nobody; accounts; forgetting."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from renderer.db.engine import open_database


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=Wren", "-c", "user.email=wren@example.org", *words],
        cwd=folder,
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout.strip()


def last_import(game: Any) -> dict[str, Any]:
    found: dict[str, Any] = game.run("status", "--imports", "--json").json[0]
    return found


def test_the_author_and_commit_of_a_checkout_are_recorded(
    game: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "runner")
    git(game.project, "init", "--quiet")
    git(game.project, "add", ".")
    git(game.project, "commit", "--quiet", "--message", "Say it")
    head = git(game.project, "rev-parse", "HEAD")

    game.edit("scenes/road.yaml", "is closed", "is open again")
    assert game.run("import").code == 0
    told = last_import(game)
    assert told["who"] == "Wren <wren@example.org>"
    assert told["revision"] == f"{head}-dirty"
    assert (told["lines"], told["requested"], told["cached"]) == (1, 1, 0)

    git(game.project, "commit", "--all", "--quiet", "--message", "Open the road")
    game.write("scenes/gate.yaml", game.read("scenes/gate.yaml") + "\n# touched\n")
    assert game.run("import", "--committer", "Guard", "--revision", "abc123").code == 0
    told = last_import(game)
    assert (told["who"], told["revision"]) == ("Guard", "abc123")
    shown = game.run("status", "--imports").out.splitlines()
    assert "Guard  abc123  4 lines, 0 requested, 4 cached" in shown[0]
    assert "Wren <wren@example.org>" in shown[1]


def test_without_git_it_is_who_runs_it(game: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "runner")
    monkeypatch.setenv("PATH", str(game.root))
    game.edit("scenes/road.yaml", "is closed", "is open again")

    assert game.run("import").code == 0

    assert (last_import(game)["who"], last_import(game)["revision"]) == ("runner", "")


def test_a_job_beside_the_database_queues_and_goes(
    game: Any, postgres_url: str, redis_url: str, tmp_path: Path
) -> None:
    """No worker runs here: a render that waited would never end."""
    game.env |= {
        "BARKLINE_DATABASE_URL": postgres_url,
        "BARKLINE_REDIS_URL": redis_url,
        "BARKLINE_STORE": str(tmp_path / "shared"),
    }
    assert game.call("migrate").code == 0

    done = game.run("render", "--no-wait", "--line", "road", "--committer", "Wren", "--json")

    assert done.code == 0, done.err
    assert done.json == {"imported": 8, "queued": 1}
    assert last_import(game)["who"] == "Wren"
    engine = open_database(postgres_url)
    with engine.connect() as connection:
        waiting = connection.exec_driver_sql("SELECT count(*) FROM outbox WHERE sent_at IS NULL")
        assert waiting.scalar() == 1
    engine.dispose()


def test_without_a_service_there_is_nobody_to_leave_it_to(game: Any) -> None:
    done = game.run("render", "--no-wait")
    assert done.code == 78
    assert "barkline import" in done.err


def test_a_project_sees_what_it_cost(game: Any) -> None:
    (account,) = game.run("usage", "--json").json
    assert (account["project"], account["lines"], account["rendered"]) == ("tiny", 8, 7)
    assert account["work_s"] > 0
    assert account["line_audio_s"] > account["work_audio_s"] > 0  # two lines share a take
    said = game.run("usage").out
    assert "tiny: 8 lines" in said
    assert "rendered 7 takes" in said


def test_what_is_forgotten_is_swept_and_the_rest_ships(game: Any) -> None:
    game.write("scenes/road.yaml", "scene: road\nlocale: en-US\nlines: []\n")
    assert game.run("import").code == 0
    before = game.dump()

    dry = game.run("forget", "--gone", "0s")
    assert dry.code == 0, dry.err
    assert "tiny\troad\ten-US" in dry.out
    assert "1 lines, 1 takes" in dry.out
    assert "nothing was forgotten; --yes does it" in dry.out
    assert game.dump() == before
    assert game.run("forget", "--json").json["lines"] == 0  # not gone for 30 days

    kept = game.run("forget", "--gone", "0s", "--lock", game.lock_path, "--yes", "--json").json
    assert (kept["lines"], kept["kept_lines"], kept["takes"]) == (0, 1, 0)
    done = game.run("forget", "--gone", "0s", "--yes")
    assert "1 lines, 1 takes" in done.out
    assert "barkline gc" in done.out

    assert game.publish().code == 0
    assert game.takes() == {}
    assert len(game.sql("SELECT id FROM take")) == 6


def test_the_doctor_looks_at_a_project_of_its_own_and_leaves_nothing(game: Any) -> None:
    before = game.objects(), game.dump()

    done = game.run("doctor", "--json")

    assert done.code == 0, done.out
    found = {one["check"]: one["found"] for one in done.json["checks"]}
    assert found["database"].startswith("SQLite ")
    assert found["store"] == "written, read and deleted"
    assert "queue" not in found
    assert (game.objects(), game.dump()) == before
