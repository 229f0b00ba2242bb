"""What the world does to a simulated service, and no process does."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.chaos.actor import Process

if TYPE_CHECKING:
    from tests.chaos.simulation import Case


def _some(case: Case, chance: random.Random) -> list[Any]:
    return [letter for letter in list(case.queue.waiting) if chance.random() < 0.5]


def _flush(case: Case, _chance: random.Random) -> None:
    case.queue.flush()


def _lose(case: Case, chance: random.Random) -> None:
    for letter in _some(case, chance):
        case.queue.waiting.remove(letter)


def _double(case: Case, chance: random.Random) -> None:
    letters = [*_some(case, chance), *(letter for letter, _ in case.queue.running.values())]
    for letter in letters:
        case.hit(letter.take_ids)
        case.queue.double(letter, chance.randint(1, 3))


def _reorder(case: Case, chance: random.Random) -> None:
    chance.shuffle(case.queue.waiting)


def _delay(case: Case, chance: random.Random) -> None:
    for letter in _some(case, chance):
        case.queue.waiting.remove(letter)
        late = case.scheduler.now_s + chance.uniform(1.0, 60.0)
        case.queue.waiting.append(replace(letter, due_s=late))


def _truncate(case: Case, chance: random.Random) -> None:
    for letter in _some(case, chance):
        case.queue.waiting.remove(letter)
        half = letter.take_ids[: len(letter.take_ids) // 2]
        case.queue.waiting.append(replace(letter, take_ids=half))


def _other_version(case: Case, chance: random.Random) -> None:
    ids = tuple(chance.sample(range(1, 9), 3))
    case.hit(ids)
    case.queue.add(take_ids=ids, lane="render_cpu", version=chance.choice((1, 3)))


def _queue_down(case: Case, chance: random.Random) -> None:
    case.queue.down_until_s = case.scheduler.now_s + chance.uniform(1.0, 40.0)


def _down(kind: str) -> Callable[[Case, random.Random], None]:
    def begin(case: Case, chance: random.Random) -> None:
        case.down_until[kind] = case.scheduler.now_s + chance.uniform(1.0, 40.0)

    return begin


def _one(case: Case, chance: random.Random) -> Process:
    return case.processes[chance.choice(sorted(case.processes))]


WEATHER: dict[str, Callable[[Case, random.Random], None]] = {
    "flush": _flush,
    "lose": _lose,
    "double": _double,
    "reorder": _reorder,
    "delay": _delay,
    "truncate": _truncate,
    "other version": _other_version,
    "queue down": _queue_down,
    "database down": _down("database"),
    "store down": _down("store"),
    "kill": lambda case, chance: _one(case, chance).kill("from outside"),
    "stand still": lambda case, chance: _one(case, chance).stop(chance.uniform(1.0, 60.0)),
    "clock jumps": lambda case, chance: case.skew(_one(case, chance)),
}
