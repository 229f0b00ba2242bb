"""A text laid along what a judge of phones heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.quality.phone_path import PhoneScores, align, pattern, tell, tell_beside, times_beside
from renderer.quality.phone_slip import AGAIN, BESIDE, CUT, LEFT_OUT, OTHER, Slip, Told
from renderer.quality.phone_times import NO_TIMES

CLASSES = 9
CLEAR = 0.97
Said = Sequence[tuple[int, int]]


def heard(said: Said, words: Sequence[Sequence[int]]) -> PhoneScores:
    """Scores of a judge who hears (class, frames) clearly, beside a text."""
    labels = np.repeat([one for one, _ in said], [count for _, count in said])
    p = np.full((len(labels), CLASSES), (1 - CLEAR) / (CLASSES - 1))
    p[np.arange(len(labels)), labels] = CLEAR
    return PhoneScores(np.log(p).astype(np.float32), tuple(map(tuple, words)), 0.01)


SAID = [(0, 5), (1, 8), (2, 8), (0, 4), (3, 8), (4, 8), (5, 8), (6, 8), (0, 5)]
TEXT = [(1, 2), (3, 4), (5, 6)]


def told(said: Said) -> Told:
    return tell(heard(said, TEXT))


def slips(found: Told) -> list[tuple[str, int]]:
    return [(slip.kind, slip.word) for slip in found.slips]


def test_what_is_said_is_found_where_it_is() -> None:
    found = align(heard(SAID, TEXT))
    assert found is not None
    expected = [-1] * 5 + [0] * 16 + [-1] * 4 + [1] * 16 + [2] * 16 + [-1] * 5
    assert list(found.words) == expected
    assert list(found.phones[5:21]) == [0] * 8 + [1] * 8
    assert told(SAID) == Told()


def test_a_word_that_is_missing_is_named() -> None:
    found = told([one for one in SAID if one[0] not in (3, 4)])
    assert slips(found) == [(LEFT_OUT, 1)]
    assert found.worst > 10
    assert found.slips[0].start_s == pytest.approx(0.25, abs=0.05)


@pytest.mark.parametrize(("gone", "word"), [((1, 2), 0), ((5, 6), 2)])
def test_a_first_or_last_word_that_is_missing_is_told(gone: tuple[int, int], word: int) -> None:
    found = told([one for one in SAID if one[0] not in gone])
    assert found.worst > 5
    assert slips(found)[0][1] == word


def test_another_word_is_named_with_its_place() -> None:
    found = told([*SAID[:4], (7, 10), (8, 10), *SAID[6:]])
    assert slips(found) == [(OTHER, 1)]
    assert found.worst > 30
    assert found.slips[0].start_s == pytest.approx(0.25, abs=0.05)


def test_a_word_said_twice_is_named() -> None:
    found = told([*SAID[:6], (3, 8), (4, 8), *SAID[6:]])
    assert slips(found) == [(AGAIN, 1)]
    assert found.worst > 30


def test_what_is_said_after_the_text_is_told() -> None:
    found = told([*SAID, (7, 14), (8, 14), (0, 5)])
    assert slips(found) == [(BESIDE, 2)]
    assert found.worst > 30
    assert found.slips[0].start_s > 0.5


@pytest.mark.parametrize(
    ("said", "word"), [([*SAID[2:]], 0), ([*SAID[:7], (0, 9)], 2)], ids=["start", "end"]
)
def test_a_start_or_an_end_that_is_cut_is_told(said: Said, word: int) -> None:
    found = told(said)
    assert slips(found) == [(CUT, word)]
    assert found.worst > 2


def test_a_pause_between_words_is_no_slip_and_one_inside_a_word_is() -> None:
    assert told([*SAID[:3], (0, 80), *SAID[4:]]).worst == 0
    assert told([*SAID[:2], (0, 80), *SAID[2:]]).worst > 20


def test_each_slip_has_evidence_of_its_own() -> None:
    """A line with two slips is no worse than its worst, and tells which is the surer one."""
    small, large = (7, 12), (8, 40)
    one = told([SAID[0], small, *SAID[3:]])
    other = told([*SAID[:6], large, SAID[-1]])
    both = told([SAID[0], small, *SAID[3:6], large, SAID[-1]])
    assert slips(both) == [(OTHER, 0), (OTHER, 2)]
    assert [slip.nats for slip in both.slips] == pytest.approx([one.worst, other.worst], abs=0.5)
    assert both.worst == pytest.approx(other.worst, abs=0.5)
    assert one.worst < other.worst


def test_only_what_is_worse_than_usual_counts() -> None:
    take = Told((Slip(OTHER, 0, 0.1, 40.0), Slip(OTHER, 5, 1.0, 30.0)))
    assert take.beyond(12.0) == Told((Slip(OTHER, 0, 0.1, 28.0), Slip(OTHER, 5, 1.0, 18.0)))
    assert take.beyond(35.0) == Told((Slip(OTHER, 0, 0.1, 5.0),))
    assert take.beyond(40.0).worst == 0


MISHEARD = [(0, 5), (1, 8), (2, 8), (0, 4), (3, 4), (7, 12), (5, 8), (6, 8), (0, 5)]


def beside(said: Said, plain: Said) -> Told:
    return tell_beside(heard(said, TEXT), pattern(heard(plain, TEXT)))


def test_what_a_judge_mishears_in_the_plain_line_too_is_no_slip() -> None:
    """Phone 4 sounds like 7 to the judge whenever this voice says it, faster and slower too."""
    assert told(MISHEARD).worst > 10
    assert beside(MISHEARD, MISHEARD).worst == 0
    assert beside([(one, max(2, count // 2)) for one, count in MISHEARD], MISHEARD).worst == 0
    assert beside([(one, 2 * count) for one, count in MISHEARD], MISHEARD).worst == 0


def test_what_is_misheard_in_one_place_is_no_cover_for_another_slip_beside_it() -> None:
    again = beside([*MISHEARD[:6], (3, 4), (7, 12), *MISHEARD[6:]], MISHEARD)
    assert slips(again) == [(AGAIN, 1)]
    assert again.worst > 5
    gone = beside([one for one in MISHEARD if one[0] not in (3, 7)], MISHEARD)
    assert slips(gone) == [(LEFT_OUT, 1)]
    assert gone.worst > 10
    other = beside([*MISHEARD[:4], (8, 10), (2, 10), *MISHEARD[6:]], MISHEARD)
    assert slips(other) == [(OTHER, 1)]
    assert other.worst > 30


def test_short_and_unlike_is_surer_beside_the_plain_line() -> None:
    """One phone of a word is another one: too little to tell from the text alone."""
    said: Said = [*SAID[:4], (7, 8), *SAID[5:]]
    assert told(said).worst < beside(said, SAID).worst
    assert beside(said, SAID).worst > 10


def test_the_same_sound_has_no_slips_beside_itself_whatever_it_is() -> None:
    for said in ([(8, 30)], [(0, 30)], [(7, 5), (8, 40), (0, 3)], [(1, 2)]):
        assert beside(said, said).worst == 0


def test_times_are_those_of_the_phones_wherever_the_sound_begins() -> None:
    said = pattern(heard(SAID, TEXT))
    assert said.times.seconds == pytest.approx([0.08] * 6)
    assert (said.times.start_s, said.times.end_s) == pytest.approx((0.05, 0.57))
    later = replace(heard([(one, 2 * count) for one, count in SAID], TEXT), start_s=1.0)
    times = times_beside(later, said)
    assert times.seconds == pytest.approx([0.16] * 6)
    assert (times.start_s, times.end_s) == pytest.approx((1.1, 2.14))
    assert pattern(heard([(1, 2)], TEXT)).times == NO_TIMES
    assert times_beside(heard([(1, 2)], TEXT), said) == NO_TIMES


def test_one_unclear_phone_is_no_slip() -> None:
    """Two phones swapped for a third: as when a voice says a vowel its own way."""
    assert told([*SAID[:4], (7, 4), (3, 4), *SAID[5:]]).worst < 8


def test_a_sound_too_short_for_its_text_lacks_words() -> None:
    assert align(heard([(1, 2)], TEXT)) is None
    found = told([(1, 2)])
    assert found.worst > 30
    assert found.slips


def test_a_word_without_sounds_is_passed_over() -> None:
    scores = heard(SAID, [(1, 2), (), (3, 4), (5, 6)])
    found = align(scores)
    assert found is not None
    assert set(found.words) == {-1, 0, 2, 3}
    assert tell(scores).worst == 0


@given(
    st.lists(st.tuples(st.integers(0, CLASSES - 1), st.integers(1, 6)), min_size=1, max_size=12),
    st.lists(st.lists(st.integers(1, CLASSES - 1), min_size=1, max_size=4), min_size=1, max_size=4),
)
def test_words_come_in_order_and_slips_never_make_a_line_less_likely(
    said: list[tuple[int, int]], words: list[list[int]]
) -> None:
    scores = heard(said, words)
    found = align(scores)
    if found is not None:
        seen = [int(w) for w in found.words if w >= 0]
        assert seen == sorted(seen)
        assert set(seen) == set(range(len(words)))
    answer = tell(scores)
    assert all(slip.nats > 0 for slip in answer.slips)
    assert all(0 <= slip.word < len(words) for slip in answer.slips)
    starts = [slip.start_s for slip in answer.slips]
    assert starts == sorted(starts)
    assert tell_beside(scores, pattern(scores)).worst == 0
