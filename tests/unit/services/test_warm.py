"""Warm-up loads and speaks, and a voice that cannot is told, not raised."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from renderer.errors import SynthesisError, TextError, UnknownVoiceError
from renderer.services.warm import LENGTHS, warm

_SPEC = importlib.util.spec_from_file_location(
    "studio_fakes", Path(__file__).parents[1] / "conftest.py"
)
fakes = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(fakes)


def test_each_length_is_spoken_alone_in_the_asked_for_speaker() -> None:
    voice = fakes.FakeVoice()
    assert warm(fakes.FakeVoices(voice), ["fake#ann", "fake#ann"], fakes.FakeTranscriber()) == {}
    assert voice.batches == [1] * len(LENGTHS)
    assert [len(r.transcript.words) for r in voice.requests] == list(LENGTHS)
    assert {r.speaker for r in voice.requests} == {"ann"}


def test_failures_are_returned_and_the_other_voices_are_warm() -> None:
    voice = fakes.FakeVoice()
    voices = fakes.FakeVoices(voice)
    failures = warm(voices, ["nobody", "no voice!", "fake"], fakes.FakeTranscriber())
    assert list(failures) == ["nobody", "no voice!"]
    assert isinstance(failures["nobody"], UnknownVoiceError)
    assert len(voice.requests) == len(LENGTHS)


def test_a_line_that_cannot_be_said_or_read_is_a_failure() -> None:
    voice = fakes.FakeVoice()
    voice.speak = lambda requests: [SynthesisError("the model is broken")]
    failures = warm(fakes.FakeVoices(voice), ["fake"], fakes.FakeTranscriber())
    assert "broken" in str(failures["fake"])

    class Mute(fakes.FakeTranscriber):
        def transcribe(self, utterances):
            return [TextError("no espeak") for _ in utterances]

    failures = warm(fakes.FakeVoices(fakes.FakeVoice()), ["fake"], Mute())
    assert isinstance(failures["fake"], TextError)
