"""What the ends of a line lack, and a word lasts, beside the line said plainly."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.quality.phone_times import DRAWN, NO_TIMES, PhoneTimes, drawn_word, lack_at_ends

SAID = (0.08, 0.12, 0.06, 0.1, 0.09, 0.2)
lengths = st.lists(st.floats(0.02, 0.4), min_size=1, max_size=12)


def times(seconds: Sequence[float]) -> PhoneTimes:
    """Two phones to a word, one after the other."""
    ends = [0.1 + sum(seconds[: n + 1]) for n in range(len(seconds))]
    words = tuple(n // 2 for n in range(len(seconds)))
    return PhoneTimes(tuple(seconds), (0.1, *ends[:-1]), words, ends[-1])


def test_what_was_cut_off_is_told_with_its_place() -> None:
    start = lack_at_ends(times((0.02, 0.03, *SAID[2:])), times(SAID))
    assert start is not None
    assert (start.seconds, start.at_s, start.is_end) == (pytest.approx(0.15), 0.1, False)
    end = lack_at_ends(times((*SAID[:-1], 0.05)), times(SAID))
    assert end is not None
    assert (end.seconds, end.is_end) == (pytest.approx(0.15), True)
    assert end.at_s == pytest.approx(0.1 + sum(SAID) - 0.15)


def test_what_one_phone_lacks_and_its_neighbour_has_more_is_no_cut() -> None:
    """Where two phones part is not heard exactly."""
    for said in ((0.03, 0.17, *SAID[2:]), (*SAID[:3], 0.16, 0.02, 0.21)):
        found = lack_at_ends(times(said), times(SAID))
        assert found is not None
        assert found.seconds < 0.02


def test_an_end_that_is_said_faster_than_the_rest_is_not_cut() -> None:
    found = lack_at_ends(times((*SAID[:-2], 0.06, 0.13)), times(SAID))
    assert found is not None
    assert found.seconds == 0


@given(lengths, st.floats(0.6, 1.6))
def test_another_rate_is_no_cut(seconds: list[float], rate: float) -> None:
    found = lack_at_ends(times([one / rate for one in seconds]), times(seconds), rate)
    assert found is not None
    assert found.seconds == pytest.approx(0, abs=1e-9)


@given(lengths, st.floats(0, 0.019))
def test_a_cut_is_never_told_as_more_than_it_is(seconds: list[float], cut: float) -> None:
    found = lack_at_ends(times([*seconds[:-1], seconds[-1] - cut]), times(seconds))
    assert found is not None
    assert 0 <= found.seconds <= cut + 1e-9


@pytest.mark.parametrize("count", [1, 2, 3, 6])
@pytest.mark.parametrize("is_end", [False, True])
def test_of_few_phones_the_rate_is_what_was_asked_and_the_cut_end_is_named(
    count: int, is_end: bool
) -> None:
    plain = [0.2] * count
    cut = [one / 0.8 for one in plain]
    cut[-1 if is_end else 0] = 0.05
    found = lack_at_ends(times(cut), times(plain), 0.8)
    assert found is not None
    assert found.seconds == pytest.approx(0.2)
    assert found.is_end is is_end or count == 1


def test_nothing_is_told_of_sounds_that_are_too_short() -> None:
    assert lack_at_ends(NO_TIMES, times(SAID)) is None
    assert lack_at_ends(times(SAID), NO_TIMES) is None


def test_a_word_that_is_said_twice_lasts_twice_as_long() -> None:
    found = drawn_word(times((*SAID[:2], 0.12, 0.2, *SAID[4:])), times(SAID))
    assert found is not None
    assert found.seconds == pytest.approx(0.16)
    assert (found.word, found.at_s) == (1, pytest.approx(0.3))


def test_what_a_word_has_more_and_its_neighbour_less_is_not_drawn_out() -> None:
    """Where two words part is not heard exactly."""
    found = drawn_word(times((0.06, 0.02, 0.16, 0.12, *SAID[4:])), times(SAID))
    assert found is not None
    assert found.seconds == pytest.approx(0)


def test_a_word_that_is_most_of_its_line_is_not_the_rule() -> None:
    def line(first: float) -> PhoneTimes:
        seconds = (*[first] * 5, 0.1, 0.1, 0.1)
        starts = tuple(sum(seconds[:n]) for n in range(len(seconds)))
        return PhoneTimes(seconds, starts, (0, 0, 0, 0, 0, 1, 1, 1), sum(seconds))

    found = drawn_word(line(0.2), line(0.1))
    assert found is not None
    assert (found.word, found.seconds > 0.3) == (0, True)


def test_a_word_that_is_said_a_little_slower_is_not_drawn_out() -> None:
    said = [one * (DRAWN - 0.1 if n // 2 == 1 else 1) for n, one in enumerate(SAID)]
    found = drawn_word(times(said), times(SAID))
    assert found is not None
    assert found.seconds == 0


@given(lengths, st.floats(0.6, 1.6))
def test_another_rate_draws_no_word_out(seconds: list[float], rate: float) -> None:
    found = drawn_word(times([one / rate for one in seconds]), times(seconds), rate)
    assert found is not None
    assert found.seconds == pytest.approx(0, abs=1e-9)


@given(lengths, lengths)
def test_a_word_is_never_drawn_out_by_more_than_it_lasts(
    said: list[float], should: list[float]
) -> None:
    count = min(len(said), len(should))
    found = drawn_word(times(said[:count]), times(should[:count]))
    assert found is not None
    assert 0 <= found.seconds <= sum(said[2 * found.word :][:2]) + 1e-9


def test_what_has_no_phones_is_not_drawn_out() -> None:
    assert drawn_word(NO_TIMES, times(SAID)) is None
    assert drawn_word(times(SAID[:2]), times(SAID)) is None
