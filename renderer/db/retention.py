"""Forgetting lines, takes, events and dead letters, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    and_,
    delete,
    func,
    select,
    text,
    update,
)

from renderer.db.chunk import chunks
from renderer.db.lock import lock_rows
from renderer.db.tables import dead_letter, decision, event, line, line_take, outbox, project, take
from renderer.domain.take import TakeStatus
from renderer.ports import OldLine

LINES_AT_ONCE = 500


class SqlRetention:
    """Implements `ports.Retention`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(read_only=True)

    def knows(self, project: str) -> bool:
        """Whether there is a project of that name."""
        with self._reading.connect() as connection:
            return _id_of(connection, project) is not None

    def stamp(self, now: datetime) -> int:
        """Begin to count for lines that are gone since an unknown time; return how many."""
        unknown = and_(line.c.is_orphaned, line.c.orphaned_at.is_(None))
        with self._engine.begin() as connection:
            done = connection.execute(update(line).where(unknown).values(orphaned_at=now))
            return done.rowcount

    def gone(self, before: datetime) -> list[OldLine]:
        """Return the lines of all projects that are gone from the manifests since before."""
        return self._lines(and_(line.c.is_orphaned, line.c.orphaned_at < before))

    def lines_of(self, name: str) -> list[OldLine]:
        """Return every line of a project."""
        return self._lines(project.c.name == name)

    def _lines(self, wanted: ColumnElement[bool]) -> list[OldLine]:
        query = (
            select(line.c.id, project.c.name, line.c.line_id, line.c.locale, line.c.is_orphaned)
            .join(project, project.c.id == line.c.project_id)
            .where(wanted)
            .order_by(line.c.id)
        )
        with self._reading.connect() as connection:
            return [OldLine(*row) for row in connection.execute(query)]

    def freed(self, lines: Sequence[OldLine], kept_keys: Collection[str]) -> int:
        """Return how many takes no line would name any more without some lines."""
        doomed = {old.pk for old in lines}
        with self._reading.connect() as connection:
            named = _named_by(connection, doomed)
            still = set(_used_by_others(connection, named, doomed))
            may_go = [*_unnamed(connection), *(named - still)]
            return len(_removable(connection, may_go, kept_keys))

    def remove(self, lines: Sequence[OldLine], kept_keys: Collection[str]) -> tuple[int, int]:
        """Remove lines, then takes that no line names; return how many of both."""
        removed = 0
        for some in chunks(lines, LINES_AT_ONCE):
            with self._engine.begin() as connection:
                _keep_imports_out(connection)
                removed += _remove_lines(connection, some)
        with self._reading.connect() as connection:
            unnamed = _unnamed(connection)
        takes = 0
        for piece in chunks(unnamed, LINES_AT_ONCE):
            with self._engine.begin() as connection:
                _keep_imports_out(connection)
                takes += _remove_takes(connection, piece, kept_keys)
        return removed, takes

    def remove_project(self, name: str) -> bool:
        """Remove a project that has no lines, with its events; return whether it had none."""
        with self._engine.begin() as connection:
            _keep_imports_out(connection)
            pk = _id_of(connection, name)
            first = select(line.c.id).where(line.c.project_id == pk).limit(1)
            if connection.execute(first).scalar() is not None:
                return False
            connection.execute(delete(project).where(project.c.id == pk))
            return True

    def old_events(self, before: datetime) -> int:
        """Return how many events happened before a moment."""
        return self._count(event, event.c.at < before)

    def old_dead_letters(self, before: datetime) -> int:
        """Return how many messages were given up before a moment."""
        return self._count(dead_letter, dead_letter.c.at < before)

    def remove_events(self, before: datetime) -> int:
        """Remove those events; return how many."""
        return self._delete(event, event.c.at < before)

    def remove_dead_letters(self, before: datetime) -> int:
        """Remove those messages; return how many."""
        return self._delete(dead_letter, dead_letter.c.at < before)

    def _count(self, table: Table, wanted: ColumnElement[bool]) -> int:
        with self._reading.connect() as connection:
            query = select(func.count()).select_from(table).where(wanted)
            return int(connection.execute(query).scalar_one())

    def _delete(self, table: Table, wanted: ColumnElement[bool]) -> int:
        with self._engine.begin() as connection:
            return connection.execute(delete(table).where(wanted)).rowcount


def _id_of(connection: Connection, name: str) -> int | None:
    return connection.execute(select(project.c.id).where(project.c.name == name)).scalar()


def _keep_imports_out(connection: Connection) -> None:
    """Wait for imports that run, and let others wait until this transaction ends.

    An import finds a take first and names it later. SQLite has one writer at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE project IN EXCLUSIVE MODE"))


def _remove_lines(connection: Connection, lines: Sequence[OldLine]) -> int:
    """Remove lines, but those that were gone and live again."""
    gone = [old.pk for old in lines if old.is_gone]
    back = select(line.c.id).where(line.c.id.in_(gone), line.c.is_orphaned.is_(False))
    going = sorted({old.pk for old in lines} - set(connection.scalars(back)))
    connection.execute(delete(line_take).where(line_take.c.line_pk.in_(going)))
    connection.execute(delete(decision).where(decision.c.line_pk.in_(going)))
    return connection.execute(delete(line).where(line.c.id.in_(going))).rowcount


def _remove_takes(connection: Connection, pks: Sequence[int], kept_keys: Collection[str]) -> int:
    """Remove those of some takes that nobody names, holds or keeps."""
    locked = lock_rows(connection, take, take.c.id.in_(pks), _is_unnamed())
    going = _removable(connection, locked, kept_keys)
    connection.execute(delete(outbox).where(outbox.c.take_id.in_(going)))
    return connection.execute(delete(take).where(take.c.id.in_(going))).rowcount


def _is_unnamed() -> ColumnElement[bool]:
    """Return the condition on takes that no line asks for, is pinned to, or ever asked for."""
    return and_(
        ~select(line.c.id).where(line.c.take_id == take.c.id).exists(),
        ~select(line.c.id).where(line.c.frozen_take_id == take.c.id).exists(),
        ~select(line_take.c.line_pk).where(line_take.c.take_id == take.c.id).exists(),
    )


def _unnamed(connection: Connection) -> list[int]:
    return list(connection.scalars(select(take.c.id).where(_is_unnamed()).order_by(take.c.id)))


def _removable(connection: Connection, pks: Iterable[int], kept_keys: Collection[str]) -> list[int]:
    """Return those of some takes that no worker holds and no lock names."""
    found: list[int] = []
    for some in chunks(sorted(set(pks))):
        query = select(take.c.id, take.c.render_key).where(
            take.c.id.in_(some), take.c.status != TakeStatus.LEASED.value
        )
        found += [pk for pk, key in connection.execute(query) if key not in kept_keys]
    return found


def _named_by(connection: Connection, pks: Collection[int]) -> set[int]:
    """Return the takes that some lines name."""
    named: set[int | None] = set()
    for some in chunks(sorted(pks)):
        for query in (
            select(line.c.take_id).where(line.c.id.in_(some)),
            select(line.c.frozen_take_id).where(line.c.id.in_(some)),
            select(line_take.c.take_id).where(line_take.c.line_pk.in_(some)),
        ):
            named.update(connection.scalars(query))
    return {pk for pk in named if pk is not None}


def _used_by_others(
    connection: Connection, takes: Collection[int], doomed: Collection[int]
) -> Iterable[int]:
    """Yield those of some takes that lines name which stay."""
    for some in chunks(sorted(takes)):
        for query in (
            select(line.c.take_id, line.c.id).where(line.c.take_id.in_(some)),
            select(line.c.frozen_take_id, line.c.id).where(line.c.frozen_take_id.in_(some)),
            select(line_take.c.take_id, line_take.c.line_pk).where(line_take.c.take_id.in_(some)),
        ):
            yield from (pk for pk, by in connection.execute(query) if by not in doomed)
