"""A text laid along what a judge of phones heard."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.quality.phone_path import PhoneScores, align, diverge, fit

CLASSES = 6
CLEAR = 0.97


def heard(said: Sequence[tuple[int, int]], words: Sequence[Sequence[int]]) -> PhoneScores:
    """Scores of a judge who hears (class, frames) clearly, beside a text."""
    labels = np.repeat([one for one, _ in said], [count for _, count in said])
    p = np.full((len(labels), CLASSES), (1 - CLEAR) / (CLASSES - 1))
    p[np.arange(len(labels)), labels] = CLEAR
    return PhoneScores(np.log(p).astype(np.float32), tuple(map(tuple, words)), 0.01)


SAID = [(0, 5), (1, 8), (2, 8), (0, 4), (3, 8), (4, 8), (5, 8), (0, 5)]
TEXT = [(1, 2), (3, 4), (5,)]


def divergence(said: Sequence[tuple[int, int]], words: Sequence[Sequence[int]]) -> object:
    scores = heard(said, words)
    found = align(scores)
    assert found is not None
    return diverge(found, scores.frame_s)


def test_what_is_said_is_found_where_it_is() -> None:
    scores = heard(SAID, TEXT)
    found = align(scores)
    assert found is not None
    assert [int(w) for w in found.words] == [-1] * 5 + [0] * 16 + [-1] * 4 + [1] * 16 + [2] * 8 + [
        -1
    ] * 5
    assert diverge(found, 0.01).evidence == 0
    assert fit(found) == pytest.approx(0, abs=1e-6)


def test_a_word_that_is_missing_is_told_with_its_place() -> None:
    missing = [one for one in SAID if one[0] not in (3, 4)]
    found = divergence(missing, TEXT)
    assert found.evidence > 5
    assert 1 in range(found.first_word, found.last_word + 1)


def test_another_word_is_told_with_its_place() -> None:
    other = [(0, 5), (1, 8), (2, 8), (0, 4), (2, 8), (1, 8), (5, 8), (0, 5)]
    found = divergence(other, TEXT)
    assert found.evidence > 20
    assert found.first_word <= 1 <= found.last_word
    assert 0.2 < found.start_s < 0.35 < found.end_s < 0.5


def test_a_word_said_twice_is_told() -> None:
    twice = [*SAID[:5], (4, 8), (3, 8), (4, 8), *SAID[6:]]
    assert divergence(twice, TEXT).evidence > 20


def test_what_is_said_after_the_text_is_told() -> None:
    found = divergence([*SAID, (2, 10), (3, 10), (0, 5)], TEXT)
    assert found.evidence > 20
    assert found.start_s > 0.5


def test_a_pause_between_words_is_no_divergence_and_one_inside_a_word_is() -> None:
    between = [*SAID[:3], (0, 80), *SAID[4:]]
    inside = [*SAID[:2], (0, 80), *SAID[2:]]
    assert divergence(between, TEXT).evidence == 0
    assert divergence(inside, TEXT).evidence > 20


def test_fewer_frames_than_phones_cannot_be_aligned() -> None:
    assert align(heard([(1, 2)], TEXT)) is None


@given(
    st.lists(st.tuples(st.integers(0, CLASSES - 1), st.integers(1, 6)), min_size=1, max_size=12),
    st.lists(st.lists(st.integers(1, CLASSES - 1), min_size=1, max_size=4), min_size=1, max_size=4),
)
def test_words_come_in_order_and_the_free_path_is_never_worse_in_all(
    said: list[tuple[int, int]], words: list[list[int]]
) -> None:
    found = align(heard(said, words))
    if found is None:
        return
    seen = [int(w) for w in found.words if w >= 0]
    assert seen == sorted(seen)
    assert set(seen) == set(range(len(words)))
    assert diverge(found, 0.01).evidence >= 0
