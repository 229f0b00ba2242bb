"""What the queue tells of itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from renderer.messaging.redis_queue import RedisPublisher, redis_broker
from renderer.ports import Clock, QueueFacts


def facts(url: str, clock: Clock) -> QueueFacts:
    """Ask a queue what it is.

    Args:
        url: As for `redis_broker`.
        clock: The time.

    Raises:
        ConfigError: The URL is none, or the client is not installed.
        QueueError: It does not answer.
    """
    broker = redis_broker(url)
    try:
        before = clock.now()
        told = RedisPublisher(broker).ping()
        return facts_of(told, before + (clock.now() - before) / 2)
    finally:
        broker.client.close()


def facts_of(told: dict[str, Any], asked_at: datetime) -> QueueFacts:
    """Return what an answer to INFO says.

    Args:
        told: The answer.
        asked_at: When it was given, by this machine's clock.
    """
    name = "Valkey" if "valkey_version" in told else "Redis"
    version = told.get("valkey_version") or told.get("redis_version", "")
    theirs_us = told.get("server_time_usec")
    return QueueFacts(
        server=f"{name} {version}",
        policy=str(told.get("maxmemory_policy", "")),
        used_bytes=int(told.get("used_memory", 0)),
        most_bytes=int(told.get("maxmemory", 0)),
        skew_s=None if theirs_us is None else int(theirs_us) / 1e6 - asked_at.timestamp(),
    )
