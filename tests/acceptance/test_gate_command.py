"""`barkline gate` on a rendered game: nothing is rendered, and nothing changes unless asked to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

STRICT = "defaults: {most_duration_s: 0.9}\nengines: {formant: {least_dnsmos_ovrl: 1.0}}\n"


@pytest.fixture(scope="module")
def rendered(new_game: Any) -> Any:
    """The game, judged by the limits that are shipped: models too."""
    game = new_game()
    (game.project / "gate.yaml").unlink()
    done = game.render()
    assert done.code == 0, done.err
    assert game.publish().code == 0
    return game


@pytest.fixture
def strict(tmp_path: Path) -> Path:
    path = tmp_path / "strict.yaml"
    path.write_text(STRICT, encoding="utf-8")
    return path


def gate(game: Any, step: str, *argv: object) -> Any:
    return game.call("gate", step, game.project, "--build", game.build, *argv)


def statuses(game: Any) -> dict[str, int]:
    return dict(game.sql("select status, count(*) from take group by status"))


def test_the_limits_of_the_render_change_nothing(game: Any, engine: Any) -> None:
    before = game.dump()
    done = gate(game, "replay")
    assert done.code == 0, done.err
    assert "8 lines judged, 0 with another status" in done.out
    assert game.dump() == before
    assert engine.said == []


def test_stricter_limits_name_line_check_value_and_limit(
    game: Any, strict: Path, engine: Any
) -> None:
    before = game.dump()
    done = gate(game, "replay", "--limits", strict, "--json")
    assert done.code == 2, done.err
    assert not done.json["applied"]
    road = next(line for line in done.json["changed"] if line["line_id"] == "road")
    assert (road["was"], road["now"]) == ("approved", "rejected")
    [found] = road["findings"]
    assert (found["check"], found["limit"]) == ("duration", 0.9)
    assert found["value"] > 0.9
    told = gate(game, "replay", "--limits", strict, "--line", "road")
    assert told.code == 2
    assert "would reject 1 more, here they are:" in told.out
    assert "road (en-US) approved: duration" in told.out
    assert "over 0.9" in told.out
    assert game.dump() == before
    assert engine.said == []


def test_a_frozen_line_is_listed_apart_and_asks_for_no_work(game: Any, tmp_path: Path) -> None:
    """Else a check in CI by these limits would stay red whatever anybody does."""
    tight = tmp_path / "tight.yaml"
    tight.write_text("defaults: {most_duration_s: 0.9}\n", encoding="utf-8")
    told = gate(game, "replay", "--limits", tight, "--json").json["changed"]
    for line in told:
        assert game.run("freeze", "--line", line["line_id"]).code == 0
    done = gate(game, "replay", "--limits", tight)
    assert done.code == 0, done.out
    assert "would reject" not in done.out
    assert f"{len(told)} lines would change and are left as they are:" in done.out
    assert f"0 with another status, {len(told)} left as they are" in done.out


def test_applied_it_rejects_publish_leaves_out_and_it_can_be_taken_back(
    game: Any, strict: Path, engine: Any
) -> None:
    assert game.run("freeze", "--line", "name").code == 0
    game.write("gate.yaml", STRICT)
    done = gate(game, "replay", "--apply")
    assert done.code == 1, done.err
    assert "rejected" in done.out
    assert "thaw it to let the limits decide" in done.out
    assert statuses(game)["rejected"] >= 1
    published = game.publish()
    assert published.code == 1
    assert "road (en-US): its take is rejected" in published.err
    assert ("name", "en-US") in game.entries()
    kinds = dict(game.sql("select kind, count(*) from event group by kind"))
    assert kinds["gate_replayed"] == 1
    assert kinds["take_judged_again"] == statuses(game)["rejected"]
    (game.project / "gate.yaml").unlink()
    again = gate(game, "replay", "--apply")
    assert again.code == 0, again.err
    assert "approved" in again.out
    assert set(statuses(game)) == {"approved"}
    assert game.publish().code == 0
    assert engine.said == []


def test_wrong_limits_are_named_with_their_line_and_change_nothing(
    game: Any, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("defaults:\n  most_clik_db: 3\n", encoding="utf-8")
    before = game.dump()
    done = gate(game, "replay", "--apply", "--limits", wrong)
    assert done.code == 65
    assert "wrong.yaml:2" in done.err
    assert game.dump() == before


def test_other_limits_are_held_against_the_project_and_what_is_installed(
    game: Any, tmp_path: Path
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text('voices:\n  "formant#f222": {most_gap_s: 3}\n', encoding="utf-8")
    done = gate(game, "replay", "--limits", other)
    assert done.code == 0, done.err
    assert "warning: other.yaml:2: [voices.formant#f222]" in done.err
    other.write_text("locales:\n  de-AT: {most_gap_s: 3}\n", encoding="utf-8")
    done = gate(game, "replay", "--limits", other)
    assert done.code == 65
    assert "other.yaml:2" in done.err
    assert "Use one of de" in done.err


def test_before_the_first_render_there_is_nothing_to_judge(new_game: Any) -> None:
    game = new_game()
    for step in ("replay", "calibrate"):
        done = gate(game, step)
        assert done.code == 65
        assert "run `barkline render`" in done.err
    assert not game.database.exists()


def test_few_takes_are_no_ground_for_limits(game: Any, tmp_path: Path) -> None:
    to = tmp_path / "new.yaml"
    done = gate(game, "calibrate", "--write", to)
    assert done.code == 1
    assert "30 are needed" in done.out
    assert not to.exists()


def test_a_calibration_shows_what_it_would_change_and_overwrites_nothing(
    game: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from renderer.cli import gate_calibrate
    from renderer.quality import calibration
    from renderer.services import calibrate

    for module in (gate_calibrate, calibration, calibrate):
        monkeypatch.setattr(module, "LEAST_TAKES", 2)
    to = tmp_path / "new.yaml"
    done = gate(game, "calibrate", "--voice", "formant#*", "--write", to)
    assert done.code == 0, done.err
    assert "formant#f2" in done.out
    assert "most_click_db" in done.out
    assert "lines judged" in done.out
    assert gate(game, "replay", "--limits", to).code in (0, 2)
    again = gate(game, "calibrate", "--write", to)
    assert again.code == 65
    assert "is there" in again.err
