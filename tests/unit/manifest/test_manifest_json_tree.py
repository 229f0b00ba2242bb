"""JSON: places, duplicate keys, and the same answers as the standard library."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.errors import Fault
from renderer.manifest import json_tree
from renderer.manifest.json_tree import load_json, load_json_line
from renderer.manifest.tree import FaultLog, Table, Unreadable


def load(text: str) -> tuple[Any, list[Fault]]:
    faults: list[Fault] = []
    try:
        return load_json(text, FaultLog("s.json", faults)), faults
    except Unreadable:
        return None, faults


def test_places() -> None:
    tree, faults = load('{"scene": "gate",\n "lines": [\n  {"id": "one",\n   "text": "hi"}]}')
    assert not faults
    assert tree.where("scene") == (1, 2)
    assert tree["lines"].where(0) == (3, 3)
    assert tree["lines"][0].where("text") == (4, 4)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ('{"a": 1,\n "a": 2}', "duplicate-key", 2),
        ('{"a": NaN}', "json-syntax", 1),
        ('{"a": 1,}', "json-syntax", 1),
        ('{"a" 1}', "json-syntax", 1),
        ("{'a': 1}", "json-syntax", 1),
        ('{"a": "x\ny"}', "json-syntax", 1),
        ("[1 2]", "json-syntax", 1),
        ("[1]\n]", "json-syntax", 2),
        ("[" * 5000, "too-deep", 1),
        ('{"a": ' + "9" * 5000 + "}", "json-syntax", 1),
    ],
)
def test_refused(text: str, code: str, line: int) -> None:
    _, faults = load(text)
    assert [f.code for f in faults] == [code]
    assert faults[0].line == line


@pytest.mark.parametrize("text", ["[" * 100_000, "NaN", "{", "9" * 5000, '"text"', "", "[]"])
def test_bad_jsonl_line_is_one_fault(text: str) -> None:
    faults: list[Fault] = []
    assert load_json_line(text, 7, FaultLog("s.jsonl", faults)) is None
    assert len(faults) == 1
    assert faults[0].line == 7


def test_too_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_tree, "MAX_NODES", 50)
    _, faults = load("[" + "1," * 100 + "1]")
    assert [f.code for f in faults] == ["file-too-large"]


def test_duplicate_key_in_a_jsonl_line() -> None:
    faults: list[Fault] = []
    table = load_json_line('{"id": "a", "id": "b"}', 3, FaultLog("s.jsonl", faults))
    assert isinstance(table, Table)
    assert [f.code for f in faults] == ["duplicate-key"]


flat = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=10)
values = st.recursive(
    flat | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(values, st.sampled_from([None, 1]))
def test_reads_what_the_standard_library_writes(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    tree, faults = load(text)
    if not any(f.code == "too-deep" for f in faults):
        assert tree == value
        assert not faults


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='{}[]",:0123.eE-tfn\\u \n', max_size=60))
def test_accepts_exactly_what_the_standard_library_accepts(text: str) -> None:
    tree, faults = load(text)
    try:
        expected = json.loads(text)
    except ValueError:
        assert faults or not text.strip()
    else:
        refused = {f.code for f in faults} & {"duplicate-key", "too-deep"}
        assert refused or tree == expected
