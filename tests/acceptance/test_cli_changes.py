"""One change of an input renders exactly the lines that depend on it, and `plan` says why."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import soundfile

from renderer.domain.object_key import sha256_hex


def dependents(why: str, *lines: tuple[str, str]) -> dict[tuple[str, str], tuple[str, list[str]]]:
    return {line: ("changed", [why]) for line in lines}


def renders(game: Any, expected: dict[tuple[str, str], tuple[str, list[str]]]) -> None:
    """The plan is as expected, the render does that, and nothing else changes in the lock."""
    before = game.entries()
    assert game.plan() == expected
    took = game.takes()
    assert took.get("approved", 0) >= 1
    assert set(took) == {"approved"}
    assert game.plan() == {}
    assert game.publish().code == 0
    after = game.entries()
    assert {k for k in after if after[k] != before.get(k)} == set(expected)


def test_every_line_is_in_the_lock_once(rendered: Any) -> None:
    lines = [(e.line_id, e.locale) for e in rendered.lock().entries]
    assert sorted(lines) == lines
    assert len(set(lines)) == len(lines) == 8


def test_a_second_render_renders_nothing(game: Any, engine: Any) -> None:
    before = game.dump()

    done = game.run("render", "--no-report")

    assert done.code == 0
    assert "nothing to render" in done.out
    assert engine.said == []
    assert game.dump() == before
    assert game.plan() == {}


def test_a_changed_text(game: Any, engine: Any) -> None:
    game.edit("scenes/road.yaml", "is closed.", "is open.")
    renders(game, dependents("text", ("road", "en-US")))
    assert engine.said == ["The road to Vhar is open"]


def test_a_changed_lexicon_entry(game: Any) -> None:
    game.edit("lexicon/names.yaml", "ˈvɑːɹ", "ˈvɛːɹ")
    renders(game, dependents("lexicon", ("name", "en-US"), ("road", "en-US")))


def test_a_lexicon_entry_nobody_uses(game: Any) -> None:
    game.write(
        "lexicon/names.yaml", game.read("lexicon/names.yaml") + "  - {word: Zog, say: zog}\n"
    )
    assert game.plan() == {}
    assert game.takes() == {}


def test_a_changed_voice_of_one_character(game: Any) -> None:
    game.edit("project.yaml", "formant#f2", "formant#f3")
    lines = (("name", "en-US"), ("run", "en-US"), ("run_again", "en-US"))
    renders(game, dependents("voice", *lines))


def test_a_changed_profile_of_one_emotion(game: Any) -> None:
    path = game.project / "emotion_profiles.json"
    profiles = json.loads(path.read_text(encoding="utf-8"))
    for measured in profiles["emotions"]["angry"].values():
        measured["shape"]["pitch_st"] -= 1.0
    path.write_text(json.dumps(profiles), encoding="utf-8")
    angry = (("halt", "en-US"), ("halt", "de-DE"), ("halt", "fr-FR"))
    renders(game, dependents("emotion_profile", *angry))


def test_a_changed_direction_and_a_new_seed(game: Any) -> None:
    game.edit("scenes/road.yaml", "sad 0.4", "sad 0.5")
    assert game.plan() == {("road", "en-US"): ("changed", ["direction", "emotion_profile"])}
    game.edit("scenes/road.yaml", "emotion: sad 0.5", "emotion: sad 0.4, seed: 7")
    renders(game, dependents("seed", ("road", "en-US")))


def test_notes_tags_and_places_change_no_sound(game: Any, engine: Any) -> None:
    game.edit("scenes/road.yaml", "lines:", "# a remark\n\nlines:")
    game.edit("scenes/road.yaml", "emotion: sad 0.4", "emotion: sad 0.4, notes: Slowly., tags: [x]")
    assert game.plan() == {}
    assert game.takes() == {}
    assert engine.said == []


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("loudness_lufs: -23", "loudness_lufs: -20", "mastering"),
        ("quality: 0.5", "quality: 0.3", "codec"),
        ("codec: ogg", "codec: flac", "codec"),
    ],
)
def test_new_mastering_or_codec_takes_the_kept_raw_take(
    game: Any, engine: Any, old: str, new: str, why: str
) -> None:
    raw = game.sql("SELECT parts, raw_key FROM take ORDER BY id")
    game.edit("project.yaml", old, new)
    if "flac" in new:
        game.edit("project.yaml", ", quality: 0.5", "")
    plan = game.plan()
    assert len(plan) == 8
    changed = {tuple(inputs) for _, inputs in plan.values()}
    assert all(why in inputs for inputs in changed)
    assert not {p for inputs in changed for p in inputs} - {why, "encoder", "mastering_stage"}

    assert game.takes() == {"approved": 7}

    assert engine.said == []
    again = game.sql("SELECT parts, raw_key FROM take ORDER BY id")[7:]
    assert sorted(k for _, k in again) == sorted(k for _, k in raw)
    assert game.publish().code == 0
    assert {e.extension for e in game.entries().values()} == {".flac" if "flac" in new else ".ogg"}


def test_a_lost_raw_take_is_spoken_again(game: Any, engine: Any) -> None:
    [(raw,)] = game.sql("SELECT raw_key FROM take WHERE request LIKE '%closed%'")
    (game.build / "store" / raw).unlink()
    game.edit("project.yaml", "loudness_lufs: -23", "loudness_lufs: -20")

    assert game.takes() == {"approved": 7}
    assert engine.said == ["The road to Vhar is closed"]


def test_a_new_engine_spares_frozen_lines(game: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from renderer.speech.voice_book import Voices

    assert game.run("freeze", "--line", "halt", "--locale", "*").code == 0
    assert game.publish().code == 0
    before = game.entries()
    monkeypatch.setattr(Voices, "engine_revision", lambda _self, _name: "formant/99")

    plan = game.plan("--read-all")

    assert {k for k, (change, _) in plan.items() if change == "frozen"} == {
        ("halt", locale) for locale in ("en-US", "de-DE", "fr-FR")
    }
    assert all(inputs == ["engine"] for _, inputs in plan.values())
    listed = game.run("freeze", "--list", "--json").json
    assert {line["line_id"] for line in listed} == {"halt"}
    assert all(line["would_change"] == ["engine"] for line in listed)
    assert game.takes() == {"approved": 4}
    assert game.publish().code == 0
    after = game.entries()
    assert {k[0] for k in after if after[k] == before[k]} == {"halt"}
    assert all(e.frozen == (e.line_id == "halt") for e in after.values())


def test_new_weights_and_new_text_rules_are_named(
    game: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from renderer.speech.voice_book import Voices
    from renderer.text.transcriber import EspeakTranscriber

    card = Voices.card

    with monkeypatch.context() as patch:
        patch.setattr(
            Voices, "card", lambda self, name: replace(card(self, name), model_sha256="f" * 64)
        )
        assert {tuple(i) for _, i in game.plan().values()} == {("voice_weights",)}
    monkeypatch.setattr(EspeakTranscriber, "revision", property(lambda _self: "espeak 9.9"))
    assert {tuple(i) for _, i in game.plan().values()} == {("text_rules",)}


def test_a_freeze_ends_when_the_line_itself_changes(game: Any) -> None:
    assert game.run("freeze", "--line", "road").code == 0
    game.edit("lexicon/names.yaml", "ˈvɑːɹ", "ˈvɛːɹ")
    assert game.plan()["road", "en-US"] == ("frozen", ["lexicon"])
    game.edit("scenes/road.yaml", "is closed.", "is open.")
    assert game.plan()["road", "en-US"] == ("changed", ["text", "lexicon"])

    done = game.render()

    assert done.json["takes"]["approved"] == 2
    assert "road (en-US) was frozen" in done.err
    assert game.sql("SELECT count(*) FROM line WHERE frozen_take_id IS NOT NULL") == [(0,)]
    assert game.plan() == {}


def test_thaw_lets_a_line_follow_its_inputs(game: Any) -> None:
    assert game.run("freeze", "--line", "road").code == 0
    game.edit("lexicon/names.yaml", "ˈvɑːɹ", "ˈvɛːɹ")
    assert game.takes() == {"approved": 1}  # the other line with that word
    assert game.plan() == {}
    assert game.plan("--read-all")["road", "en-US"] == ("frozen", ["lexicon"])

    assert game.run("thaw", "--line", "road").code == 0

    assert game.plan() == dependents("lexicon", ("road", "en-US"))
    assert game.takes() == {"approved": 1}
    assert game.plan() == {}


def test_a_file_that_was_just_thawed_still_says_what_frozen_lines_would_become(
    game: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from renderer.speech.voice_book import Voices

    assert game.run("freeze", "--locale", "de-DE").code == 0
    assert game.run("thaw", "--line", "name", "--locale", "de-DE").code == 0
    monkeypatch.setattr(Voices, "engine_revision", lambda _self, _name: "formant/99")

    listed = game.run("freeze", "--list", "--json", "--locale", "de-DE").json

    assert [(line["line_id"], line["would_change"]) for line in listed] == [("halt", ["engine"])]


def test_what_is_not_approved_cannot_be_frozen(game: Any) -> None:
    game.edit("scenes/road.yaml", "is closed.", "is open.")
    assert game.run("import").code == 0

    done = game.run("freeze", "--line", "road")

    assert done.code == 1
    assert "road (en-US)" in done.err
    assert game.sql("SELECT count(*) FROM line WHERE frozen_take_id IS NOT NULL") == [(0,)]


def test_a_renamed_line_keeps_takes_and_freeze(game: Any, engine: Any) -> None:
    assert game.run("freeze", "--line", "road").code == 0
    [(pk, take)] = game.sql("SELECT id, take_id FROM line WHERE line_id = 'road'")
    before = game.entries()["road", "en-US"]
    game.edit("scenes/road.yaml", "id: road", "id: closed_road, was: [road]")

    assert {line: change for line, (change, _) in game.plan().items()} == {
        ("closed_road", "en-US"): "frozen"
    }
    assert game.takes() == {}
    assert game.takes() == {}
    assert engine.said == []
    query = "SELECT id, take_id, frozen_take_id FROM line WHERE line_id = 'closed_road'"
    assert game.sql(query) == [(pk, take, take)]
    assert game.sql("SELECT count(*) FROM line WHERE line_id = 'road'") == [(0,)]
    assert game.publish().code == 0
    after = game.entries()
    assert ("road", "en-US") not in after
    assert after["closed_road", "en-US"].key == before.key
    assert after["closed_road", "en-US"].metadata_key != before.metadata_key
    events = [kind for (kind,) in game.sql("SELECT kind FROM event")]
    assert events.count("line_renamed") == 1


def test_a_line_moves_to_another_file(game: Any, engine: Any) -> None:
    moved = (
        '  - {id: road, character: guard, text: "The road to Vhar is closed.", emotion: sad 0.4}\n'
    )
    game.write("scenes/gate.yaml", game.read("scenes/gate.yaml") + moved)
    (game.project / "scenes/road.yaml").unlink()

    assert game.plan() == {}
    assert game.takes() == {}
    assert engine.said == []
    assert game.sql("SELECT path FROM line WHERE line_id = 'road'") == [("scenes/gate.yaml",)]
    assert game.publish().code == 0
    assert len(game.entries()) == 8


def test_a_deleted_line_is_orphaned_and_may_return(game: Any, engine: Any) -> None:
    scene = game.read("scenes/road.yaml")
    (game.project / "scenes/road.yaml").unlink()

    assert game.plan() == {("road", "en-US"): ("orphaned", [])}
    assert game.takes() == {}
    assert game.publish().code == 0
    assert ("road", "en-US") not in game.entries()

    game.write("scenes/road.yaml", scene)
    assert {line: change for line, (change, _) in game.plan().items()} in (
        {},
        {("road", "en-US"): "cached"},
    )
    assert game.takes() == {}
    assert engine.said == []
    assert game.publish().code == 0
    assert len(game.entries()) == 8


def test_lines_with_the_same_words_share_one_take(game: Any) -> None:
    entries = game.entries()
    one, other = entries["run", "en-US"], entries["run_again", "en-US"]

    assert one.key == other.key
    assert one.render_key == other.render_key
    assert one.metadata_key != other.metadata_key
    for entry in (one, other):
        data = (game.build / "store" / entry.metadata_key).read_bytes()
        assert sha256_hex(data) == entry.metadata_sha256
        assert entry.line_id in json.dumps(json.loads(data)["line"])


def test_a_recording_replaces_the_take_everywhere(game: Any, engine: Any) -> None:
    before = game.entries()
    [(result,)] = game.sql("SELECT result FROM take WHERE request LIKE '%Ich suche Vhar%'")
    recorded = game.project / "recorded" / "en-US" / "run.wav"
    recorded.parent.mkdir(parents=True)
    sound, rate = soundfile.read(game.build / "store" / json.loads(result)["raw"]["key"])
    sound[-(rate // 4) :] *= np.geomspace(1, 1e-3, rate // 4)  # an actor begins and ends softly
    sound[: rate // 50] *= np.linspace(0, 1, rate // 50)
    room = np.random.default_rng(0).normal(0, 1e-4, sound.size)  # there is none without a sound
    soundfile.write(recorded, 0.5 * sound / abs(sound).max() + room, rate, subtype="PCM_16")

    change, because = game.plan()["run", "en-US"]

    assert (change, "recording" in because) == ("changed", True)
    assert len(game.plan()) == 1
    took = game.takes()
    [(kept,)] = game.sql("SELECT result FROM take ORDER BY id DESC LIMIT 1")
    findings = json.loads(kept)["verdict"]["findings"]
    assert took == {"approved": 1}, [f for f in findings if f["outcome"] != "pass"]
    assert engine.said == []
    checks = {finding["check"] for finding in findings}
    assert {"clipping", "silence"} <= checks, "the gate has judged it"
    assert json.loads(kept)["loudness_lufs"] == pytest.approx(-23, abs=1.5)
    assert game.publish().code == 0
    entry = game.entries()["run", "en-US"]
    assert entry.voice == "recorded"
    assert entry.key != before["run", "en-US"].key
    assert game.entries()["run_again", "en-US"] == before["run_again", "en-US"]
    assert game.plan() == {}

    recorded.unlink()
    assert game.takes() == {}
    assert game.publish().code == 0
    assert game.entries() == before


FAULTS = {
    "an unknown character": ("scenes/road.yaml", "character: guard", "character: gaurd"),
    "an unknown emotion": ("scenes/road.yaml", "emotion: sad 0.4", "emotion: sadd"),
    "a duplicate id": ("scenes/road.yaml", "id: road", "id: halt"),
    "a voice that is not there": ("project.yaml", "formant#m3", "nobody"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_with_a_fault_nothing_is_imported(game: Any, what: str) -> None:
    game.edit("scenes/gate.yaml", "Halt, who goes there?", "Stop there!")  # good, in another file
    game.edit(*FAULTS[what])
    before = game.dump(), game.objects()

    for command in (("render", "--no-report"), ("import",)):
        done = game.run(*command)
        assert done.code == 65
        assert FAULTS[what][2].split()[-1] in done.err
    assert game.run("plan").code == 65
    assert (game.dump(), game.objects()) == before


def test_only_what_is_in_scope_is_rendered(game: Any, engine: Any) -> None:
    game.edit("lexicon/names.yaml", "ˈvɑːɹ", "ˈvɛːɹ")
    game.edit("scenes/gate.yaml", "Halt, who goes there?", "Stop there!")

    assert game.takes("--line", "road") == {"approved": 1}

    assert engine.said == ["The road to Vhar is closed"]
    assert {line: change for line, (change, _) in game.plan().items()} == {
        ("halt", "en-US"): "pending",
        ("name", "en-US"): "pending",
    }
    assert game.takes("--character", "guard") == {"approved": 1}
    assert game.takes() == {"approved": 1}
    assert game.plan() == {}


def test_an_import_renders_nothing_and_the_next_render_does(game: Any, engine: Any) -> None:
    game.edit("lexicon/names.yaml", "ˈvɑːɹ", "ˈvɛːɹ")

    assert "2 takes to render" in game.run("import").out
    assert engine.said == []
    assert game.takes("--line", "name") == {"approved": 1}
    assert engine.said == ["I am looking for Vhar"]
    assert game.takes() == {"approved": 1}


def test_plan_only_for_one_input(game: Any) -> None:
    game.edit("lexicon/names.yaml", "ˈvɑːɹ", "ˈvɛːɹ")
    game.edit("scenes/gate.yaml", "Halt, who goes there?", "Stop there!")

    assert set(game.plan("--only-input", "text")) == {("halt", "en-US")}
    assert set(game.plan("--only-input", "lexicon")) == {("name", "en-US"), ("road", "en-US")}
    assert game.plan("--only-input", "codec") == {}


def test_rejected_takes_wait_until_they_are_asked_for_again(game: Any, engine: Any) -> None:
    (game.project / "gate.yaml").write_text(
        json.dumps({"defaults": {"most_duration_s": 0.2}}), encoding="utf-8"
    )
    game.edit("scenes/road.yaml", "is closed.", "is open.")

    done = game.render()

    assert done.code == 1
    assert done.json["takes"]["rejected"] == 1
    assert engine.said == ["The road to Vhar is open"] * 3
    [(result,)] = game.sql("SELECT result FROM take WHERE status = 'rejected'")
    tried = json.loads(result)["tried"]
    assert len({attempt["change"] for attempt in tried}) == 3
    assert game.plan() == {("road", "en-US"): ("rejected", [])}
    assert game.publish().code == 1
    assert ("road", "en-US") not in game.entries()
    engine.said.clear()
    assert game.takes() == {}
    assert engine.said == []

    (game.project / "gate.yaml").unlink()
    assert game.takes("--retry", "rejected") == {"approved": 1}
    assert game.publish().code == 0
    assert ("road", "en-US") in game.entries()


def test_a_deleted_database_with_a_kept_store_renders_nothing(game: Any, engine: Any) -> None:
    before = game.lock_path.read_bytes()
    for path in game.build.glob("barkline.db*"):
        path.unlink()
    shutil.rmtree(game.build / "report", ignore_errors=True)

    assert game.takes() == {}
    assert engine.said == []
    assert game.publish().code == 0
    assert game.lock_path.read_bytes() == before


def test_a_sound_that_is_gone_from_the_store_leaves_the_lock(game: Any) -> None:
    entry = game.entries()["road", "en-US"]
    (game.build / "store" / entry.key).unlink()

    done = game.publish()

    assert done.code == 1
    assert "missing from the store" in done.err
    assert ("road", "en-US") not in game.entries()


def test_the_lock_is_not_touched_when_it_says_the_same(game: Any) -> None:
    before = game.lock_path.stat()
    assert game.publish().code == 0
    assert game.lock_path.stat().st_mtime_ns == before.st_mtime_ns
    assert not list(game.build.glob(".voice.lock*"))


@pytest.mark.parametrize("keeps_pointers", [True, False])
def test_a_fresh_checkout_names_each_line_in_its_own_metadata(
    game: Any, engine: Any, keeps_pointers: bool
) -> None:
    """Whether the store or the lock tells of a take: a renamed line and a shared sound are right.

    A store without its pointers is a build folder that was filled from the lock alone.
    """
    for path in game.build.glob("barkline.db*"):
        path.unlink()
    if not keeps_pointers:
        shutil.rmtree(game.build / "store" / "keys")
    game.edit("scenes/road.yaml", "id: road", "id: closed_road, was: [road]")

    assert game.takes("--against", game.lock_path) == {}
    assert engine.said == []
    assert game.publish().code == 0

    entries = game.entries()
    assert ("closed_road", "en-US") in entries
    for (line_id, locale), entry in entries.items():
        data = (game.build / "store" / entry.metadata_key).read_bytes()
        named = json.loads(data)["line"]
        assert (named["line_id"], named["locale"]) == (line_id, locale)
        assert sha256_hex(data) == entry.metadata_sha256
