"""The `unit` and `studio` of the unit tests on PostgreSQL: what they hold there holds here."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, text

from renderer import config
from renderer.db.engine import open_database
from renderer.db.migrate import migrate
from renderer.db.tables import metadata
from renderer.db.unit_of_work import SqlUnitOfWork
from tests.servers.postgres import PostgresServer
from tests.unit.conftest import FakeClock, clock, studio

__all__ = ["clock", "studio"]


@pytest.fixture(scope="session")
def migrated_url(postgres_server: PostgresServer) -> str:
    """URL of a database with the newest schema."""
    url = postgres_server.new_database()
    engine = open_database(url)
    migrate(engine, config.migrations_dir())
    engine.dispose()
    return url


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    """A database with the newest schema and no rows."""
    engine = open_database(migrated_url)
    names = ", ".join(metadata.tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    yield engine
    engine.dispose()


@pytest.fixture
def unit(engine: Engine, clock: FakeClock) -> Callable[[], SqlUnitOfWork]:
    """Begins a transaction on a fresh database."""
    return lambda: SqlUnitOfWork(engine, "tiny", clock)
