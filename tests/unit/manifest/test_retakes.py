"""`retakes.yaml`: what is laid over lines, what is refused, and how the file is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.domain.direction import Delivery, Emotion
from renderer.domain.review import Choice, Decision
from renderer.domain.utterance import text_hash
from renderer.errors import Level, ManifestError, ReviewError
from renderer.manifest.identifier import id_form
from renderer.manifest.project import read_project
from renderer.manifest.reader import find_files, read_scenes
from renderer.manifest.retake_book import CommittedRetakes

SCENE = """\
lines:
  - {id: one, character: bert, text: "Good *morning*, Kaelith.", emotion: happy 0.4,
     prosody: {rate: 1.05}, words: [{word: Kaelith, phonemes: ka}]}
  - {id: two, character: anna, text: "No."}
"""
DECISION = Decision(
    "ab" * 16, "one", "en-US", "0" * 64, Choice.RETAKE, "Ada", datetime(2026, 5, 4, 12, tzinfo=UTC)
)


def read(game: Any, retakes: str = "", scene: str = SCENE) -> tuple[dict[str, Any], list[Any]]:
    if retakes:
        game.write("retakes.yaml", retakes)
    lines, faults = game.read({"s.yaml": scene})
    return {line.line_id: line for line in lines}, faults


def entry(fields: str, line: str = "one") -> str:
    return f"retakes:\n  - line: {line}\n    locale: en-US\n    {fields}\n"


def test_what_an_entry_gives_is_laid_over_the_line(game: Any) -> None:
    plain, _ = read(game)
    lines, faults = read(
        game,
        entry(
            "{}\n    emotion: angry 0.8\n    delivery: shout\n    prosody: {rate: 1.1, pitch: 2}\n"
            "    words: [{word: Kaelith, phonemes: ˈkeɪlɪθ}, {word: good, emphasis: strong}]\n"
            "    seed: 7"
        ).replace("    {}\n", ""),
    )
    assert faults == []
    said = lines["one"]
    assert (said.direction.emotion, said.direction.intensity) == (Emotion.ANGRY, 0.8)
    assert said.direction.delivery is Delivery.SHOUT
    assert said.seed == 7
    before = plain["one"].direction.prosody
    assert said.direction.prosody.rate == pytest.approx(before.rate * 1.1)
    assert said.direction.prosody.pitch_st == pytest.approx(before.pitch_st + 2)
    words = {w.word: w for w in said.direction.words}
    assert list(words) == ["Good", "morning", "Kaelith"]
    assert words["Kaelith"].phonemes == "ˈkeɪlɪθ"
    assert words["morning"] == plain["one"].direction.words[0]
    assert lines["two"] == plain["two"]


def test_an_entry_follows_a_renamed_line(game: Any) -> None:
    scene = SCENE.replace("id: one,", "id: first, was: [one],")
    lines, faults = read(game, entry("seed: 7"), scene)
    assert faults == []
    assert lines["first"].seed == 7


def test_a_retake_of_another_text_is_left_out_with_a_warning(game: Any, codes: Any) -> None:
    now = text_hash("Good *morning*, Kaelith.")
    lines, faults = read(game, entry(f'seed: 7\n    text_hash: "{now}"'))
    assert faults == []
    assert lines["one"].seed == 7
    lines, faults = read(game, scene=SCENE.replace("morning", "evening"))
    assert codes(faults) == ["stale-retake"]
    assert faults[0].level is Level.WARNING
    assert (faults[0].path, faults[0].line, faults[0].field) == ("retakes.yaml", 5, "text_hash")
    assert lines["one"].seed == 0


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (entry("seed: 7", line="nobody"), "unknown-retake", 2),
        (entry("note: no change"), "nothing-changed", 2),
        (entry("seed: -1"), "out-of-range", 4),
        (entry("seed: 7\n    colour: red"), "unknown-field", 5),
        (entry("emotion: angri"), "unknown-emotion", 4),
        (entry("prosody: {rate: 1.9}"), "out-of-range", 4),
        (entry("words: [{word: dragon, phonemes: a}]"), "word-gone", 4),
        (entry("seed: 7").replace("en-US", "xx-XX"), "unknown-locale", 3),
        (entry("seed: 7") + entry("seed: 8").removeprefix("retakes:\n"), "duplicate-id", 5),
        (entry("seed: 7\n    text_hash: zz"), "bad-text-hash", 5),
        ("retakes: nothing", "wrong-type", 1),
        ("- a", "wrong-type", 1),
        ("retakes:\n  - *a", "yaml-alias", 2),
        ("retakes: [", "yaml-syntax", 2),
    ],
)
def test_a_wrong_entry_is_a_fault_with_its_line(
    game: Any, codes: Any, text: str, code: str, line: int
) -> None:
    _, faults = read(game, text)
    assert code in codes(faults)
    found = next(f for f in faults if f.code == code)
    assert found.path == "retakes.yaml"
    assert found.level is Level.ERROR
    assert found.line in (line, line - 1)


def test_a_line_with_a_fault_is_not_said_to_be_unknown(game: Any, codes: Any) -> None:
    _, faults = read(game, entry("seed: 7"), SCENE.replace("happy 0.4", "hapy"))
    assert codes(faults) == ["unknown-emotion"]


def test_a_reading_of_no_file_takes_no_line_for_unknown(game: Any) -> None:
    """A plan of a project in which nothing changed reads nothing, and knows no line."""
    read(game, entry("seed: 7"))
    faults: list[Any] = []
    assert list(read_scenes(game.project(), [], faults)) == []
    assert faults == []


def test_an_entry_of_a_line_in_an_unread_file_is_known(game: Any) -> None:
    read(game, entry("seed: 7"))
    game.write("scenes/other.yaml", 'lines: [{id: three, character: anna, text: "Yes."}]')
    files = [f for f in find_files(game.project()) if f.path.endswith("other.yaml")]
    faults: list[Any] = []
    list(read_scenes(game.project(), files, faults, taken={id_form("one", "en-US"): "s.yaml"}))
    assert faults == []


def test_a_link_out_of_the_project_is_not_followed(game: Any, codes: Any, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}_outside.yaml"
    outside.write_text(entry("seed: 7"))
    (game.root / "retakes.yaml").symlink_to(outside)
    _, faults = read(game)
    assert codes(faults) == ["escaping-link"]


def test_the_file_is_no_scene_even_where_the_patterns_fit(game: Any) -> None:
    game.write("retakes.yaml", entry("seed: 7"))
    game.write("s.yaml", SCENE)
    text = (game.root / "project.yaml").read_text() + 'scenes: ["*.yaml"]\n'
    game.write("project.yaml", text)
    assert [f.path for f in find_files(read_project(game.root))] == ["s.yaml"]


def book(game: Any) -> CommittedRetakes:
    game.write("scenes/s.yaml", SCENE)
    return CommittedRetakes(read_project(game.root), game.root.parent / f"{game.root.name}.lock")


def lines_of(game: Any) -> dict[tuple[str, str], Any]:
    """Return the lines as the last import has them, which is before the change."""
    lines, _ = game.read()
    return {line.key: line for line in lines}


def put(game: Any, *decisions: Decision) -> None:
    made = book(game)
    keys = [d.key for d in decisions]
    with made.edit({d.key: d for d in decisions}, lines_of(game), keys) as edit:
        faults, _ = edit.try_out()
        assert faults == {}
        edit.write()


def test_a_retake_of_a_renamed_line_takes_the_place_of_the_entry_under_its_old_id(
    game: Any,
) -> None:
    game.write("retakes.yaml", entry("seed: 3\n    delivery: whisper"))
    scene = SCENE.replace("id: one,", "id: first, was: [one],")
    game.write("scenes/s.yaml", scene)
    made = CommittedRetakes(game.project(), game.root.parent / f"{game.root.name}.lock")
    retake = replace(DECISION, line_id="first", change={"seed": 7, "delivery": "shout"})
    with made.edit({retake.key: retake}, lines_of(game), [retake.key]) as edit:
        faults, said = edit.try_out()
        assert faults == {}
        assert (said[retake.key].seed, said[retake.key].direction.delivery) == (7, Delivery.SHOUT)
        edit.write()
    lines, found = game.read()
    assert (found, lines[0].seed) == ([], 7)
    game.write("retakes.yaml", entry("seed: 3"))
    with made.edit({retake.key: None}, lines_of(game), ()) as edit:
        edit.write()
    assert not (game.root / "retakes.yaml").exists()


def test_a_retake_of_only_a_seed_keeps_what_the_entry_asks_for(game: Any) -> None:
    """Marked lines get a new take number: words and emotions that were asked for stay."""
    words = "words: [{word: Kaelith, phonemes: ˈkeɪlɪθ}]"
    game.write("retakes.yaml", entry(f"seed: 3\n    delivery: whisper\n    {words}"))
    put(game, replace(DECISION, change={"seed": 7}))
    lines, faults = game.read()
    assert faults == []
    assert (lines[0].seed, lines[0].direction.delivery) == (7, Delivery.WHISPER)
    assert {w.word: w.phonemes for w in lines[0].direction.words}["Kaelith"] == "ˈkeɪlɪθ"


def test_a_retake_that_holds_again_is_written_as_it_was(game: Any) -> None:
    game.write("retakes.yaml", entry("seed: 3\n    delivery: whisper"))
    before = replace(DECISION, change={"seed": 7})
    with book(game).edit({before.key: before}, lines_of(game), ()) as edit:
        edit.write()
    lines, _ = game.read()
    assert (lines[0].seed, lines[0].direction.delivery) == (7, Delivery.NORMAL)


def test_a_retake_of_only_a_seed_does_not_revive_an_entry_of_another_text(game: Any) -> None:
    old = text_hash("Another text.")
    game.write("retakes.yaml", entry(f'delivery: whisper\n    text_hash: "{old}"'))
    now = text_hash("Good *morning*, Kaelith.")
    put(game, replace(DECISION, change={"seed": 7, "text_hash": now}))
    lines, faults = game.read()
    assert faults == []
    assert (lines[0].seed, lines[0].direction.delivery) == (7, Delivery.NORMAL)


def test_entries_are_sorted_and_others_stay_as_they_were(game: Any) -> None:
    game.write("retakes.yaml", entry("note: No\n    seed: 3\n    delivery: whisper", line="two"))
    put(game, replace(DECISION, change={"seed": 7, "prosody": {"rate": 1.1}}, note="too: flat"))
    text = (game.root / "retakes.yaml").read_text(encoding="utf-8")
    assert text.split("retakes:\n")[1] == (
        "- line: one\n  locale: en-US\n  prosody: {rate: 1.1}\n  seed: 7\n  who: Ada\n"
        "  at: '2026-05-04T12:00:00Z'\n  note: 'too: flat'\n  decision: " + "ab" * 16 + "\n"
        "- line: two\n  locale: en-US\n  note: No\n  seed: 3\n  delivery: whisper\n"
    )
    put(game, replace(DECISION, change={"seed": 7, "prosody": {"rate": 1.1}}, note="too: flat"))
    assert (game.root / "retakes.yaml").read_text(encoding="utf-8") == text


def test_the_last_entry_takes_the_file_along(game: Any) -> None:
    put(game, replace(DECISION, change={"seed": 7}))
    with book(game).edit({DECISION.key: None}, {}, ()) as edit:
        edit.write()
    assert not (game.root / "retakes.yaml").exists()
    assert sorted(p.name for p in game.root.iterdir()) == ["project.yaml", "scenes"]


def test_what_the_reader_would_refuse_is_named_as_a_field_of_the_decision(game: Any) -> None:
    bad = replace(DECISION, change={"emotion": "angri", "prosody": {"rate": 1.9}})
    with book(game).edit({bad.key: bad}, lines_of(game), [bad.key]) as edit:
        found, _ = edit.try_out()
    fields = [(f.path, f.field) for f in found["one", "en-US"]]
    assert fields == [("decisions", "change.emotion"), ("decisions", "change.prosody")]


def test_a_change_of_somebody_else_is_never_overwritten(game: Any) -> None:
    with book(game).edit({DECISION.key: replace(DECISION, change={"seed": 7})}, {}, ()) as edit:
        game.write("retakes.yaml", entry("seed: 5", line="two"))
        with pytest.raises(ReviewError, match="somebody else"):
            edit.write()
    assert "seed: 5" in (game.root / "retakes.yaml").read_text()


def test_a_file_with_faults_is_not_written_over(game: Any) -> None:
    game.write("retakes.yaml", "retakes: [")
    with (
        pytest.raises(ManifestError, match="correct it first"),
        book(game).edit({DECISION.key: replace(DECISION, change={"seed": 7})}, {}, ()),
    ):
        pass


TEXT = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=40)


@settings(deadline=None, max_examples=60)
@given(note=TEXT, who=TEXT.filter(str.strip), seed=st.integers(0, 2**31 - 1))
def test_whatever_people_write_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, note: str, who: str, seed: int
) -> None:
    from tests.unit.manifest.conftest import Game

    game = Game(tmp_path_factory.mktemp("game"))
    put(game, replace(DECISION, note=note, who=who, change={"seed": seed}))
    first = (game.root / "retakes.yaml").read_bytes()
    faults: list[Any] = []
    project = read_project(game.root)
    lines = [u for s in read_scenes(project, find_files(project), faults) for u in s.utterances]
    assert faults == []
    assert lines[0].seed == seed
    other = replace(DECISION, id="cd" * 16, line_id="two", change={"seed": 1})
    put(game, other)
    with book(game).edit({other.key: None}, {}, ()) as edit:
        edit.write()
    assert (game.root / "retakes.yaml").read_bytes() == first
