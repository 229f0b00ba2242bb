"""The migrations: up and down with data, equal to the tables, safe against other schemas."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

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
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'barkline.db'}")
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


def test_the_migrations_make_the_tables_the_code_has(engine: Engine) -> None:
    migrate(engine, config.migrations_dir())
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_names_of_constraints_and_indexes_are_those_of_the_tables(
    engine: Engine, tmp_path: Path
) -> None:
    migrate(engine, config.migrations_dir())
    other = open_database(f"sqlite:///{tmp_path / 'other.db'}")
    metadata.create_all(other)

    def names(of: Engine) -> dict[str, set[object]]:
        found = inspect(of)
        return {
            table: {
                *(i["name"] for i in found.get_indexes(table)),
                *(c["name"] for c in found.get_unique_constraints(table)),
                *(f["name"] for f in found.get_foreign_keys(table)),
                found.get_pk_constraint(table)["name"],
            }
            for table in metadata.tables
        }

    assert names(engine) == names(other)


def test_down_and_up_again_with_data(engine: Engine) -> None:
    migrate(engine, config.migrations_dir())
    fill(engine)

    command.downgrade(alembic(engine), "base")

    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    assert current_revision(engine) == ""
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


def test_two_migrators_at_once(tmp_path: Path) -> None:
    """`status` beside a first `render`, say: both find no schema, and one has to wait."""
    url = f"sqlite:///{tmp_path / 'both.db'}"
    both = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATOR, url],
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
    engine = open_database(url)
    assert current_revision(engine) == HEAD
    fill(engine)
    engine.dispose()
