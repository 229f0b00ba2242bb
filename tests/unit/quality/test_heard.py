from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.quality.heard import ExpectedWord, Heard, HeardUnit, compare, match


def heard(text: str, said: str) -> Heard:
    """Words of as many phones as letters; `#` is a sound of one phone; 0.1 s each."""
    expected = tuple(ExpectedWord(word, len(word)) for word in text.split())
    keys = {word.key for word in expected}
    units = tuple(
        HeardUnit(u if u in keys else "", len(u), 0.1 * i, 0.1 * (i + 1))
        for i, u in enumerate(said.split())
    )
    return Heard(expected, units, 0.1 * max(1, len(units)))


def test_what_was_said_as_written_has_no_error():
    found = compare(heard("the gate is open", "the gate is open"))
    assert found.coverage == 1
    assert (found.phone_error_rate, found.missing_phones, found.extra_phones) == (0, 0, 0)


def test_a_dropped_word_is_missing_where_it_was():
    found = compare(heard("the gate is open", "the gate open"))
    assert (found.found_count, found.missing_phones, found.extra_phones) == (3, 2, 0)
    assert found.missing_start_s == pytest.approx(0.2)
    assert (found.missing_first, found.missing_last) == (0, 0)


def test_first_and_last_words_are_told_apart_from_the_middle():
    assert compare(heard("halt who goes", "who goes")).missing_first == 4
    assert compare(heard("halt who goes", "halt who")).missing_last == 4


def test_a_wrong_word_is_divergent_and_not_extra():
    found = compare(heard("the gate is open", "the wall is open"))
    assert (found.missing_phones, found.extra_phones, found.divergent_phones) == (4, 0, 4)
    assert found.divergent_s == pytest.approx(0.1)


def test_a_repeated_word_is_extra():
    found = compare(heard("the gate is open", "the gate gate is open"))
    assert (found.found_count, found.extra_phones, found.repeated_phones) == (4, 4, 4)
    assert found.extra_start_s == pytest.approx(0.2)


def test_words_in_another_order_are_missing_and_too_many():
    found = compare(heard("gate open", "open gate"))
    assert (found.found_count, found.repeated_phones, found.missing_phones) == (1, 4, 4)


def test_the_longest_stretch_counts_and_not_the_sum():
    found = compare(heard("aa bb cc dd ee", "bb dd"))
    assert (found.missing_phones, found.found_count) == (2, 2)
    assert found.phone_error_rate == pytest.approx(6 / 10)


def test_nothing_heard_is_all_missing():
    found = compare(heard("halt", ""))
    assert (found.coverage, found.missing_phones, found.missing_first) == (0, 4, 4)
    assert found.phone_error_rate == 1


WORDS = st.lists(st.sampled_from(["a", "bb", "ccc", "#"]), max_size=7)


@given(WORDS.filter(lambda w: any(x != "#" for x in w)), WORDS)
def test_what_is_counted_adds_up(text, said):
    made = heard(" ".join(x for x in text if x != "#"), " ".join(said))
    found = compare(made)
    assert 0 <= found.coverage <= 1
    assert found.missing_phones <= found.phone_count
    assert found.divergent_phones >= max(found.missing_phones, found.extra_phones)
    assert (found.phone_error_rate == 0) == (text_of(made) == [u.key for u in made.units])


@given(WORDS, WORDS)
def test_matched_pairs_rise_and_have_equal_words(text, said):
    units = heard("a bb ccc", " ".join(said)).units
    words = [x for x in text if x != "#"]
    pairs = match(words, units)
    assert all(words[i] == units[j].key for i, j in pairs)
    assert pairs == sorted(set(pairs))
    assert len({j for _, j in pairs}) == len(pairs)


def text_of(made: Heard) -> list[str]:
    return [word.key for word in made.expected]


def test_seconds_are_those_of_the_gap():
    made = heard("aa bb", "aa # # bb")
    found = compare(replace(made, duration_s=1.0))
    assert (found.extra_start_s, found.divergent_s) == pytest.approx((0.1, 0.2))
