"""The formant voice: what is asked is what espeak says, each time the same."""

from __future__ import annotations

import ctypes
import threading
from itertools import pairwise

import numpy as np
import pytest

from renderer.domain.transcript import SpokenWord, Transcript
from renderer.errors import SynthesisError
from renderer.ports import SpeechRequest
from renderer.speech import espeak, language, mnemonic
from renderer.speech.formant import FormantVoice, formant_card

WORDS = {
    "en-US": "water hundred palm father though dragon sword fire bird nurse cure judge vision "
    "ringing button little measure queue knight photography",
    "en-GB": "water hundred palm father fire bird nurse near cure lot",
    "de-DE": "Straße schön fünf Vögel Achtung ich Buch Mädchen Zwerge Pferd Uhr Drachen Jahr Apfel",
    "fr-FR": "garçon bon vin blanc oiseau roi demain cheval grenouille fille juin brun feuille",
    "es-ES": "hola señor guerrero espada lluvia jamón dragón ciudad ayer",
    "it-IT": "cavaliere gnocchi spada cento",
    "pl-PL": "smok król dzień dobry szczęście",
    "tr-TR": "ejderha kral güneş",
    "hr-HR": "zmaj kralj dvanaest",
}
LINE = "The dragon sleeps beneath the mountain. Halt! Who goes there, friend?"


def transcript(text: str, locale: str = "en-US") -> Transcript:
    """Make a transcript with espeak's own phonemes."""
    voice, words = language.identifier(locale), []
    for number, part in enumerate(text.split()):
        plain = part.rstrip(".,!?;:…—")
        ipa = "".join(espeak.engine().phonemes(voice, plain, ipa=True))
        words.append(SpokenWord(plain, ipa, number, part[len(plain) :]))
    return Transcript(locale, tuple(w.text for w in words), tuple(words))


def say(*requests: SpeechRequest):
    """Say requests, all of which have to work."""
    answers = FormantVoice().speak(requests)
    for answer in answers:
        if isinstance(answer, SynthesisError):
            raise answer
    return answers


def _marks_off(ipa: str) -> str:
    return "".join(symbol for symbol in ipa if symbol not in "ˈˌː")


@pytest.mark.parametrize("locale", WORDS)
def test_ipa_becomes_mnemonics_and_comes_back(locale):
    """The table is the inverse of what espeak prints, with and without the word's letters."""
    voice, speaker = language.identifier(locale), espeak.engine()
    for word in WORDS[locale].split():
        ipa = "".join(speaker.phonemes(voice, word, ipa=True))
        for text in (word, ""):
            spelling = mnemonic.spell(voice, ipa, text)
            back = "".join(speaker.phonemes(voice, f"[[{spelling.text}]]", ipa=True))
            assert (back, spelling.missing) == (ipa, ()), word


def test_a_writers_phonemes_are_spoken():
    """A lexicon's IPA wins over the letters, stress before the syllable included."""
    line = Transcript("en-US", ("Xyz",), (SpokenWord("Xyz", "kaˈzuːm", 0),))
    spoken = say(SpeechRequest(line))[0]
    assert [p.phoneme for p in spoken.phones if p.word == 0][-3:] == ["z", "ˈuː", "m"]


def test_symbols_a_language_lacks_are_replaced_by_near_ones():
    """German has no θ: nothing is dropped and nothing raises."""
    spelling = mnemonic.spell("gmw/de", "θˈɹɒt͡ʃ")
    assert spelling.missing == ()
    assert len(spelling.pieces) >= 4


def test_the_same_request_gives_the_same_samples_whatever_was_said_before():
    """espeak's flutter and noise go on from call to call; ours do not."""
    first = {}
    for round_ in range(3):
        for speaker in ("", "f2", "whisper", "croak"):
            speech = say(SpeechRequest(transcript(LINE), speaker=speaker))[0]
            data = speech.waveform.samples.tobytes()
            assert first.setdefault(speaker, data) == data
        say(SpeechRequest(transcript("hallo " * round_ + "du", "de-DE"), rate=1.4))
    assert len(set(first.values())) == 4


def test_another_holder_of_the_library_changes_nothing():
    """Where the file cannot be unloaded, a private copy is used."""
    before = say(SpeechRequest(transcript(LINE)))[0].waveform.samples
    holder = ctypes.CDLL(str(espeak._paths()[0]))
    after = say(SpeechRequest(transcript(LINE)))[0].waveform.samples
    espeak._close(holder)
    np.testing.assert_array_equal(before, after)


def test_phonemes_cover_the_sound_in_order():
    """Durations come from espeak's events."""
    line = transcript(LINE)
    speech = say(SpeechRequest(line))[0]
    phones = speech.phones
    assert speech.alignment_source == "engine"
    assert phones[0].start_s == 0
    assert phones[-1].end_s == pytest.approx(speech.waveform.duration_s)
    assert all(a.end_s == b.start_s for a, b in pairwise(phones))
    said = [p.word for p in phones if p.word >= 0]
    assert said == sorted(said)
    assert set(said) == set(range(len(line.words)))
    for number, word in enumerate(line.words):
        assert "".join(p.phoneme for p in phones if p.word == number) == word.phonemes


def test_silence_is_silent_and_speech_is_not():
    """The spans are where the sound is."""
    speech = say(SpeechRequest(transcript(LINE)))[0]
    rate, samples = speech.waveform.sample_rate, speech.waveform.samples
    energy = {True: 0.0, False: 0.0}
    for p in speech.phones:
        part = samples[int(p.start_s * rate) : int(p.end_s * rate)]
        energy[p.word >= 0] += float(np.sum(part**2))
    assert energy[True] > 50 * energy[False]


@pytest.mark.parametrize("rate", [0.5, 0.7, 0.9, 1.1, 1.5, 2.0])
def test_the_rate_asked_for_is_the_rate_got(rate):
    """espeak's words per minute are not proportional to its speed; the request is."""
    normal, changed = say(
        SpeechRequest(transcript(LINE)), SpeechRequest(transcript(LINE), rate=rate)
    )
    got = normal.waveform.duration_s / changed.waveform.duration_s
    assert got == pytest.approx(rate, rel=0.03)


def test_pauses_scale_and_phonemes_stay():
    """Pauses inside the line, not its ends."""
    plain, none, double = say(
        *(SpeechRequest(transcript(LINE), pause_scale=s) for s in (1.0, 0.0, 2.0))
    )

    def inner(speech):
        return sum(p.end_s - p.start_s for p in speech.phones[1:-1] if p.word < 0)

    assert inner(none) == 0
    assert inner(double) == pytest.approx(2 * inner(plain), rel=0.01)
    gained = double.waveform.duration_s - plain.waveform.duration_s
    assert gained == pytest.approx(inner(plain), rel=0.01)


@pytest.mark.parametrize("speaker", ["nope", "../f2", "f2 ", "F2+m3", "en-us"])
def test_unknown_speakers_are_refused(speaker):
    """espeak would take any name without a word."""
    answer = FormantVoice().speak([SpeechRequest(transcript("Halt!"), speaker=speaker)])[0]
    assert isinstance(answer, SynthesisError)
    assert "no speaker" in str(answer)


def test_one_bad_line_does_not_fail_its_batch():
    """Unknown language, no words, a good line."""
    good = transcript("Halt!")
    answers = FormantVoice().speak(
        [
            SpeechRequest(Transcript("xx-XX", ("a",), good.words)),
            SpeechRequest(Transcript("en-US", (), ())),
            SpeechRequest(good),
        ]
    )
    assert [isinstance(a, SynthesisError) for a in answers] == [True, True, False]
    assert "xx-XX" in str(answers[0])


@pytest.mark.parametrize(
    "text", ["]] [[a]]", "<speak>x</speak>", "\x01450S", "[[_]]", "a\0b", "&lt;", "1 234"]
)
def test_text_is_never_a_command(text):
    """Markup, phoneme brackets and control codes in a word's letters are letters or nothing."""
    hostile = Transcript("en-US", ("a",), (SpokenWord(text, "hˈɔlt", 0, "."),))
    plain = Transcript("en-US", ("a",), (SpokenWord("halt", "hˈɔlt", 0, "."),))
    a, b = say(SpeechRequest(hostile), SpeechRequest(plain))
    assert [p.phoneme for p in a.phones] == [p.phoneme for p in b.phones]


@pytest.mark.parametrize("ipa", ["]]", "[[a]]", "|||", "ˈˌː", "\x01", "😀", "ʘǃ", "a" * 500])
def test_hostile_phonemes_never_raise(ipa):
    """They are spoken, replaced by the letters, or a failed line."""
    line = Transcript("en-US", ("halt",), (SpokenWord("halt", ipa, 0, "!"),))
    answer = FormantVoice().speak([SpeechRequest(line)])[0]
    assert isinstance(answer, SynthesisError) or answer.waveform.samples.size


@pytest.mark.parametrize(
    ("text", "phonemes"), [("best", "bˈɛst"), ("b" * 400, "b" * 5 + "ɛst"), ("a" * 9, "aː" * 600)]
)
def test_long_lines_fit_espeaks_buffers(text, phonemes):
    """espeak cuts or crashes where a clause or a word is longer than its buffers."""
    words = tuple(SpokenWord(text, phonemes, n) for n in range(150 if len(phonemes) < 20 else 3))
    speech = say(SpeechRequest(Transcript("en-US", (text,), words)))[0]
    for number in (0, 1, len(words) // 2, len(words) - 1):
        said = "".join(p.phoneme for p in speech.phones if p.word == number)
        assert _marks_off(said) == _marks_off(phonemes).replace("a", "æ")


def test_a_long_word_in_letters_is_spoken():
    """A word without phonemes, longer than any dictionary's."""
    words = (SpokenWord("abra" * 300, "", 0), SpokenWord("end", "ˈɛnd", 1))
    speech = say(SpeechRequest(Transcript("en-US", ("a", "b"), words)))[0]
    assert {p.word for p in speech.phones} == {-1, 0, 1}


def test_threads_do_not_mix_their_lines():
    """One engine, many threads, and the transcriber beside them on a copy of its own."""
    from renderer.domain.utterance import Utterance
    from renderer.text.lexicon import Lexicon
    from renderer.text.transcriber import EspeakTranscriber

    french = Utterance("l", "fr-FR", "c", "s", "Bonjour le monde.", "", "formant")
    wanted = EspeakTranscriber(Lexicon()).transcribe([french])
    lines = [transcript(f"Number {n} sleeps beneath the mountain") for n in range(6)]
    expected = [say(SpeechRequest(line))[0].waveform.samples for line in lines]
    wrong = []

    def work(number):
        for _ in range(4):
            got = say(SpeechRequest(lines[number]))[0].waveform.samples
            if not np.array_equal(got, expected[number]):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        assert EspeakTranscriber(Lexicon()).transcribe([french]) == wanted
    for thread in threads:
        thread.join()
    assert not wrong


def test_every_language_and_every_speaker_speaks():
    """ "For every language it knows" is meant."""
    failed = []
    for tag in language.languages():
        words = (SpokenWord("ma", "", 0, "."),)
        answer = FormantVoice().speak([SpeechRequest(Transcript(tag, ("ma",), words))])[0]
        if isinstance(answer, SynthesisError):
            failed.append((tag, str(answer)))
    assert failed == []
    assert len(language.languages()) > 100
    line = transcript("Halt!")
    for speaker in formant_card().speakers:
        assert say(SpeechRequest(line, speaker=speaker))[0].waveform.samples.size


@pytest.mark.parametrize(
    ("locale", "identifier"),
    [
        ("en-US", "gmw/en-US"),
        ("en", "gmw/en-US"),
        ("en-GB", "gmw/en"),
        ("de-AT", "gmw/de"),
        ("fr-FR", "roa/fr"),
        ("pt-BR", "roa/pt-BR"),
        ("zh-CN", "sit/cmn"),
        ("nb_NO", "gmq/nb"),
    ],
)
def test_locales_find_their_language(locale, identifier):
    """BCP 47 tags to espeak's files."""
    assert language.identifier(locale) == identifier
