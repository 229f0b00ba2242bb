"""Where the phones of an edit are: in words as they are spoken, and in the sound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.domain.direction import Direction, PhoneEdit, WordEdit
from renderer.domain.transcript import PhoneSpan, SpokenWord, Transcript
from renderer.errors import TextError
from renderer.text.phone_place import by_symbol, find_phones, symbols

LINE = Transcript(
    "en-US",
    ("no", "42", "no"),
    (
        SpokenWord("no", "nˈoʊ", 0),
        SpokenWord("forty", "fˈɔːɹɾi", 1),
        SpokenWord("two", "tˈuː", 1),
        SpokenWord("no", "nˈoʊ", 2),
    ),
)


def places(*phones: PhoneEdit, word: str = "no", occurrence: int = 1) -> list[tuple[int, int]]:
    edit = WordEdit(word, occurrence, phones=phones)
    return [(p.word, p.phone) for p in find_phones(Direction(words=(edit,)), LINE)]


def test_a_phone_is_found_in_the_occurrence_of_its_word() -> None:
    assert places(PhoneEdit("n")) == [(0, 0)]
    assert places(PhoneEdit("n"), occurrence=2) == [(3, 0)]


def test_a_diphthong_is_all_of_its_symbols() -> None:
    assert places(PhoneEdit("oʊ")) == [(0, 1), (0, 2)]
    assert places(PhoneEdit("ˈo͡ʊ")) == [(0, 1), (0, 2)]


def test_a_number_is_searched_through_all_its_words() -> None:
    assert places(PhoneEdit("uː"), PhoneEdit("i"), word="42") == [(2, 1), (1, 4)]


def test_a_word_that_is_gone_is_the_reader_s_business() -> None:
    assert places(PhoneEdit("n"), word="never") == []


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (PhoneEdit("æ"), "'no' is spoken n o ʊ: there is no 'æ' in it"),
        (PhoneEdit("n", 2), "'n' occurs 1 time"),
        (PhoneEdit("oː"), "there is no 'oː' in it"),
    ],
)
def test_a_phone_that_is_not_there_says_what_is(edit: PhoneEdit, why: str) -> None:
    with pytest.raises(TextError, match=why):
        places(edit)


@given(st.lists(st.sampled_from(["n", "oʊ", "t", "ʃ", "aː", "ˈɛ", "l̩"]), min_size=1, max_size=8))
def test_each_occurrence_of_each_symbol_has_a_place_of_its_own(pieces: list[str]) -> None:
    spoken = "".join(pieces)
    line = Transcript("en-US", ("x",), (SpokenWord("x", spoken, 0),))
    heard = symbols(spoken)
    seen: dict[str, int] = {}
    for number, symbol in enumerate(heard):
        seen[symbol] = seen.get(symbol, 0) + 1
        edit = WordEdit("x", phones=(PhoneEdit(symbol, seen[symbol]),))
        (place,) = find_phones(Direction(words=(edit,)), line)
        assert (place.word, place.phone) == (0, number)
    absent = WordEdit("x", phones=(PhoneEdit(heard[0], seen[heard[0]] + 1),))
    with pytest.raises(TextError):
        find_phones(Direction(words=(absent,)), line)


SPANS = (
    PhoneSpan("_", 0.0, 0.1, -1),
    PhoneSpan("n", 0.1, 0.2, 0),
    PhoneSpan("ˈoʊ", 0.2, 0.4, 0),
    PhoneSpan("fˈɔːɹɾi", 0.4, 0.9, 1),
)


def test_a_span_of_several_symbols_is_shared_out_and_other_words_stay() -> None:
    cut = by_symbol(SPANS, LINE, {0})
    assert cut[:2] == SPANS[:2]
    assert [(p.phoneme, p.start_s, p.end_s) for p in cut[2:4]] == [
        ("ˈo", 0.2, pytest.approx(0.3)),
        ("ʊ", pytest.approx(0.3), pytest.approx(0.4)),
    ]
    assert cut[4] == SPANS[3]
    assert by_symbol(SPANS, LINE, set()) == SPANS


def test_a_word_the_voice_speaks_otherwise_is_refused() -> None:
    other = (PhoneSpan("n", 0.1, 0.2, 0), PhoneSpan("ɔ", 0.2, 0.4, 0))
    with pytest.raises(TextError, match="speaks 'no' as n ɔ, not as n o ʊ"):
        by_symbol(other, LINE, {0})
    with pytest.raises(TextError):
        by_symbol(other, LINE, {1})
    at_once = (PhoneSpan("n", 0.1, 0.1, 0), PhoneSpan("oʊ", 0.1, 0.4, 0))
    with pytest.raises(TextError, match="when each phone of 'no' is"):
        by_symbol(at_once, LINE, {0})
