"""Two at once on PostgreSQL: one waits or steps aside, and nothing is lost, doubled or torn."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import Engine, func, select, text

from renderer.db.tables import dead_letter, line, outbox, project, take
from renderer.db.unit_of_work import SqlUnitOfWork
from renderer.domain.events import TakeRequested
from renderer.domain.render_key import Part, RenderKey, digest
from renderer.domain.request import RenderRequest
from renderer.domain.take import RenderResult, TakeStatus
from renderer.domain.utterance import Utterance
from renderer.errors import DatabaseError, LeaseLostError
from renderer.ports import LineWrite, TakeWrite

T = TypeVar("T")
Begin = Callable[[], SqlUnitOfWork]
SAID = Utterance("halt", "en-US", "guard", "gate", "Halt!", "Halt!", "amy")
DONE = RenderResult(TakeStatus.APPROVED, None, 1)
PATIENCE_S = 20.0


def write_of(words: str) -> TakeWrite:
    said = replace(SAID, text=words)
    return TakeWrite(RenderKey({Part.TEXT: digest(words)}), RenderRequest(said), len(words))


def ask(unit: Begin, *words: str) -> list[int]:
    writes = [write_of(w) for w in words]
    with unit() as u:
        ids = u.takes.add(writes)
        made = [ids[w.render_key.hex] for w in writes]
        u.outbox.add([TakeRequested(pk, "amy", 4) for pk in made])
        u.commit()
    return made


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


@contextmanager
def waiting(engine: Engine, pool: ThreadPoolExecutor, work: Callable[[], T]) -> Iterator[Future[T]]:
    """Begin some work in another thread, and go on when it waits for a lock of ours."""
    blocked = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    begun = pool.submit(work)
    until = time.monotonic() + PATIENCE_S
    with engine.connect() as watch:
        while not watch.execute(blocked).scalar():
            watch.rollback()
            assert not begun.done(), f"did not wait: {begun.exception() or begun.result()}"
            assert time.monotonic() < until, "neither waits nor ends"
            time.sleep(0.01)
    yield begun


def count(engine: Engine, table: Any) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar() or 0


def last_in_the_heap(engine: Engine, pk: int) -> None:
    """Move a row behind all others, so that a scan of the table comes to it last."""
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE take SET phonemes = phonemes + 0 WHERE id = :pk"), {"pk": pk}
        )


def test_two_first_uses_of_a_project_make_one(
    unit: Begin, engine: Engine, threads: ThreadPoolExecutor
) -> None:
    def second() -> int:
        with unit() as u:
            add_line(u, "second")
            u.commit()
        return 1

    with unit() as first:
        add_line(first, "first")
        with waiting(engine, threads, second) as other:
            first.commit()
            assert other.result(PATIENCE_S) == 1
    assert count(engine, project) == 1
    assert count(engine, line) == 2


def add_line(unit: SqlUnitOfWork, line_id: str) -> None:
    write = write_of(line_id)
    pk = unit.takes.add([write])[write.render_key.hex]
    said = replace(SAID, line_id=line_id)
    unit.lines.save([LineWrite(None, said, "0" * 64, "1" * 64, pk)], 1)


def test_a_level_two_workers_measure_is_that_of_the_first(
    unit: Begin, engine: Engine, threads: ThreadPoolExecutor
) -> None:
    with unit() as u:
        u.commit()

    def second() -> float | None:
        with unit() as u:
            u.levels.put("k", "amy", "en-US", -30.0)
            found = u.levels.get("k")
            u.commit()
        return found

    with unit() as first:
        first.levels.put("k", "amy", "en-US", -20.0)
        with waiting(engine, threads, second) as other:
            first.commit()
            assert other.result(PATIENCE_S) == -20.0


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_take_two_imports_ask_for_is_one_take(
    unit: Begin, engine: Engine, threads: ThreadPoolExecutor, clock: Any, is_kept: bool
) -> None:
    """If the first import fails, the second one makes the take itself."""
    shared, own = write_of("shared"), write_of("own")

    def second() -> dict[str, int]:
        with SqlUnitOfWork(engine, "other", clock) as u:
            found = u.takes.add([own, shared])
            u.commit()
        return found

    with unit() as first:
        mine = first.takes.add([shared])[shared.render_key.hex]
        with waiting(engine, threads, second) as other:
            if is_kept:
                first.commit()
            else:
                first.__exit__(None, None, None)
            theirs = other.result(PATIENCE_S)
    assert set(theirs) == {shared.render_key.hex, own.render_key.hex}
    assert (theirs[shared.render_key.hex] == mine) is is_kept
    assert count(engine, take) == 2


def test_imports_that_ask_in_other_orders_do_not_block_each_other_crosswise(
    engine: Engine, threads: ThreadPoolExecutor, clock: Any
) -> None:
    writes = [write_of(str(i)) for i in range(300)]
    start = threading.Barrier(2)

    def add(name: str, mine: list[TakeWrite]) -> dict[str, int]:
        with SqlUnitOfWork(engine, name, clock) as u:
            start.wait(PATIENCE_S)
            found = u.takes.add(mine)
            u.commit()
        return found

    for round_ in range(3):
        some = writes[round_ * 100 : (round_ + 1) * 100]
        one = threads.submit(add, "one", some)
        two = threads.submit(add, "two", some[::-1])
        assert one.result(PATIENCE_S) == two.result(PATIENCE_S)
    assert count(engine, take) == 300


def test_two_imports_of_one_project_go_one_after_the_other(
    unit: Begin, engine: Engine, threads: ThreadPoolExecutor
) -> None:
    """A writer's build and the nightly one: the second finds the lines of the first."""

    def import_once() -> bool:
        with unit() as u:
            generation = u.lines.next_generation()
            old = u.lines.find([SAID.key]).get(SAID.key)
            write = write_of("halt")
            pk = u.takes.add([write])[write.render_key.hex]
            known = old.pk if old else None
            u.lines.save([LineWrite(known, SAID, "0" * 64, "1" * 64, pk)], generation)
            u.lines.save_files({"gate.yaml": ("s", "c")}, [])
            u.commit()
        return old is not None

    with unit() as u:
        u.commit()
    with unit() as first:
        generation = first.lines.next_generation()
        with waiting(engine, threads, import_once) as other:
            write = write_of("halt")
            pk = first.takes.add([write])[write.render_key.hex]
            first.lines.save([LineWrite(None, SAID, "0" * 64, "1" * 64, pk)], generation)
            first.lines.save_files({"gate.yaml": ("s", "c")}, [])
            first.commit()
            assert other.result(PATIENCE_S), "the second did not see the first"
    assert count(engine, line) == 1


def test_a_take_is_leased_to_one_worker(
    unit: Begin, engine: Engine, threads: ThreadPoolExecutor
) -> None:
    """Under READ COMMITTED the second one asks again whether it is free, after it has waited."""
    pks = ask(unit, "a", "b")

    def second() -> list[int]:
        with unit() as u:
            leased = [t.id for t in u.takes.lease(pks, "two", 60)]
            u.commit()
        return leased

    with unit() as first:
        assert [t.id for t in first.takes.lease(pks[:1], "one", 60)] == pks[:1]
        with waiting(engine, threads, second) as other:
            first.commit()
            assert other.result(PATIENCE_S) == pks[1:]
    with unit() as u:
        assert [t.deliveries for t in u.takes.get(pks)] == [1, 1]


def test_leases_are_taken_in_one_order(
    unit: Begin, engine: Engine, threads: ThreadPoolExecutor
) -> None:
    """A worker that waits for its first take holds none of the others yet, in any order."""
    pks = sorted(ask(unit, "a", "b", "c"))
    last_in_the_heap(engine, pks[0])

    def second() -> list[int]:
        with unit() as u:
            leased = [t.id for t in u.takes.lease(pks[::-1], "two", 60)]
            u.commit()
        return leased

    with unit() as first:
        first.takes.lease(pks[:1], "one", 60)
        with waiting(engine, threads, second) as other:
            with unit() as third:
                third._connection.execute(text("SET LOCAL lock_timeout = '2s'"))
                assert [t.id for t in third.takes.lease(pks[1:2], "three", 60)] == pks[1:2]
                third.commit()
            first.commit()
            assert other.result(PATIENCE_S) == pks[2:]


def test_many_workers_that_want_the_same_takes_get_each_once(
    unit: Begin, threads: ThreadPoolExecutor
) -> None:
    pks = ask(unit, *(str(i) for i in range(200)))
    start = threading.Barrier(4)

    def work(number: int) -> list[int]:
        wanted = pks if number % 2 else pks[::-1]
        start.wait(PATIENCE_S)
        with unit() as u:
            leased = [t.id for t in u.takes.lease(wanted, f"worker{number}", 60)]
            u.commit()
        return leased

    leased = [pk for done in [threads.submit(work, i) for i in range(4)] for pk in done.result(60)]
    assert sorted(leased) == sorted(pks)
    with unit() as u:
        assert {t.deliveries for t in u.takes.get(pks)} == {1}


def test_a_heartbeat_and_another_workers_lease_are_one_or_the_other(
    unit: Begin, engine: Engine, threads: ThreadPoolExecutor, clock: Any
) -> None:
    """A lease that ran out and is taken by another worker cannot be renewed by the first."""
    (pk,) = ask(unit, "a")
    with unit() as u:
        u.takes.lease([pk], "slow", 15)
        u.commit()
    clock.pass_(16)

    def renew() -> set[str]:
        with unit() as u:
            held = u.leases.renew(["slow"], 15)
            u.commit()
        return held

    with unit() as other:
        assert other.takes.lease([pk], "next", 15)
        with waiting(engine, threads, renew) as renewed:
            other.commit()
            assert renewed.result(PATIENCE_S) == set()


def test_a_late_result_waits_for_the_other_workers_lease_and_is_dropped(
    unit: Begin, engine: Engine, threads: ThreadPoolExecutor, clock: Any
) -> None:
    (pk,) = ask(unit, "a")
    with unit() as u:
        u.takes.lease([pk], "slow", 15)
        u.commit()
    clock.pass_(16)

    def finish() -> None:
        with unit() as u:
            u.takes.finish(pk, "slow", DONE)
            u.commit()

    with unit() as other:
        other.takes.lease([pk], "next", 15)
        with waiting(engine, threads, finish) as late:
            other.commit()
            with pytest.raises(LeaseLostError):
                late.result(PATIENCE_S)
    with unit() as u:
        assert u.takes.get([pk])[0].status is TakeStatus.LEASED


def test_two_relays_claim_different_rows_and_wait_for_nobody(unit: Begin) -> None:
    pks = ask(unit, *(str(i) for i in range(10)))
    with unit() as one, unit() as two:
        first = [row.take_id for row in one.outbox.claim(4)]
        second = [row.take_id for row in two.outbox.claim(100)]
        assert len(first) == 4
        assert sorted(first + second) == sorted(pks)
        one.outbox.mark_sent([1])
        one.commit()
        two.commit()


def test_relays_at_once_send_everything_once(unit: Begin, threads: ThreadPoolExecutor) -> None:
    pks = ask(unit, *(str(i) for i in range(120)))

    def relay(_number: int) -> list[int]:
        sent: list[int] = []
        while True:
            with unit() as u:
                rows = u.outbox.claim(7)
                u.outbox.mark_sent([row.id for row in rows])
                u.commit()
            if not rows:
                return sent
            sent += [row.take_id for row in rows]

    assert sorted(pk for sent in threads.map(relay, range(4)) for pk in sent) == sorted(pks)


def test_a_take_that_is_asked_for_twice_at_once_waits_once(
    unit: Begin, engine: Engine, threads: ThreadPoolExecutor
) -> None:
    (pk,) = ask(unit, "a")
    with unit() as u:
        u.outbox.forget()
        u.commit()

    def enqueue() -> int:
        with unit() as u:
            done = u.takes.enqueue([pk])
            u.commit()
        return done

    with unit() as first:
        assert first.takes.enqueue([pk]) == 1
        with waiting(engine, threads, enqueue) as other:
            first.commit()
            assert other.result(PATIENCE_S) == 0
    assert count(engine, outbox) == 1


def test_a_message_two_workers_give_up_is_one_dead_letter(
    unit: Begin, engine: Engine, threads: ThreadPoolExecutor
) -> None:
    with unit() as u:
        u.commit()

    def give_up() -> None:
        with unit() as u:
            u.dead_letters.add("message", "render_cpu", [1], "boom")
            u.commit()

    with unit() as first:
        first.dead_letters.add("message", "render_cpu", [1], "boom")
        with waiting(engine, threads, give_up) as other:
            first.commit()
            other.result(PATIENCE_S)
    assert count(engine, dead_letter) == 1


def test_a_reader_sees_one_state_and_may_write_nothing(unit: Begin, engine: Engine) -> None:
    """A report must not show half of an import that is committed while it reads."""
    ask(unit, "a")
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=1)

    class Clock:
        def now(self) -> datetime:
            return moment

        def monotonic_s(self) -> float:
            return 0.0

    with SqlUnitOfWork(engine, "tiny", Clock(), is_read_only=True) as reader:
        before = reader.takes.counts()
        ask(unit, "b")
        assert reader.takes.counts() == before
        with pytest.raises(DatabaseError, match="read-only"):
            reader.levels.put("k", "amy", "en-US", -20.0)
    with SqlUnitOfWork(engine, "tiny", Clock(), is_read_only=True) as reader:
        assert reader.takes.counts() == {TakeStatus.PENDING: 2}
    with unit() as u:  # the same connection, and it may write again
        u.levels.put("k", "amy", "en-US", -20.0)
        u.commit()
