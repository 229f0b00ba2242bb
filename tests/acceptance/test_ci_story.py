"""The story of CI: a fresh checkout with a committed lock and the team's store, no database.

A pull request changes one line. CI lists exactly that line with its reason, renders exactly one
take, writes a lock that differs in one row, proves it, and the game build fetches one file.
"""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def ci(game: Any, tmp_path: Path) -> Any:
    """A fresh checkout: manifests, the committed lock and the address of the store."""
    store = tmp_path / "store"
    shutil.copytree(game.build / "store", store)
    shutil.copy(game.lock_path, game.project / "voice.lock")
    shutil.rmtree(game.build)
    game.env["BARKLINE_STORE"] = str(store)
    return game


def against(ci: Any) -> tuple[str, Path]:
    return "--against", ci.project / "voice.lock"


def publish_over(ci: Any) -> tuple[list[str], list[str]]:
    """Publish into the committed lock; return the rows before and after."""
    lock = ci.project / "voice.lock"
    before = lock.read_text(encoding="utf-8").splitlines()
    assert ci.run("publish", "--lock", lock).code == 0
    return before, lock.read_text(encoding="utf-8").splitlines()


def pull(ci: Any, into: Path) -> Any:
    lock = ci.project / "voice.lock"
    done = ci.call("pull", "--lock", lock, "--into", into, "--remove-orphans", "--json")
    assert done.code == 0, done.err
    return done.json


def test_a_fresh_checkout_has_no_work(ci: Any, engine: Any) -> None:
    assert ci.plan(*against(ci)) == {}
    assert not ci.database.exists()
    assert ci.takes(*against(ci)) == {}
    assert engine.said == []
    before, after = publish_over(ci)
    assert before == after


def test_one_changed_line_from_pull_request_to_game(
    ci: Any, engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pull(ci, tmp_path / "voice")["fetched"] == 8
    ci.edit("scenes/road.yaml", "is closed.", "is open.")
    lock = ci.project / "voice.lock"
    assert ci.call("verify", ci.project, "--lock", lock).code == 1

    assert ci.plan(*against(ci)) == {("road", "en-US"): ("changed", ["text"])}
    monkeypatch.chdir(ci.root)
    ci.env["GITHUB_ACTIONS"] = "true"
    told = ci.run("plan", *against(ci))
    assert told.code == 2
    annotations = [line for line in told.out.splitlines() if line.startswith("::")]
    assert len(annotations) == 1
    assert annotations[0].startswith("::notice file=game/scenes/road.yaml,line=4,")
    assert "road (en-US) changed: text" in annotations[0]
    assert not ci.database.exists()
    del ci.env["GITHUB_ACTIONS"]

    assert ci.takes(*against(ci)) == {"approved": 1}
    assert [said for said in engine.said if "Vhar" in said] == ["The road to Vhar is open"]
    before, after = publish_over(ci)
    assert len(before) == len(after)
    rows = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(rows) == 1
    assert '"line_id": "road"' in rows[0][1]

    assert ci.call("verify", ci.project, "--lock", lock, "--strict").code == 0
    report = pull(ci, tmp_path / "voice")
    assert (report["fetched"], report["kept"], report["removed"]) == (1, 7, 0)
    done = ci.call("verify", ci.project, "--lock", lock, "--assets", tmp_path / "voice")
    assert done.code == 0, done.out
    assert ci.plan(*against(ci)) == {}


def test_a_deleted_line_leaves_the_lock_and_the_game(ci: Any, tmp_path: Path) -> None:
    pull(ci, tmp_path / "voice")
    (ci.project / "scenes/fr-FR/gate.yaml").unlink()

    assert ci.plan(*against(ci)) == {("halt", "fr-FR"): ("orphaned", [])}
    assert ci.plan(*against(ci), "--locale", "de-DE") == {}
    assert ci.plan(*against(ci), "--line", "road") == {}
    assert ci.takes(*against(ci)) == {}
    before, after = publish_over(ci)
    assert len(before) - len(after) == 1
    assert pull(ci, tmp_path / "voice")["removed"] == 1


def test_frozen_lines_stay_frozen_through_the_lock(
    game: Any, engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from renderer.speech.voice_book import Voices

    assert game.run("freeze", "--line", "halt").code == 0
    assert game.publish().code == 0
    store = tmp_path / "store"
    shutil.copytree(game.build / "store", store)
    shutil.copy(game.lock_path, game.project / "voice.lock")
    shutil.rmtree(game.build)
    game.env["BARKLINE_STORE"] = str(store)
    monkeypatch.setattr(Voices, "engine_revision", lambda _self, _name: "formant/99")
    # Nothing but the lock and the sounds it names: the pointers of render keys are gone.
    shutil.rmtree(store / "keys")

    plan = game.plan(*against(game))

    assert {line for line, (change, _) in plan.items() if change == "frozen"} == {
        ("halt", locale) for locale in ("en-US", "de-DE", "fr-FR")
    }
    assert game.takes(*against(game)) == {"approved": 4}
    assert not [said for said in engine.said if "Halt" in said]
    before, after = publish_over(game)
    same = [new for old, new in zip(before, after, strict=True) if old == new]
    assert sum('"line_id": "halt"' in row for row in same) == 3
    assert game.plan(*against(game), "--line", "halt") == {
        ("halt", locale): ("frozen", ["engine"]) for locale in ("en-US", "de-DE", "fr-FR")
    }


def test_a_committed_freeze_reaches_a_checkout_that_has_rendered_before(
    game: Any, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from renderer.speech.voice_book import Voices

    assert game.run("freeze", "--line", "road").code == 0
    assert game.publish().code == 0
    shutil.copy(game.lock_path, game.project / "voice.lock")
    row = game.entries()["road", "en-US"]
    assert game.run("thaw", "--line", "road").code == 0
    assert game.takes() == {}
    monkeypatch.setattr(Voices, "engine_revision", lambda _self, _name: "formant/99")

    assert game.plan(*against(game), "--line", "road")["road", "en-US"][0] == "frozen"
    assert game.takes(*against(game)) == {"approved": 6}
    assert not [said for said in engine.said if "closed" in said]
    assert game.publish().code == 0
    assert game.entries()["road", "en-US"] == row
    assert game.plan("--read-all")["road", "en-US"] == ("frozen", ["engine"])


def test_what_the_team_approved_is_taken_over_from_the_lock_though_rejected_here(
    game: Any, engine: Any
) -> None:
    shutil.copy(game.lock_path, game.project / "voice.lock")
    row = game.entries()["road", "en-US"]
    take = "(SELECT take_id FROM line WHERE line_id = 'road')"
    connection = sqlite3.connect(game.database)
    with connection:
        connection.execute(f"UPDATE take SET status = 'rejected' WHERE id = {take}")
    connection.close()
    shutil.rmtree(game.build / "store" / "keys")
    assert game.plan()["road", "en-US"][0] == "rejected"

    assert game.takes(*against(game)) == {}

    assert engine.said == []
    assert game.publish().code == 0
    assert game.entries()["road", "en-US"] == row


def test_a_rename_of_case_alone_keeps_the_take(game: Any, engine: Any) -> None:
    row = game.entries()["road", "en-US"]
    game.edit("scenes/road.yaml", "id: road", "id: ROAD, was: [road]")
    assert game.plan() == {}
    assert game.takes() == {}
    assert engine.said == []
    assert game.publish().code == 0
    entries = game.entries()
    assert entries["ROAD", "en-US"].render_key == row.render_key
    assert ("road", "en-US") not in entries


def test_a_frozen_line_of_another_codec_keeps_its_file(
    game: Any, engine: Any, tmp_path: Path
) -> None:
    assert game.run("freeze", "--line", "road").code == 0
    assert game.publish().code == 0
    store = tmp_path / "store"
    shutil.copytree(game.build / "store", store)
    shutil.copy(game.lock_path, game.project / "voice.lock")
    row = game.entries()["road", "en-US"]
    shutil.rmtree(game.build)
    game.env["BARKLINE_STORE"] = str(store)
    game.edit("project.yaml", "{codec: ogg, quality: 0.5}", "{codec: flac}")

    assert game.takes(*against(game)) == {"approved": 6}

    assert game.publish().code == 0
    entries = game.entries()
    assert entries["road", "en-US"] == row
    assert {e.extension for e in entries.values() if e.line_id != "road"} == {".flac"}


def test_a_frozen_line_that_is_renamed_stays_frozen(
    game: Any, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from renderer.speech.voice_book import Voices

    assert game.run("freeze", "--line", "road").code == 0
    assert game.publish().code == 0
    shutil.copy(game.lock_path, game.project / "voice.lock")
    for path in game.build.glob("barkline.db*"):
        path.unlink()
    game.edit("scenes/road.yaml", "id: road", "id: closed_road, was: [road]")
    monkeypatch.setattr(Voices, "engine_revision", lambda _self, _name: "formant/99")

    plan = game.plan(*against(game), "--scene", "road")
    assert plan == {("closed_road", "en-US"): ("frozen", ["engine"])}
    assert game.takes(*against(game), "--scene", "road") == {}
    assert engine.said == []
    assert game.run("publish").code == 1  # the other lines wait
    entry = game.entries()["closed_road", "en-US"]
    assert entry.frozen


def test_a_line_that_was_frozen_and_changed_is_rendered(ci: Any, engine: Any) -> None:
    lock = ci.project / "voice.lock"
    text = lock.read_text(encoding="utf-8")
    lock.write_text(text.replace('"frozen": false', '"frozen": true'), encoding="utf-8")
    ci.edit("scenes/road.yaml", "is closed.", "is open.")

    plan = ci.plan(*against(ci))

    assert plan["road", "en-US"] == ("changed", ["text"])
    assert [change for line, (change, _) in plan.items() if line[0] != "road"] == ["frozen"] * 7
    assert ci.takes(*against(ci)) == {"approved": 1}
    publish_over(ci)
    assert ci.plan(*against(ci))[("halt", "en-US")] == ("frozen", [])
    assert ("road", "en-US") not in ci.plan(*against(ci))


def test_a_lock_that_is_none_is_refused(ci: Any) -> None:
    lock = ci.project / "voice.lock"
    lock.write_text("<<<<<<< ours\n", encoding="utf-8")
    for command in ("plan", "render"):
        done = ci.run(command, *against(ci))
        assert done.code == 65
        assert "merge conflict" in done.err
    assert not ci.database.exists()
