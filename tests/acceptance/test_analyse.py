"""`barkline analyse` on a small game: pictures, another voice, promotion and roll back."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from renderer.audio.codec import decode
from renderer.audio.waveform import Waveform
from renderer.errors import AudioError
from tests.acceptance.conftest import Game

pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("resemblyzer", "sklearn", "resvg_py")),
    reason="needs the extras analysis and quality",
)
HIDE = """
import sys
sys.modules[sys.argv[1]] = None
from renderer.cli import main
main(sys.argv[2:])
"""
PICTURES = ("map", "pairs", "embedding", "spectral", "prosodic", "f0", "rate")


def upgrade(game: Game, *argv: object) -> dict:
    voices = ("--voice-from", "formant#m3", "--voice-to", "formant#m1")
    done = game.run("analyse", "upgrade", *voices, "--json", *argv)
    assert done.code in (0, 1), done.err
    return done.json


class Analysed(Game):
    """The game, with the analysis's subcommands before the project."""

    def run(self, command: str, *argv: object):
        name = [command]
        if command == "analyse" and argv and argv[0] in ("upgrade", "promote", "rollback"):
            name, argv = [command, argv[0]], argv[1:]
        return self.call(*name, self.project, "--build", self.build, *argv)


@pytest.fixture
def played(game: Game) -> Analysed:
    return Analysed(game.root, {**game.env, "BARKLINE_USER": "ada"})


def test_the_cast_is_shown_and_remembered(played: Analysed) -> None:
    done = played.run("analyse", "--locale", "en-US", "--json")
    assert done.code == 0, done.err
    told = done.json
    assert {c["id"] for c in told["characters"]} == {"guard", "wren"}
    guard, wren = sorted(told["characters"], key=lambda c: c["id"])
    assert guard["f0_hz"]["p50"] < wren["f0_hz"]["p50"]  # m3 is a man, f2 a woman
    folder = Path(told["page"]).parent
    assert json.loads((folder / "analysis.json").read_text("utf-8"))["pairs"] == told["pairs"]
    for name in PICTURES:
        assert (folder / f"{name}.svg").read_text("utf-8").startswith("<svg")
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    page = Path(told["page"]).read_text("utf-8")
    assert 'id="emotion-voice"' in page
    (cache,) = (played.build / "cache").glob("soundings-*.npz")
    before = cache.read_bytes()
    again = played.run("analyse", "--locale", "en-US", "--json")
    assert again.json == told
    assert cache.read_bytes() == before
    cache.write_bytes(b"damaged")
    assert played.run("analyse", "--locale", "en-US", "--json").json == told
    played.run("report")
    report = (played.build / "report" / "index.html").read_text("utf-8")
    assert 'href="analysis/index.html"' in report


def lines(game: Game) -> list:
    return game.sql("select line_id, locale, take_id from line order by 1, 2")


def test_an_upgrade_is_heard_beside_the_old_and_stores_nothing(played: Analysed) -> None:
    committed, takes = played.read("project.yaml"), played.sql("select count(*) from take")
    told = upgrade(played, "--lines", 2)
    assert {row["character"] for row in told["lines"]} == {"guard"}
    assert len(told["lines"]) == 2
    worst = [row["worse_by"] for row in told["lines"]]
    assert worst == sorted(worst, reverse=True)
    folder = Path(told["page"]).parent
    for row in told["lines"]:
        assert (folder / row["old"]["audio"]).is_file()
        assert (folder / row["new"]["audio"]).is_file()
        assert row["new"]["audio"] != row["old"]["audio"]
    assert played.sql("select count(*) from take") == takes
    assert played.read("project.yaml") == committed


def test_a_sound_that_cannot_be_read_costs_its_own_line_alone(
    played: Analysed, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []

    def read(data: bytes) -> Waveform:
        asked.append(data)
        if len(asked) == 1:
            raise AudioError("no sound in it")
        return decode(data)

    monkeypatch.setattr("renderer.audio.codec.decode", read)
    told = upgrade(played)
    errors = sorted(row["old"]["error"] for row in told["lines"])
    assert errors == [*[""] * (len(errors) - 1), "no sound in it"]
    assert len(errors) > 1
    assert all(row["new"]["audio"] for row in told["lines"])
    assert "Old: no sound in it" in Path(told["page"]).read_text("utf-8")


def test_a_voice_is_promoted_and_taken_back(played: Analysed) -> None:
    committed, before = played.read("project.yaml"), lines(played)
    told = upgrade(played)
    done = played.run("analyse", "promote", "--character", "guard", "--json")
    assert done.code in (0, 1), done.err
    assert done.json["requested"] == len(told["lines"])
    assert played.read("project.yaml") == committed.replace("formant#m3", "formant#m1")
    voices = "select json_extract(payload, '$.was[0]'), json_extract(payload, '$.now[0]')"
    told_of = f"{voices}, json_extract(payload, '$.who') from event where kind = 'character_recast'"
    assert played.sql(told_of) == [("formant#m3", "formant#m1", "ada")]
    heard = {r["new"]["audio"].partition("/")[2] for r in told["lines"] if not r["new"]["failed"]}
    assert heard <= {path.name for path in played.objects()}  # what was heard is what was made
    moved = played.run("analyse", "--locale", "en-US", "--json").json["drift"]
    assert [d["character"] for d in moved] == ["guard"]

    done = played.run("analyse", "rollback", "--character", "guard", "--json")
    assert (done.code, done.json["requested"]) == (0, 0)
    assert played.read("project.yaml") == committed
    assert lines(played) == before
    steps = played.run("analyse", "--locale", "en-US", "--json").json["drift"]
    assert [(d["before"], d["after"]) for d in moved + steps[1:]] == [
        (moved[0]["before"], moved[0]["after"]),
        (moved[0]["after"], moved[0]["before"]),
    ]
    done = played.run("analyse", "rollback", "--character", "guard")
    assert (done.code, "no promotion" in done.err) == (1, True)


def test_what_changed_since_the_upgrade_is_not_promoted(played: Analysed) -> None:
    assert "analyse upgrade" in played.run("analyse", "promote", "--character", "guard").err
    upgrade(played, "--lines", 1)
    done = played.run("analyse", "promote", "--character", "wren")
    assert (done.code, "not of 'wren'" in done.err) == (65, True)
    played.edit("project.yaml", "name: Guard", "name: Gate guard")
    committed = played.read("project.yaml")
    done = played.run("analyse", "promote", "--character", "guard")
    assert (done.code, "was changed since" in done.err) == (65, True)
    assert played.read("project.yaml") == committed


def test_a_voice_that_is_another_model_by_now_is_not_promoted(played: Analysed) -> None:
    upgrade(played, "--lines", 1)
    path = played.build / "report" / "upgrade" / "upgrade.json"
    told = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(told | {"model": "formant/0 "}), "utf-8")
    committed = played.read("project.yaml")
    done = played.run("analyse", "promote", "--character", "guard")
    assert (done.code, "another model or engine" in done.err) == (65, True)
    assert played.read("project.yaml") == committed


def test_a_promotion_whose_import_fails_leaves_the_file_as_it_was(played: Analysed) -> None:
    upgrade(played, "--lines", 1)
    committed = played.read("project.yaml")
    played.edit("scenes/road.yaml", "character: guard", "character: nobody")
    dump = lines(played)
    done = played.run("analyse", "promote", "--character", "guard")
    assert done.code == 65
    assert played.read("project.yaml") == committed
    assert lines(played) == dump
    assert played.sql("select * from event where kind = 'character_recast'") == []


def test_an_upgrade_to_nothing_new_or_unknown_is_refused(played: Analysed) -> None:
    same = played.run("analyse", "upgrade", "--voice-from", "formant#m3")
    assert (same.code, "nothing to try" in same.err) == (78, True)
    none = played.run(
        "analyse", "upgrade", "--voice-from", "formant#f9", "--voice-to", "formant#m1"
    )
    assert (none.code, "No approved line" in none.err) == (1, True)
    lost = played.run("analyse", "upgrade", "--voice-from", "formant#m3", "--voice-to", "gone")
    assert (lost.code, "no voice 'gone'" in lost.err) == (69, True)


def test_nothing_approved_is_said(played: Analysed) -> None:
    done = played.run("analyse", "--character", "nobody")
    assert done.code == 1
    assert "barkline render" in done.err


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("sklearn", "scikit-learn"),
        ("resvg_py", "resvg"),
        ("resemblyzer", "resemblyzer"),
        ("torch", "torch"),
    ],
)
def test_a_missing_extra_is_named(module: str, package: str, repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HIDE, module, "analyse", str(repository / "manifests/emberfall")],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 78
    assert package in done.stderr
    assert "pip install 'barkline[analysis,quality]'" in done.stderr
