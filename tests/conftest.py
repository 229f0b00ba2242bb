"""Fixtures every test may use."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.postgres import PostgresServer
from tests.servers.process import MissingServerError
from tests.servers.redis import RedisServer
from tests.servers.s3 import MotoServer
from tests.servers.swift import SwiftServer

# No test asserts wall time, a property no more than others: the machine may be busy.
settings.register_profile("barkline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("barkline")

Server = TypeVar("Server", PostgresServer, RedisServer, MotoServer, SwiftServer)
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """The reference data: skipped when not configured, FAILS when configured and unusable."""
    folder = os.environ.get("BARKLINE_REFERENCE_DATA")
    if not folder:
        pytest.skip("BARKLINE_REFERENCE_DATA is not set")
    path = Path(folder)
    if not (path / "voices").is_dir() or not (path / "emotion").is_dir():
        pytest.fail(f"BARKLINE_REFERENCE_DATA={folder} has no voices/ and emotion/")
    return path


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout."""
    return ROOT


def _serve(make: Callable[[], Server]) -> Iterator[Server]:
    """Run a server; where it is not installed, skip at home and fail in CI."""
    try:
        server = make()
    except MissingServerError as missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(missing))
    with server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server for all tests; who stops it uses `own_postgres_server`."""
    yield from _serve(PostgresServer)


@pytest.fixture
def own_postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test's own, to be stopped and started."""
    yield from _serve(PostgresServer)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """URL of a new, empty database on PostgreSQL."""
    url = postgres_server.new_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a new, empty database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'barkline.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis server for all tests; who stops it uses `own_redis_server`."""
    yield from _serve(RedisServer)


@pytest.fixture
def own_redis_server() -> Iterator[RedisServer]:
    """A Redis server of this test's own, with a file that a restart reads again."""
    yield from _serve(lambda: RedisServer(is_durable=True))


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """URL of an empty Redis."""
    redis_server.flush()
    return redis_server.url()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[MotoServer]:
    """An S3 server for all tests; who stops it uses `own_s3_server`."""
    yield from _serve(MotoServer)


@pytest.fixture
def own_s3_server() -> Iterator[MotoServer]:
    """An S3 server of this test's own, to be paused and stopped."""
    yield from _serve(MotoServer)


@pytest.fixture(scope="session")
def swift_server() -> Iterator[SwiftServer]:
    """An S3 server that checks signatures and checksums; from PyPI when it is first asked for."""
    yield from _serve(SwiftServer)


@pytest.fixture
def s3_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The credentials of the S3 servers, and no others, in this process and those it starts."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in MotoServer.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def s3_store_url(s3_server: MotoServer, s3_credentials: None) -> str:
    """Address of a new, empty bucket, as BARKLINE_STORE has it."""
    return s3_server.new_bucket()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests ran on the reference data, so that a green run cannot hide its absence."""
    ran = sum(
        "reference" in report.keywords
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        if report.when == "call"
    )
    terminalreporter.write_line(f"reference tests that ran: {ran}")
