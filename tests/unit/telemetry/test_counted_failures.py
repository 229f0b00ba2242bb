"""Failures of servers are told, wherever they happen."""

from __future__ import annotations

import pytest

from renderer.db.engine import open_database
from renderer.domain.route import ROUTES
from renderer.errors import DatabaseError, QueueError
from renderer.messaging.redis_queue import RedisPublisher, redis_broker
from tests.servers.process import free_port


def test_a_queue_that_is_away_is_told_once_per_call() -> None:
    told: list[int] = []
    broker = redis_broker(f"redis://127.0.0.1:{free_port()}/0", (), lambda: told.append(1))
    publisher = RedisPublisher(broker, lambda: told.append(1))
    with pytest.raises(QueueError):
        publisher.depth(ROUTES[0])
    assert len(told) == 1
    with pytest.raises(QueueError):
        publisher.publish([1], "amy", ROUTES[0])
    assert len(told) == 2
    with pytest.raises(QueueError):
        publisher.first("import:1")
    assert len(told) == 3


def test_a_database_that_is_away_is_told() -> None:
    pytest.importorskip("psycopg")
    told: list[int] = []
    url = f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/x"
    with pytest.raises(DatabaseError):
        open_database(url, lambda: told.append(1)).connect()
    assert len(told) == 1


def test_names_are_said_once(redis_url: str) -> None:
    publishers = [RedisPublisher(redis_broker(redis_url)) for _ in range(2)]
    assert [p.first("import:7") for p in publishers] == [True, False]
    assert publishers[1].first("import:8")
