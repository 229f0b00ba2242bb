"""Whether a sound is that of its text at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.quality.phone_path import PhoneScores
from renderer.quality.text_fit import LEAST_PHONES, Words, other_orders, text_fit

CLASSES = 12
TEXT: Words = ((1, 2, 3), (4, 5), (6, 7, 8, 2), (9, 1, 10), (3, 11, 5, 4), (8, 7))
OTHER: Words = ((9, 8, 7), (1, 6), (5, 4, 3, 11), (2, 2, 10), (8, 1, 9, 7), (6, 3))

words = st.lists(
    st.lists(st.integers(1, CLASSES - 1), min_size=1, max_size=6).map(tuple), min_size=1
).map(tuple)


def heard(said: Words, written: Words = TEXT, p: float = 0.9, frames: int = 6) -> PhoneScores:
    """What a judge hears of a text, at the probability it has for each right phone."""
    phones = [0, *(phone for word in said for phone in word), 0]
    labels = np.repeat(phones, frames)
    likely = np.full((labels.size, CLASSES), (1 - p) / (CLASSES - 1))
    likely[np.arange(labels.size), labels] = p
    return PhoneScores(np.log(likely).astype(np.float32), written, 0.01)


@pytest.mark.parametrize("p", [0.9, 0.5, 0.25])
def test_the_text_that_is_said_fits_better_than_another(p: float) -> None:
    """However badly the judge hears, as long as it hears both alike."""
    right, other = text_fit(heard(TEXT, p=p)), text_fit(heard(OTHER, p=p))
    assert right is not None
    assert other is not None
    assert right > 3 > other


def test_a_sound_that_says_nothing_of_it_fits_no_order_better() -> None:
    even = replace(heard(TEXT), log_p=np.full((120, CLASSES), -np.log(CLASSES), dtype=np.float32))
    assert text_fit(even) == pytest.approx(0, abs=1e-6)


def test_a_sound_too_short_for_its_text_is_not_of_it() -> None:
    assert text_fit(heard(((1,),))) == 0


def test_few_phones_tell_nothing() -> None:
    few = ((1, 2, 3), tuple(range(1, LEAST_PHONES - 3)))
    assert text_fit(heard(few, few)) is None


@pytest.mark.parametrize("syllable", [(1, 2), (1,), (1, 2, 1)])
def test_what_repeats_itself_is_the_same_in_any_order(syllable: tuple[int, ...]) -> None:
    """A laugh, or a sung line, is no other text."""
    laugh = (syllable,) * 18
    assert text_fit(heard(laugh, laugh)) is None


@given(words)
def test_other_orders_have_the_same_phones_in_words_of_the_same_lengths(text: Words) -> None:
    for other in other_orders(text):
        assert [len(word) for word in other] == [len(word) for word in text]
        assert sorted(sum(other, ())) == sorted(sum(text, ()))
