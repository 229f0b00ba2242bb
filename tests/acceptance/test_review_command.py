"""`barkline review`: decisions of a file, retakes and waivers through the whole walk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

NOON = "2026-05-04T12:00:00Z"


def decision(game: Any, line_id: str, choice: str, number: int, **more: Any) -> dict[str, Any]:
    query = (
        "SELECT take.render_key FROM line JOIN take ON take.id = line.take_id WHERE "
        f"line.line_id = '{line_id}' AND line.locale = '{more.get('locale', 'en-US')}'"
    )
    given = {
        "id": f"{number:032x}",
        "line_id": line_id,
        "locale": "en-US",
        "render_key": game.sql(query)[0][0],
        "seen": 0,
        "choice": choice,
        "who": "Ada",
        "at": NOON,
        "note": "",
    }
    return {**given, **more}


def document(*decisions: Any, **more: Any) -> dict[str, Any]:
    head = {"format": "barkline-decisions", "version": 1, "project": "tiny"}
    return {**head, "decisions": list(decisions), **more}


def apply(game: Any, tmp_path: Path, *decisions: Any, **more: Any) -> Any:
    file = tmp_path / "decisions.json"
    file.write_text(json.dumps(document(*decisions, **more)), encoding="utf-8")
    return game.call("review", "apply", game.project, file, "--build", game.build, "--json")


@pytest.fixture
def strict(game: Any) -> Any:
    """The game with a gate that the line `road` does not pass."""
    game.write("gate.yaml", "defaults:\n  most_duration_s: 1.0\n")
    game.edit("scenes/road.yaml", "is closed", "is closed for a long while now")
    assert game.render("--line", "road").code == 1
    return game


def test_a_waived_line_is_published_until_its_text_changes(strict: Any, tmp_path: Path) -> None:
    game = strict
    assert game.publish().code == 1
    assert ("road", "en-US") not in game.entries()

    done = apply(game, tmp_path, decision(game, "road", "waive", 1, note="he is slow"))

    assert done.code == 0, done.err
    assert [d["reception"] for d in done.json] == ["recorded"]
    published = game.publish()
    assert published.code == 0, published.err
    assert "1 of them waived" in published.out
    assert game.entries()["road", "en-US"].waived["note"] == "he is slow"
    assert game.render().code == 0  # nothing is unsettled
    verified = game.call("verify", game.project, "--lock", game.lock_path, "--json")
    assert verified.json["waived"] == 1
    # CI knows the lock and the store; a new database loses nothing.
    game.env["BARKLINE_STORE"] = str(game.build / "store")
    again = game.root / "elsewhere"
    argv = (game.project, "--build", again)
    lock = tmp_path / "committed.lock"
    lock.write_bytes(game.lock_path.read_bytes())
    assert game.call("render", *argv, "--against", lock, "--no-report").code == 0
    assert game.call("publish", *argv, "--lock", tmp_path / "ci.lock").code == 0
    assert (tmp_path / "ci.lock").read_bytes() == lock.read_bytes()

    game.edit("scenes/road.yaml", "for a long while", "for a very long while")
    assert game.render().code == 1
    assert game.publish().code == 1
    assert ("road", "en-US") not in game.entries()


@pytest.mark.parametrize("how", ["replay", "render"])
def test_a_waiver_does_not_outlive_what_was_heard_and_found(
    strict: Any, tmp_path: Path, how: str
) -> None:
    """Limits are no part of the key: others find more in a take, or keep another attempt of it."""
    game = strict
    assert apply(game, tmp_path, decision(game, "road", "waive", 1, note="he is slow")).code == 0
    assert game.publish().code == 0
    waived = game.entries()["road", "en-US"]
    assert waived.waived["checks"] == "duration"

    limits = "defaults:\n  most_duration_s: 1.0\n  most_level_over_lu: 0.2\n"
    game.write("gate.yaml", limits)
    if how == "replay":
        argv = (game.project, "--build", game.build, "--line", "road")
        assert game.call("gate", "replay", *argv, "--apply").code == 0
        changed = "but level fails now, which did not then"
    else:
        assert game.render("--line", "road", "--retry", "rejected").code == 1
        changed = "but the take sounds otherwise now"

    left = game.publish()
    assert left.code == 1
    assert "Ada waived it" in left.err
    assert changed in left.err
    assert ("road", "en-US") not in game.entries()
    status = game.run("status", "--json").json
    assert next(w["error"] for w in status["waiting"] if w["line_id"] == "road").endswith(
        f"{changed}: hear it again, then decide"
    )
    again = decision(game, "road", "waive", 2, note="still fine", seen=1)
    assert apply(game, tmp_path, again).code == 0
    assert game.publish().code == 0
    assert (game.entries()["road", "en-US"].sha256 == waived.sha256) is (how == "replay")


def test_a_retake_is_written_rendered_checked_and_undone(game: Any, tmp_path: Path) -> None:
    before = game.entries()["name", "en-US"]
    retake = decision(
        game,
        "name",
        "retake",
        1,
        note="too flat",
        change={"emotion": "sad 0.9", "words": [{"word": "Vhar", "phonemes": "vɑː"}], "seed": 4},
    )
    assert apply(game, tmp_path, retake).code == 0
    assert "emotion: sad 0.9" in game.read("retakes.yaml")
    assert game.call("check", game.project).code == 0
    planned = game.plan()
    assert list(planned) == [("name", "en-US")]
    assert {"direction", "seed"} <= set(planned["name", "en-US"][1])
    assert game.publish().code == 1  # the line waits for its retake
    assert game.takes() == {"approved": 1}
    assert game.publish().code == 0
    after = game.entries()["name", "en-US"]
    assert after.render_key != before.render_key
    assert game.call("verify", game.project, "--lock", game.lock_path).code == 0

    undo = {**retake, "id": f"{2:032x}", "undoes": retake["id"], "change": {}, "note": ""}
    assert apply(game, tmp_path, undo).code == 1  # its author has not seen the retake
    assert apply(game, tmp_path, {**undo, "seen": 1}).code == 0
    assert not (game.project / "retakes.yaml").exists()
    assert game.takes() == {}
    assert game.publish().code == 0
    assert game.entries()["name", "en-US"] == before


def test_conflicts_are_told_and_the_rest_is_recorded(game: Any, tmp_path: Path) -> None:
    first = decision(game, "name", "return", 1, who="Grace", note="who is Vhar?")
    assert apply(game, tmp_path, first).code == 0
    done = apply(
        game,
        tmp_path,
        first,
        decision(game, "name", "approve", 2),
        decision(game, "halt", "approve", 3),
    )
    assert done.code == 0  # the author of the file made both, one after the other
    assert [d["reception"] for d in done.json] == ["known", "recorded", "recorded"]
    late = decision(game, "halt", "return", 4, note="hm", who="Grace")
    rest = decision(game, "run", "approve", 5)
    lone = apply(game, tmp_path, late, rest)
    assert lone.code == 1
    assert [d["reception"] for d in lone.json] == ["conflict", "recorded"]
    assert "Ada approved it on 2026-05-04 12:00 UTC" in lone.json[0]["message"]


def test_every_fault_of_a_file_is_named_and_nothing_is_recorded(game: Any, tmp_path: Path) -> None:
    good = decision(game, "name", "approve", 1)
    done = apply(
        game,
        tmp_path,
        good,
        {**good, "id": "7", "choice": "praise", "at": "noon"},
        {**good, "who": "", "seen": -1, "extra": 1},
        "nonsense",
        {**good, "choice": "replace"},
        extra=1,
    )
    assert done.code == 65
    for field in (
        *("decisions.1.choice", "decisions.1.at", "decisions.2.seen", "decisions.2.extra"),
        *("decisions.3", "decisions.4.choice", "[extra]"),
    ):
        assert field in done.err, field
    assert game.sql("SELECT count(*) FROM decision") == [(0,)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"format": "other"}',
        '{"format": "barkline-decisions", "version": 2}',
        "\x00",
    ],
)
def test_what_is_no_file_of_decisions_is_said_to_be_none(
    game: Any, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "d.json"
    file.write_text(text, encoding="utf-8")
    done = game.call("review", "apply", game.project, file, "--build", game.build)
    assert done.code == 65
    assert "d.json" in done.err


def test_decisions_survive_a_restart_and_show_in_status_and_log(game: Any, tmp_path: Path) -> None:
    back = decision(game, "name", "return", 1, note="who is Vhar?")
    assert apply(game, tmp_path, back).code == 0
    status = game.run("status")
    assert "returned: name (en-US): Ada sent it to the writer" in status.out
    log = game.call("review", "log", game.project, "--build", game.build)
    assert "name (en-US): Ada sent it to the writer on 2026-05-04 12:00 UTC" in log.out
    process = game.spawn("status")
    out, _ = process.communicate(timeout=120)
    assert "returned: name" in out
