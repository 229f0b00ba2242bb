"""What the takes of every project name in the object store, in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Text,
    and_,
    cast,
    delete,
    func,
    or_,
    select,
    type_coerce,
)

from renderer.db.chunk import chunks
from renderer.db.tables import decision, outbox, take
from renderer.domain.object_key import object_keys
from renderer.domain.review import Choice
from renderer.domain.take import TakeStatus

ROWS_AT_ONCE = 1000
_FINISHED = [status.value for status in TakeStatus if status.is_finished]


class SqlReferences:
    """Implements `ports.References`; each call is a transaction of its own.

    Documents are searched for keys as text: a field that a later version adds is seen as well.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(read_only=True)

    def takes(self) -> int:
        """Return how many takes there are."""
        with self._reading.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(take)).scalar_one())

    def named(self, since: datetime | None = None) -> Iterator[str]:
        """Yield the object keys that any take names; the same one may come more than once."""
        wanted: ColumnElement[bool] | None = None
        if since is not None:
            wanted = or_(take.c.created_at >= since, take.c.finished_at >= since)
        yield from self._decided()
        after = -1
        with self._reading.connect() as connection:
            while True:
                rows = _page(connection, after, wanted)
                for _, *texts in rows:
                    for text in texts:
                        yield from object_keys(text or "")
                if len(rows) < ROWS_AT_ONCE:
                    return
                after = rows[-1][0]

    def _decided(self) -> Iterator[str]:
        """Yield the recordings that decisions name: what replaced a take, and what was there."""
        column = type_coerce(cast(decision.c.change, Text), Text)
        query = select(column).where(decision.c.choice == Choice.REPLACE.value)
        with self._reading.connect() as connection:
            for text in connection.execute(query).scalars():
                yield from object_keys(text or "")

    def known(self, render_keys: Sequence[str]) -> set[str]:
        """Return those of some render keys that a take has."""
        found: set[str] = set()
        with self._reading.connect() as connection:
            for some in chunks(render_keys):
                query = select(take.c.render_key).where(take.c.render_key.in_(some))
                found.update(connection.execute(query).scalars())
        return found

    def settled(self) -> int:
        """Return how many outbox rows were sent and their takes finished."""
        query = select(func.count()).select_from(outbox).where(_settled())
        with self._reading.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def purge(self) -> int:
        """Remove those rows; return how many they were."""
        with self._engine.begin() as connection:
            return connection.execute(delete(outbox).where(_settled())).rowcount


def _page(
    connection: Connection, after: int, wanted: ColumnElement[bool] | None
) -> list[tuple[int, str | None]]:
    """Return a page of (row id, texts that may name objects) in order of the row ids."""
    # type_coerce keeps the JSON text as the database stores it: nothing is parsed.
    documents = [
        type_coerce(cast(column, Text), Text) for column in (take.c.result, take.c.request)
    ]
    query = select(
        take.c.id, take.c.delivery_key, take.c.metadata_key, take.c.raw_key, *documents
    ).where(take.c.id > after)
    if wanted is not None:
        query = query.where(wanted)
    page = connection.execute(query.order_by(take.c.id).limit(ROWS_AT_ONCE))
    return [tuple(row) for row in page]


def _settled() -> ColumnElement[bool]:
    finished = select(take.c.id).where(take.c.status.in_(_FINISHED))
    return and_(outbox.c.sent_at.is_not(None), outbox.c.take_id.in_(finished))
