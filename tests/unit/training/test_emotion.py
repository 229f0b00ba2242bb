"""Training a judge of emotions: who is on which side, what is learnt, and that it is repeatable."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from renderer import config
from renderer.audio.waveform import Waveform
from renderer.direction.profile import EmotionShape, read_profiles
from renderer.domain.direction import Emotion
from renderer.errors import TrainingError
from renderer.judges.emotion import read_model
from renderer.quality.emotion_features import NAMES, measure_emotion
from renderer.training import emotion_corpus as corpus
from renderer.training.emotion import (
    CANDIDATES,
    Candidate,
    Lessons,
    choose_head,
    fit_head,
    lessons,
    splits,
    train,
    unheard,
    write_model,
)
from renderer.training.emotion_corpus import plan_renders, read_spread, varied_shape
from renderer.training.emotion_score import interval, score, temperature_of

NAMED = tuple(sorted(emotion.value for emotion in Emotion))
PROFILES = config.assets_dir() / "emotion_profiles.json"
QUICK = (Candidate("regression", 0.3),)


def planted(speakers: int = 4, each: int = 3, noise: float = 0.3) -> Lessons:
    """Speakers far apart, each emotion a shift of one feature of its own."""
    rng = np.random.default_rng(0)
    features, emotions, names = [], [], []
    for speaker in range(speakers):
        own = 20 * rng.standard_normal(len(NAMES))
        for number, emotion in enumerate(NAMED):
            for _ in range(each):
                clip = own + noise * rng.standard_normal(len(NAMES))
                clip[number] += 0.0 if emotion == "neutral" else 3.0
                features.append(clip)
                emotions.append(emotion)
                names.append(f"s{speaker}")
    return lessons(np.array(features), np.array(emotions), np.array(names))


def test_a_neutral_clip_is_not_its_own_baseline():
    features = np.arange(4.0)[:, None] * np.ones(len(NAMES))
    data = lessons(features, np.array(["neutral"] * 3 + ["sad"]), np.array(["a"] * 4))
    assert data.relative[:, 0].tolist() == [0 - 1.5, 1 - 1.0, 2 - 0.5, 3 - 1.0]


def test_a_speaker_with_one_neutral_clip_has_no_baseline():
    with pytest.raises(TrainingError, match="too few neutral clips"):
        lessons(np.zeros((1, len(NAMES))), np.array(["neutral"]), np.array(["a"]))


def test_nobody_is_on_both_sides_and_everybody_is_judged_once():
    data = planted()
    judged = np.zeros(len(data.speakers), dtype=int)
    for learn, judge in splits(data):
        assert not set(data.speakers[learn]) & set(data.speakers[judge])
        judged += judge
    assert (judged == 1).all()


def test_held_out_sentences_are_judged_alone_and_never_learnt_from():
    data = planted()
    held = np.arange(len(data.speakers)) % 3 == 0
    data = Lessons(data.features, data.relative, data.emotions, data.speakers, data.groups, held)
    for learn, judge in splits(data):
        assert not (learn & held).any()
        assert (judge <= held).all()


def test_speakers_of_one_teacher_are_never_on_both_sides():
    data = planted()
    groups = np.where(np.isin(data.speakers, ["s0", "s1"]), "s0+s1", data.speakers)
    data = Lessons(
        data.features, data.relative, data.emotions, data.speakers, groups, data.is_held_out
    )
    sides = [(set(data.speakers[a]), set(data.speakers[b])) for a, b in splits(data)]
    assert ({"s2", "s3"}, {"s0", "s1"}) in sides
    assert len(sides) == 3


def test_a_group_that_splits_a_speaker_is_refused():
    data = planted()
    groups = np.array([f"g{i % 2}" for i in range(len(data.speakers))])
    data = Lessons(
        data.features, data.relative, data.emotions, data.speakers, groups, data.is_held_out
    )
    with pytest.raises(TrainingError, match="both sides"):
        list(splits(data))


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_planted_emotions_of_unheard_speakers_are_told_apart(candidate):
    data = planted(each=8)
    logits, judged = unheard(data, data.relative, candidate, 0)
    assert judged.all()
    assert score(data.emotions, logits, NAMED).mean_recall > 0.8  # chance is 0.125


def test_emotions_that_are_not_there_are_not_found():
    data = planted(each=6)
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(data.features.shape)
    logits, _ = unheard(data, noise, QUICK[0], 0)
    assert score(data.emotions, logits, NAMED).mean_recall < 0.25  # chance is 0.125


def test_our_head_is_the_learner_it_was_taken_from():
    from sklearn.linear_model import LogisticRegression

    data = planted()
    head = fit_head(data.relative, data.emotions, QUICK[0], 0)
    inputs = (data.relative - head.mean) / head.scale
    found = LogisticRegression(C=0.3, max_iter=3_000, class_weight="balanced")
    theirs = found.fit(np.clip(inputs, -5, 5), data.emotions).predict_proba(np.clip(inputs, -5, 5))
    np.testing.assert_allclose(head.probabilities(data.relative), theirs, atol=1e-6)


def test_the_same_lessons_and_seed_make_the_same_file(tmp_path: Path):
    paths = [tmp_path / name for name in ("one.json", "other.json")]
    for path in paths:
        model, _ = train(planted(), 3, {"voice": "planted"})
        write_model(model, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    again, _ = read_model(paths[0])
    assert again.card["clips"] == 96
    assert again.card["validation"]["relative"]["unweighted_average_recall"] > 0.6


def test_confusion_recall_and_calibration_of_known_answers():
    asked = np.array(["a", "a", "a", "b"])
    shares = np.array([[0.95, 0.05], [0.95, 0.05], [0.05, 0.95], [0.05, 0.95]])
    found = score(asked, shares, ["a", "b"])
    assert found.confusion.tolist() == [[2, 1], [0, 1]]
    assert found.accuracy == 0.75
    assert found.mean_recall == pytest.approx((2 / 3 + 1) / 2)
    assert found.calibration_error == pytest.approx(0.2)


def test_an_interval_holds_its_figure_and_is_a_point_when_all_speakers_agree():
    data = planted()
    perfect = np.eye(len(NAMED))[[NAMED.index(e) for e in data.emotions]]
    assert interval(data.emotions, perfect, NAMED, data.groups) == ((1.0, 1.0), (1.0, 1.0))


def test_a_head_that_is_too_sure_is_cooled():
    rng = np.random.default_rng(0)
    asked = np.array(["a", "b"] * 200)
    right = rng.random(400) < 0.7
    logits = np.where((asked == "a") == right, 4.0, -4.0)[:, None] * np.array([1.0, -1.0])
    wanted = 8.0 / np.log(right.mean() / (1 - right.mean()))  # where the shares meet the hits
    assert temperature_of(logits, asked, ["a", "b"]) == pytest.approx(min(wanted, 8.0), rel=0.1)


def test_the_best_candidate_is_fitted_on_everything():
    chosen = choose_head(planted(), planted().relative, 0, candidates=QUICK)
    assert chosen.candidate == QUICK[0]
    assert list(chosen.recalls) == list(QUICK)
    assert chosen.head.temperature > 0


def test_a_plan_is_drawn_again_and_keeps_the_sets_apart():
    texts, held = [f"text {i}" for i in range(20)], ["held one", "held two"]
    plan = plan_renders(["a", "b"], texts, held, 6, 7)
    assert plan == plan_renders(["a", "b"], texts, held, 6, 7)
    assert plan != plan_renders(["a", "b"], texts, held, 6, 8)
    assert {one.text in held for one in plan if one.is_held_out} == {True}
    assert {one.text in held for one in plan if not one.is_held_out} == {False}
    assert not any(one.is_varied for one in plan if one.is_held_out)
    assert len(plan) == 2 * (7 + 2) * (6 + 2)
    assert {one.emotion for one in plan} == set(NAMED)
    with pytest.raises(TrainingError, match="none in common"):
        plan_renders(["a"], texts, texts[:1], 2, 0)


def test_an_actor_differs_from_the_profile_by_what_actors_differ_by():
    profiles, spread = read_profiles(PROFILES), read_spread(PROFILES)
    base = profiles.shape(Emotion.SAD, 1.0)
    made = [
        varied_shape(base, corpus.Render("a", "t", "sad", 1.0, True, False, seed), spread)
        for seed in range(400)
    ]
    pitch = np.array([shape.pitch_st for shape in made])
    width = np.hypot(spread["sad", 1.0]["pitch_st"], 0.7)
    assert pitch.mean() == pytest.approx(base.pitch_st, abs=4 * width / 20)
    assert pitch.std() == pytest.approx(0.88 * width, rel=0.15)  # held to two deviations
    assert min(shape.rate for shape in made) > 0
    assert made[0] == varied_shape(
        base, corpus.Render("a", "t", "sad", 1.0, True, False, 0), spread
    )
    assert isinstance(made[0], EmotionShape)


@pytest.mark.reference
@pytest.mark.slow
def test_actors_nobody_has_heard_are_heard_far_above_chance(reference_data: Path):
    """Four actors, one repetition: 8 emotions, so chance is 1 in 8; at least twice that."""
    files = sorted((reference_data / "emotion/ravdess").glob("03-01-*-01-0[1-4].flac"))
    order = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgusted", "surprised")
    features, emotions, actors = [], [], []
    for path in files:
        _, _, emotion, _, _, _, actor = path.stem.split("-")
        samples, rate = soundfile.read(path, dtype="float32")
        features.append(measure_emotion(Waveform.of(samples, rate)))
        emotions.append(order[int(emotion) - 1])
        actors.append(actor)
    assert len(files) == 4 * 30
    data = lessons(np.array(features), np.array(emotions), np.array(actors))
    logits, _ = unheard(data, data.relative, Candidate("regression", 0.03), 0)
    found = score(data.emotions, logits, NAMED)
    assert found.accuracy > 0.25
    assert found.mean_recall > 0.25


def test_a_profile_without_spread_is_refused(tmp_path: Path):
    path = tmp_path / "profiles.json"
    path.write_text(json.dumps({"emotions": {"sad": {"1.0": {}}}}), "utf-8")
    with pytest.raises(TrainingError, match="how far actors differ"):
        read_spread(path)
