"""Which lines an upgrade takes."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from renderer.bootstrap.upgrade import sample


def lines(count: int, who: str = "a") -> list[Any]:
    return [SimpleNamespace(utterance=SimpleNamespace(character=who), at=i) for i in range(count)]


@pytest.mark.parametrize(("count", "most"), [(13, 12), (20, 12), (25, 12), (5, 4), (3, 12), (1, 1)])
def test_as_many_lines_as_asked_for_are_taken_evenly_from_the_first(count: int, most: int) -> None:
    taken = [line.at for line in sample(lines(count), most)]
    assert len(taken) == len(set(taken)) == min(count, most)
    assert taken[0] == 0
    steps = [b - a for a, b in pairwise(taken)]
    assert not steps or max(steps) - min(steps) <= 1


def test_every_character_gives_its_own_lines_and_all_without_a_number() -> None:
    some = [*lines(5), *lines(2, "b")]
    assert [line.utterance.character for line in sample(some, 2)] == ["a", "a", "b", "b"]
    assert sample(some, 0) == some
