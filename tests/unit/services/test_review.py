"""Decisions: what may be decided, what holds, what is shipped; two people at once; undo."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from renderer.audio.codec import decode, encode, encode_raw
from renderer.audio.waveform import Waveform
from renderer.db.engine import open_database
from renderer.db.reference import SqlReferences
from renderer.db.retention import SqlRetention
from renderer.db.transfer import SqlTransfer
from renderer.db.unit_of_work import SqlUnitOfWork
from renderer.domain.decision_field import faults_of
from renderer.domain.object_key import content_hash
from renderer.domain.render_key import Part, RenderKey, digest
from renderer.domain.review import Choice, Decision, Reception
from renderer.domain.take import TakeStatus
from renderer.domain.utterance import Utterance
from renderer.domain.verdict import Finding, Outcome, Verdict
from renderer.domain.voice_lock import dump, load
from renderer.errors import (
    AudioError,
    Fault,
    ManifestError,
    ReviewConflictError,
    ReviewError,
)
from renderer.ports import LineKey, LineWrite, TakeWrite
from renderer.services.adopt import Adopter, waiver_of
from renderer.services.asked import Asked
from renderer.services.publish import Publish
from renderer.services.reading import ProjectReader
from renderer.services.replace import RecordingFolder
from renderer.services.review import Review
from renderer.services.scope import Scope
from renderer.services.settle import take_over_waivers
from renderer.storage.local import LocalStore
from tests.fresh_database import fresh_database
from tests.unit.conftest import FakeClock, Studio

GOOD, BAD, MUTE = "good day", "long line", "mute line"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@dataclass
class FakeRetakes:
    """Implements `ports.RetakeBook` in memory; the seed 13 is a fault."""

    entries: dict[LineKey, Decision] = field(default_factory=dict)
    writes: int = 0
    fails: bool = False

    @contextmanager
    def edit(
        self,
        wanted: Mapping[LineKey, Decision | None],
        lines: Mapping[LineKey, Utterance],
        fresh: Collection[LineKey],
    ) -> Iterator[Any]:
        yield FakeEdit(self, wanted, lines)


@dataclass
class FakeEdit:
    """Implements `ports.RetakeEdit`."""

    book: FakeRetakes
    wanted: Mapping[LineKey, Decision | None]
    lines: Mapping[LineKey, Utterance]

    def try_out(self) -> tuple[dict[LineKey, list[Fault]], dict[LineKey, Utterance]]:
        said = {
            key: replace(
                self.lines[key], seed=0 if d is None else int(str(d.change.get("seed", 0)))
            )
            for key, d in self.wanted.items()
        }
        bad = [k for k, d in self.wanted.items() if d is not None and d.change.get("seed") == 13]
        fault = Fault("decisions", 0, "change.seed", "It is unlucky.", "Use 14.", "unlucky")
        return {key: [fault] for key in bad}, said

    def write(self) -> None:
        if self.book.fails:
            raise ReviewError("retakes.yaml has just been changed by somebody else")
        self.book.writes += 1
        for key, decision in self.wanted.items():
            self.book.entries.pop(key, None)
            if decision is not None:
                self.book.entries[key] = decision


@dataclass
class Room:
    """A studio with three lines and people who decide about them."""

    studio: Any
    review: Review
    retakes: FakeRetakes
    folder: Any
    keys: dict[str, str]
    count: int = 0

    def decision(self, text: str, choice: Choice, who: str = "Ada", **more: Any) -> Decision:
        self.count += 1
        given = {
            "id": f"{self.count:032x}",
            "line_id": text.replace(" ", "_"),
            "locale": "en-US",
            "render_key": self.keys[text],
            "at": NOON,
            "note": "a reason",
        }
        return Decision(choice=choice, who=who, **{**given, **more})

    def decide(self, text: str, choice: Choice, seen: int = 0, **more: Any) -> Any:
        decision = self.decision(text, choice, **more)
        return self.review.decide([decision], {decision.key: seen})[0]

    def undo(self, decision: Decision, seen: int) -> Any:
        self.count += 1
        undo = replace(decision, id=f"{self.count:032x}", undoes=decision.id, note="", change={})
        return self.review.undo(undo, seen)

    def publish(self) -> Any:
        with self.studio.unit() as unit:
            publisher = Publish(self.studio.store, FakeBook(self.studio.voice.card), date.today())
            return publisher.run(unit, "tiny", {})

    def shipped(self) -> dict[str, Mapping[str, str]]:
        return {e.line_id: e.waived for e in load(self.publish().text).entries}

    def history(self, text: str) -> list[Choice]:
        found = self.review.history(text.replace(" ", "_"), "en-US")
        return [d.choice for d in found]

    def rows(self) -> int:
        return len(self.review.log())

    def put(self, text: str, *, sounds: bytes = b"", checks: tuple[str, ...] | None = None) -> None:
        """Let the take of a line be rendered or judged again: same key, other sound or findings."""
        with self.studio.unit() as unit:
            pk = unit.lines.find([(text.replace(" ", "_"), "en-US")])[
                text.replace(" ", "_"), "en-US"
            ].take_id
            take = unit.takes.get([pk])[0]
            result = take.result
            if sounds:
                key = self.studio.store.put(sounds, ".ogg", "audio/ogg")
                made = replace(result.delivery, key=key, sha256=content_hash(key))
                result = replace(result, delivery=made)
            if checks is not None:
                findings = tuple(Finding(check, Outcome.FAIL) for check in checks)
                status = TakeStatus.REJECTED if checks else TakeStatus.APPROVED
                verdict = Verdict.of(findings or (Finding("peak", Outcome.PASS),))
                result = replace(result, status=status, verdict=verdict)
            unit.takes.reopen([take.status], [pk])
            assert unit.takes.lease([pk], "test", 60.0)
            unit.takes.finish(pk, "test", result)
            unit.commit()

    def left_out(self) -> dict[str, str]:
        return {left.line_id: left.why for left in self.publish().left_out}

    def read(self, text: str) -> Any:
        with self.studio.unit() as unit:
            reader = ProjectReader(FakeBook(self.studio.voice.card), str, date.today())
            lines = {line.utterance.line_id: line for line in reader.read(unit, Scope(), ())}
        return lines[text.replace(" ", "_")]

    def write_anew(self, text: str, now: str) -> None:
        """The writer changes a line: it has another key and another take."""
        (pk,) = self.studio.ask(now)
        self.studio.render.batch([pk])
        with self.studio.unit() as unit:
            take = unit.takes.get([pk])[0]
            line_id = text.replace(" ", "_")
            old = unit.lines.find([(line_id, "en-US")])[line_id, "en-US"]
            said = replace(take.request.utterance, line_id=line_id)
            key = take.render_key
            unit.lines.save([LineWrite(old.pk, said, key.hex, key.input_digest, pk)], 2)
            unit.commit()
        self.keys[text] = key.hex


class FakeBook:
    """The one voice."""

    def __init__(self, card: Any) -> None:
        self._card = card

    def card(self, _name: str) -> Any:
        return self._card

    def cards(self) -> dict[str, Any]:
        return {"fake": self._card}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: Any) -> tuple[Path, dict[str, str]]:
    """A folder with the database and store of rendered lines, and the lines' keys."""
    folder, clock = tmp_path_factory.mktemp("rendered"), FakeClock()
    engine = fresh_database(folder / "barkline.db")
    store = LocalStore(folder / "store", durable=False)
    studio = Studio(lambda: SqlUnitOfWork(engine, "tiny", clock), store, clock)
    pks = studio.ask(GOOD, BAD, MUTE)
    studio.render.batch(pks)
    keys = {}
    with studio.unit() as unit:
        writes = []
        for text, take in zip((GOOD, BAD, MUTE), unit.takes.get(pks), strict=True):
            key = take.render_key
            said = take.request.utterance
            writes.append(LineWrite(None, said, key.hex, key.input_digest, take.id))
            keys[text] = key.hex
        unit.lines.save(writes, 1)
        unit.commit()
    assert studio.statuses(pks) == ["approved", "rejected", "failed"]
    assert clock.now() == FakeClock().now()
    engine.dispose()
    return folder, keys


@pytest.fixture
def room(rendered: tuple[Path, dict[str, str]], tmp_path: Path, clock: FakeClock) -> Room:
    """Lines whose takes are approved, rejected and failed."""
    made, keys = rendered
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    engine = open_database(f"sqlite:///{tmp_path / 'barkline.db'}")
    store = LocalStore(tmp_path / "store", durable=False)
    studio = Studio(lambda: SqlUnitOfWork(engine, "tiny", clock), store, clock)
    retakes, folder = FakeRetakes(), tmp_path / "recorded"

    def reading() -> SqlUnitOfWork:
        return SqlUnitOfWork(engine, "tiny", clock, is_read_only=True)

    review = Review(studio.unit, reading, retakes, RecordingFolder(folder, store))
    return Room(studio, review, retakes, folder, dict(keys))


def test_a_waived_take_is_shipped_and_the_lock_says_who_and_why(room: Room) -> None:
    assert set(room.shipped()) == {"good_day"}
    done = room.decide(BAD, Choice.WAIVE, note="the scream is meant to clip")
    assert done.reception is Reception.RECORDED
    assert done.decision.sequence == 1
    shipped = room.shipped()
    assert shipped["good_day"] == {}
    assert shipped["long_line"]["note"] == "the scream is meant to clip"
    assert shipped["long_line"]["who"] == "Ada"
    assert room.publish().waived == 1


def test_what_the_gate_approves_by_now_is_not_marked_as_waived(room: Room) -> None:
    room.decide(BAD, Choice.WAIVE)
    with room.studio.unit() as unit:
        pk = unit.lines.find([("long_line", "en-US")])["long_line", "en-US"].take_id
        take = unit.takes.get([pk])[0]
        unit.takes.reopen([TakeStatus.REJECTED], [pk])
        assert unit.takes.lease([pk], "test", 60.0)
        unit.takes.finish(pk, "test", replace(take.result, status=TakeStatus.APPROVED))
        unit.commit()
    assert room.shipped()["long_line"] == {}
    assert room.publish().waived == 0


def test_a_waiver_lapses_when_the_line_changes(room: Room) -> None:
    room.decide(BAD, Choice.WAIVE)
    room.write_anew(BAD, "another long text")
    assert "long_line" not in room.shipped()
    assert room.history(BAD) == [Choice.WAIVE]  # it is still known


def test_a_waiver_is_recorded_with_what_was_heard_and_found(room: Room) -> None:
    made = room.decide(BAD, Choice.WAIVE).decision
    assert len(made.sound) == 64
    assert made.checks == ("duration",)
    assert room.review.history("long_line", "en-US") == [made]
    assert room.decide(GOOD, Choice.APPROVE).decision.checks == ()
    assert room.decide(GOOD, Choice.RETURN, seen=1).decision.sound == ""


def test_a_waiver_lapses_when_the_take_sounds_otherwise(room: Room) -> None:
    """The render key does not hold the limits: another attempt may be kept under the same key."""
    room.decide(BAD, Choice.WAIVE)
    room.put(BAD, sounds=b"another attempt")
    assert "long_line" not in room.shipped()
    assert room.left_out()["long_line"] == (
        "its take is rejected, not approved; Ada waived it on 2026-05-04 12:00 UTC (a reason), but "
        "the take sounds otherwise now: hear it again, then decide"
    )
    again = room.decide(BAD, Choice.WAIVE, seen=1, note="fine, too")
    assert again.reception is Reception.RECORDED
    assert room.shipped()["long_line"]["note"] == "fine, too"


def test_a_waiver_lapses_when_the_gate_finds_something_else(room: Room) -> None:
    room.decide(BAD, Choice.WAIVE)
    room.put(BAD, checks=("level", "duration"))
    assert "but level fails now, which did not then" in room.left_out()["long_line"]
    room.decide(BAD, Choice.WAIVE, seen=1)
    room.put(BAD, checks=("level",))  # less is found than was waived
    assert "long_line" in room.shipped()


def test_an_approval_lapses_likewise_and_the_report_says_why(room: Room) -> None:
    room.decide(GOOD, Choice.APPROVE)
    assert (room.read(GOOD).decision.choice, room.read(GOOD).lapsed) == (Choice.APPROVE, "")
    room.put(GOOD, sounds=b"another attempt")
    line = room.read(GOOD)
    assert line.decision is None
    assert line.lapsed.startswith("Ada approved it on ")
    assert "good_day" in room.shipped(), "the gate approves it"
    room.decide(GOOD, Choice.RETURN, seen=1)
    room.put(GOOD, sounds=b"a third attempt", checks=("level",))
    assert room.read(GOOD).decision.choice is Choice.RETURN, "the writer is asked for words"


def test_what_lapsed_does_not_let_an_older_decision_hold(room: Room) -> None:
    room.decide(BAD, Choice.RETURN)
    room.decide(BAD, Choice.WAIVE, seen=1)
    room.put(BAD, sounds=b"another attempt")
    assert room.read(BAD).decision is None
    assert room.read(BAD).lapsed.startswith("Ada waived it on ")


def test_a_waiver_of_before_sounds_were_recorded_holds_by_its_key_alone(room: Room) -> None:
    with room.studio.unit() as unit:
        row = unit.lines.find([("long_line", "en-US")])["long_line", "en-US"]
        old = replace(room.decision(BAD, Choice.WAIVE), sequence=1)
        assert unit.decisions.add([(row.pk, old)])
        unit.commit()
    room.put(BAD, sounds=b"another attempt", checks=("level",))
    assert room.shipped()["long_line"].get("checks") is None


@pytest.mark.parametrize(
    "heard", [{"sound": "0" * 64}, {"sound": "", "checks": ("level",)}, {"checks": ()}]
)
def test_who_names_what_was_heard_decides_about_nothing_else(
    room: Room, heard: dict[str, Any]
) -> None:
    sound = room.read(BAD).take.audio.removeprefix("audio/").partition(".")[0]
    given = {"sound": sound, "checks": ("duration",)} | heard
    decision = room.decision(BAD, Choice.WAIVE, **given)
    with pytest.raises((ReviewConflictError, ReviewError)):
        room.review.decide([decision], {})
    assert room.rows() == 0
    good = replace(decision, sound=sound, checks=("duration", "level"))
    assert room.review.decide([good], {})[0].decision.checks == ("duration",)


def test_what_is_returned_leaves_the_lock_until_it_is_undone_or_changes(room: Room) -> None:
    returned = room.decide(GOOD, Choice.RETURN, note="she would not say this").decision
    report = room.publish()
    assert report.entries == 0
    why = {left.line_id: left.why for left in report.left_out}
    assert why["good_day"] == "it is with the writer: she would not say this"
    room.undo(returned, 1)
    assert "good_day" in room.shipped()
    room.decide(GOOD, Choice.RETURN, seen=2)
    room.write_anew(GOOD, "good evening")
    assert "good_day" in room.shipped()


@pytest.mark.parametrize(
    ("text", "choice", "why"),
    [
        (BAD, Choice.APPROVE, "waive it, with a reason"),
        (GOOD, Choice.WAIVE, "nothing to waive"),
        (MUTE, Choice.WAIVE, "failed, or has no sound"),
        (MUTE, Choice.APPROVE, "failed, or has no sound"),
    ],
)
def test_what_may_not_be_decided_is_refused(
    room: Room, text: str, choice: Choice, why: str
) -> None:
    with pytest.raises(ReviewError) as refused:
        room.decide(text, choice)
    assert why in refused.value.faults[0].problem
    assert room.rows() == 0


def test_all_faults_are_listed_at_once_and_nothing_is_recorded(room: Room) -> None:
    good = room.decision(GOOD, Choice.APPROVE)
    wrong = [
        room.decision(BAD, Choice.WAIVE, note=" "),
        room.decision(BAD, Choice.RETAKE, change={}),
        room.decision(BAD, Choice.WAIVE, id="x", who="\u202e", render_key="../x"),
    ]
    with pytest.raises(ReviewError) as refused:
        room.review.decide([good, *wrong], {})
    fields = [f.field for f in refused.value.faults]
    assert fields == [
        *("decisions.1.note", "decisions.2.change"),
        *("decisions.3.id", "decisions.3.render_key", "decisions.3.who"),
    ]
    assert room.rows() == 0


def test_two_people_do_not_overwrite_each_other(room: Room) -> None:
    room.decide(GOOD, Choice.RETURN, who="Grace", note="too cheerful")
    with pytest.raises(ReviewConflictError) as conflict:
        room.decide(GOOD, Choice.APPROVE, who="Ada")
    assert "Grace sent it to the writer on 2026-05-04 12:00 UTC (too cheerful)" in str(
        conflict.value
    )
    assert [line[:2] for line in conflict.value.lines] == [("good_day", "en-US")]
    assert room.history(GOOD) == [Choice.RETURN]
    assert room.decide(GOOD, Choice.APPROVE, seen=1).decision.sequence == 2


def test_a_decision_handed_in_twice_is_one(room: Room) -> None:
    decision = room.decision(GOOD, Choice.APPROVE)
    first = room.review.decide([decision], {})[0]
    again = room.review.decide([decision], {})[0]
    assert (first.reception, again.reception) == (Reception.RECORDED, Reception.KNOWN)
    assert again.decision == first.decision
    assert room.rows() == 1
    taken = replace(decision, choice=Choice.RETURN)
    with pytest.raises(ReviewError, match="1 fault"):
        room.review.decide([taken], {decision.key: 1})


def test_of_many_the_rest_is_recorded_when_asked_to(room: Room) -> None:
    room.decide(GOOD, Choice.APPROVE, who="Grace")
    many = [
        room.decision(GOOD, Choice.RETURN),
        room.decision(BAD, Choice.WAIVE),
        room.decision(MUTE, Choice.APPROVE),
        room.decision(MUTE, Choice.RETURN, line_id="nowhere"),
        room.decision(BAD, Choice.RETURN),
    ]
    done = room.review.decide(many, {}, keeps_rest=True)
    assert [r.reception.value for r in done] == [
        *("conflict", "recorded", "refused", "refused", "recorded")
    ]
    assert room.history(BAD) == [Choice.WAIVE, Choice.RETURN]
    assert "Grace approved it" in done[0].message


def test_a_decision_about_another_take_is_a_conflict(room: Room) -> None:
    old = room.decision(GOOD, Choice.APPROVE)
    room.write_anew(GOOD, "good evening")
    with pytest.raises(ReviewConflictError, match="another take by now"):
        room.review.decide([old], {})


def test_of_a_file_that_is_handed_in_again_what_was_seen_last_counts(room: Room) -> None:
    """A page on disk keeps what was applied, beside what was decided from a newer report."""
    first = room.decision(GOOD, Choice.APPROVE)
    room.review.decide([first], [0], keeps_rest=True)
    room.decide(GOOD, Choice.RETURN, seen=1, who="Bob")
    second = room.decision(GOOD, Choice.APPROVE)
    third = room.decision(GOOD, Choice.RETURN)
    late = room.review.decide([first, second], [0, 0], keeps_rest=True)
    assert [r.reception.value for r in late] == ["known", "conflict"], "it knew nothing of Bob"
    done = room.review.decide([first, second, third], [0, 2, 2], keeps_rest=True)
    assert [r.reception.value for r in done] == ["known", "recorded", "recorded"]
    again = room.review.decide([first, second, third], [0, 2, 2], keeps_rest=True)
    assert {r.reception for r in again} == {Reception.KNOWN}


def test_what_has_lapsed_is_listed_and_keeps_nothing_else_out(room: Room) -> None:
    old = room.decision(BAD, Choice.WAIVE)
    room.decide(BAD, Choice.RETURN, who="Bob")
    room.write_anew(BAD, "long line again")
    new = room.decision(BAD, Choice.WAIVE)
    done = room.review.decide([old, new], [0, 1], keeps_rest=True)
    assert [r.reception.value for r in done] == ["conflict", "recorded"]
    assert "another take by now" in done[0].message
    assert [d.id for d in room.review.history("long_line", "en-US")][1:] == [new.id]
    with pytest.raises(ReviewConflictError, match="another take by now"):
        room.review.decide([old], [0])
    assert room.review.decide([old], {}, keeps_rest=True)[0].reception is Reception.CONFLICT


def test_a_retake_is_written_and_undone(room: Room) -> None:
    first = room.decide(GOOD, Choice.RETAKE, change={"seed": 7}).decision
    entry = room.retakes.entries["good_day", "en-US"]
    assert entry.change["seed"] == 7
    assert len(str(entry.change["text_hash"])) == 12
    assert first.change == entry.change
    report = room.publish()
    assert "asked for a retake" in report.left_out[0].why + report.left_out[1].why
    second = room.decide(GOOD, Choice.RETAKE, seen=1, change={"seed": 8}).decision
    room.undo(second, 2)
    assert room.retakes.entries["good_day", "en-US"].id == first.id
    room.undo(first, 3)
    assert room.retakes.entries == {}
    assert "good_day" in room.shipped()


def test_a_retake_that_could_not_be_read_is_refused_and_the_rest_is_not(room: Room) -> None:
    many = [
        room.decision(GOOD, Choice.RETAKE, change={"seed": 13}),
        room.decision(BAD, Choice.RETAKE, change={"seed": 14}),
    ]
    with pytest.raises(ReviewError) as refused:
        room.review.decide(many, {})
    assert refused.value.faults[0].field == "change.seed"
    assert room.retakes.writes == room.rows() == 0
    done = room.review.decide(many, {}, keeps_rest=True)
    assert [r.reception.value for r in done] == ["refused", "recorded"]
    assert set(room.retakes.entries) == {("long_line", "en-US")}


def test_a_retake_that_leads_back_to_an_earlier_take_lets_it_ship(room: Room) -> None:
    """What was asked of that take has been done since: it does not keep it out for ever."""
    room.decide(GOOD, Choice.RETAKE, change={"seed": 7})
    assert "good_day" not in room.shipped()
    room.write_anew(GOOD, "good evening")  # stands for the take with another number
    room.decide(GOOD, Choice.RETAKE, seen=1, change={"seed": 8})
    room.write_anew(GOOD, GOOD)
    assert "good_day" in room.shipped()


def test_a_retake_that_changes_nothing_is_refused(room: Room) -> None:
    """Its take would be the one it was asked about, and the line would never ship again."""
    many = [
        room.decision(GOOD, Choice.RETAKE, change={"seed": 0}),
        room.decision(BAD, Choice.RETAKE, change={"seed": 14}),
    ]
    with pytest.raises(ReviewError) as refused:
        room.review.decide(many, {})
    assert [f.code for f in refused.value.faults] == ["nothing-changed"]
    assert room.retakes.writes == room.rows() == 0
    done = room.review.decide(many, {}, keeps_rest=True)
    assert [r.reception.value for r in done] == ["refused", "recorded"]
    assert "take number" in done[0].message
    assert "good_day" in room.shipped()


def test_a_retake_whose_file_was_written_before_a_crash_is_recorded_when_handed_in_again(
    room: Room,
) -> None:
    made = room.decision(GOOD, Choice.RETAKE, change={"seed": 7})
    room.retakes.entries[made.key] = made
    assert room.review.decide([made], {})[0].reception is Reception.RECORDED


def test_a_new_take_number_keeps_what_the_retake_before_asked_for(room: Room) -> None:
    room.decide(GOOD, Choice.RETAKE, change={"seed": 7, "delivery": "shout"})
    second = room.decide(GOOD, Choice.RETAKE, seen=1, change={"seed": 8}).decision
    kept = {k: v for k, v in second.change.items() if k != "text_hash"}
    assert kept == {"seed": 8, "delivery": "shout"}
    third = room.decide(GOOD, Choice.RETAKE, seen=2, change={"seed": 9, "emotion": "sad"}).decision
    assert "delivery" not in third.change
    room.undo(third, 3)
    assert room.retakes.entries["good_day", "en-US"].change == second.change


def test_a_file_that_changed_meanwhile_leaves_the_database_alone(room: Room) -> None:
    room.retakes.fails = True
    with pytest.raises(ReviewError, match="somebody else"):
        room.decide(GOOD, Choice.RETAKE, change={"seed": 7})
    assert room.rows() == 0


def test_what_is_undone_cannot_be_undone_again(room: Room) -> None:
    made = room.decide(GOOD, Choice.APPROVE).decision
    room.undo(made, 1)
    with pytest.raises(ReviewError) as refused:
        room.undo(made, 2)
    assert refused.value.faults[0].code == "nothing-to-undo"


def sound(seconds: float = 0.5, rate: int = 48_000, level: float = 0.3) -> bytes:
    time = np.arange(round(seconds * rate)) / rate
    return encode_raw(Waveform.of(level * np.sin(2 * np.pi * 220 * time), rate))


def test_a_recording_replaces_a_take_and_gives_way_again(room: Room) -> None:
    place = room.folder / "en-US" / "long_line.wav"
    first = room.decision(BAD, Choice.REPLACE)
    one = room.review.replace(first, 0, sound()).decision
    assert decode(place.read_bytes()).sample_rate == 48_000
    before = place.read_bytes()
    second = room.decision(BAD, Choice.REPLACE)
    flac = encode(decode(sound(0.7)), "flac")
    two = room.review.replace(second, 1, flac).decision
    assert decode(place.read_bytes()).duration_s == pytest.approx(0.7, abs=1e-3)
    room.undo(two, 2)
    assert place.read_bytes() == before
    room.undo(one, 3)
    assert not place.exists()


@pytest.mark.parametrize(
    ("order", "left"),
    [
        ((0, 1), ["second", ""]),
        ((1, 0), ["first", ""]),
        ((0, 1, 2), ["third", "third", ""]),
        ((0, 2, 1), ["third", "second", ""]),
        ((1, 0, 2), ["third", "third", ""]),
        ((2, 0, 1), ["second", "second", ""]),
        ((1, 2, 0), ["third", "first", ""]),
    ],
)
@pytest.mark.parametrize("is_there", [False, True])
def test_recordings_give_way_in_any_order_and_none_comes_back_that_was_withdrawn(
    room: Room, order: tuple[int, ...], left: list[str], *, is_there: bool
) -> None:
    place = room.folder / "en-US" / "long_line.wav"
    if is_there:
        place.parent.mkdir(parents=True)
        place.write_bytes(sound(0.9))
    lies = {"": place.read_bytes() if is_there else b""}
    made = []
    for n, name in enumerate(("first", "second", "third")[: len(order)]):
        upload = room.decision(BAD, Choice.REPLACE)
        made.append(room.review.replace(upload, n, sound(0.5 + 0.1 * n)).decision)
        lies[name] = place.read_bytes()
    for n, which in enumerate(order):
        assert room.undo(made[which], len(made) + n).is_settled
        assert (place.read_bytes() if place.exists() else b"") == lies[left[n]]


def test_an_earlier_run_of_replacements_that_was_undone_stays_out(room: Room) -> None:
    """What was committed by hand since is what the later ones replaced."""
    place = room.folder / "en-US" / "long_line.wav"
    old = room.review.replace(room.decision(BAD, Choice.REPLACE), 0, sound(0.5)).decision
    room.undo(old, 1)
    place.write_bytes(by_hand := sound(0.9))
    first = room.review.replace(room.decision(BAD, Choice.REPLACE), 2, sound(0.6)).decision
    second = room.review.replace(room.decision(BAD, Choice.REPLACE), 3, sound(0.7)).decision
    room.undo(first, 4)
    room.undo(second, 5)
    assert place.read_bytes() == by_hand


def test_replacements_are_undone_together(room: Room) -> None:
    one = room.review.replace(room.decision(BAD, Choice.REPLACE), 0, sound(0.5)).decision
    two = room.review.replace(room.decision(BAD, Choice.REPLACE), 1, sound(0.6)).decision
    undo = [
        replace(d, id=f"{n:032x}", undoes=d.id, note="", change={})
        for n, d in enumerate((one, two), 900)
    ]
    room.review.decide(undo, {one.key: 2})
    assert not (room.folder / "en-US" / "long_line.wav").exists()


def wav_key(letters: str) -> str:
    return f"objects/{letters}/{letters * 32}.wav"


def test_only_an_upload_replaces_a_take(room: Room) -> None:
    key = room.studio.store.put(b"RIFF", ".wav", "audio/wav")
    for change in ({"recording": key, "before": ""}, {}):
        with pytest.raises(ReviewError) as refused:
            room.decide(BAD, Choice.REPLACE, change=change)
        assert "no-upload" in {f.code for f in refused.value.faults}
    assert not room.folder.exists()


@pytest.mark.parametrize(
    ("recording", "before", "field"),
    [
        (wav_key("ab"), "", ""),
        (wav_key("ab"), wav_key("cd"), ""),
        (wav_key("ab").replace("wav", "ogg"), "", "d.change.recording"),
        (wav_key("ab"), "keys/ab/x.json", "d.change.before"),
        (wav_key("ab"), "objects/../../x.wav", "d.change.before"),
        (wav_key("ab"), None, "d.change.before"),
        (7, "", "d.change.recording"),
    ],
)
def test_a_replacement_names_recordings(
    room: Room, recording: object, before: object, field: str
) -> None:
    change = {"recording": recording, "before": before}
    faults = faults_of(room.decision(BAD, Choice.REPLACE, change=change), "d")
    assert [f.field for f in faults] == ([field] if field else [])


def test_an_upload_after_a_crash_still_gives_way_to_what_was_there(room: Room) -> None:
    """The file lay in the folder when the crash came; what was there before it is not it."""
    place = room.folder / "en-US" / "long_line.wav"
    upload = room.decision(BAD, Choice.REPLACE)
    made = room.review.replace(upload, 0, sound()).decision
    crashed = place.read_bytes()
    room.undo(made, 1)
    place.write_bytes(crashed)
    again = room.review.replace(room.decision(BAD, Choice.REPLACE), 2, sound()).decision
    room.undo(again, 3)
    assert not place.exists()


def test_a_recording_is_put_only_when_the_retakes_could_be_written(room: Room) -> None:
    room.decide(GOOD, Choice.RETAKE, change={"seed": 7})
    one = room.review.replace(room.decision(BAD, Choice.REPLACE), 0, sound()).decision
    place = room.folder / "en-US" / "long_line.wav"
    room.retakes.fails = True
    undo = replace(one, id="f" * 32, undoes=one.id, note="", change={})
    retake = room.decision(GOOD, Choice.RETAKE, change={"seed": 8})
    with pytest.raises(ReviewError, match="somebody else"):
        room.review.decide([undo, retake], {one.key: 1, retake.key: 1})
    assert place.exists()


def test_looking_into_the_log_waits_for_nobody(room: Room) -> None:
    room.decide(GOOD, Choice.APPROVE)
    with room.studio.unit() as unit:  # a transaction that writes, as an import's does
        unit.lines.find([("good_day", "en-US")])
        assert room.rows() == 1
        assert room.history(GOOD) == [Choice.APPROVE]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>",
        b"RIFF\xff\xff\xff\x7fWAVEfmt ",
        sound(0.01),
        sound(130.0, 16_000),
        sound(level=0.0),
        sound(rate=8_000),
        encode_raw(Waveform(np.full(48_000, np.nan, np.float32), 48_000)),
    ],
    ids=["empty", "html", "torn", "short", "long", "silent", "slow", "nan"],
)
def test_an_upload_that_is_no_usable_sound_changes_nothing(room: Room, data: bytes) -> None:
    with pytest.raises(AudioError):
        room.review.replace(room.decision(BAD, Choice.REPLACE), 0, data)
    assert not room.folder.exists()
    assert room.rows() == 0


def test_an_upload_beyond_full_scale_is_refused_and_not_clipped(room: Room) -> None:
    """Only floating point holds such a sound; 24 bits would cut its peaks off."""
    with pytest.raises(AudioError, match=r"3\.6 dB beyond full scale"):
        room.review.replace(room.decision(BAD, Choice.REPLACE), 0, sound(level=1.5))
    assert not room.folder.exists()


def test_what_is_too_long_for_a_line_is_not_decoded(room: Room, monkeypatch: Any) -> None:
    """A file of some kilobytes may hold hours of silence."""
    import soundfile

    long = encode(Waveform.of(np.zeros(130 * 16_000), 16_000), "flac")
    monkeypatch.setattr(soundfile.SoundFile, "read", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(AudioError, match="more than 120 s"):
        room.review.replace(room.decision(BAD, Choice.REPLACE), 0, long)


def test_uploads_are_decoded_one_at_a_time(room: Room, monkeypatch: Any) -> None:
    shelf = RecordingFolder(room.folder, room.studio.store)
    now: list[int] = []
    most: list[int] = []

    def slow(data: bytes, **limits: Any) -> Waveform:
        now.append(1)
        most.append(len(now))
        threading.Event().wait(0.05)
        now.pop()
        return decode(data, **limits)

    monkeypatch.setattr("renderer.services.replace.decode", slow)
    threads = [threading.Thread(target=shelf.take_in, args=(sound(),)) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert most == [1, 1, 1, 1]


def test_an_upload_never_leaves_the_folder(room: Room, tmp_path: Any) -> None:
    """A link in the place of a locale's folder would lead elsewhere."""
    outside = tmp_path / "outside"
    outside.mkdir()
    room.folder.mkdir()
    (room.folder / "en-US").symlink_to(outside)
    with pytest.raises(ManifestError, match=r"link|recordings cannot be used"):
        room.review.replace(room.decision(BAD, Choice.REPLACE), 0, sound())
    assert list(outside.iterdir()) == []


def test_the_report_shows_the_decision_that_holds(room: Room) -> None:
    room.decide(BAD, Choice.WAIVE)
    room.decide(GOOD, Choice.APPROVE)
    room.write_anew(GOOD, "good evening")
    with room.studio.unit() as unit:
        reader = ProjectReader(FakeBook(room.studio.voice.card), str, date.today())
        lines = {line.utterance.line_id: line for line in reader.read(unit, Scope(), ())}
    held = lines["long_line"].decision
    assert held is not None
    assert held.choice is Choice.WAIVE
    assert lines["good_day"].decision is None
    assert [lines[name].decided for name in ("long_line", "good_day", "mute_line")] == [1, 1, 0]


def test_a_renamed_line_keeps_its_decisions(room: Room) -> None:
    room.decide(BAD, Choice.WAIVE)
    with room.studio.unit() as unit:
        row = unit.lines.find([("long_line", "en-US")])["long_line", "en-US"]
        unit.lines.rename(row.pk, "shout")
        unit.commit()
    assert [d.line_id for d in room.review.history("shout", "en-US")] == ["shout"]
    assert "shout" in room.shipped()


def test_a_lock_hands_its_waivers_on(room: Room) -> None:
    """CI has no database: what the committed lock says is waived, stays waived."""
    room.decide(BAD, Choice.WAIVE, note="meant")
    lock = load(room.publish().text)
    entry = lock.by_key()["long_line", "en-US"]
    assert load(dump("tiny", lock.entries)).entries == lock.entries
    with room.studio.unit() as unit:
        row = unit.lines.find([("long_line", "en-US")])["long_line", "en-US"]
        take = unit.takes.get([row.take_id])[0]
    adopter = Adopter(lock, lambda _key: None)
    waiver = adopter.waiver(row.utterance, take.render_key)
    assert waiver is not None
    assert (waiver.choice, waiver.note, waiver.line_id) == (Choice.WAIVE, "meant", "long_line")
    assert (waiver.sound, waiver.checks) == (entry.sha256, ("duration",))
    before = {name: text for name, text in entry.waived.items() if name != "checks"}
    old = waiver_of(replace(entry, waived=before), "long_line")
    assert old is not None
    assert (old.sound, old.checks) == ("", ()), "a lock of before holds by its render key alone"
    other = RenderKey({Part.TEXT: digest("other")})
    assert adopter.waiver(row.utterance, other) is None
    assert waiver_of(replace(entry, waived={"decision": "x"}), "long_line") is None


@dataclass
class Colleague:
    """Takes a lock over into the room's database."""

    room: Room
    lock: Any

    def take_over(self) -> int:
        with self.room.studio.unit() as unit:
            row = unit.lines.find([("long_line", "en-US")])["long_line", "en-US"]
            key = unit.takes.get([row.take_id])[0].render_key
            adopter = Adopter(self.lock, lambda _key: None)
            told = take_over_waivers(unit, adopter, [Asked(row.utterance, key, row)])
            unit.commit()
        return len(told)


def grace(room: Room, **waived: str) -> Colleague:
    """A colleague's lock, in which Grace has waived the take as it is here."""
    room.decide(BAD, Choice.WAIVE, seen=len(room.history(BAD)))
    lock = load(room.publish().text)
    told = {"decision": "9" * 32, "who": "Grace", "note": "meant", **waived}
    entries = tuple(
        replace(e, waived={**e.waived, **told}) if e.waived else e for e in lock.entries
    )
    made = room.review.history("long_line", "en-US")[-1]
    room.undo(made, made.sequence)
    return Colleague(room, replace(lock, entries=entries))


def test_a_waiver_of_a_lock_holds_where_everything_decided_here_is_undone(room: Room) -> None:
    colleague = grace(room)
    assert colleague.take_over() == 1
    assert room.shipped()["long_line"]["who"] == "Grace"
    assert colleague.take_over() == 0
    taken = room.review.history("long_line", "en-US")[-1]
    room.undo(taken, taken.sequence)
    assert colleague.take_over() == 0, "what was undone here stays undone"


def test_a_waiver_of_a_lock_gives_way_to_what_holds_here(room: Room) -> None:
    colleague = grace(room)
    room.decide(BAD, Choice.RETURN, seen=2)
    assert colleague.take_over() == 0
    room.decide(BAD, Choice.WAIVE, seen=3)
    room.put(BAD, sounds=b"another attempt")
    assert colleague.take_over() == 1, "what was waived here is not what there is"
    assert "Grace waived it" in room.left_out()["long_line"], "nor is it what she heard"


def test_a_waiver_of_a_lock_lapses_where_the_take_is_another(room: Room) -> None:
    colleague = grace(room)
    room.put(BAD, checks=("duration", "level"))
    assert colleague.take_over() == 1
    assert "but level fails now" in room.left_out()["long_line"]


def test_an_unfinished_take_cannot_be_judged(room: Room) -> None:
    said = room.studio.take(1).request
    key = RenderKey({Part.TEXT: digest("new")})
    utterance = replace(said.utterance, line_id="new")
    with room.studio.unit() as unit:
        pk = unit.takes.add([TakeWrite(key, replace(said, utterance=utterance), 4)])[key.hex]
        unit.lines.save([LineWrite(None, utterance, key.hex, key.input_digest, pk)], 1)
        unit.commit()
    room.keys["new"] = key.hex
    with pytest.raises(ReviewError) as refused:
        room.decide("new", Choice.RETURN)
    assert "not rendered yet" in refused.value.faults[0].problem


def engine_of(room: Room) -> Any:
    return room.studio.unit()._engine


def test_decisions_are_copied_with_their_lines_and_a_second_time_is_harmless(
    room: Room, tmp_path: Any
) -> None:
    first = room.decide(BAD, Choice.WAIVE).decision
    other = fresh_database(tmp_path / "other.db")

    def copy() -> list[Decision]:
        transfer = SqlTransfer(engine_of(room), other)
        list(transfer.takes())
        list(transfer.lines())
        with SqlUnitOfWork(other, "tiny", room.studio.clock) as unit:
            return unit.decisions.log()

    assert copy() == [first]
    room.undo(first, 1)
    assert [d.sequence for d in copy()] == [2, 1]
    with SqlUnitOfWork(other, "tiny", room.studio.clock) as unit:
        pk = unit.lines.find([first.key])[first.key].pk
        own = replace(first, id="e" * 32, who="Grace", sequence=3)
        assert unit.decisions.add([(pk, own)])
        unit.commit()
    room.decide(BAD, Choice.WAIVE, seen=2)
    assert copy()[0].who == "Grace"  # theirs stays in force


def test_a_forgotten_line_takes_its_decisions_along(room: Room) -> None:
    room.decide(BAD, Choice.WAIVE)
    retention = SqlRetention(engine_of(room))
    retention.remove(retention.lines_of("tiny"), ())
    assert room.rows() == 0


def test_a_sweep_spares_the_recordings_that_can_be_put_back(room: Room) -> None:
    made = room.review.replace(room.decision(BAD, Choice.REPLACE), 0, sound()).decision
    assert made.change["recording"] in set(SqlReferences(engine_of(room)).named())
