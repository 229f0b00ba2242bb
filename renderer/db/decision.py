"""Decisions about takes, in SQL: rows are only ever added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, select
from sqlalchemy.dialects import postgresql, sqlite

from renderer.db.chunk import chunks
from renderer.db.plain import aware
from renderer.db.tables import decision, line
from renderer.domain.review import Choice, Decision


class SqlDecisions:
    """Implements `ports.Decisions`."""

    def __init__(self, connection: Connection, project_id: int) -> None:
        self._connection = connection
        self._project_id = project_id

    def of(self, pks: Sequence[int]) -> dict[int, list[Decision]]:
        """Return row id of a line to its decisions, oldest first; absent when there are none."""
        found: dict[int, list[Decision]] = {}
        for some in chunks(sorted(set(pks))):
            query = _select().where(decision.c.line_pk.in_(some))
            for row in self._connection.execute(query.order_by(decision.c.sequence)):
                found.setdefault(row.line_pk, []).append(_decision(row))
        return found

    def find(self, ids: Sequence[str]) -> dict[str, Decision]:
        """Return the recorded ones of some ids, whichever project's line they are about."""
        found: dict[str, Decision] = {}
        for some in chunks(sorted(set(ids))):
            for row in self._connection.execute(_select().where(decision.c.decision_id.in_(some))):
                found[row.decision_id] = _decision(row)
        return found

    def add(self, decisions: Sequence[tuple[int, Decision]]) -> bool:
        """Record decisions; returns whether all of them could be.

        PostgreSQL waits here for another transaction that adds the same place of a line, or the
        same id. Rows go in the order of their lines, so that two such never wait crosswise.
        """
        if not decisions:
            return True
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        insert: Any = dialect.insert(decision).on_conflict_do_nothing()
        statement = insert.returning(decision.c.id)
        done = 0
        for pk, one in sorted(decisions, key=lambda pair: (pair[0], pair[1].sequence)):
            done += self._connection.execute(statement, _values(pk, one)).first() is not None
        return done == len(decisions)

    def log(self, limit: int | None = None) -> list[Decision]:
        """Return the project's decisions, the newest first."""
        query = _select().where(line.c.project_id == self._project_id)
        query = query.order_by(decision.c.id.desc()).limit(limit)
        return [_decision(row) for row in self._connection.execute(query)]


def _select() -> Select[Any]:
    return select(decision, line.c.line_id, line.c.locale).join(
        line, line.c.id == decision.c.line_pk
    )


def _values(pk: int, one: Decision) -> dict[str, Any]:
    return {
        "line_pk": pk,
        "sequence": one.sequence,
        "decision_id": one.id,
        "render_key": one.render_key,
        "choice": one.choice.value,
        "note": one.note,
        "who": one.who,
        "at": one.at,
        "change": dict(one.change),
        "undoes": one.undoes,
        "sound": one.sound,
        "checks": list(one.checks),
    }


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        id=row.decision_id,
        line_id=row.line_id,
        locale=row.locale,
        render_key=row.render_key,
        choice=Choice(row.choice),
        who=row.who,
        at=aware(row.at),
        note=row.note,
        change=row.change,
        undoes=row.undoes,
        sound=row.sound,
        checks=tuple(row.checks),
        sequence=row.sequence,
    )
