from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.errors import TextError
from renderer.text.inventory import TokenSequence, phonemes
from renderer.text.token_time import TimedTokens
from renderer.training.substitute import DIPHTHONGS, ENGLISH, NEAREST, restore, spell, units

FOREIGN = ["ʃtˈʁaːsə", "ˈyːbɐ", "lˈø", "bɔ̃ʒˈuʁ", "aˈuː", "ˌaɪzbˈeːɾ", "ˈl̩", "çˈeː"]


def said(word: str) -> tuple[str, ...]:
    return tuple(symbol for unit in units(word) for symbol in unit.said)


@pytest.mark.parametrize("word", FOREIGN)
def test_what_is_said_is_what_an_english_voice_knows(word: str) -> None:
    symbols = said(word)
    assert tuple(symbol for symbol, _ in phonemes(spell(units(word)))) == symbols
    for number, symbol in enumerate(symbols):
        pair = symbols[number - 1 : number + 1], symbols[number : number + 2]
        assert symbol in ENGLISH or any(p in DIPHTHONGS for p in pair)


@given(st.lists(st.sampled_from(sorted(NEAREST)), min_size=1, max_size=6))
def test_any_run_of_foreign_phones_can_be_spelt(symbols: list[str]) -> None:
    word = units("".join(symbols))
    assert tuple(symbol for symbol, _ in phonemes(spell(word))) == said("".join(symbols))


def test_shared_phones_are_trusted_and_replaced_ones_are_not() -> None:
    trusted = {unit.symbol: unit.trusted for unit in units("ʃtˈʁaːsə")}
    assert trusted == {"ʃ": True, "t": True, "ʁ": False, "aː": False, "s": True, "ə": True}


def test_a_diphthong_is_trusted_where_its_first_vowel_alone_is_not() -> None:
    assert [u.trusted for u in units("ˈaɪ")] == [True, True]
    assert [u.trusted for u in units("ˈan")] == [False, True]


def test_a_language_may_distrust_a_letter() -> None:
    assert [u.trusted for u in units("ɾa", distrusted={"ɾ"})] == [False, False]


def test_a_phone_without_a_neighbour_is_named() -> None:
    with pytest.raises(TextError, match="near 'q'"):
        units("qa")


def test_durations_of_what_was_said_go_to_what_was_meant() -> None:
    meant = [units("lˈø"), units("bɔ̃")]
    timed = TimedTokens(
        TokenSequence(
            ("_", "l", "ɜː", ",", "b", "ɔː", "n", "_"),
            (0, 0, 1, 0, 0, 0, 0, 0),
            (-1, 0, 0, -1, 1, 1, 1, -1),
        ),
        (1, 2, 3, 4, 5, 6, 7, 8),
    )
    found, trusted = restore(timed, meant)
    assert found.sequence.symbols == ("_", "l", "ø", ",", "b", phonemes("ɔ̃")[0][0], "_")
    assert found.durations == (1, 2, 3, 4, 5, 13, 8)
    assert trusted == (True, True, False, True, True, False, True)
    assert found.sequence.stresses == (0, 0, 1, 0, 0, 0, 0)


def test_a_voice_that_said_something_else_is_not_believed() -> None:
    timed = TimedTokens(TokenSequence(("_", "l", "_"), (0, 0, 0), (-1, 0, -1)), (1, 2, 3))
    with pytest.raises(TextError, match="other phones than it was given"):
        restore(timed, [units("lˈø")])
