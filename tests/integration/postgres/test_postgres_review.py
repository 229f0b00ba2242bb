"""The tests of tests/unit/services/test_review.py, on PostgreSQL, and two who decide at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from renderer.domain.review import Choice, Decision
from renderer.errors import ReviewConflictError
from tests.unit.services.test_review import *  # noqa: F403
from tests.unit.services.test_review import BAD, GOOD, Room


def decide(room: Room, decisions: list[Decision], start: threading.Barrier) -> str:
    start.wait()
    try:
        room.review.decide(decisions, {})
    except ReviewConflictError as conflict:
        return str(conflict)
    return ""


@pytest.mark.parametrize("turn", range(5))
def test_of_two_at_once_one_wins_and_the_other_is_told_who(room: Room, turn: int) -> None:
    """Both decide about both lines, in opposite orders, so that they would wait crosswise."""
    start = threading.Barrier(2)
    work = []
    for who, texts in (("Ada", (GOOD, BAD)), ("Grace", (BAD, GOOD))):
        made = [room.decision(text, Choice.RETURN, who=who, note="no") for text in texts]
        work.append(made)
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda made: decide(room, made, start), work))
    assert sorted(map(bool, said)) == [False, True]
    winner = ("Ada", "Grace")[said.index("")]
    assert f"{winner} sent it to the writer" in "".join(said)
    assert {d.who for d in room.review.log()} == {winner}
    assert room.rows() == 2


def test_the_same_decision_from_two_at_once_is_one(room: Room) -> None:
    start = threading.Barrier(2)
    made = [room.decision(GOOD, Choice.APPROVE)]
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda _n: decide(room, made, start), range(2)))
    assert said == ["", ""]
    assert room.rows() == 1


def test_an_open_transaction_of_another_is_waited_for(room: Room, engine: Any) -> None:
    """Rows that are not committed yet are no reason to overwrite, nor a conflict when they go."""
    first = replace(room.decision(GOOD, Choice.RETURN, who="Grace"), sequence=1)
    with ThreadPoolExecutor(1) as pool:
        with room.studio.unit() as unit:
            pk = unit.lines.find([first.key])[first.key].pk
            assert unit.decisions.add([(pk, first)])
            begun = pool.submit(room.decide, GOOD, Choice.APPROVE)
            unit.takes.counts()
        assert begun.result(20).decision.sequence == 1
