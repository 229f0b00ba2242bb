"""The shipped judge of phones hears the shipped voices in their languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from renderer import config
from renderer.domain.transcript import Transcript
from renderer.domain.utterance import Utterance
from renderer.errors import UnhearableError
from renderer.judges.phones import PhoneJudge
from renderer.ports import Speech, SpeechRequest, Synthesiser
from renderer.quality.phone_path import tell
from renderer.quality.phone_slip import AGAIN, LEFT_OUT, OTHER
from renderer.speech.voice_book import Voices
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber

LINES = {
    "en-US": "Bring the ladder and a length of rope.",
    "de-DE": "Der Wagen steht noch immer vor dem Tor.",
    "fr-FR": "La porte rouge est restée ouverte.",
    "ca-ES": "La porta del jardí és oberta.",
}


@pytest.fixture(scope="module")
def judge() -> PhoneJudge:
    return PhoneJudge(config.assets_dir() / "judges" / "phones.onnx")


@pytest.fixture(scope="module")
def voice() -> Synthesiser:
    return Voices([config.assets_dir() / "voices"], threads=1, use_cuda=False).open("hearth")


def line(text: str, locale: str) -> Transcript:
    said = Utterance("line", locale, "", "", text, text, "")
    (made,) = EspeakTranscriber(Lexicon([])).transcribe([said])
    assert isinstance(made, Transcript)
    return made


def speak(voice: Synthesiser, transcript: Transcript, speaker: str = "marcus") -> Speech:
    (said,) = voice.speak([SpeechRequest(transcript, speaker=speaker)])
    assert isinstance(said, Speech)
    return said


@pytest.mark.parametrize("locale", LINES)
@pytest.mark.parametrize("speaker", ["marcus", "vera"])
def test_a_line_that_is_said_has_no_slips(
    judge: PhoneJudge, voice: Synthesiser, locale: str, speaker: str
) -> None:
    said = line(LINES[locale], locale)
    told = tell(judge.read(speak(voice, said, speaker).waveform, said))
    assert told.worst < 10, told


@pytest.mark.parametrize("locale", LINES)
def test_a_word_that_is_not_said_is_named(
    judge: PhoneJudge, voice: Synthesiser, locale: str
) -> None:
    said = line(LINES[locale], locale)
    without = replace(said, words=said.words[:2] + said.words[3:])
    told = tell(judge.read(speak(voice, without).waveform, said))
    assert told.worst > 10
    assert (LEFT_OUT, 2) in [(slip.kind, slip.word) for slip in told.slips]


def test_a_word_that_is_said_twice_or_another_one_is_named(
    judge: PhoneJudge, voice: Synthesiser
) -> None:
    said = line(LINES["en-US"], "en-US")
    twice = replace(said, words=said.words[:3] + said.words[2:])
    other = line("Bring the money and a length of rope.", "en-US")
    for spoken, kind in ((twice, AGAIN), (other, OTHER)):
        told = tell(judge.read(speak(voice, spoken).waveform, said))
        assert told.worst > 10
        assert (kind, 2) in [(slip.kind, slip.word) for slip in told.slips]


@pytest.mark.parametrize("locale", LINES)
def test_another_text_is_far_beyond_the_limit(
    judge: PhoneJudge, voice: Synthesiser, locale: str
) -> None:
    said = line(LINES[locale], locale)
    other = next(text for key, text in LINES.items() if key != locale)
    told = tell(judge.read(speak(voice, line(other, locale)).waveform, said))
    assert told.worst > 80


def test_a_text_without_a_sound_is_nothing_to_judge(judge: PhoneJudge, voice: Synthesiser) -> None:
    """As that of a recorded sigh: it could not be heard, which is no error."""
    said = line(LINES["en-US"], "en-US")
    silent = replace(said, words=tuple(replace(word, phonemes="") for word in said.words))
    with pytest.raises(UnhearableError, match="no sounds"):
        judge.read(speak(voice, said).waveform, silent)
