"""YAML: what makes it dangerous or surprising is refused with a place and a fix."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.errors import Fault
from renderer.manifest import yaml_tree
from renderer.manifest.tree import MAX_FAULTS_PER_FILE, FaultLog, Plain, Table, Unreadable
from renderer.manifest.yaml_tree import load_yaml

BOMB = "a: &a [x, x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\nlines: [*c, *c]\n"


def load(text: str) -> tuple[Any, list[Fault]]:
    faults: list[Fault] = []
    try:
        return load_yaml(text, FaultLog("s.yaml", faults)), faults
    except Unreadable:
        return None, faults


def test_values_know_where_they_stand() -> None:
    tree, faults = load("scene: gate\nlines:\n  - id: one\n    text: hi\n")
    assert not faults
    assert isinstance(tree, Table)
    assert tree.where("scene") == (1, 1)
    assert tree["lines"].where(0) == (3, 5)
    assert tree["lines"][0].where("text") == (4, 5)


def test_words_that_yaml_takes_for_booleans_stay_words() -> None:
    tree, faults = load("a: No\nb: 'No'\nc: on\nd: 1:30\n")
    assert not faults
    assert [str(v) for v in tree.values()] == ["No", "No", "on", "1:30"]
    assert isinstance(tree["a"], Plain)
    assert not isinstance(tree["b"], Plain)


def test_bomb_is_refused_without_being_built() -> None:
    tree, faults = load(BOMB)
    assert {f.code for f in faults} == {"yaml-anchor", "yaml-alias"}
    assert faults[0].line == 1
    assert tree is None or "x" not in repr(tree["lines"])  # the aliases were never followed


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a: 1\na: 2\n", "duplicate-key", 2),
        ("x: {b: 1,\n b: 2}\n", "duplicate-key", 2),
        ("a: !!python/object/apply:os.system [x]\n", "yaml-tag", 1),
        ("a: !include secret.yaml\n", "yaml-tag", 1),
        ("? [a, b]\n: 1\n", "complex-key", 1),
        ("a: 1\n---\nb: 2\n", "several-documents", 2),
        ("a:\n\t- b\n", "yaml-syntax", 2),
        ("a: b: c\n", "yaml-syntax", 1),
        ("a: [1\n", "yaml-syntax", 2),
        ("text: *shouts* at him\n", "yaml-syntax", 1),
        ("ok: 1\ntext: a\x00b\n", "control-character", 2),
        ("text: a\x1bb\n", "control-character", 1),
        ("[" * 3000, "too-deep", 1),
        ("- " * 3000, "too-deep", 1),
        ("{a: " * 200, "too-deep", 1),
    ],
)
def test_refused(text: str, code: str, line: int) -> None:
    _, faults = load(text)
    assert [f.code for f in faults] == [code]
    assert faults[0].line == line
    assert faults[0].fix.endswith(".")


def test_merge_key_is_only_a_key() -> None:
    tree, _ = load("base: {a: 1}\nx:\n  <<: {a: 1}\n")
    assert "<<" in tree["x"]


def test_star_at_the_start_of_a_text_says_quote_it() -> None:
    _, faults = load("text: *shouts* at him\n")
    assert "quotes" in faults[0].fix


def test_too_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_tree, "MAX_NODES", 50)
    _, faults = load("\n".join(f"k{i}: {i}" for i in range(100)))
    assert [f.code for f in faults] == ["file-too-large"]
    assert "JSONL" in faults[0].fix


def test_log_is_bounded_and_says_what_it_left_off() -> None:
    faults: list[Fault] = []
    log = FaultLog("s.yaml", faults)
    for n in range(MAX_FAULTS_PER_FILE + 5):
        log.error((n, 0), "", "x", "p", "f")
    log.close()
    assert len(faults) == MAX_FAULTS_PER_FILE + 1
    assert faults[-1].code == "too-many-faults"
    assert faults[-1].problem.startswith("5 more")
    assert log.errors == MAX_FAULTS_PER_FILE + 5


def test_python_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    text = "scene: gate\nlines:\n  - id: one\n    text: 'hi'\n    prosody: {rate: 1.1}\n"
    fast = load(text)
    monkeypatch.setattr(yaml_tree, "_Loader", yaml.SafeLoader)
    assert load(text) == fast
    assert load(BOMB)[1]


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=120),
        st.text(alphabet="ab:-[]{}&*!|>#\"'%@`,? \n\t0.~<", max_size=80),
    )
)
def test_never_raises_anything_else(text: str) -> None:
    tree, faults = load(text)
    assert tree is None or not faults or all(f.code for f in faults)
