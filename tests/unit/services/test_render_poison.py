"""A bad line, a bad engine or a bad judge costs its own line and nobody else's."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from renderer.db.take_repository import MAX_DELIVERIES
from renderer.domain.render_key import Part
from renderer.domain.take import TakeStatus
from renderer.errors import DatabaseError, MisfitError, StorageError
from renderer.quality.gate import decide, read_metrics


def test_good_lines_are_approved_and_everything_is_kept(studio: Any) -> None:
    pks = studio.ask("good day", "good night")

    studio.render.batch(pks)

    for pk in pks:
        result = studio.take(pk).result
        assert result.status is TakeStatus.APPROVED
        for sound in (result.raw, result.master, result.delivery):
            assert studio.store.has(sound.key)
        assert studio.store.has(result.metadata_key)
    assert studio.voice.batches[0] == 2


@pytest.mark.parametrize(
    ("poison", "word"),
    [
        ("mute line", "refuses this line"),
        ("explode line", "boom"),
        ("unspeakable line", "nobody can say this"),
    ],
)
def test_a_line_the_engine_cannot_say_fails_alone(studio: Any, poison: str, word: str) -> None:
    pks = studio.ask("good day", poison, "good night")

    studio.render.batch(pks)

    assert studio.statuses(pks) == ["approved", "failed", "approved"]
    result = studio.take(pks[1]).result
    assert word in result.error
    assert result.delivery is None
    assert result.verdict.decision.value == "error"


def test_an_engine_that_loses_rows_never_gives_a_line_to_its_neighbour(studio: Any) -> None:
    pks = studio.ask("good day", "drop this", "good night")

    studio.render.batch(pks)

    assert studio.statuses(pks) == ["approved"] * 3  # asked again, one by one
    assert 1 in studio.voice.batches


def test_an_engine_that_always_loses_rows_fails_every_line(studio: Any) -> None:
    pks = studio.ask("good day", "good night")
    studio.voice.loses_a_row = True

    studio.render.batch(pks)

    assert studio.statuses(pks) == ["failed", "failed"]
    assert "0 answers to 1 lines" in studio.take(pks[0]).result.error


@pytest.mark.parametrize("poison", ["nan line", "silent line"])
def test_sound_that_is_none_is_never_approved(studio: Any, poison: str) -> None:
    pks = studio.ask("good day", poison)

    studio.render.batch(pks)

    first, second = studio.statuses(pks)
    assert first == "approved"
    assert second in ("failed", "rejected")


def test_an_unknown_voice_fails_its_line_alone(studio: Any) -> None:
    pks = studio.ask("good day") + studio.ask("good night", voice="nobody")

    studio.render.batch(pks)

    assert studio.statuses(pks) == ["approved", "failed"]
    assert "no voice 'nobody'" in studio.take(pks[1]).result.error


@pytest.mark.parametrize("how", ["errors", "raises", "loses one", "nan"])
def test_a_broken_judge_approves_nothing(studio: Any, how: str) -> None:
    pks = studio.ask("good day", "good night")
    studio.judge.broken = how

    studio.render.batch(pks)

    assert studio.statuses(pks) == ["failed", "failed"]
    assert studio.store.pointed(studio.take(pks[0]).render_key.hex) is None


def test_a_rejected_take_is_tried_with_something_changed_up_to_its_cap(studio: Any) -> None:
    [pk] = studio.ask("long line", max_attempts=3)

    studio.render.batch([pk])

    take = studio.take(pk)
    assert take.status is TakeStatus.REJECTED
    said = [r for r in studio.voice.requests if r.transcript.written == ("long", "line")]
    assert len(said) == 3
    assert len({r.seed for r in said}) == 3
    assert len({(r.rate, r.pause_scale, r.noise_scale, r.noise_w) for r in said}) == 3
    assert [a.number for a in take.result.tried] == [1, 2, 3]
    assert len({a.change for a in take.result.tried}) == 3
    assert studio.store.has(take.result.delivery.key)
    assert [f.check for f in take.result.verdict.failed] == ["duration"]
    assert all(f.hint for f in take.result.verdict.failed)


def test_an_attempt_that_passes_ends_the_trying(studio: Any) -> None:
    [pk] = studio.ask("long line", max_attempts=5)
    studio.voice.is_long = lambda attempt: attempt < 3

    studio.render.batch([pk])

    result = studio.take(pk).result
    assert result.status is TakeStatus.APPROVED
    assert result.attempt == 3
    assert [a.verdict.decision.value for a in result.tried] == ["rejected", "rejected", "approved"]


def test_what_was_measured_is_kept_of_every_attempt_and_decides_the_same_again(
    studio: Any,
) -> None:
    [pk] = studio.ask("long line", max_attempts=2)
    studio.voice.is_long = lambda attempt: attempt < 2

    studio.render.batch([pk])

    result = studio.take(pk).result
    for attempt in result.tried:
        metrics = read_metrics(attempt.metrics)
        assert metrics is not None
        assert metrics.line.voice == studio.take(pk).request.utterance.voice
        assert decide(metrics, studio.limits) == attempt.verdict
    assert result.metrics == result.tried[1].metrics
    assert result.tried[0].metrics["duration_s"] > result.tried[1].metrics["duration_s"]


def test_what_a_retry_breaks_keeps_the_attempt_before(studio: Any) -> None:
    [pk] = studio.ask("long line", max_attempts=3)

    def judge_breaks(attempt: int) -> bool:
        studio.judge.broken = "errors" if attempt >= 2 else ""
        return attempt < 2

    studio.voice.is_long = judge_breaks
    studio.render.batch([pk])

    result = studio.take(pk).result
    assert result.status is TakeStatus.REJECTED
    assert result.attempt == 1


def test_only_the_rejected_of_a_batch_are_tried_again(studio: Any) -> None:
    pks = studio.ask("good day", "long line")
    studio.render.batch(pks)
    said = [r for r in studio.voice.requests if r.transcript.written == ("good", "day")]
    assert len(said) == 1


def test_a_full_disk_fails_the_line_that_met_it_and_says_so(
    studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pks = studio.ask("good day", "good night")
    put, calls = studio.store.put, []

    def full(data: bytes, suffix: str, media_type: str) -> str:
        calls.append(suffix)
        if len(calls) == 1:
            raise StorageError("no space left on the store")
        return str(put(data, suffix, media_type))

    monkeypatch.setattr(studio.store, "put", full)
    studio.render.batch(pks)

    assert studio.statuses(pks) == ["failed", "approved"]
    assert "no space left" in studio.take(pks[0]).result.error


def test_a_take_whose_workers_died_too_often_is_quarantined(studio: Any) -> None:
    [pk] = studio.ask("good day")
    for _ in range(MAX_DELIVERIES):
        with studio.unit() as unit:
            assert [t.id for t in unit.takes.lease([pk], "dies", 60)] == [pk]
            unit.commit()
        studio.clock.pass_(61)

    studio.render.batch([pk])

    assert studio.take(pk).status is TakeStatus.QUARANTINED
    assert studio.voice.requests == []
    with studio.unit() as unit:
        assert unit.takes.reopen([TakeStatus.QUARANTINED], [pk]) == 1
        unit.commit()
    studio.render.batch([pk])
    assert studio.take(pk).status is TakeStatus.APPROVED


def test_a_batch_that_breaks_outside_any_take_is_given_back_and_ends_in_quarantine(
    studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pks = studio.ask("good day", "good night")

    def interrupted(_step: str) -> None:
        raise KeyboardInterrupt

    together, alone = 1, 2 * (MAX_DELIVERIES - 1)
    for _ in range(together + alone - 1):
        studio.render.failpoint = lambda step: interrupted(step) if step == "performed" else None
        with pytest.raises(KeyboardInterrupt):
            studio.render.batch(pks)
        assert studio.statuses(pks) == ["pending", "pending"]
        assert {studio.take(pk).deliveries for pk in pks} != {0}

    with pytest.raises(KeyboardInterrupt):
        studio.render.batch(pks)
    assert studio.statuses(pks) == ["quarantined", "pending"]
    studio.render.batch(pks)
    assert studio.statuses(pks) == ["quarantined", "quarantined"]


def test_what_kills_workers_takes_no_neighbour_along(studio: Any) -> None:
    """A message is delivered again as it was: its takes then go one by one, each counted alone."""
    pks = studio.ask("good day", "poison", "good night")

    def dies(step: str) -> None:
        last = studio.voice.requests[-studio.voice.batches[-1] :] if studio.voice.batches else []
        if step == "performed" and any("poison" in r.transcript.written for r in last):
            raise KeyboardInterrupt

    studio.render.failpoint = dies
    for _ in range(4 * MAX_DELIVERIES):
        with contextlib.suppress(KeyboardInterrupt):
            studio.render.batch(pks)
            break

    assert studio.statuses(pks) == ["approved", "quarantined", "approved"]


def test_a_patient_worker_gives_back_what_the_store_did_not_take(
    studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pks = studio.ask("good day", "good night")
    put = studio.store.put
    monkeypatch.setattr(studio.render, "_is_patient", True)

    def away(*_args: object) -> str:
        raise StorageError("the store answered 503")

    monkeypatch.setattr(studio.store, "put", away)
    for _ in range(2 * MAX_DELIVERIES):
        with pytest.raises(StorageError, match="503"):
            studio.render.batch(pks)
    assert studio.statuses(pks) == ["pending", "pending"]
    assert {studio.take(pk).deliveries for pk in pks} == {0}, "the lines are not at fault"

    monkeypatch.setattr(studio.store, "put", put)
    studio.render.batch(pks)
    assert studio.statuses(pks) == ["approved", "approved"]


def test_a_worker_leaves_to_others_what_it_would_render_differently(studio: Any) -> None:
    """Old and new workers side by side: the sound under a key is what was planned."""
    pks = studio.ask("good day", "good night")
    planned_elsewhere = {pks[1]}
    studio.render.misfits = lambda take: (Part.ENGINE,) if take.id in planned_elsewhere else ()

    with pytest.raises(MisfitError, match="this worker has another engine than the take"):
        studio.render.batch(pks)

    assert studio.statuses(pks) == ["approved", "pending"]
    assert studio.take(pks[1]).deliveries == 0
    planned_elsewhere.clear()
    studio.render.batch(pks)
    assert studio.statuses(pks) == ["approved", "approved"]


def test_a_database_that_blinks_costs_no_work(studio: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    [pk] = studio.ask("good day")
    monkeypatch.setattr(studio.render, "_is_patient", True)
    monkeypatch.setattr("renderer.services.render.PAUSES_S", (0.0, 0.0))
    blinks = [DatabaseError("gone", is_transient=True), DatabaseError("gone", is_transient=True)]

    def blink(step: str) -> None:
        if step == "finishing" and blinks:
            raise blinks.pop()

    studio.render.failpoint = blink
    studio.render.batch([pk])

    assert studio.take(pk).status is TakeStatus.APPROVED
    assert studio.take(pk).deliveries == 1
    assert blinks == []


def test_a_store_that_is_away_while_a_raw_take_is_read_fails_no_line(
    studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.render.batch(studio.ask("good day"))
    [pk] = studio.ask("good day", mastering="louder")  # its raw take is known and kept
    monkeypatch.setattr(studio.render, "_is_patient", True)
    get = studio.store.get

    def away(_key: str) -> bytes:
        raise StorageError("the store answered 503")

    monkeypatch.setattr(studio.store, "get", away)
    with pytest.raises(StorageError, match="503"):
        studio.render.batch([pk])
    assert studio.take(pk).status is TakeStatus.PENDING
    assert studio.take(pk).deliveries == 0

    monkeypatch.setattr(studio.store, "get", get)
    studio.render.batch([pk])
    assert studio.take(pk).status is TakeStatus.APPROVED


def test_a_late_result_of_a_lost_lease_is_dropped(studio: Any) -> None:
    [pk] = studio.ask("good day")
    told = []
    studio.render.told = told.append

    def steal(step: str) -> None:
        if step == "kept":
            studio.clock.pass_(3600)
            with studio.unit() as unit:
                assert unit.takes.lease([pk], "other", 60)
                unit.commit()

    studio.render.failpoint = steal
    studio.render.batch([pk])

    assert studio.take(pk).status is TakeStatus.LEASED
    assert told == []


def test_sent_twice_is_rendered_once(studio: Any) -> None:
    pks = studio.ask("good day")
    studio.render.batch(pks)
    spoken = len(studio.voice.requests)

    studio.render.batch(pks)
    studio.render.batch([*pks, *pks])

    assert len(studio.voice.requests) == spoken


def test_after_stop_no_batch_begins(studio: Any) -> None:
    pks = studio.ask("good day")
    studio.render.stop()
    studio.render.batch(pks)
    assert studio.statuses(pks) == ["pending"]
    assert studio.take(pks[0]).deliveries == 0


def test_a_kept_raw_take_that_is_rejected_is_spoken_anew_when_asked_for_again(
    studio: Any,
) -> None:
    studio.voice.is_long = lambda attempt: False
    [first] = studio.ask("long line")
    studio.render.batch([first])
    spoken = len(studio.voice.requests)
    [second] = studio.ask("long line", mastering="louder", max_attempts=1)
    studio.judge.low = True
    studio.render.batch([second])
    assert studio.statuses([first, second]) == ["approved", "rejected"]
    assert len(studio.voice.requests) == spoken, "mastered from the raw take"

    studio.judge.low = False
    with studio.unit() as unit:
        unit.takes.reopen([TakeStatus.REJECTED], [second])
        unit.commit()
    studio.render.batch([second])

    assert studio.statuses([second]) == ["approved"]
    assert len(studio.voice.requests) > spoken


def test_a_kept_raw_take_that_is_rejected_uses_the_attempts_that_are_left(
    studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    [first] = studio.ask("good day")
    studio.render.batch([first])
    spoken = len(studio.voice.requests)
    [second] = studio.ask("good day", mastering="louder")
    score = studio.judge.score

    def low_at_first(waveforms: Any) -> Any:
        studio.judge.low = len(studio.voice.requests) == spoken
        return score(waveforms)

    monkeypatch.setattr(studio.judge, "score", low_at_first)
    studio.render.batch([second])

    result = studio.take(second).result
    assert result.status is TakeStatus.APPROVED
    assert [a.number for a in result.tried] == [1, 2]
    assert (result.attempt, result.raw_attempt) == (2, 0)
    assert len(studio.voice.requests) == spoken + 1


def test_a_raw_take_mastered_again_and_again_keeps_the_attempt_it_was_spoken_at(
    studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from renderer.services import perform

    [first] = studio.ask("long line")
    studio.voice.is_long = lambda attempt: attempt < 3
    studio.render.batch([first])
    assert studio.take(first).result.attempt == 3
    plan, planned = perform._plan, []

    def spied(take: Any, transcript: Any, number: int) -> Any:
        planned.append(number)
        return plan(take, transcript, number)

    monkeypatch.setattr(perform, "_plan", spied)
    spoken = len(studio.voice.requests)
    for mastering in ("louder", "louder still"):
        [pk] = studio.ask("long line", mastering=mastering)
        studio.render.batch([pk])
        result = studio.take(pk).result
        assert result.status is TakeStatus.APPROVED
        assert (result.attempt, result.raw_attempt) == (1, 3)

    assert planned == [3, 3]
    assert len(studio.voice.requests) == spoken


@pytest.mark.parametrize("stage", ["_stored", "_gain"])
def test_a_database_that_goes_away_during_the_work_fails_no_line(
    stage: str, studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by the simulation: such a take was `failed`, and only a person could go on with it."""
    pks = studio.ask("good day", "good night")
    part = studio.render._performer if stage == "_stored" else studio.render._finisher

    def away(*_args: object) -> None:
        raise DatabaseError("the server closed the connection")

    with monkeypatch.context() as broken:
        broken.setattr(part, stage, away)
        for _ in range(2 * MAX_DELIVERIES):
            with pytest.raises(DatabaseError):
                studio.render.batch(pks)
    assert studio.statuses(pks) == ["pending", "pending"]
    assert {studio.take(pk).deliveries for pk in pks} == {0}, "the lines are not at fault"

    studio.render.batch(pks)
    assert studio.statuses(pks) == ["approved", "approved"]
