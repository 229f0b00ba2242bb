"""How a database is opened, and how its transactions begin."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, ExceptionContext, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import StaticPool

from renderer.db.failure import explained
from renderer.errors import ConfigError

BUSY_TIMEOUT_S = 60
# A process needs one connection per thread that works, one for its heartbeat and one for metrics.
# Connections beyond POOL_SIZE are closed when they are given back.
POOL_SIZE = 5
POOL_OVERFLOW = 5
POOL_TIMEOUT_S = 30
# What a PostgreSQL session of ours may not exceed, so that one that hangs holds up nobody for long.
# A migration lifts the first of them, see migrations/env.py.
SESSION_LIMITS_S = {
    "statement_timeout": 120.0,
    "lock_timeout": 60.0,  # as long as SQLite waits; an import holds its project's row
}
# A server that is gone without a word is noticed after about half a minute.
_CONNECTION: dict[str, str | int] = {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def open_database(
    url: str, told: Callable[[], None] = lambda: None, *, idle_s: float = 300.0
) -> Engine:
    """Open a database; SQLite in WAL mode with immediate write transactions.

    Args:
        url: SQLAlchemy URL (`sqlite:////path/to.db`, `postgresql+psycopg://…`).
        told: Called for every call that fails by what the world does, for metrics.
        idle_s: Seconds after which PostgreSQL ends a session that stands still within a
            transaction, and frees its rows.

    Raises:
        ConfigError: The URL is none, its driver is missing, or its folder cannot be made.

    What fails later raises DatabaseError, with the way out of it.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = _server(parsed, idle_s)
        _explain_errors(engine, parsed, told)
        return engine
    if parsed.database:
        _make_folder(Path(parsed.database).parent)
        engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_S})
    else:  # in memory: every connection is the same one, and gone with the process
        engine = create_engine(parsed, poolclass=StaticPool)
    _tame_sqlite(engine)
    _explain_errors(engine, parsed, told)
    return engine


def parse_url(url: str) -> URL:
    """Read a database's URL.

    Raises:
        ConfigError: It is none. The parser's own words are dropped: they may quote a password.
    """
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigError(
            "BARKLINE_DATABASE_URL is no database URL; use sqlite:////path/barkline.db or "
            "postgresql+psycopg://user@host/name, with %2F for a / in a password and so on."
        ) from None


def _server(url: URL, idle_s: float) -> Engine:
    if url.get_backend_name() != "postgresql":
        raise ConfigError(
            f"BARKLINE_DATABASE_URL asks for {url.get_backend_name()}; Barkline knows sqlite and "
            "postgresql+psycopg://user@host/name."
        )
    try:
        return create_engine(
            url,
            isolation_level="READ COMMITTED",  # whatever the server's default is
            pool_pre_ping=True,
            pool_size=POOL_SIZE,
            max_overflow=POOL_OVERFLOW,
            pool_timeout=POOL_TIMEOUT_S,
            hide_parameters=True,  # they hold dialogue, which belongs in no log
            connect_args=_connect_args(url, idle_s),
        )
    except ImportError as error:
        raise ConfigError(
            f"the database needs {error.name}, which is not installed: "
            "pip install 'barkline[service]', and write postgresql+psycopg:// in its URL."
        ) from error


def _connect_args(url: URL, idle_s: float) -> dict[str, str | int]:
    """Return what every session of ours has; what the URL says goes before it."""
    limits = {**SESSION_LIMITS_S, "idle_in_transaction_session_timeout": idle_s}
    settings = " ".join(f"-c {name}={round(s * 1000)}" for name, s in limits.items())
    asked = url.query.get("options", "")
    theirs = asked if isinstance(asked, str) else " ".join(asked)
    ours: dict[str, str | int] = {"application_name": "barkline", **_CONNECTION}
    return {
        **{name: value for name, value in ours.items() if name not in url.query},
        "options": f"{settings} {theirs}".strip(),
    }


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"the folder {folder} cannot be made: {error.strerror or error}; "
            "name another build folder with --build."
        ) from error


def _explain_errors(engine: Engine, url: URL, told: Callable[[], None]) -> None:
    """Raise what the world does to a database as DatabaseError; bugs stay what they are."""
    is_file = url.get_backend_name() == "sqlite" and bool(url.database)

    @event.listens_for(engine, "handle_error", retval=True)
    def _handle(context: ExceptionContext) -> BaseException | None:
        error = context.sqlalchemy_exception
        if not isinstance(error, DBAPIError):
            return None
        found = explained(error, url.database or "", is_file=is_file)
        if found is not None:
            told()
        return found


def _tame_sqlite(engine: Engine) -> None:
    """Take transaction control from the driver.

    The driver's own BEGIN is deferred: two writers that both read first would deadlock with
    SQLITE_BUSY at once, whatever the timeout. BEGIN IMMEDIATE queues them instead.
    """

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - DB-API connection
        connection.isolation_level = None
        cursor = connection.cursor()
        _use_wal(cursor)
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


def _use_wal(cursor: Any) -> None:  # noqa: ANN401 - DB-API cursor
    """Switch to WAL; SQLite itself does not wait when another process is just doing the same."""
    until = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.05)
