"""Files of decisions: written and read back; whatever else is in them is a fault, never a crash."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.domain.decision_field import hidden_character
from renderer.domain.review import Choice, Decision, Standing, holding, in_force
from renderer.domain.take import TakeStatus
from renderer.errors import ReviewError
from renderer.services.decision_file import load_decisions

GOOD: dict[str, Any] = {
    "id": "ab" * 16,
    "line_id": "halt",
    "locale": "en-US",
    "render_key": "0" * 64,
    "seen": 2,
    "choice": "waive",
    "who": "Ada",
    "at": "2026-05-04T14:00:00+02:00",
    "note": "meant to clip",
}


def data(*rows: Any, **head: Any) -> bytes:
    document = {"format": "barkline-decisions", "version": 1, "project": "tiny"}
    return json.dumps({**document, "decisions": list(rows), **head}).encode()


def row_of(made: Decision, seen: int) -> dict[str, Any]:
    """Return a decision as the page's export has it."""
    row = {field.name: getattr(made, field.name) for field in fields(made)}
    del row["sequence"]
    return row | {"seen": seen, "at": made.at.isoformat(), "change": dict(made.change)}


def test_a_decision_is_read_with_what_its_author_had_seen() -> None:
    read = load_decisions(data(GOOD, {**GOOD, "id": "cd" * 16, "seen": 3}), "d.json")
    assert read.project == "tiny"
    assert read.seen == (2, 3)
    assert read.decisions[0].at == datetime(2026, 5, 4, 12, tzinfo=UTC)
    assert read.decisions[0].choice is Choice.WAIVE


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "AB" * 16),
        ("id", None),
        ("line_id", "../x"),
        ("line_id", 5),
        ("locale", "a/b"),
        ("render_key", "0" * 63),
        ("seen", True),
        ("seen", 1.5),
        ("choice", "praise"),
        ("who", "A\u202eda"),
        ("who", "x" * 121),
        ("at", "2026-05-04T12:00:00"),
        ("at", "0001-01-01T00:00:00+14:00"),
        ("note", ""),
        ("note", "\x07"),
        ("note", "x" * 2001),
        ("change", []),
        ("change", {"seed": 1}),
        ("undoes", "x"),
        ("sound", "x"),
        ("checks", "level"),
        ("checks", ["level"]),
        ("checks", ["a b"]),
    ],
)
def test_a_wrong_field_is_named_with_its_index(field: str, value: Any) -> None:
    with pytest.raises(ReviewError) as refused:
        load_decisions(data(GOOD, {**GOOD, field: value}), "d.json")
    named = {f.field for f in refused.value.faults}
    assert {name.removesuffix(".seed") for name in named} == {f"decisions.1.{field}"}
    assert {f.path for f in refused.value.faults} == {"d.json"}


@pytest.mark.parametrize("depth", [9, 400, 900])
@pytest.mark.parametrize("kind", ["list", "object"])
def test_what_is_nested_deeply_is_a_fault_of_its_row(depth: int, kind: str) -> None:
    value: Any = []
    for _ in range(depth):
        value = [value] if kind == "list" else {"a": value}
    retake = {**GOOD, "choice": "retake", "change": {"words": value}}
    with pytest.raises(ReviewError) as refused:
        load_decisions(data(GOOD, retake), "d.json")
    assert [f.field for f in refused.value.faults] == ["decisions.1.change"]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        data(GOOD).replace(b'"version": 1', b'"version": true'),
        data(GOOD).replace(b'"seen": 2', b'"seen": NaN'),
        data(GOOD).replace(b'"seen": 2', b'"seen": 2, "seen": 3'),
        data(GOOD, project=""),
        data(GOOD, decisions=None),
    ],
)
def test_what_is_no_such_file_is_refused(text: bytes) -> None:
    with pytest.raises(ReviewError):
        load_decisions(text, "d.json")


SOME = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(field=st.sampled_from([*GOOD, "change", "undoes", "other"]), value=SOME)
def test_nothing_in_a_field_is_more_than_a_fault(field: str, value: Any) -> None:
    with suppress(ReviewError):
        load_decisions(data({**GOOD, field: value}), "d.json")


@settings(max_examples=200, deadline=None)
@given(text=st.binary(max_size=200) | SOME.map(lambda value: json.dumps(value).encode()))
def test_nothing_in_a_file_is_more_than_a_fault(text: bytes) -> None:
    with pytest.raises(ReviewError):
        load_decisions(text, "d.json")


PLAIN = Decision(
    "0" * 32, "halt", "en-US", "0" * 64, Choice.APPROVE, "Ada", datetime(2026, 5, 4, tzinfo=UTC)
)
HEX = "0123456789abcdef"
SEEN = st.text(max_size=60).filter(lambda text: not hidden_character(text, "\n\t"))
MADE = st.builds(
    Decision,
    id=st.text(HEX, min_size=32, max_size=32),
    line_id=st.sampled_from(["halt", "gate_020", "né"]),
    locale=st.sampled_from(["en-US", "de-DE"]),
    render_key=st.text(HEX, min_size=64, max_size=64),
    choice=st.sampled_from([Choice.APPROVE, Choice.WAIVE, Choice.RETURN]),
    who=st.text("Adaß Love", min_size=1).filter(str.strip),
    at=st.datetimes(
        min_value=datetime(2001, 1, 1),
        max_value=datetime(2100, 1, 1),
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
    ),
    note=SEEN.filter(str.strip),
)


@settings(max_examples=100, deadline=None)
@given(made=st.lists(MADE, max_size=5), last=st.integers(0, 9))
def test_what_is_written_is_read_back(made: list[Decision], last: int) -> None:
    read = load_decisions(data(*(row_of(d, last) for d in made)), "d.json")
    assert list(read.decisions) == made
    assert read.seen == (last,) * len(made)


@settings(max_examples=200, deadline=None)
@given(moves=st.lists(st.integers(-4, 3), max_size=12))
def test_the_last_decision_nobody_has_undone_holds(moves: list[int]) -> None:
    """A move ≥ 0 decides about one of some keys; a move < 0 undoes the newest but some."""
    history: list[Decision] = []
    alive: list[Decision] = []
    for n, move in enumerate(moves):
        key = f"{move:064x}" if move >= 0 else ""
        undoes = alive.pop(move).id if move < 0 and len(alive) >= -move else ""
        if not key and not undoes:
            continue
        made = replace(PLAIN, id=f"{n:032x}", render_key=key, undoes=undoes)
        history.append(made)
        alive += [made] if not undoes else []
    assert in_force(history) == alive
    for key in {d.render_key for d in history}:
        about = [d for d in alive if d.render_key == key]
        assert holding(history, Standing(key, TakeStatus.APPROVED)) == (
            about[-1] if about else None
        )
