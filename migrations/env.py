"""Alembic's entry: run by renderer.db.migrate with an open engine, or by `alembic -x url=…`."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from renderer.db.engine import open_database
from renderer.db.tables import metadata

LOCK_ID = 0x6261726B  # "bark": one migrator at a time on PostgreSQL


def run() -> None:
    engine = context.config.attributes.get("engine")
    if engine is None:
        engine = open_database(context.get_x_argument(as_dictionary=True)["url"])
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET lock_timeout = '5s'"))
            connection.execute(text("SELECT pg_advisory_lock(:id)"), {"id": LOCK_ID})
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=metadata,
            transaction_per_migration=True,
            render_as_batch=connection.dialect.name == "sqlite",
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
