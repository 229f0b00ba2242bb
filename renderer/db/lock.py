"""Which rows a transaction takes for itself, and in which order."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select

from renderer.db.tables import take
from renderer.domain.take import TakeStatus


def may_be_leased(now: datetime) -> ColumnElement[bool]:
    """Return the condition on takes that no living worker holds and nobody has finished."""
    expired = and_(take.c.status == TakeStatus.LEASED.value, take.c.leased_until < now)
    return or_(take.c.status == TakeStatus.PENDING.value, expired)


def lock_rows(connection: Connection, table: Table, *conditions: ColumnElement[bool]) -> list[int]:
    """Lock the rows that fulfil some conditions until the transaction ends; return their ids.

    An UPDATE locks rows as it comes across them, so two of them over the same rows can wait for
    each other crosswise. This locks by id. A row that another transaction holds is waited for, and
    left out when it fulfils the conditions no longer. SQLite has one writer at a time anyway.
    """
    query = select(table.c.id).where(*conditions).order_by(table.c.id).with_for_update()
    return list(connection.scalars(query))
