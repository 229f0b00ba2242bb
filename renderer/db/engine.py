"""How a database is opened, and how its transactions begin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import StaticPool

from renderer.errors import ConfigError

BUSY_TIMEOUT_S = 60


def open_database(url: str) -> Engine:
    """Open a database; SQLite in WAL mode with immediate write transactions.

    Args:
        url: SQLAlchemy URL (`sqlite:////path/to.db`, `postgresql+psycopg://…`).

    Raises:
        ConfigError: The URL is none.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            "BARKLINE_DATABASE_URL is no database URL; use sqlite:////path/barkline.db"
        ) from error
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_S})
    else:  # in memory: every connection is the same one, and gone with the process
        engine = create_engine(parsed, poolclass=StaticPool)
    _tame_sqlite(engine)
    return engine


def _tame_sqlite(engine: Engine) -> None:
    """Take transaction control from the driver.

    The driver's own BEGIN is deferred: two writers that both read first would deadlock with
    SQLITE_BUSY at once, whatever the timeout. BEGIN IMMEDIATE queues them instead.
    """

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - DB-API connection
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        # NORMAL loses no transaction when a process dies; only a power cut may undo the last few,
        # and an undone take is rendered again.
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-65536")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy connection
        is_read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if is_read_only else "BEGIN IMMEDIATE")
