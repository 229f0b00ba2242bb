"""The queue of the service: Dramatiq on Redis.

The queue may be lost at any time: what is owed stands in the outbox. So Redis needs no durability
here, only its bound and its speed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from renderer.domain.route import ROUTES, Route
from renderer.errors import ConfigError, QueueError
from renderer.messaging.broker import batch_message, declare, take_ids_of

if TYPE_CHECKING:
    from dramatiq import Middleware
    from dramatiq.brokers.redis import RedisBroker

NAMESPACE = "barkline"
CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 10.0
# A worker that is silent for this long is dead: its messages are delivered to others.
HEARTBEAT_MS = 10_000
# Of a million commands, how many look for dead workers. Dramatiq's own thousand lets an idle
# service wait for twelve minutes.
MAINTENANCE_CHANCE = 300_000
DEAD_MESSAGE_MS = 60 * 60 * 1000
SAID_S = 60 * 60
_Answer = TypeVar("_Answer")


def redis_broker(
    url: str, middleware: Sequence[Middleware] = (), told: Callable[[], None] = lambda: None
) -> RedisBroker:
    """Return a broker on a Redis server; nothing is sent yet.

    Args:
        url: `redis://[:password@]host:port/number` or `rediss://…`.
        middleware: Beside Dramatiq's own retries, time limits and shutdown notices.
        told: Called for every command that fails, for metrics.

    Raises:
        ConfigError: The URL is none, or the client is not installed.
    """
    try:
        import redis
        from dramatiq.brokers.redis import RedisBroker
    except ImportError as error:
        raise ConfigError(
            "the service's queue needs the Redis client: pip install 'barkline[service]'"
        ) from error
    from dramatiq.middleware import AgeLimit, Callbacks, Pipelines, Retries, TimeLimit

    if url.partition("://")[0] not in ("redis", "rediss", "unix"):
        raise ConfigError("BARKLINE_REDIS_URL is redis://host:6379/0, rediss://… or unix://…")
    try:
        pool = redis.ConnectionPool.from_url(
            url,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            socket_timeout=ANSWER_TIMEOUT_S,
            socket_keepalive=True,
            health_check_interval=15,
        )
    except ValueError:  # its words may quote the password
        raise ConfigError(
            "BARKLINE_REDIS_URL cannot be read; write redis://:password@host:6379/0, with %2F for "
            "a / in the password and so on."
        ) from None
    own = [AgeLimit(), TimeLimit(), Callbacks(), Pipelines(), Retries()]
    client = redis.Redis(connection_pool=pool)
    client.execute_command = _counted(client.execute_command, told)  # type: ignore[method-assign]
    broker: RedisBroker = RedisBroker(  # type: ignore[no-untyped-call]
        client=client,
        middleware=[*own, *middleware],
        namespace=NAMESPACE,
        maintenance_chance=MAINTENANCE_CHANCE,
        heartbeat_timeout=HEARTBEAT_MS,
        dead_message_ttl=DEAD_MESSAGE_MS,
    )
    declare(broker)
    return broker


def _counted(execute: Callable[..., Any], told: Callable[[], None]) -> Callable[..., Any]:
    """Return a client's way to send commands, with every failure of the server told.

    Dramatiq waits for a server that is away by itself, and tells nobody but its log.
    """
    from redis.exceptions import NoScriptError, RedisError

    def run(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - the client's
        try:
            return execute(*args, **options)
        except NoScriptError:  # a server that restarted; the script is sent again
            raise
        except (RedisError, OSError):
            told()
            raise

    return run


class RedisPublisher:
    """Implements `ports.Publisher` on Redis. Safe to use from many threads.

    Args:
        broker: From `redis_broker`, which tells of failed commands by itself.
        told: Called for every pipeline of commands that fails, for metrics.
    """

    def __init__(self, broker: RedisBroker, told: Callable[[], None] = lambda: None) -> None:
        self._broker = broker
        self._told = told
        self._redis: Any = broker.client

    def publish(self, take_ids: Sequence[int], voice: str, route: Route) -> None:
        """Enqueue one batch. Sending twice is harmless.

        Raises:
            QueueError: Redis is away or full.
        """
        message = batch_message(take_ids, voice, route)
        self._guard(lambda: self._broker.enqueue(message))

    def depth(self, route: Route) -> int:
        """Return how many batches wait, are delayed or run in a lane.

        Raises:
            QueueError: Redis is away.
        """

        def count() -> int:
            pipe = self._redis.pipeline(transaction=False)
            for name in _hashes(route):
                pipe.hlen(name)
            return sum(int(number) for number in self._sent(pipe))

        return self._guard(count)

    def held(self) -> set[int]:
        """Return the takes that any message names, waiting, delayed or running.

        Raises:
            QueueError: Redis is away.
        """

        def read() -> list[list[bytes]]:
            pipe = self._redis.pipeline(transaction=False)
            for route in ROUTES:
                for name in _hashes(route):
                    pipe.hvals(name)
            return self._sent(pipe)

        return {pk for hash_ in self._guard(read) for data in hash_ for pk in take_ids_of(data)}

    def first(self, name: str) -> bool:
        """Whether nobody has said a name within the last hour.

        Raises:
            QueueError: Redis is away.
        """
        key = f"{NAMESPACE}:said:{name}"
        return self._guard(lambda: bool(self._redis.set(key, 1, nx=True, ex=SAID_S)))

    def _sent(self, pipe: Any) -> list[Any]:  # noqa: ANN401 - the client's
        """Send commands together."""
        try:
            return list(pipe.execute())
        except Exception:
            self._told()
            raise

    def ping(self) -> dict[str, Any]:
        """Return what the server says of itself, for `barkline doctor`.

        Raises:
            QueueError: Redis is away.
        """
        return self._guard(lambda: dict(self._redis.info()))

    @staticmethod
    def _guard(call: Callable[[], _Answer]) -> _Answer:
        from dramatiq.errors import ConnectionError as BrokerConnectionError
        from redis.exceptions import RedisError

        try:
            return call()
        except (RedisError, BrokerConnectionError, OSError) as error:
            raise QueueError(
                f"the queue does not answer as it should ({_kind(error)}). Check that Redis runs, "
                "has memory left, and what BARKLINE_REDIS_URL says; nothing is lost."
            ) from error


def _hashes(route: Route) -> tuple[str, str]:
    """Return where Dramatiq keeps a lane's messages until they are acknowledged."""
    return f"{NAMESPACE}:{route.name}.msgs", f"{NAMESPACE}:{route.name}.DQ.msgs"


def _kind(error: Exception) -> str:
    """Name a failure; the client's own text may hold the URL with its password."""
    text = str(error)
    known = ("OOM", "READONLY", "NOAUTH", "WRONGPASS", "LOADING", "MISCONF")
    sign = next((word for word in known if word in text), "")
    return f"{type(error).__name__} {sign}".strip()
