"""Inserting what may be there already, whoever else is inserting it: where the dialects differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_missing(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], key: Column[Any]
) -> None:
    """Insert rows; those whose key is there already stay as they are.

    Where another transaction is just inserting the same key, PostgreSQL waits for its end; then
    the next statement finds the row. There the rows go in the order of their keys, so that two
    transactions with the same keys never wait for each other crosswise. SQLite has one writer at a
    time, and the rows keep their order.

    Args:
        connection: With an open transaction.
        table: Into which table.
        rows: Column names to values.
        key: A column with a unique constraint.
    """
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        statement: Any = postgresql.insert(table).on_conflict_do_nothing(index_elements=[key])
        rows = sorted(rows, key=lambda row: str(row[key.name]))
    else:
        statement = sqlite.insert(table).on_conflict_do_nothing(index_elements=[key])
    connection.execute(statement, rows)
