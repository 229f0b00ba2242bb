"""Alembic's entry: run by renderer.db.migrate with an open engine, or by `alembic -x url=…`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from sqlalchemy import Connection, text

from renderer.db.engine import open_database
from renderer.db.tables import metadata

LOCK_ID = 0x6261726B  # "bark": one migrator at a time on PostgreSQL


def run() -> None:
    """Bring the database up or down, alone."""
    engine = context.config.attributes.get("engine")
    if engine is None:
        engine = open_database(context.get_x_argument(as_dictionary=True)["url"])
    with engine.connect() as connection, _alone(connection):
        context.configure(
            connection=connection,
            target_metadata=metadata,
            # SQLite has one lock, and a transaction holds it: all migrations in one, or two
            # processes would share them out and run one twice. Alembic has to be told that
            # SQLite's transactions hold its schema too, or it commits after each migration.
            transactional_ddl=True,
            transaction_per_migration=connection.dialect.name == "postgresql",
            render_as_batch=connection.dialect.name == "sqlite",
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Keep other migrators out.

    On PostgreSQL the lock is the session's, since each migration is a transaction of its own. The
    connection goes back to a pool, so what was set is taken back, whatever happened.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.execute(text("SET statement_timeout = 0"))  # a large table takes its time
    connection.execute(text("SET lock_timeout = '60s'"))  # for another migrator to be done
    connection.execute(text("SELECT pg_advisory_lock(:id)"), {"id": LOCK_ID})
    connection.execute(text("SET lock_timeout = '5s'"))  # for whoever reads or writes a table
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("RESET lock_timeout"))
        connection.execute(text("RESET statement_timeout"))
        connection.execute(text("SELECT pg_advisory_unlock(:id)"), {"id": LOCK_ID})
        connection.commit()


run()
