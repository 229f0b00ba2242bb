"""Warm-up loads and speaks, and a voice that cannot is told, not raised."""

from __future__ import annotations

import pytest

from renderer.errors import SynthesisError, TextError, UnknownVoiceError
from renderer.services.warm import LENGTHS, warm


@pytest.fixture
def tools(studio):
    """The studio's voice, the book it is in, and its transcriber."""
    performer = studio.render._performer
    return studio.voice, performer._voices, performer._transcriber([])


def test_each_length_is_spoken_alone_in_the_asked_for_speaker(tools) -> None:
    voice, book, transcriber = tools
    assert warm(book, ["fake#ann", "fake#ann"], transcriber) == {}
    assert voice.batches == [1] * len(LENGTHS)
    assert [len(r.transcript.words) for r in voice.requests] == list(LENGTHS)
    assert {r.speaker for r in voice.requests} == {"ann"}


def test_failures_are_returned_and_the_other_voices_are_warm(tools) -> None:
    voice, book, transcriber = tools
    failures = warm(book, ["nobody", "no voice!", "fake"], transcriber)
    assert list(failures) == ["nobody", "no voice!"]
    assert isinstance(failures["nobody"], UnknownVoiceError)
    assert len(voice.requests) == len(LENGTHS)


def test_a_line_that_cannot_be_said_or_read_is_a_failure(tools, monkeypatch) -> None:
    voice, book, transcriber = tools
    monkeypatch.setattr(voice, "speak", lambda _requests: [SynthesisError("the model is broken")])
    assert "broken" in str(warm(book, ["fake"], transcriber)["fake"])
    unreadable = [TextError("no espeak")] * len(LENGTHS)
    monkeypatch.setattr(transcriber, "transcribe", lambda _lines: unreadable)
    assert isinstance(warm(book, ["fake"], transcriber)["fake"], TextError)
