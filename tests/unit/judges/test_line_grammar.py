"""A line listened to with its own grammar: planted drops, repeats and other texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from renderer.audio.waveform import Waveform
from renderer.domain.transcript import Transcript
from renderer.domain.utterance import Utterance
from renderer.errors import JudgeError
from renderer.judges.line_grammar import is_phone, line_grammar, phone_words
from renderer.judges.recogniser import SphinxRecogniser
from renderer.ports import SpeechRequest
from renderer.quality.heard import compare
from renderer.speech.voice_book import Voices
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber

pytest.importorskip("pocketsphinx", reason="the recogniser is not installed")
pytest.importorskip("onnxruntime", reason="no voice speaks")

VOICES = Path(__file__).resolve().parents[3] / "assets" / "voices"
TEXT = "The harbour lies quiet under a pale morning sky."
OTHER = "Seven hungry wolves are waiting behind the castle."


def transcript(text: str) -> Transcript:
    made = EspeakTranscriber(Lexicon()).transcribe(
        [Utterance("l", "en-US", "c", "s", text, text, "")]
    )
    assert isinstance(made[0], Transcript)
    return made[0]


@pytest.fixture(scope="module")
def recogniser() -> SphinxRecogniser:
    return SphinxRecogniser()


@pytest.fixture(scope="module")
def spoken():
    """One sentence by a voice the recogniser hears well."""
    voice = Voices([VOICES], threads=1).open("hearth")
    return voice.speak([SpeechRequest(transcript(TEXT), speaker="hale")])[0]


def span(spoken, word: int) -> tuple[int, int]:
    rate = spoken.waveform.sample_rate
    mine = [p for p in spoken.phones if p.word == word]
    return round(mine[0].start_s * rate), round(mine[-1].end_s * rate)


def test_a_clean_line_is_heard_whole(recogniser, spoken):
    found = compare(recogniser.hear(spoken.waveform, transcript(TEXT)))
    assert found.coverage == 1
    assert found.phone_error_rate < 0.2


def test_a_dropped_word_is_missing(recogniser, spoken):
    start, end = span(spoken, 7)  # "morning"
    cut = np.concatenate([spoken.waveform.samples[:start], spoken.waveform.samples[end:]])
    sound = Waveform.of(cut, spoken.waveform.sample_rate)
    found = compare(recogniser.hear(sound, transcript(TEXT)))
    assert 4 <= found.missing_phones <= 10


def test_a_repeated_word_is_too_much(recogniser, spoken):
    start, end = span(spoken, 7)
    samples = spoken.waveform.samples
    sound = Waveform.of(
        np.concatenate([samples[:end], samples[start:]]), spoken.waveform.sample_rate
    )
    found = compare(recogniser.hear(sound, transcript(TEXT)))
    assert found.extra_phones >= 4
    assert found.missing_phones <= 2


def test_another_text_is_not_heard(recogniser, spoken):
    found = compare(recogniser.hear(spoken.waveform, transcript(OTHER)))
    assert found.phone_error_rate > 0.7
    assert found.missing_phones > 10


def test_a_line_is_heard_the_same_whatever_came_before(recogniser, spoken):
    first = recogniser.hear(spoken.waveform, transcript(TEXT))
    recogniser.hear(spoken.waveform, transcript(OTHER))
    assert recogniser.hear(spoken.waveform, transcript(TEXT)) == first


def test_a_line_without_words_cannot_be_heard(recogniser, spoken):
    with pytest.raises(JudgeError, match="no word"):
        recogniser.hear(spoken.waveform, Transcript("en-US", (), ()))


def test_every_word_can_be_left_and_entered():
    made = line_grammar([["halt"], ["who", "ipa-hh-uw"]])
    names = [t[3] for t in made if len(t) == 4]
    assert names[:3] == ["halt", "who", "ipa-hh-uw"]
    assert all(is_phone(name) for name in names[3:])
    assert set(names[3:]) == set(phone_words())
    hub = 3
    assert {t[0] for t in made if t[1] == hub and len(t) == 3} == {0, 1, 2}
    assert {t[1] for t in made if t[0] == hub and len(t) == 3} == {0, 1, 2}
