"""What a database tells of itself, asked with little patience."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine, func, select, text

from renderer.db.engine import open_database, parse_url
from renderer.db.migrate import HEAD, current_revision
from renderer.db.plain import aware
from renderer.db.record import SqlDeadLetters
from renderer.db.tables import outbox, take
from renderer.domain.take import TakeStatus
from renderer.ports import Clock, DatabaseFacts, OwedFacts

PATIENCE_S = 3


def open_briefly(url: str) -> Engine:
    """Open a database; a server has `PATIENCE_S` seconds to take the connection."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "postgresql" and "connect_timeout" not in parsed.query:
        parsed = parsed.update_query_dict({"connect_timeout": str(PATIENCE_S)})
    return open_database(parsed.render_as_string(hide_password=False))


def facts(engine: Engine, clock: Clock) -> DatabaseFacts:
    """Ask a database what it is.

    Raises:
        DatabaseError: It does not answer.
    """
    if engine.dialect.name == "sqlite":
        with engine.execution_options(read_only=True).connect() as connection:
            version = connection.execute(text("SELECT sqlite_version()")).scalar()
        return DatabaseFacts(f"SQLite {version}", False, current_revision(engine), HEAD)
    with engine.connect() as connection:
        version = connection.execute(text("SHOW server_version")).scalar()
        before = clock.now()
        theirs = aware(connection.execute(text("SELECT clock_timestamp()")).scalar_one())
        middle = before + (clock.now() - before) / 2
    skew = (theirs - middle).total_seconds()
    return DatabaseFacts(f"PostgreSQL {version}", True, current_revision(engine), HEAD, skew)


def owed(engine: Engine, clock: Clock) -> OwedFacts:
    """Ask a database of this release what waits and what was given up.

    Raises:
        DatabaseError: It does not answer.
    """
    now = clock.now()
    waiting = select(func.count(), func.min(outbox.c.created_at)).where(outbox.c.sent_at.is_(None))
    expired = select(func.count()).where(
        take.c.status == TakeStatus.LEASED.value, take.c.leased_until < now
    )
    given_up = select(func.count()).where(take.c.status == TakeStatus.QUARANTINED.value)
    with engine.execution_options(read_only=True).connect() as connection:
        unsent, oldest = connection.execute(waiting).one()
        age = now - aware(oldest) if oldest else timedelta()
        return OwedFacts(
            unsent=unsent,
            oldest_s=max(0.0, age.total_seconds()),
            expired=connection.execute(expired).scalar_one(),
            dead_letters=SqlDeadLetters(connection, clock).count(),
            quarantined=connection.execute(given_up).scalar_one(),
        )
