"""Lines to transcripts with the real espeak-ng."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from renderer.domain.direction import Direction, WordEdit
from renderer.domain.transcript import Transcript
from renderer.domain.utterance import Utterance
from renderer.errors import TextError
from renderer.text import alignment, espeak, phones
from renderer.text.lexicon import Lexicon
from renderer.text.lexicon_entry import LexiconEntry
from renderer.text.transcriber import EspeakTranscriber

LEXICON = Lexicon(
    [
        LexiconEntry("Emberfall", "*", say="ember fall"),
        LexiconEntry("Kaelith", "*", ipa="kˈeɪlɪθ"),
        LexiconEntry("New Vhar", "*", ipa="njˈuː vˈɑːɹ"),
        LexiconEntry("approx.", "en", say="roughly"),
    ]
)


@pytest.fixture(scope="module")
def transcriber() -> EspeakTranscriber:
    return EspeakTranscriber(LEXICON)


def line(text: str, locale: str = "en-US", direction: Direction | None = None) -> Utterance:
    return Utterance("l", locale, "c", "s", text, text, "v", direction or Direction())


def one(transcriber: EspeakTranscriber, *args, **more) -> Transcript:
    (answer,) = transcriber.transcribe([line(*args, **more)])
    assert isinstance(answer, Transcript), answer
    return answer


def ipa(transcript: Transcript) -> list[str]:
    return [w.phonemes for w in transcript.words]


def test_the_sentence_gives_the_words_their_sound(transcriber: EspeakTranscriber) -> None:
    assert ipa(one(transcriber, "the apple the dog"))[::2] == ["ðɪ", "ðə"]
    assert ipa(one(transcriber, "les amis", "fr-FR")) == ["lez", "amˈi"]


def test_words_that_espeak_joins_keep_their_own_phonemes(transcriber: EspeakTranscriber) -> None:
    said = one(transcriber, "I am the king of the sea, in the end.")
    assert ipa(said)[:7] == ["aɪ", "ɐm", "ðə", "kˈɪŋ", "ʌv", "ðə", "sˈiː"]
    assert [w.written for w in said.words] == list(range(10))


def test_punctuation_and_written_words_are_kept(transcriber: EspeakTranscriber) -> None:
    said = one(transcriber, "Halt… who — goes (there)?")
    assert [w.punctuation for w in said.words] == ["…", "—", ",", "?"]
    assert said.written == ("Halt", "who", "goes", "there")
    assert len(said.sentences()) == 2


def test_lexicon_words_and_phonemes_are_spoken(transcriber: EspeakTranscriber) -> None:
    said = one(transcriber, "Kaelith's Emberfall, approx. 3 in New Vhar.")
    texts = [w.text for w in said.words]
    assert texts[1:5] == ["ember", "fall", "roughly", "three"]
    assert said.words[0].phonemes == "kˈeɪlɪθs"
    assert [w.written for w in said.words] == [0, 1, 1, 2, 3, 4, 5, 6]
    assert ipa(said)[-2:] == ["njˈuː", "vˈɑːɹ"]


def test_a_word_edit_overrides_lexicon_and_occurrence_counts(
    transcriber: EspeakTranscriber,
) -> None:
    direction = Direction(words=(WordEdit("kaelith", 2, phonemes="ˈkaI".replace("I", "ɪ")),))
    said = one(transcriber, "Kaelith! Kaelith!", direction=direction)
    assert ipa(said) == ["kˈeɪlɪθ", "ˈkaɪ"]


def test_bad_phonemes_fail_their_line_only(transcriber: EspeakTranscriber) -> None:
    direction = Direction(words=(WordEdit("no", phonemes="N0!"),))
    bad, good = transcriber.transcribe([line("no", direction=direction), line("yes")])
    assert isinstance(bad, TextError)
    assert "IPA" in str(bad)
    assert isinstance(good, Transcript)


@pytest.mark.parametrize(
    ("text", "locale", "says"),
    [
        ("", "en-US", "nothing to speak"),
        ("… — !", "en-US", "nothing to speak"),
        ("hello", "xx-XX", "espeak-ng knows"),
        ("word " * 500, "en-US", "characters"),
    ],
)
def test_what_cannot_be_spoken_is_an_error_that_helps(
    transcriber: EspeakTranscriber, text: str, locale: str, says: str
) -> None:
    before, answer, after = transcriber.transcribe(
        [line("before"), line(text, locale), line("after")]
    )
    assert isinstance(answer, TextError)
    assert says in str(answer)
    assert isinstance(before, Transcript)
    assert isinstance(after, Transcript)


def test_numbers_that_grow_are_bounded(transcriber: EspeakTranscriber) -> None:
    (answer,) = transcriber.transcribe([line("7" * 1999)])
    assert isinstance(answer, TextError)
    assert "phonemes" in str(answer)


def test_brackets_of_espeak_are_no_way_in(transcriber: EspeakTranscriber) -> None:
    said = one(transcriber, "[[h@l'oU]] <break/> |x| you")
    assert said.words[-1].text == "you"
    assert all(phones.unknown(w.phonemes) == () for w in said.words)


@pytest.mark.parametrize(
    "locale",
    ["en-US", "en-GB", "de-DE", "de-AT", "fr-FR", "fr-CA", "vi-VN", "es-ES", "es-MX", "it-IT",
     "pt-BR", "pt-PT", "pl-PL", "ru-RU", "ca-ES", "nl-NL", "sv-SE", "cs-CZ", "tr-TR", "ko-KR"],
)  # fmt: skip
def test_locales_are_spoken_with_known_phonemes(
    transcriber: EspeakTranscriber, locale: str
) -> None:
    text = {"ru-RU": "Привет мир", "ko-KR": "안녕"}.get(locale, "salut, amigo nova 21")
    said = one(transcriber, text, locale)
    assert all(phones.letters(w.phonemes) for w in said.words)
    assert [phones.unknown(w.phonemes) for w in said.words] == [()] * len(said.words)


def test_the_answer_does_not_depend_on_the_batch(transcriber: EspeakTranscriber) -> None:
    lines = [
        line(t, loc) for loc in ("en-US", "fr-FR", "de-DE") for t in ("of the 3", "les 2 amis")
    ]
    together = transcriber.transcribe(lines)
    assert together == [transcriber.transcribe([one_])[0] for one_ in lines]
    assert together == EspeakTranscriber(LEXICON).transcribe(lines[::-1])[::-1]


def test_eight_threads_get_what_one_gets() -> None:
    locales = ("en-US", "de-DE", "fr-FR", "es-ES")
    lines = [line(f"the {n} of amis in der Nacht {n}", locales[n % 4]) for n in range(200)]
    expected = EspeakTranscriber(LEXICON).transcribe(lines)
    shared = EspeakTranscriber(LEXICON)
    with ThreadPoolExecutor(8) as pool:
        chunks = [lines[i : i + 5] for i in range(0, 200, 5)] * 4
        answers = list(pool.map(shared.transcribe, chunks))
    assert [a for chunk in answers for a in chunk] == expected * 4


def test_the_revision_names_rules_and_versions() -> None:
    revision = EspeakTranscriber(Lexicon()).revision
    assert revision.startswith("rules-")
    assert "espeak-ng-1." in revision


def test_the_revision_is_cheap_and_starts_nothing() -> None:
    code = (
        "import sys\n"
        "from renderer.text.transcriber import EspeakTranscriber\n"
        "from renderer.text.lexicon import Lexicon\n"
        "print(EspeakTranscriber(Lexicon()).revision)\n"
        "heavy = {'phonemizer', 'num2words', 'inflect', 'unidecode', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_missing_espeak_data_is_an_error_and_not_the_end_of_the_process(tmp_path, monkeypatch):
    import espeakng_loader

    espeak._library.cache_clear()
    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(tmp_path))
    with pytest.raises(TextError, match="reinstall"):
        espeak._library()
    (tmp_path / "phontab").write_bytes(b"broken")
    espeak._start.cache_clear()
    try:
        with pytest.raises(TextError, match="cannot read its data"):
            espeak._start()
    finally:
        monkeypatch.undo()
        espeak._library.cache_clear()
        espeak._start.cache_clear()


@pytest.mark.parametrize(
    ("phrase", "alone", "shared"),
    [
        (["hɐvbɪn"], [["hæv"], ["biːn"]], ["hɐv", "bɪn"]),
        (["tˈaɪ", "lˈɛtɚ"], [["tˈaɪ", "lˈɛtɚ"]], ["tˈaɪlˈɛtɚ"]),
        (["a", "bc"], [["a", "b"], ["c"]], None),
        (["xyz"], [["a"], ["b"], ["c"]], None),
        ([], [["a"]], None),
        (["ðə"], [["ðə"], [""]], None),
    ],
)
def test_words_are_shared_out_or_given_up(phrase, alone, shared) -> None:
    assert alignment.share(phrase, alone) == shared
