"""The audit trail of a project, in SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from renderer.db.plain import aware
from renderer.db.tables import event
from renderer.domain.events import CharacterRecast, ManifestImported
from renderer.ports import PastImport


class SqlHistory:
    """Implements `ports.History`."""

    def __init__(self, connection: Connection, project_id: int | None) -> None:
        self._connection = connection
        self._project_id = project_id

    def imports(self, limit: int) -> list[PastImport]:
        """Return the last imports that found something to do, the newest first."""
        query = (
            select(event.c.at, event.c.payload)
            .where(event.c.project_id == self._project_id, event.c.kind == "manifest_imported")
            .order_by(event.c.id.desc())
            .limit(limit)
        )
        return [
            PastImport(aware(at), ManifestImported(**told))
            for at, told in self._connection.execute(query)
        ]

    def recasts(self, character: str) -> list[CharacterRecast]:
        """Return every change of a character's voice by promotion or rollback, oldest first."""
        query = (
            select(event.c.payload)
            .where(event.c.project_id == self._project_id, event.c.kind == "character_recast")
            .order_by(event.c.id)
        )
        told = [dict(payload) for (payload,) in self._connection.execute(query)]
        return [_recast(one) for one in told if one["character"] == character]


def _recast(told: dict[str, Any]) -> CharacterRecast:
    lists = {name: tuple(value) for name, value in told.items() if isinstance(value, list)}
    return CharacterRecast(**(told | lists))
