"""Takes, in SQL. Every statement that changes a status names the status it changes from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    func,
    select,
    update,
)

from renderer.db.chunk import chunks
from renderer.db.lock import lock_rows, may_be_leased
from renderer.db.owe import enqueue
from renderer.db.plain import key_of, request_of, result_of, to_plain
from renderer.db.tables import outbox, take
from renderer.db.upsert import insert_missing
from renderer.domain.route import Priority
from renderer.domain.take import RenderResult, Take, TakeStatus, failure
from renderer.errors import LeaseLostError
from renderer.ports import Clock, TakeWrite

MAX_DELIVERIES = 5
WORN_OUT = failure(
    f"workers died on it {MAX_DELIVERIES} times; run `barkline render --retry quarantined`",
    TakeStatus.QUARANTINED,
    hint="look into the log for what ends the worker at this line",
)


def _take(row: Row[Any]) -> Take:
    return Take(
        id=row.id,
        render_key=key_of(row.parts),
        request=request_of(row.request),
        status=TakeStatus(row.status),
        deliveries=row.deliveries,
        result=None if row.result is None else result_of(row.result),
        asked_by=row.asked_by,
        trace_id=row.trace_id,
    )


def stored_result(result: RenderResult | None) -> dict[str, Any]:
    """Return the columns that tell of a result."""
    return {
        "status": (result.status if result else TakeStatus.PENDING).value,
        "result": to_plain(result) if result else None,
        "raw_key": result.raw.key if result and result.raw else "",
        "delivery_key": result.delivery.key if result and result.delivery else "",
        "metadata_key": result.metadata_key if result else "",
    }


class SqlTakes:
    """Implements `ports.TakeRepository`."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def find(self, render_keys: Sequence[str]) -> dict[str, tuple[int, TakeStatus]]:
        """Return key to (row id, status) of the stored ones."""
        found = {}
        for some in chunks(render_keys):
            query = select(take.c.render_key, take.c.id, take.c.status).where(
                take.c.render_key.in_(some)
            )
            for key, pk, status in self._connection.execute(query):
                found[key] = pk, TakeStatus(status)
        return found

    def get(self, take_ids: Sequence[int]) -> list[Take]:
        """Return takes by row id, in the order asked for."""
        found: dict[int, Take] = {}
        for some in chunks(take_ids):
            for row in self._connection.execute(select(take).where(take.c.id.in_(some))):
                found[row.id] = _take(row)
        return [found[i] for i in take_ids if i in found]

    def add(self, takes: Sequence[TakeWrite]) -> dict[str, int]:
        """Create takes, but those another import has just created; returns key to row id."""
        if not takes:
            return {}
        now = self._clock.now()
        rows = [self._values(t, now) for t in takes]
        insert_missing(self._connection, take, rows, take.c.render_key)
        keys = [t.render_key.hex for t in takes]
        return {key: pk for key, (pk, _) in self.find(keys).items()}

    @staticmethod
    def _values(write: TakeWrite, now: datetime) -> dict[str, Any]:
        result = write.result
        return {
            "render_key": write.render_key.hex,
            "synthesis_key": write.render_key.synthesis_hex,
            "parts": write.render_key.plain(),
            "request": to_plain(write.request),
            "voice": write.request.utterance.voice,
            "phonemes": write.phonemes,
            "created_at": now,
            "finished_at": now if result else None,
            "queue": write.queue.value,
            "priority": write.priority.value,
            "asked_by": write.asked_by,
            "trace_id": write.trace_id,
            **stored_result(result),
        }

    def objects(self, take_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """Return row id to the keys of what the game gets of it: its sound and its metadata."""
        found = {}
        for some in chunks(take_ids):
            query = select(take.c.id, take.c.delivery_key, take.c.metadata_key)
            for pk, *keys in self._connection.execute(query.where(take.c.id.in_(some))):
                found[pk] = tuple(key for key in keys if key)
        return found

    def raw_of(self, synthesis_key: str) -> RenderResult | None:
        """Return a finished result whose raw take this request can be mastered from."""
        query = (
            select(take.c.result)
            .where(
                take.c.synthesis_key == synthesis_key,
                take.c.raw_key != "",
                take.c.status == TakeStatus.APPROVED.value,
            )
            .order_by(take.c.id.desc())
            .limit(1)
        )
        plain = self._connection.execute(query).scalar()
        return None if plain is None else result_of(plain)

    def lease(self, take_ids: Sequence[int], owner: str, seconds: float) -> list[Take]:
        """Lease what is neither finished nor leased by a living worker; count the delivery.

        A take that workers died on `MAX_DELIVERIES` times is not leased: see `Leases.quarantine`.
        """
        now = self._clock.now()
        for some in chunks(sorted(take_ids)):
            free = take.c.id.in_(some), may_be_leased(now), take.c.deliveries < MAX_DELIVERIES
            self._connection.execute(
                update(take)
                .where(take.c.id.in_(lock_rows(self._connection, take, *free)))
                .values(
                    status=TakeStatus.LEASED.value,
                    owner=owner,
                    leased_until=now + timedelta(seconds=seconds),
                    deliveries=take.c.deliveries + 1,
                )
            )
        mine = [t for t in self._owned(take_ids, owner) if t.status is TakeStatus.LEASED]
        order = {pk: i for i, pk in enumerate(take_ids)}
        return sorted(mine, key=lambda t: order[t.id])

    def _owned(self, take_ids: Sequence[int], owner: str) -> list[Take]:
        owned = []
        for some in chunks(take_ids):
            query = select(take).where(take.c.id.in_(some), take.c.owner == owner)
            owned += [_take(row) for row in self._connection.execute(query)]
        return owned

    def release(self, take_ids: Sequence[int], owner: str, *, is_innocent: bool = False) -> None:
        """Give leases back undone; the delivery stays counted, so that poison ends somewhere.

        Args:
            take_ids: Row ids.
            owner: Who holds them.
            is_innocent: Whether the world failed and not a take: then the delivery is not counted.
        """
        counted = take.c.deliveries - (1 if is_innocent else 0)
        leased = take.c.owner == owner, take.c.status == TakeStatus.LEASED.value
        for some in chunks(sorted(take_ids)):
            mine = lock_rows(self._connection, take, take.c.id.in_(some), *leased)
            self._connection.execute(
                update(take)
                .where(take.c.id.in_(mine))
                .values(
                    status=TakeStatus.PENDING.value,
                    owner="",
                    leased_until=None,
                    deliveries=counted,
                )
            )

    def finish(self, take_id: int, owner: str, result: RenderResult) -> None:
        """Store a result, fenced by the lease.

        Raises:
            LeaseLostError: Another worker holds the take now, or has finished it.
        """
        done = self._connection.execute(
            update(take)
            .where(
                take.c.id == take_id,
                take.c.owner == owner,
                take.c.status == TakeStatus.LEASED.value,
            )
            .values(
                owner="",
                leased_until=None,
                finished_at=self._clock.now(),
                spent_s=result.spent_s,
                **stored_result(result),
            )
        )
        if done.rowcount != 1:
            raise LeaseLostError(f"take {take_id} is no longer leased to {owner}")
        self._connection.execute(delete(outbox).where(outbox.c.take_id == take_id))

    def reopen(
        self,
        statuses: Sequence[TakeStatus],
        take_ids: Sequence[int] | None = None,
        max_attempts: int | None = None,
    ) -> int:
        """Make finished takes pending again, with their count of deliveries at zero.

        Args:
            statuses: Of which takes.
            take_ids: Among which takes; None for all.
            max_attempts: How many automatic attempts they have from now on; None: as they had.
        """
        names = [s.value for s in statuses if s.is_finished]
        values = {"status": TakeStatus.PENDING.value, "deliveries": 0, "finished_at": None}
        total = 0
        for some in [None] if take_ids is None else chunks(take_ids):
            chosen: ColumnElement[bool] = take.c.status.in_(names)
            if some is not None:
                chosen = and_(chosen, take.c.id.in_(some))
            if max_attempts is not None:
                self._allow(chosen, max_attempts)
            again = update(take).where(chosen).values(values)
            total += self._connection.execute(again).rowcount
        return total

    def _allow(self, chosen: ColumnElement[bool], max_attempts: int) -> None:
        """Set the cap of attempts in the requests of some takes."""
        rows = self._connection.execute(select(take.c.id, take.c.request).where(chosen))
        fresh = [
            {"pk": pk, "fresh": {**request, "max_attempts": max_attempts}}
            for pk, request in rows
            if request["max_attempts"] != max_attempts
        ]
        if fresh:
            one = update(take).where(take.c.id == bindparam("pk"))
            self._connection.execute(one.values(request=bindparam("fresh", type_=JSON)), fresh)

    def enqueue(
        self, take_ids: Sequence[int], priority: Priority | None = None, *, again: bool = True
    ) -> int:
        """Make those that no living worker holds wait for the relay; return how many now do.

        Args:
            take_ids: Row ids.
            priority: What goes first from now on; None: as it was.
            again: Whether what was sent, and may still be in the queue, is sent once more.
        """
        return enqueue(self._connection, self._clock.now(), take_ids, priority, again=again)

    def break_leases(self) -> int:
        """Take every lease back: right only when no worker of this database can be alive.

        The deliveries stay counted, so that a take which kills its worker is quarantined in time.
        """
        done = self._connection.execute(
            update(take)
            .where(take.c.status == TakeStatus.LEASED.value)
            .values(status=TakeStatus.PENDING.value, owner="", leased_until=None)
        )
        return done.rowcount

    def counts(self, take_ids: Sequence[int] | None = None) -> dict[TakeStatus, int]:
        """Return how many takes are in each status."""
        counts: dict[TakeStatus, int] = {}
        query = select(take.c.status, func.count()).group_by(take.c.status)
        pieces = [None] if take_ids is None else list(chunks(take_ids))
        for some in pieces:
            part = query if some is None else query.where(take.c.id.in_(some))
            for status, number in self._connection.execute(part):
                counts[TakeStatus(status)] = counts.get(TakeStatus(status), 0) + number
        return counts

    def cost(self) -> float:
        """Return the measured seconds of work per written character, 0 when nothing is known."""
        recent = (
            select(take.c.spent_s, take.c.phonemes)
            .where(take.c.spent_s > 0)
            .order_by(take.c.id.desc())
            .limit(500)
            .subquery()
        )
        query = select(func.sum(recent.c.spent_s), func.sum(recent.c.phonemes))
        spent, size = self._connection.execute(query).one()
        return float(spent) / size if spent and size else 0.0
