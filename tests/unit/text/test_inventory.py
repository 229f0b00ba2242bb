from __future__ import annotations

import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.domain.transcript import SpokenWord, Transcript
from renderer.errors import TextError
from renderer.text import phones
from renderer.text.inventory import (
    INVENTORY_REVISION,
    PADDING,
    PAUSES,
    SYMBOLS,
    TokenSequence,
    is_pause,
    is_vowel,
    numbers,
    phonemes,
    tokens,
)

# Weights know symbols by number: this is what the first shipped voices were trained with.
FIRST = 173
FIRST_SHA256 = "8e43380f8c86d9c789aba8014fa7f6afa1794f631768106a31c9b85d44f81006"

LETTERS = sorted(phones.LETTERS)
IPA = st.text(
    st.sampled_from([*LETTERS, *sorted(phones.MARKS | phones.LENGTH), "ˈ", "ˌ"]), max_size=12
)


def line(*words: str, marks: str = "") -> Transcript:
    spoken = tuple(SpokenWord(w, w, i) for i, w in enumerate(words[:-1]))
    last = SpokenWord(words[-1], words[-1], len(words) - 1, marks)
    return Transcript("en-US", words, (*spoken, last))


def test_the_list_only_grows_at_its_end() -> None:
    joined = "\n".join(SYMBOLS[:FIRST])
    assert hashlib.sha256(joined.encode()).hexdigest() == FIRST_SHA256
    assert len(set(SYMBOLS)) == len(SYMBOLS)
    assert SYMBOLS[0] == PADDING
    assert INVENTORY_REVISION


@pytest.mark.parametrize("letter", LETTERS)
def test_every_letter_barkline_knows_has_a_symbol(letter: str) -> None:
    assert all(symbol in SYMBOLS for symbol, _ in phonemes(letter))


@given(IPA)
def test_whatever_is_made_of_known_letters_is_cut_into_listed_symbols(ipa: str) -> None:
    for symbol, stress in phonemes(ipa):
        assert symbol in SYMBOLS
        assert not is_pause(symbol)
        assert stress == 0 or is_vowel(symbol) or symbol in "ɪʊʏ"


@given(st.text(max_size=20))
def test_anything_else_is_an_error_of_ours(text: str) -> None:
    with contextlib.suppress(TextError):
        assert all(symbol in SYMBOLS for symbol, _ in phonemes(text))


def test_the_error_names_every_unknown_phoneme() -> None:
    with pytest.raises(TextError, match=r"No voice of ours knows .*€.*⚡"):
        phonemes("a€b⚡")


@pytest.mark.parametrize(
    ("ipa", "symbols"),
    [
        ("tʃˈɜːtʃ", "t ʃ ɜː t ʃ"),
        ("bˈɔ̃", "b ɔ̃"),
        ("bɔ\u0303", "b ɔ̃"),
        ("l̩", "l̩"),
        ("nʲˈet", "nʲ e t"),
        ("ʃtˈʁaːsə", "ʃ t ʁ aː s ə"),
        ("ɑ̃ː", "ɑ̃"),  # a length that is not listed is dropped, the nasal is not
        ("t͡ʃ", "t ʃ"),
        ("ʧ", "t ʃ"),
        ("tʰ", "t"),
    ],
)
def test_marks_stay_with_their_letter(ipa: str, symbols: str) -> None:
    import unicodedata

    found = " ".join(symbol for symbol, _ in phonemes(ipa))
    assert unicodedata.normalize("NFD", found) == unicodedata.normalize("NFD", symbols)


@pytest.mark.parametrize(
    ("ipa", "stresses"),
    [
        ("kˈeɪlɪθ", (0, 1, 1, 0, 0, 0)),
        ("ˈkeɪlɪθ", (0, 1, 1, 0, 0, 0)),  # before the syllable, as dictionaries have it
        ("bˈiːɪŋ", (0, 1, 0, 0)),  # a long vowel and a syllable of its own
        ("ˌʌndɚstˈænd", (2, 0, 0, 0, 0, 0, 1, 0, 0)),
        ("ˈbʌtn̩", (0, 1, 0, 0)),
        ("pst", (0, 0, 0)),
        ("ˈpst", (0, 0, 0)),
    ],
)
def test_stress_is_on_the_vowel(ipa: str, stresses: tuple[int, ...]) -> None:
    assert tuple(stress for _, stress in phonemes(ipa)) == stresses


def test_every_mark_is_a_pause_of_its_own() -> None:
    found = tokens(line("a", "b", marks="?!"))
    assert found.symbols == ("_", "a", "b", "?", "!", "_")
    assert found.words == (-1, 0, 1, -1, -1, -1)
    assert all(is_pause(mark) for mark in PAUSES)


def test_ids_are_places_in_the_list() -> None:
    found = tokens(line("ba"))
    assert [SYMBOLS[number] for number in found.ids] == list(found.symbols)
    with pytest.raises(TextError, match=r"No phone symbols of this version.*xyz"):
        numbers(("a", "xyz"))
    assert len(TokenSequence(("_",), (0,), (-1,))) == 1


@pytest.mark.parametrize("words", [("ˈ",), ("ː",)])
def test_a_line_without_phones_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(TextError, match="nothing to say"):
        tokens(line(*words))


@pytest.mark.parametrize(
    "locale",
    ["en-US", "en-GB", "de-DE", "fr-FR", "ca", "es-ES", "it-IT", "ru-RU", "fi-FI", "pt-BR", "pl"],
)
def test_what_espeak_says_in_a_language_is_in_the_inventory(locale: str) -> None:
    from renderer.text.lexicon import Lexicon
    from renderer.text.transcriber import EspeakTranscriber
    from renderer.training.teacher import transcribe

    texts = [
        "Charming thunder brought jealous vision; a beige loch sing by Xhosa bœuf, jour, über Öl!",
        "Ça va bien, niño? L'agneau, les vœux, un parfum, señor, che gnocchi, città, pużżle.",
        "Быстрая лиса прыгает через ленивую собаку, щука съела вьюгу.",
        "Hyvää yötä, kuka siellä, tyttö löysi näkökulmat, äiti!",
        "Zwölf Pfützen, ich möchte Bücher, Köche, Häute, Genie, Balkon, Äxte.",
    ]
    for transcript in transcribe(EspeakTranscriber(Lexicon()), texts, locale):
        if isinstance(transcript, TextError):
            assert "No voice of ours" not in str(transcript)
            continue
        assert all(symbol in SYMBOLS for symbol in tokens(transcript).symbols)
