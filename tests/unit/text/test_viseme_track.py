"""Mouth shapes cover the sound, and every phoneme has one."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.domain.take import Viseme
from renderer.domain.transcript import PhoneSpan, SpokenWord, Transcript
from renderer.domain.utterance import Utterance
from renderer.text import espeak, phones, viseme
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber


def spans(*names: str, step: float = 0.1) -> list[PhoneSpan]:
    return [
        PhoneSpan(n, i * step, (i + 1) * step, -1 if n == "_" else 0) for i, n in enumerate(names)
    ]


def shapes(track: tuple[Viseme, ...]) -> list[str]:
    return [v.shape for v in track]


@pytest.mark.parametrize(
    ("phones_", "ovr", "rhubarb"),
    [
        (("_",), ["sil"], ["X"]),
        (("m", "b", "p"), ["PP"], ["A"]),
        (("f", "v"), ["FF"], ["G"]),
        (("θ", "ð"), ["TH"], ["B"]),
        (("l",), ["nn"], ["H"]),
        (("uː", "w"), ["ou"], ["F"]),
        (("aɪ",), ["aa", "ih"], ["D", "B"]),
        (("aʊ",), ["aa", "ou"], ["D", "F"]),
        (("tʃ",), ["DD", "CH"], ["B"]),
        (("dʒ",), ["DD", "CH"], ["B"]),
        (("ˈɑː",), ["aa"], ["D"]),
        (("ɑ̃",), ["aa"], ["D"]),
        (("ʁ",), ["RR"], ["B"]),
        (("y",), ["ih"], ["F"]),
        (("k", "ː"), ["kk"], ["B"]),
        (("_", "ˈ", "s", "_"), ["sil", "SS", "sil"], ["X", "B", "X"]),
        (("a", ",", "a"), ["aa", "sil", "aa"], ["D", "X", "D"]),
    ],
)
def test_shapes(phones_, ovr, rhubarb) -> None:
    assert shapes(viseme.visemes(spans(*phones_))) == ovr
    assert shapes(viseme.cues(spans(*phones_))) == rhubarb


def test_every_known_letter_has_both_shapes() -> None:
    for letter in phones.LETTERS:
        assert shapes(viseme.visemes(spans(letter)))[0] in viseme.OVR[1:], letter
        assert shapes(viseme.cues(spans(letter)))[0] in viseme.RHUBARB[:-1], letter


@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.sampled_from(["_", "aɪ", "ˈ", "ː", "ɑ̃", "tʃ", ",", "m", "", "?", "s", "eɪ"]),
                st.text(max_size=3),
            ),
            st.floats(0.0, 0.5),
            st.floats(0.0, 0.2),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_tracks_cover_the_sound_without_gap_or_overlap(rows) -> None:
    at, given_spans = 0.0, []
    for name, length, gap in rows:
        given_spans.append(PhoneSpan(name, at, at + length, 0))
        at += length + gap
    for track in (viseme.visemes(given_spans), viseme.cues(given_spans)):
        for a, b in itertools.pairwise(track):
            assert a.end_s == b.start_s
            assert a.shape != b.shape
        assert all(v.end_s > v.start_s for v in track)


def test_the_track_reaches_from_the_first_to_the_last_moment() -> None:
    track = viseme.visemes(spans("_", "h", "ə", "l", "oʊ", "_"))
    assert (track[0].start_s, track[-1].end_s) == (0.0, pytest.approx(0.6))


WORDS = {
    "en-US": "the quick brown fox jumps over lazy dogs while thinking of measure vision church "
    "judge sing bird near care poor boy house fire loud use cute button little water bottle "
    "yes why where father mother law hot cat pet bit put but about",
    "en-GB": "near care poor tour bird nurse start north force goat price choice mouth lot cloth",
    "de-DE": "schöne Mädchen können über Füße und Bücher sprechen Pferd Zeit Quelle Knödel "
    "Chemie ich ach jung Ding Genie Restaurant Häuser heute Ei Vogel Wasser besser Uhr Tür",
    "fr-FR": "un bon vin blanc peut rendre heureux les jeunes oiseaux montagne huit lui oui "
    "ruelle rouge chanter gagner fille travail brun parfum cœur deux peur mère thé",
    "vi-VN": "tôi không biết một hai ba bốn năm người Việt nghĩa trường được những phở quá",
    "es-ES": "jamón queso niño llave perro pero cielo guerra vergüenza ciudad yo hacha huevo",
    "it-IT": "gli gnocchi sono pronti zio zucchero scienza ragazzo chiesa giorno acqua pizza",
}


@pytest.mark.parametrize("locale", WORDS)
def test_every_phoneme_espeak_gives_is_known_and_drawn(locale: str) -> None:
    text = WORDS[locale]
    line = Utterance("l", locale, "c", "s", text, text, "v")
    (answer,) = EspeakTranscriber(Lexicon()).transcribe([line])
    assert isinstance(answer, Transcript), answer
    for word in answer.words:
        assert phones.unknown(word.phonemes) == ()
        assert "sil" not in shapes(viseme.visemes(spans(word.phonemes)))
        assert "X" not in shapes(viseme.cues(spans(word.phonemes)))


_VOWELS = "aeiouyäöüéèàùêîôœăâơưáạảíóúìò"
_CONSONANTS = "bcdfghjklmnpqrstvwxzñçđß"


@pytest.mark.parametrize("language", ["en-us", "de", "fr-fr", "vi", "es", "it"])
def test_a_thousand_made_up_words_have_only_known_phonemes(language: str) -> None:
    draw = random.Random(language)
    syllables = (
        "".join(map(draw.choice, (_CONSONANTS, _VOWELS, _CONSONANTS))) for _ in range(2000)
    )
    made_up = [a + next(syllables) for a in syllables]
    said = ["".join(one) for one in espeak.phonemise(made_up, language)]
    assert {c for word in said for c in phones.unknown(word)} == set()


def transcript(*homes: int, written: tuple[str, ...] = ("a", "b", "c")) -> Transcript:
    return Transcript("en-US", written, tuple(SpokenWord("w", "a", h) for h in homes))


def test_a_written_word_spans_all_its_spoken_words() -> None:
    said = transcript(0, 1, 1, 2)
    timed = [PhoneSpan("a", i / 10, (i + 1) / 10, i) for i in range(4)]
    found = viseme.words(timed, said)
    assert [(w.word, w.start_s, w.end_s) for w in found] == [
        ("a", 0.0, 0.1),
        ("b", 0.1, 0.3),
        ("c", 0.3, 0.4),
    ]


def test_groups_of_a_number_share_its_time_and_strangers_are_left_out() -> None:
    said = transcript(0, 2)
    timed = [PhoneSpan("_", 0, 0.1, -1), PhoneSpan("a", 0.1, 0.2, 0), PhoneSpan("a", 0.3, 0.4, 9)]
    assert [(w.word, w.start_s) for w in viseme.words(timed, said)] == [("a", 0.1), ("b", 0.1)]
