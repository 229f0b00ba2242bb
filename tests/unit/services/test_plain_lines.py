"""A take is held against its own line, said plainly: once for all its attempts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from renderer.audio.hearing import Hearing
from renderer.audio.waveform import Waveform
from renderer.domain.direction import Delivery, Direction, Prosody, WordEdit
from renderer.domain.transcript import SpokenWord, Transcript
from renderer.errors import JudgeError, SynthesisError
from renderer.ports import Speech, SpeechRequest
from renderer.quality.limits import Limits
from renderer.quality.metrics import Metrics, Scores, Unsure
from renderer.quality.obtained import AskedManner
from renderer.quality.take import GateInput, measure
from renderer.services.plain_lines import LINE_METRICS, PlainLines

RATE = 16_000
LIMITS = Limits(most_line_pitch_off_st=2.0)
TEXT = Transcript("en-US", ("Halt",), (SpokenWord("halt", "hˈɔːlt", 0, "!"),))


def voice(hz: float, seconds: float = 0.5) -> Waveform:
    t = np.arange(round(seconds * RATE)) / RATE
    return Waveform.of(sum(np.sin(2 * np.pi * k * hz * t) / k for k in range(1, 20)) * 0.1, RATE)


class Engine:
    """Says everything on one pitch."""

    def __init__(self, hz: float = 145.0, error: str = "") -> None:
        self.hz, self.error, self.asked = hz, error, []

    def speak(self, requests: Any) -> Any:
        self.asked += requests
        if self.error:
            return [SynthesisError(self.error) for _ in requests]
        return [Speech(voice(self.hz), ()) for _ in requests]


def compare(
    sound: Waveform,
    engine: Engine,
    limits: Limits = LIMITS,
    asked: AskedManner = AskedManner(),  # noqa: B008 - frozen
    lines: PlainLines | None = None,
    **more: Any,
) -> Scores:
    known = {"voice": "v#mira", "transcript": TEXT} | more
    take = GateInput(sound, sound, sound, **known)
    metrics: Metrics = measure(take)
    lines = lines or plain_lines(engine)
    return lines.compare(take, metrics, limits, asked, Hearing(sound))


def plain_lines(engine: Engine) -> PlainLines:
    card = SimpleNamespace(model_sha256="s")
    return PlainLines(SimpleNamespace(card=lambda _: card, open=lambda _: engine))  # type: ignore[arg-type]


def test_one_word_at_the_wrong_pitch_is_off_and_an_asked_shift_is_not() -> None:
    high = voice(145.0 * 2 ** (4 / 12))
    assert compare(high, Engine())["line_pitch_off_st"] == pytest.approx(4, abs=0.05)
    asked = compare(high, Engine(), asked=AskedManner(pitch_st=4.0))
    assert asked["line_pitch_off_st"] == pytest.approx(0, abs=0.05)
    assert compare(voice(145.0, 0.8), Engine())["line_rate_ratio"] == pytest.approx(0.625, rel=0.02)


def test_the_plain_line_is_asked_of_the_same_speaker_without_any_direction() -> None:
    engine = Engine()
    compare(voice(145.0), engine, direction=Direction(prosody=Prosody(rate=1.5)))
    assert [vars_of(r) for r in engine.asked] == [vars_of(SpeechRequest(TEXT, speaker="mira"))]


def vars_of(request: SpeechRequest) -> tuple[object, ...]:
    return request.transcript, request.speaker, request.rate, request.intonation, request.seed


def test_a_line_is_said_once_for_all_its_attempts() -> None:
    engine = Engine()
    lines = plain_lines(engine)
    for _ in range(3):
        compare(voice(145.0), engine, lines=lines)
    assert len(engine.asked) == 1
    other = Transcript("en-US", ("Hold",), (SpokenWord("hold", "hˈoʊld", 0, "!"),))
    compare(voice(145.0), engine, lines=lines, transcript=other)
    assert len(engine.asked) == 2


def test_nothing_is_said_that_no_limit_asks_for() -> None:
    engine = Engine()
    assert compare(voice(145.0), engine, Limits()) == {}
    assert engine.asked == []


def test_a_recording_is_not_held_against_a_synthetic_voice() -> None:
    engine = Engine()
    scores = compare(voice(145.0), engine, voice="recording")
    assert set(scores) == set(LINE_METRICS)
    assert all(isinstance(score, Unsure) for score in scores.values())
    assert engine.asked == []


def test_a_whisper_is_held_to_its_rate_alone() -> None:
    scores = compare(voice(145.0), Engine(), direction=Direction(delivery=Delivery.WHISPER))
    unsure = {name for name, score in scores.items() if isinstance(score, Unsure)}
    assert unsure == {"line_pitch_off_st", "line_range_ratio", "line_timbre_db"}


def test_a_word_of_its_own_pitch_leaves_the_timbre_to_be_held() -> None:
    edit = WordEdit("halt", prosody=Prosody(pitch_st=5.0))
    scores = compare(voice(145.0), Engine(), direction=Direction(words=(edit,)))
    unsure = {name for name, score in scores.items() if isinstance(score, Unsure)}
    assert unsure == {"line_pitch_off_st", "line_range_ratio", "line_rate_ratio"}


def test_a_voice_that_does_not_say_it_plainly_is_an_error_and_no_pass() -> None:
    scores = compare(voice(145.0), Engine(error="out of memory"))
    assert all(isinstance(score, JudgeError) for score in scores.values())
    assert "out of memory" in str(scores["line_timbre_db"])
