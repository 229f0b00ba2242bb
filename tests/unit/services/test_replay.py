"""Other limits over what was measured: what they would change, and what --apply leaves alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from renderer.domain.take import RenderResult, TakeStatus
from renderer.errors import LeaseLostError
from renderer.ports import LineWrite
from renderer.quality.limits import GateLimits, merge
from renderer.services.replay import Replayer
from renderer.services.scope import Scope

ALL = Scope()


def line_of(unit: Any, take: Any, line_id: str, pin: int | None = None) -> None:
    said = replace(take.request.utterance, line_id=line_id)
    key = take.render_key
    unit.lines.save([LineWrite(None, said, key.hex, key.input_digest, take.id, pin)], 1)


@pytest.fixture
def asked(studio: Any) -> Callable[..., list[int]]:
    """Render lines named like their texts."""

    def ask(*texts: str, is_rendered: bool = True, **more: Any) -> list[int]:
        pks = studio.ask(*texts, **more)
        if is_rendered:
            studio.render.batch(pks)
        with studio.unit() as unit:
            for text, take in zip(texts, unit.takes.get(pks), strict=True):
                line_of(unit, take, text.replace(" ", "_"))
            unit.commit()
        return pks

    return ask


def under(studio: Any, **limits: float | None) -> Replayer:
    return Replayer("tiny", merge(studio.limits, GateLimits(limits)))


def look(studio: Any, replayer: Replayer, scope: Scope = ALL) -> Any:
    with studio.unit() as unit:
        return replayer.look(unit, scope)


def apply(studio: Any, replayer: Replayer, scope: Scope = ALL) -> Any:
    return replayer.apply(studio.unit, scope, "Wren")


def events(studio: Any) -> list[tuple[str, Mapping[str, Any]]]:
    from sqlalchemy import select

    from renderer.db.tables import event

    with studio.unit() as unit:
        rows = unit._connection.execute(select(event.c.kind, event.c.payload))
        return [(k, p) for k, p in rows if k in ("take_judged_again", "gate_replayed")]


def test_the_same_limits_change_nothing(studio: Any, asked: Any) -> None:
    asked("good day", "long line")
    report = look(studio, under(studio))
    assert (report.judged, report.changed, report.left) == (2, [], [])
    assert apply(studio, under(studio)).rewritten == 0


def test_stricter_limits_would_reject_and_say_which_check_value_and_limit(
    studio: Any, asked: Any
) -> None:
    [pk] = asked("good day")
    before = studio.take(pk)
    report = look(studio, under(studio, most_duration_s=0.2))
    [line] = report.changed
    assert (line.line_id, line.was, line.now) == (
        "good_day",
        TakeStatus.APPROVED,
        TakeStatus.REJECTED,
    )
    [found] = line.findings
    assert (found.check, found.limit, found.relation) == ("duration", 0.2, "<=")
    assert found.value == pytest.approx(before.result.metrics["duration_s"])
    assert studio.take(pk) == before
    assert events(studio) == []


def test_applied_verdict_status_and_attempts_are_stored_with_an_event(
    studio: Any, asked: Any
) -> None:
    good, other = asked("good day", "good night")
    before = studio.take(good)
    report = apply(studio, under(studio, most_duration_s=0.2), Scope(lines=("good_day",)))
    take = studio.take(good)
    assert report.rewritten == 1
    assert take.status is take.result.status is TakeStatus.REJECTED
    assert [f.check for f in take.result.verdict.failed] == ["duration"]
    assert take.result.tried[0].verdict == take.result.verdict
    assert take.result.delivery == before.result.delivery
    assert studio.take(other).status is TakeStatus.APPROVED
    (kind, told), (last, summary) = events(studio)
    assert (kind, last) == ("take_judged_again", "gate_replayed")
    assert told == {
        "take_id": good,
        "was": "approved",
        "status": "rejected",
        "checks": ["duration"],
        "who": "Wren",
    }
    assert summary == {"who": "Wren", "takes": 1, "rewritten": 1, "changed": 1}


def test_looser_limits_approve_and_say_what_spoke_against_it(studio: Any, asked: Any) -> None:
    [pk] = asked("long line", max_attempts=1)
    assert studio.take(pk).status is TakeStatus.REJECTED
    loose = under(studio, most_duration_s=None)
    [line] = look(studio, loose).changed
    assert line.now is TakeStatus.APPROVED
    assert [f.check for f in line.findings] == ["duration"]
    apply(studio, loose)
    assert studio.take(pk).status is TakeStatus.APPROVED
    apply(studio, under(studio))
    assert studio.take(pk).status is TakeStatus.REJECTED


def test_a_verdict_is_rewritten_though_its_status_stays(studio: Any, asked: Any) -> None:
    [pk] = asked("good day")
    report = apply(studio, under(studio, most_duration_s=179.0))
    assert (report.rewritten, report.changed) == (1, [])
    found = {f.check: f.limit for f in studio.take(pk).result.verdict.findings}
    assert found["duration"] == 179.0


def test_a_limit_on_what_was_not_measured_is_an_error_and_no_pass(studio: Any, asked: Any) -> None:
    asked("good day")
    [line] = look(studio, under(studio, least_dnsmos_p808=1.0)).changed
    assert line.now is TakeStatus.FAILED
    assert [(f.check, f.message) for f in line.findings] == [
        ("dnsmos_p808", "It was not measured.")
    ]


def test_an_attempt_that_would_pass_is_named(studio: Any, asked: Any) -> None:
    studio.voice.is_long = lambda attempt: attempt < 2
    [pk] = asked("long line", max_attempts=2)
    assert studio.take(pk).result.attempt == 2
    shorter = studio.take(pk).result.metrics["duration_s"]
    only_long = under(studio, least_duration_s=shorter + 0.5, most_duration_s=None)
    [line] = look(studio, only_long).changed
    assert (line.now, line.other_attempt) == (TakeStatus.REJECTED, 1)


def test_takes_without_stored_metrics_are_listed_and_left(studio: Any, asked: Any) -> None:
    [pk] = asked("good day")
    with studio.unit() as unit:
        take = unit.takes.get([pk])[0]
        tried = tuple(replace(a, metrics={}) for a in take.result.tried)
        unit.verdicts.replace(take, replace(take.result, tried=tried))
        unit.commit()
    before = studio.take(pk)
    strict = under(studio, most_duration_s=0.2)
    report = apply(studio, strict)
    assert (report.judged, report.changed, report.rewritten) == (0, [], 0)
    assert [(row.line_id, row.why) for row in report.left] == [
        ("good_day", "its take has no stored metrics; render it again")
    ]
    assert studio.take(pk) == before


def test_a_take_that_is_at_work_is_left_to_its_worker(studio: Any, asked: Any) -> None:
    asked("good day", is_rendered=False)
    [leased] = asked("good night", is_rendered=False)
    with studio.unit() as unit:
        assert unit.takes.lease([leased], "me", 60)
        unit.commit()
    report = apply(studio, under(studio, most_duration_s=0.2))
    assert {row.why for row in report.left} == {
        "its take is pending; it is judged when it is rendered",
        "its take is leased; it is judged when it is rendered",
    }
    assert report.judged == 0
    with studio.unit() as unit:
        unit.takes.finish(leased, "me", RenderResult(TakeStatus.APPROVED, None, 1))
        with pytest.raises(LeaseLostError):
            unit.takes.finish(leased, "me", RenderResult(TakeStatus.APPROVED, None, 1))


def test_a_take_that_a_line_is_frozen_at_keeps_its_verdict(studio: Any, asked: Any) -> None:
    [pk] = asked("good day")
    with studio.unit() as unit:
        line_of(unit, unit.takes.get([pk])[0], "pinned", pin=pk)
        unit.commit()
    before = studio.take(pk)
    report = apply(studio, under(studio, most_duration_s=0.2))
    assert sorted((c.line_id, c.now.value) for c in report.changed) == [
        ("good_day", "rejected"),
        ("pinned", "rejected"),
    ]
    assert all("frozen" in c.kept for c in report.changed)
    assert report.rewritten == 0
    assert studio.take(pk) == before


def test_a_take_that_another_project_asked_for_is_its_to_judge(studio: Any, asked: Any) -> None:
    from sqlalchemy import update

    from renderer.db.tables import take

    [pk] = asked("good day")
    with studio.unit() as unit:
        unit._connection.execute(update(take).values(asked_by="other"))
        unit.commit()
    report = apply(studio, under(studio, most_duration_s=0.2))
    assert "limits of other" in report.left[0].why
    assert studio.take(pk).status is TakeStatus.APPROVED


def test_every_take_is_loaded_and_decided_once_however_many_lines_have_it(
    studio: Any, asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from renderer.services import replay

    pks = asked("good day", "good night", "long line")
    with studio.unit() as unit:
        line_of(unit, unit.takes.get(pks[:1])[0], "again")
        unit.commit()
    monkeypatch.setattr(replay, "PIECE", 1)
    decided: list[int] = []
    redecide = replay.redecide

    def counted(take: Any, limits: GateLimits) -> RenderResult | None:
        decided.append(take.id)
        return redecide(take, limits)

    monkeypatch.setattr(replay, "redecide", counted)
    strict = under(studio, most_duration_s=0.2)
    before = look(studio, strict)
    assert sorted(decided) == sorted(pks)
    decided.clear()
    report = apply(studio, strict)
    assert sorted(decided) == sorted(pks)
    assert (report.judged, report.changed) == (before.judged, before.changed)
    assert [line.line_id for line in report.changed] == ["good_day", "good_night", "again"]
    assert report.rewritten == 3


def test_all_or_nothing_is_stored(studio: Any, asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from renderer.db.verdict_repository import SqlVerdicts

    first, second = asked("good day", "good night")
    stored = SqlVerdicts.replace

    def breaks(self: Any, take: Any, result: Any) -> None:
        if take.id == second:
            raise OSError("the disk is full")
        stored(self, take, result)

    monkeypatch.setattr(SqlVerdicts, "replace", breaks)
    with pytest.raises(OSError, match="full"):
        apply(studio, under(studio, most_duration_s=0.2))
    assert studio.statuses([first, second]) == ["approved", "approved"]
    assert events(studio) == []
