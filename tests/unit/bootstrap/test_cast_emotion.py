"""Emotions are heard one sound at a time, each beside the other neutral lines of its voice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from renderer.audio.codec import encode
from renderer.audio.waveform import Waveform
from renderer.bootstrap.cast_emotion import listen
from renderer.domain.direction import Direction, Emotion
from renderer.domain.render_key import Part, RenderKey
from renderer.domain.request import RenderRequest
from renderer.domain.take import RenderResult, SoundObject, Take, TakeStatus
from renderer.domain.utterance import Utterance
from renderer.errors import JudgeError
from renderer.ports import EmotionHeard
from renderer.services.survey import LineTakes
from renderer.storage.local import LocalStore

RATE = 16_000


class Ear:
    """Measures the level alone, and remembers what was held against what."""

    revision = "fake-1"

    def __init__(self) -> None:
        self.heard: list[tuple[float, float | None]] = []

    def baseline(self, neutral: Sequence[Waveform]) -> np.ndarray:
        (one,) = neutral  # never more than one in memory
        level = _level(one)
        if level == 0:
            raise JudgeError("silent")
        return np.array([level])

    def hear(
        self, waveforms: Sequence[Waveform], baselines: Sequence[np.ndarray | None]
    ) -> list[EmotionHeard | JudgeError]:
        (one,), (beside,) = waveforms, baselines
        self.heard.append((_level(one), None if beside is None else round(float(beside[0]), 3)))
        return [EmotionHeard({Emotion.ANGRY: 1.0}, beside is not None)]


def _level(waveform: Waveform) -> float:
    return round(float(np.abs(waveform.samples).max()), 3)


class Stage:
    """Makes approved lines of constant sounds."""

    def __init__(self, store: LocalStore) -> None:
        self.store = store
        self.made: list[LineTakes] = []

    def say(
        self,
        level: float,
        emotion: Emotion = Emotion.NEUTRAL,
        *,
        locale: str = "en-US",
        voice: str = "v",
        recording: str = "",
    ) -> None:
        number = len(self.made) + 1
        sound = Waveform.of(np.full(RATE // 10, level), RATE)
        key = self.store.put(encode(sound, "wav24"), ".wav", "audio/wav")
        said = Utterance(f"l{number}", locale, "kara", "s", "Halt.", "Halt.", voice,
                         Direction(emotion))  # fmt: skip
        request = RenderRequest(said, recording_key=recording)
        kept = SoundObject(key, "0" * 64, 1, 0.1, "audio/wav")
        take = Take(number, RenderKey({Part.TEXT: str(number)}), request,
                    result=RenderResult(TakeStatus.APPROVED, None, 1, kept))  # fmt: skip
        self.made.append(LineTakes(said, take, (take,)))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(LocalStore(tmp_path))


def heard(stage: Stage) -> list[tuple[float, float | None]]:
    ear = Ear()
    found, why = listen(stage.store, stage.made, ear)
    assert found is not None
    assert (len(found), why) == (len(ear.heard), "")
    return ear.heard


def test_a_neutral_line_is_no_part_of_its_own_baseline(stage: Stage) -> None:
    for level in (0.1, 0.2, 0.4, 0.5):
        stage.say(level)
    stage.say(0.8, Emotion.ANGRY)
    assert heard(stage) == [(0.1, 0.4), (0.2, 0.4), (0.4, 0.2), (0.5, 0.2), (0.8, 0.3)]


def test_fewer_than_three_others_are_no_baseline(stage: Stage) -> None:
    for level in (0.1, 0.2, 0.3):
        stage.say(level)
    stage.say(0.0)  # cannot be measured
    stage.say(0.8, Emotion.ANGRY)
    assert [beside for _, beside in heard(stage)] == [None, None, None, 0.2, 0.2]


def test_each_locale_voice_and_recording_has_a_baseline_of_its_own(stage: Stage) -> None:
    others = ({}, {"locale": "de-DE"}, {"voice": "w"}, {"recording": "objects/r"})
    for number, other in enumerate(others, 1):
        for _ in range(3):
            stage.say(number / 10, **other)
        stage.say(0.8, Emotion.ANGRY, **other)
    angry = [beside for level, beside in heard(stage) if level == 0.8]
    assert angry == [0.1, 0.2, 0.3, 0.4]


def test_a_lost_sound_is_left_out(stage: Stage) -> None:
    stage.say(0.3, Emotion.SAD)
    stage.say(0.4, Emotion.SAD)
    stage.store.delete(stage.made[0].take.result.delivery.key)
    assert heard(stage) == [(0.4, None)]
