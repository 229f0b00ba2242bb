"""The servers the other tests rely on: they keep what they should, and end when they should."""

from __future__ import annotations

import os
import socket

import pytest
from sqlalchemy import create_engine, text

from renderer.errors import StorageError
from renderer.storage import open_store
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer
from tests.servers.s3 import MotoServer
from tests.servers.swift import SwiftServer


def may_connect(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_postgres_comes_back_on_its_port_with_what_was_committed(
    own_postgres_server: PostgresServer, mode: str
) -> None:
    engine = create_engine(own_postgres_server.new_database(), pool_pre_ping=True)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE kept (n INTEGER)"))
        connection.execute(text("INSERT INTO kept VALUES (7)"))
    own_postgres_server.stop(mode)
    assert not may_connect(own_postgres_server.port)
    own_postgres_server.start(max_connections=12)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT n FROM kept")).scalar() == 7
        assert connection.execute(text("SHOW max_connections")).scalar() == "12"
        assert connection.execute(text("SHOW fsync")).scalar() == "off"
    engine.dispose()


def test_each_test_has_a_database_of_its_own(postgres_server: PostgresServer) -> None:
    one, two = postgres_server.new_database(), postgres_server.new_database()
    assert one != two
    postgres_server.drop_database(one)
    postgres_server.drop_database(two)


def test_redis_comes_back_with_its_data_or_without(own_redis_server: RedisServer) -> None:
    with own_redis_server.client() as client:
        client.set("kept", "7")
        own_redis_server.restart(maxmemory="8mb")
        assert client.get("kept") == b"7"
        assert client.config_get("maxmemory") == {"maxmemory": str(8 << 20)}
        own_redis_server.restart(keeps_data=False)
        assert client.get("kept") is None
        pid = own_redis_server.pid
        own_redis_server.kill()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_store_on_the_s3_server_keeps_objects(s3_store_url: str) -> None:
    store = open_store(s3_store_url)
    key = store.put(b"sound", ".ogg", "audio/ogg")
    assert open_store(s3_store_url).get(key) == b"sound"


def test_a_stopped_s3_server_starts_again_empty(
    own_s3_server: MotoServer, s3_credentials: None
) -> None:
    own_s3_server.new_bucket("voice")
    own_s3_server.stop()
    assert not may_connect(own_s3_server.port)
    own_s3_server.start()
    assert own_s3_server.client().list_buckets()["Buckets"] == []


@pytest.mark.timeout(600)  # the first time it is installed
def test_a_store_on_swift_opens_with_the_right_secret_only(
    swift_server: SwiftServer, monkeypatch: pytest.MonkeyPatch, s3_credentials: None
) -> None:
    for name, value in swift_server.environment().items():
        monkeypatch.setenv(name, value)
    url = swift_server.new_bucket()
    key = open_store(url).put(b"sound", ".ogg", "audio/ogg")
    assert open_store(url).get(key) == b"sound"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(StorageError):
        open_store(url).get(key)
