"""`barkline copy`: a game that was rendered in embedded mode goes on in the service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from renderer.db.engine import open_database

TABLES = (
    *("project", "manifest_file", "take", "line", "line_take", "decision"),
    *("event", "voice_level", "voice_score"),
)


@pytest.fixture
def served(game: Any, postgres_url: str, redis_url: str, tmp_path: Path) -> Any:
    """The game with decisions and a history; `service` are the settings of the service."""
    assert game.run("freeze", "--line", "halt", "--locale", "en-US").code == 0
    game.edit("scenes/road.yaml", "is closed", "is open again")
    assert game.takes() == {"approved": 1}
    assert game.publish().code == 0
    game.service = {
        "BARKLINE_DATABASE_URL": postgres_url,
        "BARKLINE_REDIS_URL": redis_url,
        "BARKLINE_STORE": str(tmp_path / "shared"),
    }
    return game


def join(game: Any) -> None:
    """From now on commands use the service."""
    game.env |= game.service
    done = game.call("migrate")
    assert done.code == 0, done.err


def rows(url: str) -> dict[str, int]:
    engine = open_database(url)
    with engine.connect() as connection:
        found = {
            table: int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() or 0)
            for table in TABLES
        }
    engine.dispose()
    return found


def test_everything_is_there_afterwards_and_nothing_is_rendered(served: Any) -> None:
    before = rows(f"sqlite:///{served.database}")
    lock = served.lock_path.read_bytes()
    frozen = served.run("freeze", "--list").out
    join(served)

    done = served.call("copy", "--from", served.build, "--json")

    assert done.code == 0, done.err
    assert done.json["amount"]["new_takes"] == before["take"]
    assert rows(served.service["BARKLINE_DATABASE_URL"]) == before
    new = served.root / "elsewhere"
    rendered = served.call("render", served.project, "--build", new, "--no-report", "--json")
    assert rendered.code == 0, rendered.err
    assert rendered.json["imported"] == 0  # the files are known, too
    assert set(rendered.json["takes"].values()) == {0}
    assert served.call("publish", served.project, "--build", new).code == 0
    assert (new / "voice.lock").read_bytes() == lock
    listed = served.call("freeze", served.project, "--build", new, "--list")
    assert listed.out == frozen != ""


def test_a_changed_manifest_asks_for_nothing_that_is_known(served: Any) -> None:
    """Not only the digests of the files count: each line finds its take."""
    join(served)
    assert served.call("copy", "--from", served.build).code == 0
    served.write("scenes/road.yaml", served.read("scenes/road.yaml") + "\n# touched\n")
    new = served.root / "elsewhere"

    done = served.call("import", served.project, "--build", new, "--json")

    assert done.json["lines"] == 1
    assert done.json["to_render"] == 0


def test_a_second_time_and_after_a_stop_it_goes_on(
    served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from renderer.db.transfer import SqlTransfer

    before = rows(f"sqlite:///{served.database}")
    join(served)
    monkeypatch.setattr(SqlTransfer, "lines", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
    assert served.call("copy", "--from", served.build).code == 130
    monkeypatch.undo()

    assert served.call("copy", "--from", served.build).code == 0
    again = served.call("copy", "--from", served.build, "--json")

    assert rows(served.service["BARKLINE_DATABASE_URL"]) == before
    assert again.json["amount"]["new_takes"] == again.json["amount"]["new_lines"] == 0
    assert again.json["new_objects"] == 0


def test_a_decision_of_the_service_outlives_a_second_copy(served: Any) -> None:
    join(served)
    assert served.call("copy", "--from", served.build).code == 0
    new = served.root / "elsewhere"
    assert served.call("thaw", served.project, "--build", new, "--line", "halt").code == 0

    assert served.call("copy", "--from", served.build).code == 0

    assert "halt" not in served.call("freeze", served.project, "--build", new, "--list").out


def test_a_dry_run_changes_nothing_and_lost_sounds_are_told(served: Any) -> None:
    join(served)
    lost = next(p for p in served.objects() if p.suffix == ".ogg")
    lost.unlink()

    done = served.call("copy", "--from", served.build, "--dry-run")

    assert done.code == 1
    assert "1 objects are lost" in done.out
    assert "nothing was copied" in done.out
    assert rows(served.service["BARKLINE_DATABASE_URL"])["take"] == 0
    assert not Path(served.service["BARKLINE_STORE"]).exists()


def test_it_says_what_is_missing(served: Any, tmp_path: Path) -> None:
    done = served.call("copy", "--from", served.build)
    assert done.code == 78
    assert "BARKLINE_DATABASE_URL and BARKLINE_STORE" in done.err
    join(served)
    done = served.call("copy", "--from", tmp_path)
    assert done.code == 78
    assert "has no barkline.db" in done.err
