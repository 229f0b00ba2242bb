from __future__ import annotations

import csv
import sys

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from renderer.audio.waveform import Waveform
from renderer.domain.transcript import SpokenWord, Transcript
from renderer.errors import JudgeError, UnhearableError
from renderer.judges import phone_class
from renderer.judges.phone_class import arpabet_of_ipa, classes_of_ipa, error_rate
from renderer.judges.recogniser import RATE, SphinxRecogniser
from renderer.text import phones

pytest.importorskip("pocketsphinx", reason="the recogniser is not installed")


@pytest.fixture(scope="module")
def recogniser() -> SphinxRecogniser:
    return SphinxRecogniser()


def transcript(text: str, locale: str = "en-US") -> Transcript:
    plain = [word.strip(".,;:!?\"'()-").lower() for word in text.split()]
    words = tuple(SpokenWord(word, "", i) for i, word in enumerate(filter(None, plain)))
    return Transcript(locale, tuple(w.text for w in words), words)


@pytest.fixture(scope="module")
def read_aloud(reference_data) -> list[tuple[Waveform, str]]:
    """Short recorded sentences and what is said in them."""
    folder = reference_data / "speech" / "ljspeech"
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file, delimiter="|", quoting=csv.QUOTE_NONE) if row[-1]]
    found = []
    for name, *_, text in rows:
        path = next(folder.rglob(f"{name}.*"), None)
        if path is not None and not any(c.isdigit() for c in text):
            samples, rate = soundfile.read(path, dtype="float32")
            found.append((Waveform.of(samples, rate), text))
    assert len(found) >= 4
    return sorted(found, key=lambda pair: pair[0].samples.size)[:3]


@pytest.mark.reference
def test_what_was_said_is_found_in_order(recogniser, read_aloud):
    for waveform, text in read_aloud:
        said = transcript(text)
        aligned = recogniser.align(waveform, said)
        assert len(aligned.words) == len(said.words)
        assert aligned.coverage >= 0.9
        starts = [word.start_s for word in aligned.words]
        assert starts == sorted(starts)
        assert aligned.words[-1].end_s <= waveform.duration_s + 0.05


@pytest.mark.reference
def test_another_text_fits_worse(recogniser, read_aloud):
    for i, (waveform, text) in enumerate(read_aloud):
        right = recogniser.align(waveform, transcript(text)).score
        other = transcript(read_aloud[i - 1][1])
        try:
            wrong = recogniser.align(waveform, other)
        except JudgeError:
            continue
        assert wrong.score < right - 0.1


@pytest.mark.reference
def test_a_missing_end_is_noticed(recogniser, read_aloud):
    for waveform, text in read_aloud[2:]:
        kept = waveform.samples[: int(0.8 * waveform.samples.size)]
        try:
            aligned = recogniser.align(Waveform.of(kept, waveform.sample_rate), transcript(text))
        except JudgeError:
            continue
        assert aligned.coverage < 1


@pytest.mark.reference
def test_a_line_is_judged_the_same_whatever_came_before(recogniser, read_aloud):
    waveform, text = read_aloud[0]
    first = recogniser.align(waveform, transcript(text))
    heard = recogniser.classes(waveform)
    recogniser.align(read_aloud[1][0], transcript(read_aloud[1][1]))
    recogniser.classes(read_aloud[1][0])
    assert recogniser.align(waveform, transcript(text)) == first
    assert recogniser.classes(waveform) == heard


@pytest.mark.reference
def test_words_the_dictionary_lacks_are_found_by_their_phonemes(recogniser, read_aloud):
    sounds = {"in": "ɪn", "that": "ðæt", "and": "ænd", "the": "ðə", "been": "bɪn", "of": "əv"}
    waveform, text = read_aloud[0]
    said = transcript(text)
    at = next(i for i, word in enumerate(said.words) if word.text in sounds)
    words = list(said.words)
    words[at] = SpokenWord("qzxv", sounds[said.words[at].text], at)
    aligned = recogniser.align(waveform, Transcript("en-US", said.written, tuple(words)))
    assert aligned.words[at].is_found


@pytest.mark.parametrize(
    "samples", [[], np.zeros(RATE), [np.nan] * RATE, np.full(RATE, 1e-6), np.ones(RATE * 61)]
)
def test_what_cannot_be_heard_is_an_error(recogniser, samples):
    with pytest.raises(JudgeError):
        recogniser.align(Waveform.of(samples, RATE), transcript("a word"))


def test_noise_is_no_sentence(recogniser):
    noise = np.random.default_rng(1).standard_normal(RATE // 2) * 0.1
    with pytest.raises(JudgeError):
        recogniser.align(Waveform.of(noise, RATE), transcript("the harbour lights went out " * 3))


def test_a_word_with_no_known_phoneme_is_named(recogniser):
    with pytest.raises(JudgeError, match="qzxv"):
        recogniser.align(Waveform.of(np.ones(RATE), RATE), transcript("qzxv"))


def test_too_long_a_sound_and_unknown_phonemes_cannot_be_heard_but_are_no_failure(recogniser):
    loud = np.sin(np.arange(RATE * 61) / 20)
    with pytest.raises(UnhearableError, match="61 s"):
        recogniser.hear(Waveform.of(loud, RATE), transcript("a word"))
    with pytest.raises(UnhearableError, match="qzxv"):
        recogniser.hear(Waveform.of(loud[:RATE], RATE), transcript("qzxv"))


def test_only_words_that_are_new_to_a_decoder_count_towards_loading_it_anew():
    recogniser, sound = SphinxRecogniser(), Waveform.of(np.sin(np.arange(RATE) / 20), RATE)
    strange = Transcript("en-US", ("zorb",), (SpokenWord("zorb", "zɔrb", 0),))
    for text in (transcript("the harbour"), strange, strange, transcript("the harbour")):
        recogniser.hear(sound, text)
    assert recogniser._added == {"ipa-z-ao-r-b"}


def test_a_missing_package_is_said_plainly(monkeypatch):
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(JudgeError, match=r"barkline\[cpu\]"):
        SphinxRecogniser().classes(Waveform.of(np.ones(RATE), RATE))


def test_every_letter_has_a_class_and_most_a_sound_of_the_dictionary():
    clicks = set("ǀǂǃ")
    assert {c for c in phones.LETTERS if not classes_of_ipa(c)} <= clicks
    assert arpabet_of_ipa("ˈʃʊɡɚ") == ("SH", "UH", "G", "ER")
    assert set(phone_class._ARPABET) >= {
        p for ipa in ("tʃ", "ŋ", "aɪ") for p in arpabet_of_ipa(ipa)
    }


@given(st.text("abc", max_size=8), st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_the_distance_is_a_distance(one, other, third):
    def distance(a, b):
        return round(error_rate(a, b) * max(1, len(b)))

    assert distance(one, one) == 0
    assert distance(one, other) == distance(other, one)
    assert abs(len(one) - len(other)) <= distance(one, other) <= max(len(one), len(other))
    assert distance(one, third) <= distance(one, other) + distance(other, third)
