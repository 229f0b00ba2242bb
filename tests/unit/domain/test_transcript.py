"""A line's phonemes are its sounds, not the marks above and beside them."""

from __future__ import annotations

import pytest

from renderer.domain.transcript import SpokenWord, Transcript, is_phoneme


@pytest.mark.parametrize(
    ("ipa", "count"),
    [("hˈɑːɹbɚ", 5), ("wˈɔːtɚ", 4), ("ˌʌndɚstˈænd", 9), ("tʰuː", 2), ("bɔ\u0303ʒˈuʁ", 5), ("l̩", 1)],
)
def test_stress_length_and_breath_are_no_phonemes(ipa: str, count: int) -> None:
    line = Transcript("en-US", ("x",), (SpokenWord("x", ipa, 0, "!"),))
    assert line.phoneme_count == count


def test_the_work_of_an_engine_is_bounded_by_all_symbols_it_reads() -> None:
    line = Transcript("en-US", ("x",), (SpokenWord("x", "hˈɑːɹbɚ", 0),))
    assert line.symbol_count == 7


def test_punctuation_is_neither() -> None:
    assert not any(is_phoneme(c) for c in "ˈˌːˑʰʲ.,!?_ \u0303")
