from __future__ import annotations

import pytest

from renderer.domain.transcript import SpokenWord, Transcript
from renderer.errors import TextError
from renderer.training.arpabet import ARPABET, plain
from renderer.training.phone_match import Heard, match


def line(*words: str) -> Transcript:
    return Transcript("en-US", words, tuple(SpokenWord(w, w, i) for i, w in enumerate(words)))


def heard(names: str, each_s: float = 0.1) -> list[Heard]:
    """Phones of one length; `-` is silence."""
    return [
        Heard("" if name == "-" else name, i * each_s, (i + 1) * each_s)
        for i, name in enumerate(names.split())
    ]


def said(transcript: Transcript, names: str, each_s: float = 0.1) -> list[tuple[str, int]]:
    return [(s.phoneme, s.word) for s in match(transcript, heard(names, each_s), ARPABET)]


def test_the_transcripts_symbol_is_chosen_among_those_a_phone_may_stand_for() -> None:
    assert said(line("bˈɜːd", "ɚɹ"), "- b er d er r -") == [
        ("_", -1),
        ("b", 0),
        ("ˈɜː", 0),
        ("d", 0),
        ("ɚ", 1),
        ("ɹ", 1),
        ("_", -1),
    ]


def test_what_was_said_otherwise_is_kept() -> None:
    assert said(line("ðə", "dˈɑːɡ"), "dh iy d uh g") == [
        ("ð", 0),
        ("iː", 0),
        ("d", 1),
        ("ˈʊ", 1),
        ("ɡ", 1),
    ]


def test_a_diphthong_is_two_sounds_and_stressed_once() -> None:
    spans = match(line("dˈeɪz"), heard("d ey z"), ARPABET)
    assert [s.phoneme for s in spans] == ["d", "ˈe", "ɪ", "z"]
    assert spans[2].end_s - spans[1].start_s == pytest.approx(0.1)


def test_a_phone_more_belongs_to_its_word() -> None:
    found = said(line("ɑːsk", "hɪm"), "aa s k t - hh ih m")
    assert found[3] == ("t", 0)
    assert found[5] == ("h", 1)


def test_a_tap_is_short() -> None:
    assert said(line("lˈɪɾəl"), "l ih t ax l", 0.04)[2] == ("ɾ", 0)
    assert said(line("lˈɪɾəl"), "l ih t ax l", 0.09)[2] == ("t", 0)


def test_another_sentence_is_refused() -> None:
    with pytest.raises(TextError, match="something else"):
        match(line("wˈɔːtɚ", "bˈɑːɾəl"), heard("s iy k r ih t s ah v"), ARPABET)


@pytest.mark.parametrize("names", ["", "- -"])
def test_silence_is_refused(names: str) -> None:
    with pytest.raises(TextError, match="Nothing was said"):
        match(line("a"), heard(names), ARPABET)


def test_an_unknown_phone_is_named() -> None:
    with pytest.raises(TextError, match="'q9' is unknown"):
        match(line("a"), heard("q9"), ARPABET)


@pytest.mark.parametrize(
    "text", ['") (system "true") ("', "a\\", "a\x00b\ncd", "日本", "Schön", "\u202e"]
)
def test_plain_text_cannot_leave_its_string(text: str) -> None:
    for encoding in ("ascii", "latin-1"):
        flat = plain(text, encoding)
        assert not set('"\\\n\x00') & set(flat)
        flat.encode(encoding)
