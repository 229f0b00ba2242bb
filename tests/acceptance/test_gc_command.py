"""`barkline gc` on a rendered game: what goes, what stays, what is refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from renderer.storage.local import LocalStore

OLD = 1_000_000_000


@pytest.fixture
def littered(game: Any) -> Any:
    """The game, with everything in its store old, and two objects that nothing names."""
    store = LocalStore(game.build / "store")
    game.orphans = [store.put(data, ".wav", "audio/wav") for data in (b"a crash", b"another")]
    for path in game.objects():
        os.utime(path, (OLD, OLD))
    return game


@pytest.fixture
def pull_is_whole(littered: Any) -> Any:
    """Check that what the lock names is there, and that a render finds nothing lost."""

    def check() -> None:
        into = littered.root / "voice"
        done = littered.call(
            *("pull", "--lock", littered.lock_path, "--store", littered.build / "store"),
            *("--into", into, "--metadata"),
        )
        assert done.code == 0, done.err
        assert littered.takes() == {}

    return check


def names(paths: list[Path]) -> set[str]:
    return {path.name for path in paths}


def test_a_dry_run_names_what_would_go(littered: Any) -> None:
    before = littered.objects()
    done = littered.run("gc")
    assert done.code == 0, done.err
    assert f"{len(before)} objects: 2 that nothing names" in done.out
    assert "nothing was deleted; --apply deletes" in done.out
    assert all(key in done.out for key in littered.orphans)
    assert littered.objects() == before


def test_what_nothing_names_goes_and_the_game_stays_whole(
    littered: Any, pull_is_whole: Any
) -> None:
    before = names(littered.objects())
    done = littered.run("gc", "--apply", "--json")
    assert done.code == 0, done.err
    assert done.json["orphans"] == done.json["deleted"] == 2
    assert done.json["deleted_bytes"] == len(b"a crash" + b"another")
    assert sorted(done.json["keys"]) == sorted(littered.orphans)
    assert before - names(littered.objects()) == {k.rsplit("/", 1)[1] for k in littered.orphans}
    pull_is_whole()
    again = littered.run("gc", "--apply", "--json")
    assert (again.json["orphans"], again.json["deleted"]) == (0, 0)


def test_a_lock_keeps_what_no_take_names_any_more(littered: Any, pull_is_whole: Any) -> None:
    """Lines that share a take have metadata documents of their own, which only the lock names."""
    lock = littered.root / "elsewhere" / "release.lock"
    lock.parent.mkdir()
    littered.lock_path.rename(lock)
    alone = littered.run("gc", "--no-lock", "--json").json
    assert alone["orphans"] == 3
    with_lock = littered.run("gc", "--lock", lock, "--json").json
    assert with_lock["orphans"] == 2
    assert littered.run("gc", "--apply", "--lock", lock).code == 0
    lock.rename(littered.lock_path)
    pull_is_whole()


def test_no_lock_at_all_is_no_oversight(littered: Any) -> None:
    littered.lock_path.unlink()
    done = littered.run("gc", "--apply")
    assert done.code == 78
    assert "--lock" in done.err
    assert "--no-lock" in done.err
    assert littered.run("gc", "--lock", littered.root / "absent.lock").code == 64


def test_a_damaged_lock_stops_the_sweep(littered: Any) -> None:
    littered.lock_path.write_text("{}", encoding="utf-8")
    before = littered.objects()
    assert littered.run("gc", "--apply").code == 65
    assert littered.objects() == before


def test_young_objects_stay(littered: Any) -> None:
    os.utime(littered.build / "store" / littered.orphans[0])
    done = littered.run("gc", "--apply", "--json")
    assert (done.json["young"], done.json["deleted"]) == (1, 1)
    assert (littered.build / "store" / littered.orphans[0]).is_file()


@pytest.mark.parametrize(("grace", "code"), [("30m", 78), ("soon", 64), ("1h", 0), ("7d", 0)])
def test_the_grace_period_is_checked(littered: Any, grace: str, code: int) -> None:
    assert littered.run("gc", "--grace", grace).code == code


def test_the_wrong_database_deletes_nothing(littered: Any) -> None:
    """An empty one, one of another store, and none at all."""
    before = littered.objects()
    none = littered.call("gc", littered.project, "--build", littered.root / "fresh", "--apply")
    assert none.code == 78
    assert "there is no database" in none.err
    assert not (littered.root / "fresh").exists()

    littered.env["BARKLINE_DATABASE_URL"] = f"sqlite:///{littered.root / 'empty.db'}"
    empty = littered.run("gc", "--apply", "--force")
    assert empty.code == 78
    assert "has no takes" in empty.err

    del littered.env["BARKLINE_DATABASE_URL"]
    for beside in ("-wal", "-shm"):
        littered.database.with_name(f"barkline.db{beside}").unlink(missing_ok=True)
    littered.database.write_bytes(b"not a database at all" * 100)
    damaged = littered.run("gc", "--apply", "--force")
    assert damaged.code == 74
    assert littered.objects() == before


def test_half_of_the_store_does_not_go_by_mistake(littered: Any) -> None:
    store = LocalStore(littered.build / "store")
    for i in range(len(littered.objects())):
        path = store.root / store.put(f"litter {i}".encode(), ".wav", "audio/wav")
        os.utime(path, (OLD, OLD))
    before = littered.objects()
    refused = littered.run("gc", "--apply")
    assert refused.code == 78
    assert "the bound is 50%" in refused.err
    assert "--force" in refused.err
    assert littered.objects() == before
    assert littered.run("gc", "--apply", "--most", "70").code == 0


def test_a_service_needs_no_project(littered: Any) -> None:
    littered.env["BARKLINE_DATABASE_URL"] = f"sqlite:///{littered.database}"
    littered.env["BARKLINE_STORE"] = str(littered.build / "store")
    done = littered.call("gc", "--lock", littered.lock_path, "--apply", "--json")
    assert done.code == 0, done.err
    assert done.json["deleted"] == 2


def test_a_web_server_cannot_be_swept(littered: Any) -> None:
    littered.env["BARKLINE_STORE"] = "https://cdn.example/voice"
    done = littered.run("gc")
    assert done.code == 78
    assert "read only" in done.err


def test_a_render_and_a_sweep_do_not_share_a_build_folder(littered: Any) -> None:
    from renderer.cli.walk import hold

    with hold(littered.build):
        assert littered.run("gc").code == 0
        done = littered.run("gc", "--apply")
    assert done.code == 78
    assert "another barkline" in done.err
