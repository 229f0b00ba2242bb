"""The migrations, on SQLite and PostgreSQL: up and down with data, equal to the tables, safe."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Engine,
    MetaData,
    String,
    Text,
    inspect,
    text,
)

from renderer import config
from renderer.db.engine import open_database
from renderer.db.migrate import HEAD, current_revision, migrate
from renderer.db.tables import metadata
from renderer.db.unit_of_work import SqlUnitOfWork
from renderer.domain.render_key import Part, RenderKey
from renderer.domain.request import RenderRequest
from renderer.domain.utterance import Utterance
from renderer.errors import ConfigError
from renderer.ports import LineWrite, TakeWrite


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic_s(self) -> float:
        return 0.0


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


def alembic(engine: Engine) -> Config:
    settings = Config()
    settings.set_main_option("script_location", str(config.migrations_dir()))
    settings.attributes["engine"] = engine
    return settings


def fill(engine: Engine) -> None:
    said = Utterance("halt", "en-US", "guard", "gate", "Halt!", "Halt!", "formant")
    key = RenderKey({Part.TEXT: "0" * 16})
    with SqlUnitOfWork(engine, "tiny", Clock()) as unit:
        ids = unit.takes.add([TakeWrite(key, RenderRequest(said), 4)])
        take = ids[key.hex]
        unit.lines.save([LineWrite(None, said, key.hex, key.input_digest, take)], 1)
        unit.lines.save_files({"gate.yaml": ("0" * 64, "c")}, [])
        unit.levels.put("k", "formant", "en-US", -20.0)
        unit.commit()


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() or 0)


def test_an_empty_database_is_brought_up_and_a_second_time_is_free(engine: Engine) -> None:
    assert current_revision(engine) == ""
    migrate(engine, config.migrations_dir())
    assert current_revision(engine) == HEAD
    fill(engine)
    migrate(engine, config.migrations_dir())
    assert count(engine, "line") == 1


def test_the_newest_migration_is_the_one_the_code_knows(engine: Engine) -> None:
    assert ScriptDirectory.from_config(alembic(engine)).get_heads() == [HEAD]


def test_alembic_finds_nothing_to_do_after_the_migrations(engine: Engine) -> None:
    migrate(engine, config.migrations_dir())
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_migrations_make_what_the_tables_of_the_code_make(engine: Engine) -> None:
    """Defaults of the server, names, conditions of indexes and what a deletion takes along too."""
    migrate(engine, config.migrations_dir())
    migrated = schema(engine)
    command.downgrade(alembic(engine), "base")

    metadata.create_all(engine)

    assert migrated == schema(engine)
    assert set(migrated) == set(metadata.tables)


def plain(value: object) -> str:
    """Return a piece of a schema as text that is the same for the same piece."""
    if isinstance(value, dict):
        return str(sorted((str(key), plain(part)) for key, part in value.items()))
    return str(value)


def schema(engine: Engine) -> dict[str, dict[str, str]]:
    """Return table to name to what it is: columns, keys, constraints and indexes."""
    found = inspect(engine)
    return {
        table: {
            str(part.pop("name")): plain(part)
            for part in (
                *map(dict[str, Any], found.get_columns(table)),
                *map(dict[str, Any], found.get_indexes(table)),
                *map(dict[str, Any], found.get_unique_constraints(table)),
                *map(dict[str, Any], found.get_foreign_keys(table)),
                dict[str, Any](found.get_pk_constraint(table)),
            )
        }
        for table in found.get_table_names()
        if table != "alembic_version"
    }


def value_of(column: Column[Any], number: int) -> object:
    """Return a value a column takes, another one for every number."""
    kind = column.type
    if isinstance(kind, Boolean):
        return number % 2 == 0
    if isinstance(kind, DateTime):
        return Clock().now()
    if isinstance(kind, JSON):
        return {"number": number}
    if isinstance(kind, Text | String):
        return f"r{number}"[: kind.length]
    return number


def may_be_left_out(column: Column[Any]) -> bool:
    return bool(column.nullable) or column.server_default is not None


def fill_every_table(engine: Engine, number: int) -> None:
    """Add two rows to every table there is: one with all columns, one with those it must have.

    The tables are those of the database, not of the code: it stands at any revision.
    """
    there = MetaData()
    there.reflect(engine)
    with engine.begin() as connection:
        for table in there.sorted_tables:
            if table.name == "alembic_version":
                continue
            for offset in (0, 1):
                row = {
                    column.name: value_of(column, number + offset)
                    for column in table.columns
                    if not offset or column.primary_key or not may_be_left_out(column)
                }
                connection.execute(table.insert(), row)


# What must outlive every step: nobody can write or render it again for nothing. Work that is owed
# and was sent, and what a migration adds, may come and go.
KEPT = ("project", "manifest_file", "take", "line", "line_take", "event", "voice_level")


def test_every_step_up_and_down_with_rows_in_every_table(engine: Engine) -> None:
    """A new migration is held by this as it is, and so are the rows of all schemas before it."""
    scripts = ScriptDirectory.from_config(alembic(engine))
    revisions = [r.revision for r in scripts.walk_revisions()][::-1]
    shapes: list[dict[str, dict[str, str]]] = [{}]
    for number, revision in enumerate(revisions):
        command.upgrade(alembic(engine), revision)
        for before in KEPT if number else ():
            assert count(engine, before) == 2 * number, f"{revision} loses rows of {before}"
        shapes.append(schema(engine))
        fill_every_table(engine, 10 + 10 * number)

    for number in range(len(revisions), 1, -1):
        rows = {table: count(engine, table) for table in KEPT}
        command.downgrade(alembic(engine), revisions[number - 2])
        assert schema(engine) == shapes[number - 1], f"down from {revisions[number - 1]}"
        command.upgrade(alembic(engine), revisions[number - 1])
        assert schema(engine) == shapes[number], f"{revisions[number - 1]} a second time"
        assert {table: count(engine, table) for table in KEPT} == rows
        command.downgrade(alembic(engine), revisions[number - 2])
    command.downgrade(alembic(engine), "base")
    assert schema(engine) == {}
    assert current_revision(engine) == ""


def test_the_newest_schema_works_after_down_and_up_again(engine: Engine) -> None:
    migrate(engine, config.migrations_dir())
    fill(engine)

    command.downgrade(alembic(engine), "base")

    migrate(engine, config.migrations_dir())
    fill(engine)
    assert count(engine, "line") == 1


def test_a_database_of_a_newer_barkline_is_refused_and_left_alone(engine: Engine) -> None:
    migrate(engine, config.migrations_dir())
    fill(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(ConfigError, match=r"schema 9999.*install the newer Barkline"):
        migrate(engine, config.migrations_dir())

    assert current_revision(engine) == "9999"
    assert count(engine, "line") == 1


def test_a_migration_that_breaks_leaves_no_half_schema(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic.operations import Operations

    create = Operations.create_table

    def breaks(self: Operations, name: str, *columns: object, **more: object) -> object:
        if name == "outbox":
            raise RuntimeError("killed here")
        return create(self, name, *columns, **more)

    monkeypatch.setattr(Operations, "create_table", breaks)
    with pytest.raises(RuntimeError, match="killed here"):
        migrate(engine, config.migrations_dir())
    monkeypatch.undo()

    assert not set(inspect(engine).get_table_names()) & set(metadata.tables)
    migrate(engine, config.migrations_dir())
    fill(engine)


def test_no_other_migrator_gets_in_between_two_migrations(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's lock is the transaction's: freed after one migration, another would do the next."""
    from alembic.operations import Operations

    create = Operations.create_table
    seen = []

    def looks(self: Operations, name: str, *columns: object, **more: object) -> object:
        seen.append((name, current_revision(engine)))  # by a connection of its own
        return create(self, name, *columns, **more)

    monkeypatch.setattr(Operations, "create_table", looks)
    migrate(engine, config.migrations_dir())

    if engine.dialect.name == "sqlite":
        assert {revision for _, revision in seen} == {""}
    else:  # each migration on its own, under a lock of the session's
        assert ("voice_score", "0004") in seen


MIGRATOR = """
import sys
from renderer import config
from renderer.db.engine import open_database
from renderer.db.migrate import migrate
import alembic.command, alembic.config
engine = open_database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
migrate(engine, config.migrations_dir())
"""


def test_two_migrators_at_once(database_url: str) -> None:
    """`status` beside a first `render`, say: both find no schema, and one has to wait."""
    both = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATOR, database_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    ends = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], [err for _, err in ends]
    engine = open_database(database_url)
    assert current_revision(engine) == HEAD
    fill(engine)
    engine.dispose()
