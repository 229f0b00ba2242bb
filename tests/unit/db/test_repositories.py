"""Lines and takes in SQL: what a writer's edits do to them."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from renderer.db.plain import dump_result, load_result, result_of, to_plain
from renderer.db.take_repository import MAX_DELIVERIES
from renderer.db.unit_of_work import SqlUnitOfWork
from renderer.domain.direction import (
    Delivery,
    Direction,
    Emotion,
    Emphasis,
    PhoneEdit,
    Prosody,
    WordEdit,
)
from renderer.domain.events import LineFrozen, TakeRequested
from renderer.domain.render_key import Part, RenderKey, digest
from renderer.domain.request import RenderRequest
from renderer.domain.take import Attempt, RenderResult, SoundObject, TakeStatus
from renderer.domain.utterance import Origin, Utterance
from renderer.domain.verdict import Decision, Finding, Outcome, Verdict
from renderer.errors import LeaseLostError
from renderer.ports import LineWrite, TakeWrite

SAID = Utterance(
    "halt",
    "en-US",
    "guard",
    "gate",
    "Halt – wer da?",
    "**Halt** – wer da?",
    "amy#1",
    Direction(
        Emotion.ANGRY,
        0.7,
        Delivery.SHOUT,
        Prosody(rate=1.2, pitch_st=-1),
        (
            WordEdit(
                *("Halt", 1, Prosody(energy_db=3), Emphasis.STRONG, "halt"),
                (PhoneEdit("a", 1, 0.5, 2.0, -3.0), PhoneEdit("l", pitch_st=1)),
            ),
        ),
    ),
    (("da", "adverb"),),
    3,
    "a note",
    ("bark", "act-1"),
    ("stop",),
    "0123456789ab",
    Origin("gate.yaml", 7),
)
Begin = Callable[[], SqlUnitOfWork]


def key_of(text: str) -> RenderKey:
    return RenderKey({Part.TEXT: digest(text)})


def add_take(unit: SqlUnitOfWork, text: str, result: RenderResult | None = None) -> int:
    write = TakeWrite(key_of(text), RenderRequest(replace(SAID, text=text)), len(text), result)
    return unit.takes.add([write])[write.render_key.hex]


def add_line(unit: SqlUnitOfWork, line_id: str, take: int, path: str = "gate.yaml", **more: Any):
    said = replace(SAID, line_id=line_id, origin=Origin(path, 1), **more)
    old = unit.lines.find([said.key]).get(said.key)
    pk = old.pk if old else None
    generation = unit.lines.next_generation()
    unit.lines.save([LineWrite(pk, said, "0" * 64, "1" * 64, take)], generation)
    return unit.lines.find([said.key])[said.key]


def approved(raw: str = "") -> RenderResult:
    sound = SoundObject(raw, "0" * 64, 1, 1.0, "audio/wav") if raw else None
    return RenderResult(TakeStatus.APPROVED, None, 1, raw=sound)


def test_a_line_and_a_request_come_back_as_they_were(unit: Begin) -> None:
    with unit() as u:
        request = RenderRequest(SAID, ({"word": "Halt", "match_case": True},), {"rate": 1.1})
        take = u.takes.add([TakeWrite(key_of("x"), request, 4)])[key_of("x").hex]
        u.lines.save([LineWrite(None, SAID, "0" * 64, "1" * 64, take)], 1)
        u.commit()
    with unit() as u:
        stored = u.lines.find([SAID.key])[SAID.key]
        assert stored.utterance == SAID
        assert stored.status is TakeStatus.PENDING
        assert u.takes.get([take])[0].request == request
        assert u.takes.get([take])[0].render_key == key_of("x")


def test_what_is_not_committed_never_was(unit: Begin) -> None:
    with unit() as u:
        add_take(u, "x")
        u.outbox.add([TakeRequested(1, "amy", 4)])
    with unit() as u:
        assert u.takes.find([key_of("x").hex]) == {}
        assert u.outbox.claim(10) == []


def test_projects_share_takes_and_nothing_else(unit: Begin, clock: Any) -> None:
    with unit() as u:
        engine = u._engine
        add_line(u, "halt", add_take(u, "x"))
        u.commit()
    with SqlUnitOfWork(engine, "other", clock) as other:
        assert other.lines.find([SAID.key]) == {}
        assert list(other.lines.iterate()) == []
        assert set(other.takes.find([key_of("x").hex])) == {key_of("x").hex}


def test_lines_come_in_manifest_order_without_orphans(unit: Begin) -> None:
    with unit() as u:
        take = add_take(u, "x")
        add_line(u, "z", take, "a.yaml")
        add_line(u, "b", take, "b.yaml")
        add_line(u, "a", take, "c.yaml")
        assert [r.utterance.line_id for r in u.lines.iterate()] == ["z", "b", "a"]
        assert u.lines.orphan(["b.yaml"], 99) == 1
        assert u.lines.orphan(["b.yaml"], 99) == 0
        assert [r.utterance.line_id for r in u.lines.iterate()] == ["z", "a"]
        assert {line_id for line_id, _, _ in u.lines.ids(["c.yaml"])} == {"z"}
        add_line(u, "b", take, "b.yaml")
        assert [r.utterance.line_id for r in u.lines.iterate()] == ["z", "b", "a"]


def test_iterating_does_not_change_how_later_statements_run(unit: Begin) -> None:
    with unit() as u:
        list(u.lines.iterate())
        assert "yield_per" not in u._connection.get_execution_options()


def test_counts_by_status_and_freeze(unit: Begin) -> None:
    with unit() as u:
        done, open_ = add_take(u, "x", approved()), add_take(u, "y")
        frozen = add_line(u, "a", done)
        add_line(u, "b", done)
        add_line(u, "c", open_)
        add_line(u, "d", done, "other.yaml")
        u.lines.freeze(frozen.pk, done)
        assert u.lines.count_by_status(["gate.yaml"]) == {
            (TakeStatus.APPROVED, True): 1,
            (TakeStatus.APPROVED, False): 1,
            (TakeStatus.PENDING, False): 1,
        }


def test_thaw_has_the_file_read_again(unit: Begin) -> None:
    with unit() as u:
        line = add_line(u, "a", add_take(u, "x"))
        u.lines.save_files({"gate.yaml": ("s", "c"), "b.yaml": ("s", "c")}, [])
        u.lines.freeze(line.pk, line.take_id)
        assert u.lines.files()["gate.yaml"] == ("s", "c")
        u.lines.freeze(line.pk, None)
        assert u.lines.files() == {"gate.yaml": ("s", "thawed"), "b.yaml": ("s", "c")}
        u.lines.save_files({"gate.yaml": ("t", "c")}, ["b.yaml"])
        assert u.lines.files() == {"gate.yaml": ("t", "c")}


def test_the_take_before_is_the_last_approved_one(unit: Begin, clock: Any) -> None:
    with unit() as u:
        first, second = add_take(u, "1", approved()), add_take(u, "2", approved())
        failed = add_take(u, "3", RenderResult(TakeStatus.FAILED, None, 0))
        current = add_take(u, "4")
        for take in (first, second, failed, current):
            line = add_line(u, "a", take)
            clock.pass_(1)
        assert u.lines.previous_approved([line.pk]) == {line.pk: second}


def test_a_rename_keeps_row_take_and_freeze(unit: Begin) -> None:
    with unit() as u:
        line = add_line(u, "old", add_take(u, "x"))
        u.lines.freeze(line.pk, line.take_id)
        u.lines.rename(line.pk, "new")
        found = u.lines.find([("new", "en-US"), ("old", "en-US")])
        assert set(found) == {("new", "en-US")}
        renamed = found["new", "en-US"]
        assert (renamed.pk, renamed.take_id, renamed.is_frozen) == (line.pk, line.take_id, True)
        assert renamed.utterance.line_id == "new"


def test_more_lines_than_a_statement_may_bind(unit: Begin) -> None:
    with unit() as u:
        take = add_take(u, "x")
        many = [replace(SAID, line_id=f"l{i}") for i in range(1_200)]
        u.lines.save([LineWrite(None, s, "0" * 64, "1" * 64, take) for s in many], 1)
        assert len(u.lines.find([s.key for s in many])) == 1_200
        assert len(list(u.lines.iterate())) == 1_200


def test_a_raw_take_is_taken_from_approved_takes_alone(unit: Begin) -> None:
    with unit() as u:
        add_take(u, "x", approved("objects/aa/raw.wav"))
        add_take(u, "y", replace(approved("objects/bb/raw.wav"), status=TakeStatus.REJECTED))
        add_take(u, "z", approved())
        found = u.takes.raw_of(key_of("x").synthesis_hex)
        assert found is not None
        assert found.raw is not None
        assert u.takes.raw_of(key_of("y").synthesis_hex) is None
        assert u.takes.raw_of(key_of("z").synthesis_hex) is None


def test_a_lease_is_for_one_worker_until_it_expires(unit: Begin, clock: Any) -> None:
    with unit() as u:
        take = add_take(u, "x")
        assert [t.deliveries for t in u.takes.lease([take], "one", 60)] == [1]
        assert u.takes.lease([take], "two", 60) == []
        clock.pass_(61)
        assert [t.deliveries for t in u.takes.lease([take], "two", 60)] == [2]
        with pytest.raises(LeaseLostError):
            u.takes.finish(take, "one", approved())
        u.takes.finish(take, "two", approved())
        with pytest.raises(LeaseLostError):
            u.takes.finish(take, "two", approved())
        assert u.takes.lease([take], "three", 60) == []


def test_leases_come_in_the_order_asked_for(unit: Begin) -> None:
    with unit() as u:
        pks = [add_take(u, str(i)) for i in range(5)]
        wanted = [pks[3], pks[0], pks[4]]
        assert [t.id for t in u.takes.lease(wanted, "one", 60)] == wanted


def test_releasing_gives_back_only_ones_own(unit: Begin) -> None:
    with unit() as u:
        one, other = add_take(u, "1"), add_take(u, "2")
        u.takes.lease([one], "me", 60)
        u.takes.lease([other], "you", 60)
        u.takes.release([one, other], "me")
        assert u.takes.counts() == {TakeStatus.PENDING: 1, TakeStatus.LEASED: 1}
        assert u.takes.get([one])[0].deliveries == 1


def test_reopening_never_touches_what_is_under_way(unit: Begin) -> None:
    with unit() as u:
        done = add_take(u, "1", approved())
        u.takes.lease([add_take(u, "2")], "me", 60)
        assert u.takes.reopen([TakeStatus.LEASED, TakeStatus.APPROVED], [done]) == 1
        assert u.takes.counts() == {TakeStatus.PENDING: 1, TakeStatus.LEASED: 1}


def test_reopening_more_takes_than_a_statement_may_bind(unit: Begin) -> None:
    with unit() as u:
        database = u._connection.connection.driver_connection
        if isinstance(database, sqlite3.Connection):  # as systems with an older one have it
            database.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)
        failed = RenderResult(TakeStatus.FAILED, None, 0)
        writes = [TakeWrite(key_of(str(i)), RenderRequest(SAID), 1, failed) for i in range(1_500)]
        ids = list(u.takes.add(writes).values())
        assert u.takes.reopen([TakeStatus.FAILED], ids) == len(ids)


def test_events_are_the_audit_trail_and_no_work(unit: Begin) -> None:
    with unit() as u:
        u.outbox.add([LineFrozen("halt", "en-US", 1, "ann")])
        assert u.outbox.claim(10) == []


def test_the_cost_is_per_written_character(unit: Begin) -> None:
    with unit() as u:
        assert u.takes.cost() == 0.0
        take = add_take(u, "0123456789")
        u.takes.lease([take], "me", 60)
        u.takes.finish(take, "me", replace(approved(), spent_s=2.0))
        assert u.takes.cost() == pytest.approx(0.2)


def test_the_first_level_stored_wins(unit: Begin) -> None:
    with unit() as u:
        assert u.levels.get("k") is None
        u.levels.put("k", "amy", "en-US", -20.0)
        u.levels.put("k", "amy", "en-US", -30.0)
        assert u.levels.get("k") == -20.0


def test_the_first_scores_of_a_voice_that_are_stored_win(unit: Begin) -> None:
    with unit() as u:
        assert u.scores.get("k") is None
        u.scores.put("k", "amy", "en-US", {"ovrl": 3.2})
        u.scores.put("k", "amy", "en-US", {"ovrl": 2.2})
        assert u.scores.get("k") == {"ovrl": 3.2}


def test_reading_an_unknown_project_makes_none(unit: Begin, clock: Any) -> None:
    with unit() as u:
        engine = u._engine
    with SqlUnitOfWork(engine, "nobody", clock, is_read_only=True) as other:
        assert list(other.lines.iterate()) == []
        assert other.lines.files() == {}
    with SqlUnitOfWork(engine, "nobody", clock, is_read_only=True) as again:
        assert list(again.lines.iterate()) == []


def test_the_objects_of_a_take_are_known_without_reading_its_result(unit: Begin) -> None:
    sound = SoundObject("objects/aa/sound.ogg", "0" * 64, 1, 1.0, "audio/ogg")
    result = replace(approved(), delivery=sound, metadata_key="objects/bb/about.json")
    with unit() as u:
        adopted, open_, made = add_take(u, "x", result), add_take(u, "y"), add_take(u, "z")
        u.takes.lease([made], "me", 60)
        u.takes.finish(made, "me", result)
        keys = ("objects/aa/sound.ogg", "objects/bb/about.json")
        assert u.takes.objects([adopted, open_, made]) == {adopted: keys, open_: (), made: keys}
        u.takes.reopen([TakeStatus.APPROVED], [made])
        u.takes.lease([made], "me", 60)
        u.takes.finish(made, "me", RenderResult(TakeStatus.FAILED, None, 0))
        assert u.takes.objects([made]) == {made: ()}


def test_what_was_measured_on_silence_comes_back(unit: Begin) -> None:
    """Its level is no finite number, and JSON has no word for that."""
    found = (
        Finding("loudness", Outcome.FAIL, -math.inf, -23.0, ">=", "LUFS", "Silent."),
        Finding("dnsmos_ovrl", Outcome.ERROR, math.nan),
        Finding("length", Outcome.FAIL, math.inf),
    )
    result = RenderResult(TakeStatus.REJECTED, Verdict.of(found), 1)
    with unit() as u:
        pk = add_take(u, "x", result)
        u.commit()
    with unit() as u:
        stored = u.takes.get([pk])[0].result
    assert stored is not None
    assert stored.verdict is not None
    low, unknown, high = (f.value for f in stored.verdict.findings)
    assert (low, high) == (-math.inf, math.inf)
    assert unknown is not None
    assert math.isnan(unknown)


def test_what_was_stored_before_there_were_metrics_is_read(unit: Begin) -> None:
    verdict = Verdict.of((Finding("dc", Outcome.PASS, -90.0),))
    attempt = Attempt(1, "", verdict, "objects/aa/x.ogg", {"dc_dbfs": -90.0, "line": {"rate": 1.0}})
    result = RenderResult(TakeStatus.APPROVED, verdict, 1, tried=(attempt,))
    plain = json.loads(json.dumps(to_plain(result)))
    assert result_of(plain) == result
    assert load_result(dump_result(result)) == result
    assert result_of(plain).metrics == attempt.metrics
    del plain["tried"][0]["metrics"]
    assert result_of(plain).metrics == {}
    assert result_of(plain).tried[0].verdict == verdict


def test_a_quarantined_take_says_why(unit: Begin, clock: Any) -> None:
    with unit() as u:
        poison = add_take(u, "x", replace(approved("objects/aa/raw.wav"), error=""))
        u.takes.reopen([TakeStatus.APPROVED], [poison])
        for _ in range(MAX_DELIVERIES):
            assert u.takes.lease([poison], "dies", 60)
            clock.pass_(61)
        assert u.takes.lease([poison], "next", 60) == []
        assert u.leases.quarantine([poison]) == [poison]
        assert u.leases.quarantine([poison]) == []
        take = u.takes.get([poison])[0]
        assert take.status is TakeStatus.QUARANTINED
        assert take.result is not None
        assert take.result.status is TakeStatus.QUARANTINED
        assert "5 times" in take.result.error
        assert "render --retry quarantined" in take.result.error
        assert take.result.verdict is not None
        assert take.result.verdict.decision is Decision.ERROR
        assert take.result.raw is None
        assert u.takes.raw_of(key_of("x").synthesis_hex) is None


def test_reopening_may_bring_another_cap_of_attempts(unit: Begin) -> None:
    with unit() as u:
        rejected = RenderResult(TakeStatus.REJECTED, None, 1)
        again, other = add_take(u, "1", rejected), add_take(u, "2", approved())
        open_ = add_take(u, "3")
        ids = [again, other, open_]
        assert u.takes.reopen([TakeStatus.REJECTED], ids, max_attempts=7) == 1
        assert [t.request.max_attempts for t in u.takes.get(ids)] == [7, 3, 3]
        assert u.takes.get([again])[0].request == replace(
            u.takes.get([open_])[0].request, max_attempts=7, utterance=replace(SAID, text="1")
        )
