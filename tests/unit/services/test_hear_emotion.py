"""Lines are heard against their own voice's neutral passages, measured once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from renderer.audio.waveform import Waveform
from renderer.domain.direction import Emotion
from renderer.domain.project import MasteringTarget
from renderer.domain.take import TakeStatus
from renderer.domain.verdict import Outcome
from renderer.errors import DatabaseError, JudgeError, SynthesisError
from renderer.ports import EmotionHeard
from renderer.quality.limits import GateLimits
from renderer.services.hear_emotion import EmotionListener

SOUND = Waveform.of(0.1 * np.sin(np.arange(16_000) / 20), 16_000)


def take(pk: int, voice: str = "ada", recording: str = "") -> Any:
    utterance = SimpleNamespace(voice=voice, locale="en-US")
    request = SimpleNamespace(
        utterance=utterance, mastering=MasteringTarget(), recording_key=recording
    )
    return SimpleNamespace(id=pk, request=request)


class Level:
    def __init__(self, fault: Exception | None = None) -> None:
        self.fault, self.asked = fault, 0

    def gain_db(self, *_: object) -> float:
        return 0.0

    def neutral(self, *_: object) -> list[Waveform]:
        self.asked += 1
        if self.fault:
            raise self.fault
        return [SOUND]


class Judge:
    revision = "fake"

    def __init__(self, fault: JudgeError | None = None) -> None:
        self.fault, self.baselines = fault, []

    def baseline(self, neutral: list[Waveform]) -> np.ndarray:
        return np.full(3, float(len(neutral)))

    def hear(self, waveforms: list[Waveform], baselines: list[Any]) -> list[Any]:
        if self.fault:
            raise self.fault
        self.baselines += baselines
        shares = {e: float(e is Emotion.SAD) for e in Emotion}
        return [EmotionHeard(shares, True), JudgeError("silent")][: len(waveforms)]


def listener(level: Level, judge: Judge) -> EmotionListener:
    card = SimpleNamespace(model_sha256="x")
    voices = SimpleNamespace(card=lambda _name: card, open=lambda _name: object())
    return EmotionListener(voices, level, judge)  # type: ignore[arg-type]


def test_a_voice_is_measured_once_and_errors_stay_in_their_place():
    level, judge = Level(), Judge()
    hear = listener(level, judge).hear
    found = hear({1: take(1), 2: take(2)}, {1: SOUND, 2: SOUND})
    assert level.asked == 1
    assert [b.tolist() for b in judge.baselines] == [[1.0] * 3] * 2
    assert found[1]["emotion_sad"] == 1.0
    assert len(found[1]) == len(Emotion)
    assert all(isinstance(value, JudgeError) for value in found[2].values())


def test_a_recording_has_no_baseline_and_asks_no_voice():
    level, judge = Level(), Judge()
    listener(level, judge).hear({1: take(1, recording="k")}, {1: SOUND})
    assert judge.baselines == [None]
    assert level.asked == 0


def test_a_voice_that_cannot_say_its_passages_is_heard_without():
    judge = Judge()
    listener(Level(SynthesisError("no")), judge).hear({1: take(1)}, {1: SOUND})
    assert judge.baselines == [None]


def test_a_fault_of_the_moment_does_not_take_a_voice_its_baseline_for_ever():
    level, judge = Level(SynthesisError("out of memory")), Judge()
    hear = listener(level, judge).hear
    hear({1: take(1)}, {1: SOUND})
    level.fault = None
    hear({1: take(1)}, {1: SOUND})
    hear({1: take(1)}, {1: SOUND})
    assert [b if b is None else b.tolist() for b in judge.baselines] == [None, [1.0] * 3, [1.0] * 3]
    assert level.asked == 2


def test_what_was_heard_without_a_baseline_says_so():
    class Alone(Judge):
        def hear(self, waveforms, baselines):
            shares = {e: float(e is Emotion.SAD) for e in Emotion}
            return [EmotionHeard(shares, b is not None) for b in baselines]

    found = listener(Level(), Alone()).hear(
        {1: take(1), 2: take(2, recording="k")}, {1: SOUND, 2: SOUND}
    )
    assert found[1]["emotion_sad"] == 1.0
    assert "no neutral sound" in found[2]["emotion_sad"].note


def test_a_judge_that_is_not_there_is_an_error_for_each_line():
    found = listener(Level(), Judge(JudgeError("no model"))).hear({1: take(1)}, {1: SOUND})
    assert {str(value) for value in found[1].values()} == {"no model"}


def test_the_worlds_faults_are_no_fault_of_a_voice():
    with pytest.raises(DatabaseError):
        listener(Level(DatabaseError("away")), Judge()).hear({1: take(1)}, {1: SOUND})


@pytest.mark.parametrize(("limit", "is_heard"), [(0.25, True), (None, False)])
def test_the_walk_hears_where_a_limit_asks_for_it_and_rejects_nothing(
    studio: Any, limit: float | None, is_heard: bool
):
    studio.limits = GateLimits({**studio.limits.defaults, "least_emotion_share": limit})
    studio.emotions = Judge()
    studio.__post_init__()
    (pk,) = studio.ask("good day to all")
    studio.render.batch([pk])
    result = studio.take(pk).result
    assert result.status is TakeStatus.APPROVED
    advice = [f for f in result.verdict.findings if f.check == "emotion_heard"]
    assert ("emotion_sad" in result.metrics) is is_heard
    assert [f.message for f in advice] == [
        "Asked: neutral; heard: sad 1.0, neutral 0.0."
    ] * is_heard
    assert all(f.outcome is Outcome.INCONCLUSIVE for f in advice)
