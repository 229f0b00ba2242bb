"""What projects cost, in SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, case, func, select

from renderer.db.tables import line, line_take, project, take
from renderer.domain.take import TakeStatus
from renderer.domain.usage import Usage

_AUDIO_S = func.coalesce(take.c.result["delivery"]["duration_s"].as_float(), 0.0)


def usage(engine: Engine) -> list[Usage]:
    """Return the account of every project, by name; takes nobody asked for come first."""
    with engine.execution_options(read_only=True).connect() as connection:
        lines = {row[0]: row for row in _lines(connection)}
        paid = {row[0]: row for row in _paid(connection)}
        shared = {row[0]: row for row in _shared(connection)}
        names = sorted({*connection.scalars(select(project.c.name)), *paid})
    empty = ("", 0, 0.0, 0.0)
    return [
        Usage(
            name,
            *lines.get(name, empty)[1:3],
            *paid.get(name, empty)[1:4],
            *shared.get(name, empty)[1:3],
        )
        for name in names
    ]


def _lines(connection: Connection) -> list[Row[Any]]:
    """Return (project, lines, seconds of approved sound)."""
    sound = case((take.c.status == TakeStatus.APPROVED.value, _AUDIO_S), else_=0.0)
    query = (
        select(project.c.name, func.count(), func.sum(sound))
        .select_from(line.join(project, project.c.id == line.c.project_id))
        .join(take, take.c.id == line.c.take_id)
        .where(line.c.is_orphaned.is_(False))
        .group_by(project.c.name)
    )
    return list(connection.execute(query))


def _paid(connection: Connection) -> list[Row[Any]]:
    """Return (project, takes rendered on its account, seconds of work, seconds of sound)."""
    query = (
        select(take.c.asked_by, func.count(), func.sum(take.c.spent_s), func.sum(_AUDIO_S))
        .where(take.c.spent_s > 0)
        .group_by(take.c.asked_by)
    )
    return list(connection.execute(query))


def _shared(connection: Connection) -> list[Row[Any]]:
    """Return (project, takes of others it uses or used, seconds of work those took)."""
    used = (
        select(project.c.name, take.c.id, take.c.spent_s)
        .select_from(line_take.join(line, line.c.id == line_take.c.line_pk))
        .join(project, project.c.id == line.c.project_id)
        .join(take, take.c.id == line_take.c.take_id)
        .where(and_(take.c.spent_s > 0, take.c.asked_by != project.c.name))
        .distinct()
        .subquery()
    )
    query = select(used.c.name, func.count(), func.sum(used.c.spent_s)).group_by(used.c.name)
    return list(connection.execute(query))
