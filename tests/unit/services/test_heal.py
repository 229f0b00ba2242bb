"""What the store has lost is found cheaply, and rendered again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from renderer.db.unit_of_work import SqlUnitOfWork
from renderer.domain.take import TakeStatus
from renderer.domain.utterance import Utterance
from renderer.ports import LineWrite
from renderer.services.heal import Healer
from renderer.services.scope import Scope

Reading = Callable[[], SqlUnitOfWork]


@pytest.fixture
def reading(studio: Any) -> Reading:
    with studio.unit() as unit:
        unit.commit()
        engine = unit._engine
    return lambda: SqlUnitOfWork(engine, "tiny", studio.clock, is_read_only=True)


@pytest.fixture
def lines(studio: Any) -> list[int]:
    """Three approved lines: two that share a take, and one frozen at another."""
    shared, frozen = studio.ask("good day", "good night")
    studio.render.batch([shared, frozen])
    with studio.unit() as unit:
        for line_id, pk in (("a", shared), ("b", shared), ("c", frozen)):
            take = unit.takes.get([pk])[0]
            said = replace(take.request.utterance, line_id=line_id)
            key = take.render_key
            pin = pk if line_id == "c" else None
            unit.lines.save([LineWrite(None, said, key.hex, key.input_digest, pk, pin)], 1)
        unit.commit()
    return [shared, frozen]


def unwanted() -> Any:
    pytest.fail("a transaction for writing")


def lose(studio: Any, pk: int, what: str) -> None:
    result = studio.take(pk).result
    key = result.metadata_key if what == "metadata" else result.delivery.key
    path = studio.store.root / key
    if what == "damage":
        path.chmod(0o644)
        path.write_bytes(b"noise")
    else:
        path.unlink(missing_ok=True)


@pytest.mark.parametrize("reads", [False, True])
def test_when_nothing_is_lost_nothing_is_written_and_no_result_parsed(
    studio: Any, lines: list[int], reading: Reading, monkeypatch: pytest.MonkeyPatch, reads: bool
) -> None:
    monkeypatch.setattr(
        "renderer.db.take_repository.result_of", lambda _plain: pytest.fail("a result is parsed")
    )
    bring: list[Utterance] = []
    healer = Healer(unwanted, studio.store, bring.append, reading)

    assert healer.run(Scope(), reads=reads) == []
    assert bring == []


@pytest.mark.parametrize("what", ["sound", "metadata", "damage"])
def test_every_line_of_a_lost_take_is_rendered_again(
    studio: Any, lines: list[int], reading: Reading, what: str
) -> None:
    lose(studio, lines[0], what)
    brought: list[Utterance] = []
    healer = Healer(studio.unit, studio.store, brought.append, reading)

    if what == "damage":
        assert healer.run(Scope()) == []
    healed = healer.run(Scope(), reads=what == "damage")

    assert healed == [("a", "en-US"), ("b", "en-US")]
    assert [said.line_id for said in brought] == ["a", "b"]
    assert studio.take(lines[0]).status is TakeStatus.PENDING


def test_a_frozen_line_and_one_out_of_scope_are_left_alone(
    studio: Any, lines: list[int], reading: Reading
) -> None:
    for pk in lines:
        lose(studio, pk, "sound")
    healer = Healer(studio.unit, studio.store, lambda _said: None, reading)

    assert healer.run(Scope(characters=("nobody",))) == []
    assert studio.statuses(lines) == ["approved", "approved"]
    assert [line_id for line_id, _ in healer.run(Scope())] == ["a", "b"]
    assert studio.statuses(lines) == ["pending", "approved"]


def test_an_object_is_asked_for_once(
    studio: Any, lines: list[int], reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    has, asked = studio.store.has, []

    def spied(key: str) -> bool:
        asked.append(key)
        return bool(has(key))

    monkeypatch.setattr(studio.store, "has", spied)
    monkeypatch.setattr("renderer.services.heal.PIECE", 1)
    Healer(unwanted, studio.store, lambda _said: None, reading).run(Scope())
    assert len(asked) == len(set(asked)) == 2
