"""What a server does to its clients: said in words, marked when it passes, and got over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import ProgrammingError

from renderer.db import engine as opening
from renderer.db.engine import SESSION_LIMITS_S, open_database
from renderer.db.unit_of_work import SqlUnitOfWork
from renderer.errors import DatabaseError
from tests.servers.postgres import PostgresServer

Begin = Callable[[], SqlUnitOfWork]
PATIENCE_S = 20.0


def run(engine: Engine, statement: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(text(statement)).scalar()


@pytest.fixture
def own_engine(own_postgres_server: PostgresServer) -> Iterator[Engine]:
    engine = open_database(own_postgres_server.new_database())
    yield engine
    engine.dispose()


def test_a_session_has_its_limits_and_says_who_it_is(engine: Engine) -> None:
    for name, seconds in SESSION_LIMITS_S.items():
        query = f"SELECT setting FROM pg_settings WHERE name = '{name}'"
        assert run(engine, query) == str(round(seconds * 1000))
    assert run(engine, "SHOW application_name") == "barkline"
    assert run(engine, "SHOW transaction_isolation") == "read committed"


def test_what_the_address_asks_for_goes_before_our_limits(migrated_url: str) -> None:
    mine = f"{migrated_url}?options=-c%20statement_timeout%3D7s&application_name=nightly"
    engine = open_database(mine)
    assert run(engine, "SHOW statement_timeout") == "7s"
    assert run(engine, "SHOW lock_timeout") == "1min"
    assert run(engine, "SHOW application_name") == "nightly"
    engine.dispose()


@pytest.mark.parametrize(
    ("limit", "statement"),
    [
        ("statement_timeout", "SELECT pg_sleep(30)"),
        ("lock_timeout", "LOCK TABLE take IN EXCLUSIVE MODE"),
    ],
)
def test_what_takes_too_long_is_ended_and_may_be_tried_again(
    engine: Engine, limit: str, statement: str
) -> None:
    with engine.connect() as holder, engine.connect() as connection:
        holder.execute(text("LOCK TABLE take IN EXCLUSIVE MODE"))
        connection.execute(text(f"SET LOCAL {limit} = '50ms'"))
        with pytest.raises(DatabaseError, match=f"due to {limit.replace('_', ' ')}") as caught:
            connection.execute(text(statement))
    assert caught.value.is_transient


def test_a_process_that_stands_still_in_a_transaction_loses_its_locks(
    engine: Engine, unit: Begin
) -> None:
    """A worker that hangs between two statements keeps nobody waiting for ever."""
    with engine.connect() as hung, engine.connect() as other:
        hung.execute(text("SET LOCAL idle_in_transaction_session_timeout = '100ms'"))
        hung.execute(text("LOCK TABLE take IN EXCLUSIVE MODE"))
        other.execute(text("LOCK TABLE take IN EXCLUSIVE MODE"))  # waits until then
        with pytest.raises(DatabaseError, match="idle-in-transaction") as caught:
            hung.execute(text("SELECT 1"))
    assert caught.value.is_transient
    with unit() as u:
        assert u.takes.counts() == {}


def test_a_relay_that_stands_still_gives_its_rows_to_others(migrated_url: str) -> None:
    """Found with a stopped relay: its rows were everybody's trouble for five minutes."""
    short, patient = open_database(migrated_url, idle_s=0.1), open_database(migrated_url)
    with short.connect() as relay, patient.connect() as other:
        relay.execute(text("LOCK TABLE outbox IN EXCLUSIVE MODE"))
        other.execute(text("LOCK TABLE outbox IN EXCLUSIVE MODE"))  # waits until then
        idle = other.execute(text("SHOW idle_in_transaction_session_timeout")).scalar()
        with pytest.raises(DatabaseError, match="idle-in-transaction"):
            relay.execute(text("SELECT 1"))
    assert idle == "5min", "an import has more time"
    short.dispose()
    patient.dispose()


def test_a_deadlock_is_ended_by_the_server_and_may_be_tried_again(engine: Engine) -> None:
    def lock(connection: Connection, number: int) -> str:
        try:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({number})"))
        except DatabaseError as error:
            connection.rollback()
            return f"{error} [{error.is_transient}]"
        return ""

    with ThreadPoolExecutor(1) as pool, engine.connect() as one, engine.connect() as two:
        for connection, number in ((one, 1), (two, 2)):
            connection.execute(text("SET LOCAL deadlock_timeout = '50ms'"))
            lock(connection, number)
        crosswise = pool.submit(lock, one, 2)
        said = {lock(two, 1), crosswise.result(PATIENCE_S)} - {""}
    assert len(said) == 1
    assert "deadlock detected" in (only := said.pop())
    assert only.endswith("run the command again. [True]")


def test_a_serialization_failure_may_be_tried_again(engine: Engine, unit: Begin) -> None:
    with unit() as u:
        u.levels.put("k", "amy", "en-US", -20.0)
        u.commit()
    strict = engine.execution_options(isolation_level="REPEATABLE READ")
    louder = text("UPDATE voice_level SET loudness_lufs = loudness_lufs + 1")
    with strict.connect() as one, engine.begin() as two:
        one.execute(text("SELECT count(*) FROM voice_level"))
        two.execute(louder)
        two.commit()
        with pytest.raises(DatabaseError, match="could not serialize") as caught:
            one.execute(louder)
    assert caught.value.is_transient


def test_a_connection_the_server_ended_is_replaced(engine: Engine, unit: Begin) -> None:
    with unit() as u:
        u.commit()
    admin = create_engine(engine.url)
    with unit() as u, admin.connect() as connection:
        mine = u._connection.execute(text("SELECT pg_backend_pid()")).scalar()
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
        with pytest.raises(DatabaseError, match="terminating connection") as caught:
            u.takes.counts()
    admin.dispose()
    assert caught.value.is_transient
    with unit() as u:
        assert u.takes.counts() == {}


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_that_restarts_is_found_again(
    own_postgres_server: PostgresServer, own_engine: Engine, mode: str
) -> None:
    with own_engine.begin() as connection:
        connection.execute(text("CREATE TABLE kept (n INTEGER)"))
    with own_engine.connect() as connection:
        connection.execute(text("INSERT INTO kept VALUES (1)"))
        own_postgres_server.stop(mode)
        with pytest.raises(DatabaseError) as lost:
            connection.execute(text("INSERT INTO kept VALUES (2)"))
    assert lost.value.is_transient
    with pytest.raises(DatabaseError, match=r"refused.*Check that its server runs") as away:
        run(own_engine, "SELECT 1")
    assert away.value.is_transient

    own_postgres_server.start()

    assert run(own_engine, "SELECT count(*) FROM kept") == 0
    with own_engine.begin() as connection:
        connection.execute(text("INSERT INTO kept VALUES (3)"))
    assert run(own_engine, "SELECT n FROM kept") == 3


def test_a_server_with_no_connection_left_says_so(
    own_postgres_server: PostgresServer, own_engine: Engine
) -> None:
    own_postgres_server.restart(max_connections=5, superuser_reserved_connections=1)
    url = own_engine.url.set(username="guest")
    own_postgres_server.execute("CREATE ROLE guest LOGIN")
    guest = open_database(url.render_as_string(hide_password=False))
    held = [guest.connect() for _ in range(4)]
    with pytest.raises(DatabaseError, match=r"connection slots.*Run fewer workers") as caught:
        guest.connect()
    assert caught.value.is_transient
    for connection in held:
        connection.close()
    guest.dispose()


def test_a_process_holds_a_bounded_number_of_connections(
    migrated_url: str, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "POOL_TIMEOUT_S", 0.05)
    engine = open_database(migrated_url)
    held = [engine.connect() for _ in range(opening.POOL_SIZE + opening.POOL_OVERFLOW)]
    with (
        pytest.raises(DatabaseError, match="in use; run it with fewer threads") as caught,
        SqlUnitOfWork(engine, "tiny", clock),
    ):
        pass
    assert caught.value.is_transient
    for connection in held:
        connection.close()
    engine.dispose()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"database": "absent"}, r"'absent' failed.*does not exist.*BARKLINE_DATABASE_URL"),
        ({"username": "stranger"}, r'role "stranger" does not exist'),
    ],
)
def test_what_no_second_try_helps_is_no_transient_failure(
    migrated_url: str, changes: dict[str, str], says: str
) -> None:
    engine = open_database(migrated_url)
    wrong = open_database(engine.url.set(**changes).render_as_string(hide_password=False))
    with pytest.raises(DatabaseError, match=says) as caught:
        run(wrong, "SELECT 1")
    assert not caught.value.is_transient


def test_an_account_without_rights_is_told_what_it_lacks(
    postgres_server: PostgresServer, engine: Engine
) -> None:
    postgres_server.execute("DROP ROLE IF EXISTS visitor")
    postgres_server.execute("CREATE ROLE visitor LOGIN")
    url = engine.url.set(username="visitor").render_as_string(hide_password=False)
    visitor = open_database(url)
    with pytest.raises(DatabaseError, match=r"permission denied for table take.*Grant") as caught:
        run(visitor, "SELECT count(*) FROM take")
    assert not caught.value.is_transient
    visitor.dispose()


def test_a_path_longer_than_the_database_keeps_is_said(unit: Begin) -> None:
    with unit() as u, pytest.raises(DatabaseError, match=r"too long.*Shorten") as caught:
        u.lines.save_files({"x" * 501: ("s", "c")}, [])
    assert not caught.value.is_transient


def test_a_bug_of_ours_stays_a_bug(engine: Engine) -> None:
    with pytest.raises(ProgrammingError):
        run(engine, "SELECT nothing FROM nowhere")
