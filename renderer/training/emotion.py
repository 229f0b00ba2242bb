"""Train a judge of emotions: choose by speakers it has not heard, fit on all, write a safe file.

Whatever is compared or calibrated is heard by a head that learnt from other speakers (and, where a
held-out set is given, other sentences). Candidates are logistic regression at two strengths and
a small network; the best mean recall wins, and of equals the first.

References:
    Guo, C. et al. (2017). On calibration of modern neural networks. ICML: temperature scaling.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from renderer.domain.direction import Emotion
from renderer.errors import TrainingError
from renderer.quality.emotion_features import NAMES, baseline_of
from renderer.quality.emotion_model import EmotionModel, Head, Layer, softmax, standardise
from renderer.training.emotion_corpus import Row
from renderer.training.emotion_score import Score, score, temperature_of
from renderer.whole_file import write_whole

Floats = npt.NDArray[np.float64]
Strings = npt.NDArray[np.str_]
Mask = npt.NDArray[np.bool_]

_LEVEL = NAMES.index("level_db")
_HIDDEN = 32
_ROUNDS = 150


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Clips to learn from or to be judged by.

    Attributes:
        features: float64 (clips, features), as measured.
        relative: float64 (clips, features), less the speaker's neutral baseline.
        emotions: str (clips,).
        speakers: str (clips,).
        groups: str (clips,); speakers made of the same person or teacher share one.
        is_held_out: bool (clips,); the sentence is kept from learning.
    """

    features: Floats
    relative: Floats
    emotions: Strings
    speakers: Strings
    groups: Strings
    is_held_out: Mask


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to learn: `strength` is C of the regression or alpha of the network."""

    kind: str
    strength: float


CANDIDATES = (
    Candidate("regression", 0.03),
    Candidate("regression", 0.3),
    Candidate("network", 3.0),
)


def lessons_of(rows: Sequence[Row], together: Sequence[Sequence[str]] = ()) -> Lessons:
    """Turn measured renders into lessons.

    Args:
        rows: Of `render_rows`; each speaker has at least two exact neutral ones.
        together: Speakers that count as one, because one was made of the other.
    """
    group = {name: "+".join(names) for names in together for name in names}
    speakers = np.array([row.render.speaker for row in rows])
    return lessons(
        np.stack([row.features for row in rows]),
        np.array([row.render.emotion for row in rows]),
        speakers,
        groups=np.array([group.get(name, name) for name in speakers]),
        is_neutral=np.array(
            [row.render.emotion == "neutral" and not row.render.is_varied for row in rows]
        ),
        is_held_out=np.array([row.render.is_held_out for row in rows]),
    )


def lessons(
    features: Floats,
    emotions: Strings,
    speakers: Strings,
    *,
    groups: Strings | None = None,
    is_neutral: Mask | None = None,
    is_held_out: Mask | None = None,
) -> Lessons:
    """Hold every clip against its speaker's neutral clips; a neutral one is not its own baseline.

    Args:
        features: float64 (clips, features).
        emotions: str (clips,).
        speakers: str (clips,).
        groups: Who must not be on both sides of a split.  None: the speakers.
        is_neutral: Which clips make the baselines.  None: all neutral ones.
        is_held_out: Which sentences are kept from learning.  None: none.

    Raises:
        TrainingError: A speaker has fewer than two neutral clips.
    """
    neutral = emotions == Emotion.NEUTRAL.value if is_neutral is None else is_neutral
    relative = np.empty_like(features)
    for i, speaker in enumerate(speakers):
        own = neutral & (speakers == speaker)
        own[i] = False
        if not own.any():
            raise TrainingError(f"speaker {speaker!r} has too few neutral clips for a baseline")
        relative[i] = features[i] - baseline_of(features[own])
    held = np.zeros(len(features), dtype=bool) if is_held_out is None else is_held_out
    return Lessons(
        features, relative, emotions, speakers, speakers if groups is None else groups, held
    )


def splits(data: Lessons) -> Iterator[tuple[Mask, Mask]]:
    """Yield (learn, judge) masks, one pair per group; nobody is on both sides.

    Where sentences are held out, only those are judged and none of them is learnt from.
    """
    judged = data.is_held_out if data.is_held_out.any() else np.ones(len(data.groups), dtype=bool)
    for group in sorted(set(data.groups.tolist())):
        here = data.groups == group
        learn = ~here & ~data.is_held_out
        if set(data.speakers[learn]) & set(data.speakers[here]):
            raise TrainingError(f"a speaker of {group!r} is on both sides of a split")
        yield learn, here & judged


def fit_head(features: Floats, emotions: Strings, candidate: Candidate, seed: int) -> Head:
    """Fit one candidate; outputs are in the order of `sorted(set(emotions))`."""
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)  # noqa: PLR2004 - a feature that never moves
    inputs = standardise(features, mean, scale)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a network that has not converged is judged as it is
        layers = (_regression if candidate.kind == "regression" else _network)(
            inputs, emotions, candidate.strength, seed
        )
    return Head(mean, scale, layers)


def _regression(inputs: Floats, emotions: Strings, c: float, _seed: int) -> tuple[Layer, ...]:
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(C=c, max_iter=3_000, class_weight="balanced").fit(inputs, emotions)
    return (Layer(found.coef_.T.astype(np.float64), found.intercept_.astype(np.float64)),)


def _network(inputs: Floats, emotions: Strings, alpha: float, seed: int) -> tuple[Layer, ...]:
    from sklearn.neural_network import MLPClassifier

    found = MLPClassifier(
        (_HIDDEN,), alpha=alpha, max_iter=_ROUNDS, learning_rate_init=3e-3, random_state=seed
    ).fit(inputs, emotions)
    return tuple(Layer(w, b) for w, b in zip(found.coefs_, found.intercepts_, strict=True))


def unheard(data: Lessons, inputs: Floats, candidate: Candidate, seed: int) -> tuple[Floats, Mask]:
    """Return logits (clips, emotions) of clips by heads that have not heard their group.

    Args:
        data: The clips.
        inputs: `data.features` or `data.relative`.
        candidate: How to learn.
        seed: Of the network.

    Returns:
        Logits, and which clips were judged.
    """
    names = sorted(set(data.emotions.tolist()))
    logits, judged = np.zeros((len(inputs), len(names))), np.zeros(len(inputs), dtype=bool)
    for learn, judge in splits(data):
        if sorted(set(data.emotions[learn].tolist())) != names:
            raise TrainingError("too few speakers: an emotion is missing from what is learnt from")
        head = fit_head(inputs[learn], data.emotions[learn], candidate, seed)
        logits[judge] = head.logits(inputs[judge])
        judged |= judge
    return logits, judged


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """A head and how it was chosen.

    Attributes:
        head: Fitted on every clip to learn from.
        candidate: The one that won.
        score: On speakers the heads had not heard.
        recalls: Mean recall of every candidate.
    """

    head: Head
    candidate: Candidate
    score: Score
    recalls: Mapping[Candidate, float]


def choose_head(
    data: Lessons,
    inputs: Floats,
    seed: int,
    progress: Callable[[], None] = lambda: None,
    candidates: Sequence[Candidate] = CANDIDATES,
) -> Chosen:
    """Try the candidates on speakers they have not heard, and fit the best on all."""
    names = sorted(set(data.emotions.tolist()))
    found: dict[Candidate, tuple[Score, float]] = {}
    for candidate in candidates:
        logits, judged = unheard(data, inputs, candidate, seed)
        asked = data.emotions[judged]
        temperature = temperature_of(logits[judged], asked, names)
        probabilities = softmax(logits[judged] / temperature)
        found[candidate] = score(asked, probabilities, names), temperature
        progress()
    best = max(found, key=lambda one: found[one][0].mean_recall)
    learn = ~data.is_held_out
    head = fit_head(inputs[learn], data.emotions[learn], best, seed)
    calibrated = Head(head.mean, head.scale, head.layers, found[best][1])
    recalls = {one: s.mean_recall for one, (s, _) in found.items()}
    return Chosen(calibrated, best, found[best][0], recalls)


def train(
    data: Lessons, seed: int, card: Mapping[str, Any], progress: Callable[[], None] = lambda: None
) -> tuple[EmotionModel, dict[str, Chosen]]:
    """Train both heads.

    Args:
        data: The lessons.
        seed: Of the networks; the same lessons and seed make the same file.
        card: Where the lessons come from and under what terms; figures are added.
        progress: Called after each candidate: `2 × len(CANDIDATES)` times.
    """
    chosen = {
        "relative": choose_head(data, data.relative, seed, progress),
        "absolute": choose_head(data, data.features, seed, progress),
    }
    figures = {name: _figures(one) for name, one in chosen.items()}
    whole = {**card, "seed": seed, "clips": int((~data.is_held_out).sum()), "validation": figures}
    emotions = tuple(Emotion(name) for name in sorted(set(data.emotions.tolist())))
    heads = (chosen["relative"].head, chosen["absolute"].head)
    return EmotionModel(emotions, *heads, whole), chosen


def _figures(chosen: Chosen) -> dict[str, Any]:
    found = chosen.score
    return {
        "learner": f"{chosen.candidate.kind} {chosen.candidate.strength:g}",
        "clips": found.clips,
        "accuracy": round(found.accuracy, 4),
        "unweighted_average_recall": round(found.mean_recall, 4),
        "calibration_error": round(found.calibration_error, 4),
        "recalls": {name: round(value, 3) for name, value in found.recalls.items()},
    }


def write_model(model: EmotionModel, path: Path) -> None:
    """Write the file whole; the same model is the same bytes."""
    text = json.dumps(model.plain(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    write_whole(path, f"{text}\n".encode())


def at_level(data: Lessons, level_db: float) -> Floats:
    """Return the features as if each speaker had been mastered with one gain to a neutral level."""
    moved = data.features.copy()
    moved[:, _LEVEL] = data.relative[:, _LEVEL] + level_db
    return moved
