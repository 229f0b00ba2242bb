"""What is heard only where it says anything, and only where a limit asks for it."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.audio.waveform import Waveform
from renderer.domain.direction import (
    Delivery,
    Direction,
)
from renderer.domain.transcript import SpokenWord, Transcript
from renderer.errors import JudgeError, SynthesisError, UnhearableError
from renderer.quality.audibility import Audibility
from renderer.quality.heard import ExpectedWord, Heard, HeardUnit
from renderer.quality.limits import Limits
from renderer.quality.metrics import Score, Unsure
from renderer.quality.take import GateInput, measure
from renderer.services.hear import Ear

RATE = 16_000
TEXT = Limits(most_missing_phones=10)
VOICE = Limits(least_likeness_margin=0.0)
X, Y = np.array([1, 0], np.float32), np.array([0, 1], np.float32)


class Recogniser:
    """Hears the words it is told."""

    revision = "fake"
    languages: frozenset[str] | None = frozenset({"en"})

    def __init__(self, said: str = "halt who", error: str = "") -> None:
        self.said, self.error, self.rates = said, error, []

    def hear(self, waveform: Waveform, transcript: Transcript) -> Heard:
        self.rates.append(waveform.sample_rate)
        if self.error:
            raise JudgeError(self.error)
        units = [HeardUnit(w, 4, 0.1 * i, 0.1 * i + 0.1) for i, w in enumerate(self.said.split())]
        expected = tuple(ExpectedWord(w.text, 4) for w in transcript.words)
        return Heard(expected, tuple(units), waveform.duration_s)


class Norms:
    """Voices with known norms."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def audibility(self, voice, locale, recogniser) -> Audibility:
        self.asked.append(voice)
        return Audibility(1.25, 0.1)

    def centroids(self, voice, locale, encoder):
        return {"v#mira": X, "v#otto": Y}


class Encoder:
    revision = "fake"

    def __init__(self, answer) -> None:
        self.answer = answer

    def embed(self, waveforms):
        return [self.answer for _ in waveforms]


def take(seconds: float = 2.0, **more) -> GateInput:
    t = np.arange(round(seconds * RATE)) / RATE
    sound = Waveform.of(np.sin(2 * np.pi * 150 * t) * 0.2, RATE)
    words = tuple(SpokenWord(w, "halthu", i) for i, w in enumerate(("halt", "who", "goes")))
    known = {"voice": "v#mira", "locale": "en-US"} | more
    return GateInput(sound, sound, sound, Transcript("en-US", (), words), **known)


def hear(a_take, limits, recogniser=None, encoder=None, known=None, norms=None):
    ear = Ear(norms or Norms(), recogniser or Recogniser(), known or {}, encoder)
    return ear.hear(a_take, measure(a_take), limits)


def test_nothing_is_heard_that_no_limit_asks_for():
    recogniser = Recogniser()
    assert hear(take(), Limits(), recogniser) == {}
    assert recogniser.rates == []


def test_a_missing_word_is_counted_and_placed_in_the_file():
    scores = hear(take(), TEXT, known={"v": Audibility(1.25, 0.1)})
    assert scores["heard_coverage"] == pytest.approx(2 / 3)
    assert scores["missing_phones"] == Score(4, pytest.approx(0.2 * 1.25))
    assert scores["missing_last_phones"] == 4


def test_a_voice_is_played_at_its_size_and_an_unknown_one_measured():
    recogniser, norms = Recogniser(), Norms()
    hear(take(), TEXT, recogniser, known={"v#mira": Audibility(0.8, 0.1)}, norms=norms)
    assert (recogniser.rates, norms.asked) == ([12_800], [])
    hear(take(), TEXT, recogniser, norms=norms)
    assert (recogniser.rates[-1], norms.asked) == (20_000, ["v#mira"])


@pytest.mark.parametrize(
    "more",
    [
        {"locale": "de-DE"},
        {"direction": Direction(delivery=Delivery.WHISPER)},
        {"direction": Direction(delivery=Delivery.SHOUT)},
        {"voice": "recording"},
        {"voice": "v#deaf"},
    ],
)
def test_what_cannot_be_heard_is_inconclusive_and_neither_good_nor_bad(more):
    recogniser = Recogniser()
    scores = hear(take(**more), TEXT, recogniser, known={"v#deaf": Audibility(1.0, 0.9)})
    assert scores
    assert all(isinstance(score, Unsure) for score in scores.values())
    assert recogniser.rates == []


def test_a_recogniser_of_any_language_hears_what_it_is_told():
    recogniser = Recogniser("halt who goes")
    recogniser.languages = None
    assert hear(take(locale="de-DE"), TEXT, recogniser)["heard_coverage"] == 1
    recogniser.languages = frozenset({"de", "fr"})
    unsure = hear(take(), TEXT, recogniser)["heard_coverage"]
    assert isinstance(unsure, Unsure)
    assert "de, fr alone, not en-US" in str(unsure)


def test_a_recogniser_that_failed_is_an_error():
    scores = hear(take(), TEXT, Recogniser(error="broken"), known={"v": Audibility(1, 0)})
    assert all(isinstance(score, JudgeError) for score in scores.values())


def test_the_wrong_speaker_has_a_negative_margin_and_is_named():
    found = hear(take(), VOICE, encoder=Encoder(Y))["likeness_margin"]
    assert found.value == pytest.approx(-1)
    assert "v#otto" in found.note
    assert hear(take(), VOICE, encoder=Encoder(X))["likeness_margin"].value == pytest.approx(1)


def test_too_little_sound_tells_no_voice():
    assert isinstance(hear(take(0.6), VOICE, encoder=Encoder(Y))["likeness"], Unsure)


def test_an_encoder_that_failed_is_an_error():
    error = JudgeError("no torch")
    assert hear(take(), VOICE, encoder=Encoder(error))["likeness"] is error


def test_a_missing_encoder_fails_before_any_voice_has_to_speak():
    class Missing(Encoder):
        def embed(self, waveforms):
            raise JudgeError("pip install it")

    class Mute(Norms):
        def centroids(self, *_):
            raise AssertionError("a voice was asked to speak")

    scores = hear(take(), VOICE, encoder=Missing(None), norms=Mute())
    assert {str(score) for score in scores.values()} == {"pip install it"}


def test_a_voice_that_cannot_be_measured_is_an_error_of_that_line_alone():
    class Mute(Norms):
        def audibility(self, voice, locale, recogniser):
            raise SynthesisError("says nothing")

    scores = hear(take(), TEXT, norms=Mute())
    assert all(isinstance(score, JudgeError) for score in scores.values())


def test_what_the_recogniser_cannot_hear_is_inconclusive_and_no_error():
    class Short(Recogniser):
        def hear(self, waveform, transcript):
            raise UnhearableError("61 s are too long")

    scores = hear(take(), TEXT, Short(), known={"v": Audibility(1, 0)})
    assert {str(score.why) for score in scores.values()} == {"61 s are too long: listen."}


@pytest.mark.parametrize("limits", [TEXT, VOICE])
def test_a_group_that_breaks_is_an_error_of_its_metrics_and_of_no_others(limits):
    class Broken(Norms):
        def audibility(self, *_):
            raise MemoryError("no room")

        centroids = audibility

    scores = hear(take(), limits, encoder=Encoder(X), norms=Broken())
    assert scores
    assert {str(score) for score in scores.values()} == {"MemoryError: no room"}
    assert all(isinstance(score, JudgeError) for score in scores.values())
