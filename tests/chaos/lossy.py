"""A queue and a store that do everything the world's do: lose, double, reorder, delay, refuse."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from renderer.domain.object_key import object_key, pointer_key, sha256_hex
from renderer.domain.route import Route
from renderer.errors import ObjectMissingError, QueueError, StorageError
from renderer.messaging.broker import MESSAGE_VERSION

SILENT_S = 10.0  # as renderer.messaging.redis_queue: then a worker's messages go to others


@dataclass(frozen=True)
class Letter:
    """A message: what `messaging.broker.batch_message` makes, and how far it got."""

    number: int
    take_ids: tuple[int, ...]
    lane: str
    version: int = MESSAGE_VERSION
    retries: int = 0
    due_s: float = 0.0


@dataclass
class LossyQueue:
    """Implements `ports.Publisher`, and what a consumer asks; nothing here survives `flush`.

    Attributes:
        now_s: Tells virtual time.
        fault: Asked before and after each command; raises what it likes.
        down_until_s: When it answers again.
    """

    now_s: Callable[[], float]
    fault: Callable[[str], None] = lambda _command: None
    down_until_s: float = 0.0
    waiting: list[Letter] = field(default_factory=list)
    running: dict[int, tuple[Letter, Any]] = field(default_factory=dict)
    _numbers: Any = field(default_factory=itertools.count)

    def _answer(self, command: str) -> None:
        if self.now_s() < self.down_until_s:
            raise QueueError("the queue is away")
        self.fault(command)

    def publish(self, take_ids: Sequence[int], voice: str, route: Route) -> None:
        self._answer("publish")
        self.waiting.append(Letter(next(self._numbers), tuple(take_ids), route.name))
        self._answer("published")  # it is there, and nobody is told

    def depth(self, route: Route) -> int:
        self._answer("depth")
        letters = [*self.waiting, *(letter for letter, _ in self.running.values())]
        return sum(letter.lane == route.name for letter in letters)

    def held(self) -> set[int]:
        self._answer("held")
        letters = [*self.waiting, *(letter for letter, _ in self.running.values())]
        return {pk for letter in letters for pk in letter.take_ids}

    def take(self, consumer: Any) -> Letter | None:
        """Give a consumer the next message; those of silent consumers come back first."""
        self._answer("take")
        for number, (letter, who) in list(self.running.items()):
            if who.is_silent(SILENT_S):
                del self.running[number]
                self.waiting.append(letter)
        due = [letter for letter in self.waiting if letter.due_s <= self.now_s()]
        if not due:
            return None
        letter = min(due, key=lambda found: "urgent" not in found.lane)
        self.waiting.remove(letter)
        self.running[letter.number] = letter, consumer
        return letter

    def done(self, letter: Letter) -> None:
        """Forget a message: it was done, or given up."""
        self._answer("ack")
        self.running.pop(letter.number, None)

    def again(self, letter: Letter, delay_s: float) -> None:
        """Deliver a message once more, later."""
        self._answer("retry")
        later = replace(
            letter,
            number=next(self._numbers),
            retries=letter.retries + 1,
            due_s=self.now_s() + delay_s,
        )
        self.waiting.append(later)

    def flush(self) -> None:
        self.waiting.clear()
        self.running.clear()

    def double(self, letter: Letter, times: int) -> None:
        copies = [replace(letter, number=next(self._numbers)) for _ in range(times)]
        self.waiting += copies

    def add(self, **fields: Any) -> None:
        """Put in what no relay has sent."""
        self.waiting.append(Letter(next(self._numbers), **fields))


class FlakyStore:
    """Implements `ports.ObjectStore` in memory.

    Args:
        fault: Asked before and after each operation; raises what it likes.
        objects: What it holds.
    """

    def __init__(self, fault: Callable[[str], None], objects: dict[str, bytes]) -> None:
        self._fault = fault
        self._objects = objects

    def put(self, data: bytes, suffix: str, media_type: str) -> str:
        self._fault("put")
        key = object_key(sha256_hex(data), suffix)
        self._objects[key] = data
        self._fault("put done")
        return key

    def get(self, key: str) -> bytes:
        self._fault("get")
        if key not in self._objects:
            raise ObjectMissingError(key)
        return self._objects[key]

    def has(self, key: str) -> bool:
        return key in self._objects

    def point(self, render_key: str, document: bytes) -> None:
        self._fault("point")
        self._objects[pointer_key(render_key)] = document

    def pointed(self, render_key: str) -> bytes | None:
        return self._objects.get(pointer_key(render_key))


def away() -> StorageError:
    """Return what a store raises that answers 503."""
    return StorageError("the store answered 503")
