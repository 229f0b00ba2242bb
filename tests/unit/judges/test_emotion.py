"""The judge of emotions: batches, baselines, hostile files; the shipped model."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from renderer import config
from renderer.audio.waveform import Waveform
from renderer.domain.direction import Emotion
from renderer.errors import JudgeError
from renderer.judges import emotion as judge_file
from renderer.judges.emotion import EmotionJudge, read_model
from renderer.ports import EmotionHeard
from renderer.quality.emotion_features import NAMES

RATE = 16_000
SHIPPED = config.assets_dir() / "judges/emotion.json"


def voice(hz: float, seconds: float = 1.5, gain: float = 0.1) -> Waveform:
    time = np.arange(round(seconds * RATE)) / RATE
    f0 = hz * 2 ** (np.sin(2 * np.pi * time) / 12)
    phase = 2 * np.pi * np.cumsum(f0) / RATE
    sound = sum(np.sin(k * phase) / k for k in range(1, 20)) * (0.4 + np.sin(9 * time) ** 2)
    return Waveform.of(gain * sound, RATE)


@pytest.fixture(scope="module")
def judge() -> EmotionJudge:
    return EmotionJudge(SHIPPED)


def heard(answer: EmotionHeard | JudgeError) -> EmotionHeard:
    assert isinstance(answer, EmotionHeard), answer
    return answer


def test_a_clip_alone_and_among_others_is_the_same(judge):
    clips = [voice(110), voice(220, 0.9), voice(150, 2.0)]
    base = judge.baseline(clips[:2])
    baselines = [None, base, base]
    together = judge.hear(clips, baselines)
    for clip, baseline, among in zip(clips, baselines, together, strict=True):
        assert judge.hear([clip], [baseline]) == [among]
        assert math.isclose(sum(heard(among).probabilities.values()), 1.0)
        assert heard(among).has_baseline is (baseline is not None)


def test_what_cannot_be_heard_is_an_error_in_its_place(judge):
    silent = Waveform.of(np.zeros(RATE), RATE)
    first, second, third = judge.hear([silent, voice(120), voice(120, 0.1)], [None] * 3)
    assert isinstance(first, JudgeError)
    assert isinstance(second, EmotionHeard)
    assert isinstance(third, JudgeError)
    with pytest.raises(JudgeError, match="no baseline"):
        judge.baseline([silent])


@pytest.mark.parametrize("baseline", [np.zeros(3), np.full(len(NAMES), np.nan)])
def test_a_baseline_of_another_version_is_refused(judge, baseline):
    (found,) = judge.hear([voice(120)], [baseline])
    assert isinstance(found, JudgeError)
    assert "measure it again" in str(found)


def test_far_higher_and_louder_than_neutral_is_no_longer_neutral(judge):
    """With a baseline, the voice itself is taken out: only the change is heard."""
    base = judge.baseline([voice(110), voice(113)])
    same, moved = judge.hear([voice(111), voice(165, gain=0.3)], [base, base])
    calm = (Emotion.NEUTRAL, Emotion.CALM, Emotion.SAD)
    low = sum(heard(moved).probabilities[emotion] for emotion in calm)
    assert low < sum(heard(same).probabilities[emotion] for emotion in calm)
    assert heard(moved).top not in calm


def test_the_shipped_model_is_small_and_says_what_it_is():
    model, digest = read_model(SHIPPED)
    assert SHIPPED.stat().st_size < 300_000
    assert set(model.emotions) == set(Emotion)
    assert model.card["voice"] == "hearth"
    assert model.card["licence"] == "Apache-2.0"
    assert model.card["may_publish"] is True
    assert model.card["attribution"]
    for head in ("relative", "absolute"):
        figures = model.card["validation"][head]
        assert figures["unweighted_average_recall"] > 2 / len(Emotion)  # twice chance
    assert EmotionJudge(SHIPPED).revision == f"emotion-1-{digest[:12]}"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot read"),
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"format": "barkline-emotion-model", "version": 9}', "train it again"),
        (b"x" * (judge_file.MOST_BYTES + 1), "too large"),
    ],
)
def test_a_hostile_file_is_refused_by_name(tmp_path: Path, content: bytes | None, why: str):
    path = tmp_path / "emotion.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(JudgeError, match=why) as refused:
        EmotionJudge(path).hear([voice(120)], [None])
    assert str(path) in str(refused.value)


def test_a_model_with_a_weight_that_is_no_number_is_refused(tmp_path: Path):
    stored = json.loads(SHIPPED.read_text("utf-8"))
    stored["relative"]["layers"][0]["weight"][0][0] = float("nan")
    path = tmp_path / "emotion.json"
    path.write_text(json.dumps(stored), "utf-8")
    with pytest.raises(JudgeError, match="not finite"):
        EmotionJudge(path).hear([voice(120)], [None])
