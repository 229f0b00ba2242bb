"""The advice on emotion: what it says, and that it never rejects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.domain.direction import Emotion
from renderer.domain.verdict import Decision, Outcome, Verdict
from renderer.errors import JudgeError
from renderer.quality.circumstances import Circumstances
from renderer.quality.emotion_check import check_emotion, check_emotion_heard, emotion_scores
from renderer.quality.limits import Limits
from renderer.quality.metric_document import read_metrics
from renderer.quality.metrics import Metrics


def heard(**shares: float) -> dict[Emotion, float]:
    return {emotion: shares.get(emotion.value, 0.0) for emotion in Emotion}


def test_another_emotion_is_told_with_its_share_and_a_hint():
    found = check_emotion(Emotion.ANGRY, 0.5, heard(neutral=0.7, angry=0.1, sad=0.2))
    assert found is not None
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.message == "Asked: angry; heard: neutral 0.7, sad 0.2."
    assert "raise the intensity of angry (now 0.5)" in found.hint
    assert (found.value, found.limit) == (0.1, 0.25)


def test_the_asked_emotion_passes_when_it_is_first_or_likely():
    first = check_emotion(Emotion.SAD, 1.0, heard(sad=0.2, calm=0.19))
    likely = check_emotion(Emotion.SAD, 1.0, heard(sad=0.3, calm=0.6))
    assert first is not None
    assert likely is not None
    assert first.outcome is likely.outcome is Outcome.PASS


def test_neutral_that_sounds_angry_points_to_the_prosody():
    found = check_emotion(Emotion.NEUTRAL, 0.5, heard(angry=0.9, neutral=0.05))
    assert found is not None
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "away from neutral" in found.hint


@pytest.mark.parametrize(
    ("intensity", "shares", "limit"),
    [(0.2, heard(neutral=1.0), 0.25), (1.0, None, None), (1.0, heard(neutral=1.0), None)],
)
def test_what_is_not_meant_to_be_heard_or_not_held_is_not_shown(intensity, shares, limit):
    assert check_emotion(Emotion.ANGRY, intensity, shares, "", limit) is None


def test_what_could_not_be_heard_says_why_and_is_no_pass():
    found = check_emotion(Emotion.ANGRY, 1.0, None, "0.05 s of voice is too little")
    assert found is not None
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "0.05 s of voice" in found.message


def test_what_nobody_listened_to_is_inconclusive_and_says_so():
    found = check_emotion_heard(Metrics(LINE), Limits(least_emotion_share=0.25))
    assert found is not None
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "not measured" in found.message


def test_what_was_heard_without_the_voices_own_neutral_sound_says_so():
    for outcome, share in ((Outcome.PASS, 0.9), (Outcome.INCONCLUSIVE, 0.1)):
        scores = emotion_scores(heard(neutral=1 - share, sad=share), has_baseline=False)
        metrics = read_metrics(Metrics(LINE).with_scores(scores).plain())
        assert metrics is not None
        found = check_emotion_heard(metrics, Limits(least_emotion_share=0.25))
        assert found is not None
        assert found.outcome is outcome
        assert found.message.endswith("Held against no neutral sound of its voice.")


def test_an_emotion_the_judge_does_not_know_is_inconclusive():
    found = check_emotion(Emotion.ANGRY, 1.0, {Emotion.SAD: 1.0})
    assert found is not None
    assert found.outcome is Outcome.INCONCLUSIVE


@given(
    st.sampled_from(Emotion),
    st.floats(0, 1),
    st.lists(st.floats(0, 1) | st.just(float("nan")), min_size=8, max_size=8),
)
def test_it_never_rejects(asked, intensity, shares):
    found = check_emotion(asked, intensity, dict(zip(Emotion, shares, strict=True)))
    assert found is None or Verdict.of((found,)).decision is Decision.APPROVED


LINE = Circumstances("piper", "v", "en-US", "normal", 6, 1.0, -1.0, 0.0, False, -23.0, "sad", 1, 20)


def test_what_was_measured_is_what_is_held():
    metrics = Metrics(LINE).with_scores(emotion_scores(heard(neutral=0.9, sad=0.1)))
    found = check_emotion_heard(metrics, Limits(least_emotion_share=0.25))
    assert found is not None
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "heard: neutral 0.9" in found.message
    assert check_emotion_heard(metrics, Limits()) is None
    again = read_metrics(metrics.plain())
    assert again is not None
    assert check_emotion_heard(again, Limits(least_emotion_share=0.25)) == found


def test_what_failed_is_told_and_rejects_nothing():
    metrics = Metrics(LINE).with_scores(emotion_scores(JudgeError("silent")))
    found = check_emotion_heard(metrics, Limits(least_emotion_share=0.25))
    assert found is not None
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "silent" in found.message
