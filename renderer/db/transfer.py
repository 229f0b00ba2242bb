"""Copying a project's rows from one database into another, in SQL.

Row ids are each database's own: takes are matched by render key, lines by project, id and locale.
Every piece is a transaction, and what is there already is passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, func, insert, select, update

from renderer.db.chunk import chunks
from renderer.db.plain import aware, finite
from renderer.db.tables import (
    decision,
    event,
    line,
    line_take,
    manifest_file,
    outbox,
    project,
    take,
    voice_level,
    voice_score,
)
from renderer.db.upsert import insert_missing
from renderer.domain.take import TakeStatus
from renderer.ports import Amount

PIECE = 500
FREED = "x2~"  # the id of a line that gave its own to another: made of its row id
_OPEN = (TakeStatus.PENDING.value,)
_NOT_APPROVED = tuple(
    s.value for s in TakeStatus if s not in (TakeStatus.APPROVED, TakeStatus.LEASED)
)
Values = dict[str, Any]


class SqlTransfer:
    """Implements `ports.Transfer`.

    Args:
        source: Whose rows are copied.
        target: Into which database.
    """

    def __init__(self, source: Engine, target: Engine) -> None:
        self._source = source.execution_options(read_only=True)
        self._target = target

    def projects(self) -> list[str]:
        """Return the projects there are to copy."""
        return sorted(self._project_ids)

    @cached_property
    def _project_ids(self) -> dict[str, int]:
        with self._source.connect() as connection:
            query = select(project.c.name, project.c.id)
            return dict(connection.execute(query).tuples().all())

    @cached_property
    def _keys(self) -> dict[int, str]:
        """Row id in the source to render key."""
        with self._source.connect() as connection:
            query = select(take.c.id, take.c.render_key)
            return dict(connection.execute(query).tuples().all())

    @cached_property
    def _take_ids(self) -> dict[int, int]:
        """Row id in the source to row id in the target."""
        with self._target.execution_options(read_only=True).connect() as connection:
            there = _takes_there(connection, list(self._keys.values()))
        return {pk: there[key][0] for pk, key in self._keys.items()}

    def render_keys(self) -> list[str]:
        """Return the render keys of all takes there are to copy."""
        return sorted(self._keys.values())

    def amount(self) -> Amount:
        """Return how much there is, and how much of it is new."""
        with self._source.connect() as connection:
            events = connection.execute(select(func.count()).select_from(event)).scalar_one()
            names = _line_names(connection)
        with self._target.connect() as connection:
            known = len(_takes_there(connection, list(self._keys.values())))
            there = _line_names(connection)
        takes = len(self._keys)
        return Amount(takes, takes - known, len(names), len(names - there), events)

    def takes(self) -> Iterator[int]:
        """Copy takes and what was measured of voices; yields how many takes each piece had."""
        for table in (voice_level, voice_score):
            with self._source.connect() as connection:
                measured = [dict(row._mapping) for row in connection.execute(select(table))]
            with self._target.begin() as connection:
                insert_missing(connection, table, measured, table.c.key)
        for rows in self._pages(take):
            with self._target.begin() as connection:
                _put_takes(connection, [_take_values(row) for row in rows])
            yield len(rows)

    def lines(self) -> Iterator[int]:
        """Copy projects, files and lines with their decisions; yields how many lines each time."""
        for name, pk in sorted(self._project_ids.items()):
            with self._target.begin() as connection:
                target_id = self._put_project(connection, name)
            for rows in self._pages(line, line.c.project_id == pk):
                with self._target.begin() as connection:
                    _hold_project(connection, target_id)
                    self._put_lines(connection, target_id, rows)
                yield len(rows)
            with self._target.begin() as connection:
                _hold_project(connection, target_id)
                self._put_files(connection, pk, target_id)

    def events(self) -> Iterator[int]:
        """Copy the audit trail; yields how many events each piece had."""
        for name, pk in sorted(self._project_ids.items()):
            with self._target.connect() as connection:
                target_id = _project_id(connection, name)
                query = select(event.c.kind, event.c.at, event.c.payload)
                rows = connection.execute(query.where(event.c.project_id == target_id))
                known = {_mark(*row) for row in rows}
            for piece in self._pages(event, event.c.project_id == pk):
                told = [self._event_values(row, target_id) for row in piece]
                new = [e for e in told if _mark(e["kind"], e["at"], e["payload"]) not in known]
                if new:
                    with self._target.begin() as connection:
                        connection.execute(insert(event), new)
                yield len(piece)

    def _pages(self, table: Table, *wanted: Any) -> Iterator[list[Values]]:  # noqa: ANN401
        """Yield the rows of a table in pieces, in order of their ids."""
        after = 0
        with self._source.connect() as connection:
            while True:
                query = select(table).where(table.c.id > after, *wanted)
                page = connection.execute(query.order_by(table.c.id).limit(PIECE))
                rows = [dict(row._mapping) for row in page]
                if not rows:
                    return
                yield rows
                after = rows[-1]["id"]

    def _put_project(self, connection: Connection, name: str) -> int:
        with self._source.connect() as source:
            gate = source.execute(select(project.c.gate).where(project.c.name == name)).scalar()
        insert_missing(connection, project, [{"name": name, "gate": gate or {}}], project.c.name)
        return _project_id(connection, name)

    def _put_files(self, connection: Connection, source_id: int, target_id: int) -> None:
        """Record the files that are imported, so that the next import need not read them."""
        query = select(manifest_file.c.path).where(manifest_file.c.project_id == target_id)
        known = set(connection.scalars(query))
        for rows in self._pages(manifest_file, manifest_file.c.project_id == source_id):
            new = [
                {**_without_id(row), "project_id": target_id}
                for row in rows
                if row["path"] not in known
            ]
            if new:
                connection.execute(insert(manifest_file), new)

    def _put_lines(self, connection: Connection, target_id: int, rows: Sequence[Values]) -> None:
        made = {row["id"]: self._line_values(row, target_id) for row in rows}
        known = _lines_there(connection, target_id, [v["line_id"] for v in made.values()])
        new = [v for v in made.values() if (v["line_id"], v["locale"]) not in known]
        if new:
            connection.execute(insert(line), new)
            known = _lines_there(connection, target_id, [v["line_id"] for v in made.values()])
        pks = {pk: known[v["line_id"], v["locale"]] for pk, v in made.items()}
        self._put_histories(connection, pks)
        self._put_decisions(connection, pks)

    def _put_histories(self, connection: Connection, pks: Mapping[int, int]) -> None:
        """Copy which takes lines ever asked for.

        Args:
            connection: To the target.
            pks: Row id of a line in the source to its row id in the target.
        """
        with self._source.connect() as source:
            query = select(line_take).where(line_take.c.line_pk.in_(pks))
            rows = [
                (pks[row.line_pk], self._take_ids[row.take_id], aware(row.since))
                for row in source.execute(query)
            ]
        pairs = select(line_take.c.line_pk, line_take.c.take_id)
        there = pairs.where(line_take.c.line_pk.in_(pks.values()))
        known = {(pk, take_id) for pk, take_id in connection.execute(there)}
        new = [
            {"line_pk": pk, "take_id": take_id, "since": since}
            for pk, take_id, since in rows
            if (pk, take_id) not in known
        ]
        if new:
            connection.execute(insert(line_take), new)

    def _put_decisions(self, connection: Connection, pks: Mapping[int, int]) -> None:
        """Copy what people decided; a line with decisions of its own in the target keeps those.

        Args:
            connection: To the target.
            pks: Row id of a line in the source to its row id in the target.
        """
        with self._source.connect() as source:
            query = select(decision).where(decision.c.line_pk.in_(pks))
            rows = [dict(row._mapping) for row in source.execute(query.order_by(decision.c.id))]
        ids = {row["decision_id"] for row in rows}
        there = select(decision.c.line_pk, decision.c.decision_id)
        there = there.where(decision.c.line_pk.in_(pks.values()))
        known = {(pk, name) for pk, name in connection.execute(there)}
        own = {pk for pk, name in known if name not in ids}
        met = select(decision.c.decision_id).where(decision.c.decision_id.in_(ids))
        taken = set(connection.scalars(met))
        new = [
            {**_without_id(row), "line_pk": pks[row["line_pk"]]}
            for row in rows
            if row["decision_id"] not in taken and pks[row["line_pk"]] not in own
        ]
        if new:
            connection.execute(insert(decision), new)

    def _line_values(self, row: Values, target_id: int) -> Values:
        values = {**_without_id(row), "project_id": target_id}
        if row["line_id"].startswith(FREED):
            values["line_id"] = f"{FREED}c{row['line_id'].removeprefix(FREED)}"
            values["utterance"] = {**row["utterance"], "line_id": values["line_id"]}
        values["take_id"] = self._take_ids[row["take_id"]]
        frozen = row["frozen_take_id"]
        values["frozen_take_id"] = None if frozen is None else self._take_ids[frozen]
        return values

    def _event_values(self, row: Values, target_id: int) -> Values:
        payload = dict(row["payload"])
        if payload.get("take_id") in self._take_ids:
            payload["take_id"] = self._take_ids[payload["take_id"]]
        return {**_without_id(row), "project_id": target_id, "payload": payload}


def _without_id(row: Values) -> Values:
    """Return a row as it is written elsewhere: no id, times with their zone, JSON as JSON."""
    return {
        name: aware(value) if isinstance(value, datetime) else finite(value)
        for name, value in row.items()
        if name != "id"
    }


def _take_values(row: Values) -> Values:
    values = _without_id(row)
    if row["status"] == TakeStatus.LEASED.value:
        values["status"] = TakeStatus.PENDING.value
    return values | {"owner": "", "leased_until": None}


def _put_takes(connection: Connection, rows: Sequence[Values]) -> None:
    """Add takes; those that are there and unfinished, or not as good, get the result."""
    there = _takes_there(connection, [row["render_key"] for row in rows])
    insert_missing(connection, take, rows, take.c.render_key)
    for row in rows:
        status = row["status"]
        worse = _NOT_APPROVED if status == TakeStatus.APPROVED.value else _OPEN
        known = there.get(row["render_key"])
        if known is None or not TakeStatus(status).is_finished or known[1] not in worse:
            continue
        one = update(take).where(take.c.id == known[0], take.c.status.in_(worse))
        if connection.execute(one.values(**row)).rowcount:
            connection.execute(delete(outbox).where(outbox.c.take_id == known[0]))


def _takes_there(connection: Connection, keys: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Return render key to (row id, status)."""
    found: dict[str, tuple[int, str]] = {}
    for some in chunks(keys):
        query = select(take.c.render_key, take.c.id, take.c.status)
        for key, pk, status in connection.execute(query.where(take.c.render_key.in_(some))):
            found[key] = pk, status
    return found


def _lines_there(
    connection: Connection, project_id: int, line_ids: Sequence[str]
) -> dict[tuple[str, str], int]:
    """Return (line_id, locale) to row id."""
    query = select(line.c.line_id, line.c.locale, line.c.id).where(
        line.c.project_id == project_id, line.c.line_id.in_(line_ids)
    )
    return {(name, locale): pk for name, locale, pk in connection.execute(query)}


def _line_names(connection: Connection) -> set[tuple[str, str, str]]:
    query = select(project.c.name, line.c.line_id, line.c.locale).join(
        project, project.c.id == line.c.project_id
    )
    return set(connection.execute(query).tuples())


def _project_id(connection: Connection, name: str) -> int:
    query = select(project.c.id).where(project.c.name == name)
    return int(connection.execute(query).scalar_one())


def _hold_project(connection: Connection, pk: int) -> None:
    """Keep imports of the project waiting until this transaction ends."""
    connection.execute(
        select(project.c.id).where(project.c.id == pk).with_for_update(key_share=True)
    )


def _mark(kind: str, at: datetime, payload: Mapping[str, Any]) -> tuple[str, datetime, str]:
    """Return what tells one event from another."""
    return kind, aware(at), json.dumps(payload, sort_keys=True)
