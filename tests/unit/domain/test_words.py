"""Written words: the anchor of edits, lexicons and alignments."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.domain.words import find_words, fold


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Halt!", ["Halt"]),
        ("", []),
        ("… — !?", []),
        ("well-known", ["well-known"]),
        ("U.S. troops", ["U.S", "troops"]),
        ("at 10:30, 50% of $5", ["at", "10:30", "50%", "of", "$5"]),
        ("l’homme d'État", ["l’homme", "d'État"]),
        ("1,234.50 €", ["1,234.50"]),
        ("'quoted' (really)", ["quoted", "really"]),
        ("Straße—Größe", ["Straße", "Größe"]),
        ("日本 語", ["日本", "語"]),
    ],
)
def test_lines_are_cut_where_a_reader_would(text: str, words: list[str]) -> None:
    assert [w.text for w in find_words(text)] == words


@given(st.text(max_size=200))
def test_every_word_stands_where_it_says(text: str) -> None:
    words = find_words(text)
    for word in words:
        assert text[word.start : word.end] == word.text
    assert all(a.end <= b.start for a, b in pairwise(words))


@given(st.text(max_size=200))
def test_word_and_occurrence_name_one_place(text: str) -> None:
    names = [(fold(w.text), w.occurrence) for w in find_words(text)]
    assert len(set(names)) == len(names)


def test_an_edit_elsewhere_does_not_move_the_anchor() -> None:
    before = find_words("No, no! Run.")[1]
    after = find_words("Listen: No, no! Run away now.")[2]
    assert (fold(before.text), before.occurrence) == (fold(after.text), after.occurrence)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Don’t", "don't"), ("É", "é"), ("e\u0301", "\u00e9"), ("STRASSE", "straße"), ("a‑b", "a-b")],
)
def test_two_spellings_of_a_word_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@given(st.text(max_size=30))
def test_fold_does_not_depend_on_the_keyboard_s_normal_form(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))
