"""The model file: a round trip, and everything hostile refused."""

from __future__ import annotations

import contextlib
import copy
import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.domain.direction import Emotion
from renderer.errors import ModelRefusedError
from renderer.quality.emotion_features import NAMES
from renderer.quality.emotion_model import EmotionModel, Head, Layer

WIDTH, COUNT = len(NAMES), len(Emotion)


def head(seed: int, hidden: int = 0) -> Head:
    rng = np.random.default_rng(seed)
    sizes = [WIDTH, hidden, COUNT] if hidden else [WIDTH, COUNT]
    layers = tuple(
        Layer(rng.standard_normal((a, b)), rng.standard_normal(b))
        for a, b in itertools.pairwise(sizes)
    )
    return Head(rng.standard_normal(WIDTH), 1 + rng.random(WIDTH), layers, 1.5)


MODEL = EmotionModel(tuple(Emotion), head(0), head(1, 7), {"voice": "x"})
PLAIN = MODEL.plain()


def test_a_stored_model_hears_the_same():
    again = EmotionModel.from_plain(json.loads(json.dumps(PLAIN)))
    clips = 3 * np.random.default_rng(2).standard_normal((5, WIDTH))
    for one, other in ((MODEL.relative, again.relative), (MODEL.absolute, again.absolute)):
        np.testing.assert_allclose(one.probabilities(clips), other.probabilities(clips), atol=1e-3)
    assert again.emotions == MODEL.emotions
    assert again.card == {"voice": "x"}
    assert again.plain() == PLAIN


def test_probabilities_add_up_alone_as_in_a_batch_and_far_out():
    clips = np.random.default_rng(3).standard_normal((4, WIDTH)) * np.array([[1], [1], [1e6], [0]])
    found = MODEL.absolute.probabilities(clips)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    for i in range(4):
        np.testing.assert_array_equal(MODEL.absolute.probabilities(clips[i : i + 1])[0], found[i])


def test_layers_are_what_they_say():
    weight = np.zeros((WIDTH, COUNT))
    weight[0, 2] = 1.0
    one = Head(np.zeros(WIDTH), np.full(WIDTH, 2.0), (Layer(weight, np.zeros(COUNT)),), 2.0)
    clip = np.zeros((1, WIDTH))
    clip[0, 0] = 4.0  # two deviations, over a temperature of two: a logit of one
    expected = np.exp([0, 0, 1, 0, 0, 0, 0, 0]) / (7 + np.e)
    np.testing.assert_allclose(one.probabilities(clip)[0], expected)


def broken(path: list, value: object) -> dict:
    made = copy.deepcopy(PLAIN)
    at = made
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return made


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["format"], "other"),
        (["version"], 2),
        (["features"], ["f0"]),
        (["emotions"], ["neutral"] * COUNT),
        (["emotions"], ["neutral", "furious"]),
        (["emotions"], [{}] * COUNT),
        (["card"], None),
        (["relative"], None),
        (["relative", "mean"], [0.0]),
        (["relative", "mean", 0], float("nan")),
        (["relative", "mean", 0], "1.0"),
        (["relative", "mean", 0], True),
        (["relative", "mean", 0], 10**400),
        (["relative", "scale", 3], 0.0),
        (["relative", "scale", 3], -1.0),
        (["relative", "temperature"], 0),
        (["relative", "temperature"], None),
        (["relative", "layers"], []),
        (["relative", "layers"], [PLAIN["relative"]["layers"][0]] * 4),
        (["relative", "layers", 0, "weight"], [[1.0] * COUNT]),
        (["relative", "layers", 0, "weight", 0], [1.0]),
        (["relative", "layers", 0, "weight", 0, 0], float("inf")),
        (["relative", "layers", 0, "weight", 0, 0], 1e9),
        (["relative", "layers", 0, "bias"], [0.0] * 300),
        (["absolute", "layers", 1, "bias"], [0.0]),
        (["absolute", "layers", 0], 5),
    ],
)
def test_what_is_not_as_it_is_written_is_refused(path, value):
    with pytest.raises(ModelRefusedError, match=r"model|train"):
        EmotionModel.from_plain(broken(path, value))


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(
    st.sampled_from(["emotions", "features", "card", "relative", "absolute"]),
    st.sampled_from(["", "mean", "scale", "temperature", "layers"]),
    json_values,
)
def test_any_json_is_a_model_or_refused(key, inner, value):
    path = [key, inner] if inner and key in {"relative", "absolute"} else [key]
    with contextlib.suppress(ModelRefusedError):
        EmotionModel.from_plain(broken(path, value))
    with pytest.raises(ModelRefusedError):
        EmotionModel.from_plain(value)
