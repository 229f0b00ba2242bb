"""Small tables of the service: dead letters, the limits of projects, and imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select, update

from renderer.db.tables import dead_letter, event, project
from renderer.db.upsert import insert_missing
from renderer.ports import Clock, ImportRow

REASON_LENGTH = 2_000


class SqlDeadLetters:
    """Implements `ports.DeadLetters`."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def add(self, message_id: str, queue: str, take_ids: Sequence[int], reason: str) -> None:
        """Record one; a second time is harmless."""
        row = {
            "message_id": message_id,
            "queue": queue,
            "take_ids": list(take_ids),
            "reason": reason[:REASON_LENGTH],
            "at": self._clock.now(),
        }
        insert_missing(self._connection, dead_letter, [row], dead_letter.c.message_id)

    def count(self) -> int:
        """Return how many there are."""
        return self._connection.execute(select(func.count()).select_from(dead_letter)).scalar() or 0


class SqlGates:
    """Implements `ports.ProjectGates`."""

    def __init__(self, connection: Connection, project_id: int | None) -> None:
        self._connection = connection
        self._project_id = project_id

    def get(self, name: str) -> Mapping[str, Any]:
        """Return a project's limits as plain values; empty when it has none or is not known."""
        found = self._connection.execute(select(project.c.gate).where(project.c.name == name))
        return found.scalar() or {}

    def put(self, limits: Mapping[str, Any]) -> None:
        """Record the limits of this transaction's project."""
        mine = project.c.id == self._project_id
        known = self._connection.execute(select(project.c.gate).where(mine)).scalar()
        if known != dict(limits):
            self._connection.execute(update(project).where(mine).values(gate=dict(limits)))


class SqlImports:
    """Implements `ports.Imports`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def newest_event(self) -> int:
        """Return the row id of the newest event of the audit trail, 0 when there is none."""
        return int(self._connection.execute(select(func.max(event.c.id))).scalar() or 0)

    def after(self, event_id: int) -> list[ImportRow]:
        """Return the imports among the events newer than a row id."""
        query = (
            select(event.c.id, event.c.payload)
            .where(event.c.id > event_id, event.c.kind == "manifest_imported")
            .order_by(event.c.id)
        )
        return [
            ImportRow(pk, int(told["requested"]), int(told["cached"]))
            for pk, told in self._connection.execute(query)
        ]
