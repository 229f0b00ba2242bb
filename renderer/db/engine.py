"""How a database is opened, and how its transactions begin."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, ExceptionContext, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.pool import StaticPool

from renderer.errors import ConfigError, DatabaseError

BUSY_TIMEOUT_S = 60
_BUGS = (IntegrityError, ProgrammingError)


def open_database(url: str) -> Engine:
    """Open a database; SQLite in WAL mode with immediate write transactions.

    Args:
        url: SQLAlchemy URL (`sqlite:////path/to.db`, `postgresql+psycopg://…`).

    Raises:
        ConfigError: The URL is none, or its folder cannot be made.

    What fails later raises DatabaseError, with the way out of it.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            "BARKLINE_DATABASE_URL is no database URL; use sqlite:////path/barkline.db"
        ) from error
    if parsed.get_backend_name() != "sqlite":
        engine = _server(parsed)
        _explain_errors(engine, parsed)
        return engine
    if parsed.database:
        _make_folder(Path(parsed.database).parent)
        engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_S})
    else:  # in memory: every connection is the same one, and gone with the process
        engine = create_engine(parsed, poolclass=StaticPool)
    _tame_sqlite(engine)
    _explain_errors(engine, parsed)
    return engine


def _server(url: URL) -> Engine:
    if url.get_backend_name() != "postgresql":
        raise ConfigError(
            f"BARKLINE_DATABASE_URL asks for {url.get_backend_name()}; Barkline knows sqlite and "
            "postgresql+psycopg://user@host/name."
        )
    try:
        return create_engine(url, pool_pre_ping=True)
    except ImportError as error:
        raise ConfigError(
            f"the database needs {error.name}, which is not installed: "
            "pip install 'barkline[service]', and write postgresql+psycopg:// in its URL."
        ) from error


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"the folder {folder} cannot be made: {error.strerror or error}; "
            "name another build folder with --build."
        ) from error


def _explain_errors(engine: Engine, url: URL) -> None:
    """Raise what the world does to a database as DatabaseError; bugs stay what they are."""

    @event.listens_for(engine, "handle_error", retval=True)
    def _handle(context: ExceptionContext) -> BaseException | None:
        error = context.sqlalchemy_exception
        if not isinstance(error, DBAPIError) or isinstance(error, _BUGS):
            return None
        return DatabaseError(explain(str(error.orig), url.database or "", is_file=_is_file(url)))


def _is_file(url: URL) -> bool:
    return url.get_backend_name() == "sqlite" and bool(url.database)


def explain(problem: str, database: str, *, is_file: bool) -> str:
    """Say what a database's own message means and what to do.

    Args:
        problem: The driver's message.
        database: Path of the file, or name of the database on its server.
        is_file: Whether it is a file of SQLite.
    """
    if not is_file:
        return (
            f"the database {database!r} failed: {problem.strip()}. Check that its server runs and "
            "what BARKLINE_DATABASE_URL says, then run the command again."
        )
    for sign, text in _SIGNS.items():
        if sign in problem:
            return text.format(path=database)
    return f"the database {database} failed: {problem}. Run the command again."


_DAMAGED = (
    "the database {path} is damaged. Delete it together with its -wal and -shm files and run "
    "`barkline render`: what is in the store is not rendered again, only freezes are forgotten "
    "(with a committed lock, `--against` it keeps those as well)."
)
_SIGNS = {
    "malformed": _DAMAGED,
    "not a database": _DAMAGED,
    "no such table": _DAMAGED,
    "no such column": _DAMAGED,
    "locked": (
        "another process holds the database {path}. Wait until it is done, or end it, and run "
        "the command again; nothing is lost."
    ),
    "is full": (
        "the disk of {path} is full. Free some space and run the command again; nothing is lost."
    ),
    "disk I/O error": (
        "the disk of {path} cannot be read or written. Check that it is there and has space, "
        "and run the command again; nothing is lost."
    ),
    "readonly": (
        "the database {path} may not be written. Check the permissions of the file and its folder."
    ),
    "unable to open": (
        "the database {path} cannot be opened. Check that it is a file, and the permissions of "
        "its folder."
    ),
}


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
