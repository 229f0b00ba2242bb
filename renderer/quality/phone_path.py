"""Does it sound like its text? A line's phones laid along what a judge heard, frame by frame. Pure.

A judge says how likely each class of phone is in each frame. The best path through the classes that
the text allows (Viterbi) is held against the best path through any classes: where the text is
right, the two agree; where a word is missing, another or said twice, the text's path is less
likely by as much as that word is heard clearly. The sum of that difference over a stretch, in nats,
is the evidence against the text there.

References:
    Viterbi (1967), "Error bounds for convolutional codes", IEEE Trans. Inf. Theory 13.
    Witt & Young (2000), "Phone-level pronunciation scoring and assessment", Speech Communication
    30: goodness of pronunciation is the same difference, per phone.
    Bentley (1984), "Programming pearls: algorithm design techniques" (the stretch of largest sum).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SILENCE = 0
"""Class of what is no phone."""

STEP = 1.5  # nats a new phone costs on either path: a free path does not follow every frame's whim
FLOOR = 1e-3  # least probability: one frame alone is never more than 7 nats of evidence
ALLOWANCE = 0.35  # nats per frame by which right words may fall short


@dataclass(frozen=True, slots=True, eq=False)
class PhoneScores:
    """What a judge heard of a line, beside what it should have heard.

    Attributes:
        log_p: float32 (frames, classes), natural logarithms of probabilities; class 0 is silence.
        words: For each word of the line its classes, in order.
        frame_s: Seconds per frame.
    """

    log_p: Scores
    words: tuple[tuple[int, ...], ...]
    frame_s: float


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where a line sounds least like its text.

    Attributes:
        evidence: Against the text over the stretch, nats, ≥ 0.
        start_s: Seconds from the start of the sound.
        end_s: Seconds from the start of the sound, ≥ start_s.
        first_word: Index of the first word it touches; −1 where it touches none.
        last_word: Index of the last word it touches; −1 where it touches none.
    """

    evidence: float
    start_s: float
    end_s: float
    first_word: int
    last_word: int


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """A text laid along a sound.

    Attributes:
        words: int (frames,): the word of each frame, −1 in silence.
        phones: int (frames,): the phone of each frame, counted over the line, −1 in silence.
        scores: float (frames,): the text's path, nats.
        free: float (frames,): the best path through any classes, nats.
    """

    words: Ints
    phones: Ints
    scores: Floats
    free: Floats


@dataclass(frozen=True, slots=True)
class Told:
    """How a line sounds beside its text.

    Attributes:
        worst: Where it sounds least like it.
        misfit: How much worse the text's path is than the best one, nats per frame of speech.
    """

    worst: Divergence
    misfit: float


def tell(heard: PhoneScores) -> Told:
    """Hold a line against its text.

    A sound with fewer frames than the text has phones lacks what it has not: each frame that is
    missing is evidence as strong as a frame can give.
    """
    found = align(heard)
    if found is None:
        phones = sum(map(len, heard.words))
        most = -float(np.log(FLOOR))
        end_s = len(heard.log_p) * heard.frame_s
        worst = Divergence(most * phones, 0.0, end_s, 0, len(heard.words) - 1)
        return Told(worst, most)
    return Told(diverge(found, heard.frame_s), fit(found))


def align(heard: PhoneScores) -> Alignment | None:
    """Lay a text along a sound; None where the sound has fewer frames than the text has phones."""
    log_p = np.maximum(heard.log_p.astype(np.float64), np.log(FLOOR))
    graph = _graph(heard.words)
    path = _forced(log_p, graph)
    if path is None:
        return None
    free = _free(log_p)
    frames = np.arange(len(path))
    return Alignment(
        graph.word[path],
        graph.phone[path],
        log_p[frames, graph.label[path]],
        log_p[frames, free],
    )


def diverge(found: Alignment, frame_s: float) -> Divergence:
    """Return the stretch with the most evidence against the text.

    Args:
        found: Of `align`.
        frame_s: Seconds per frame.
    """
    against = found.free - found.scores - ALLOWANCE
    evidence, start, end = _largest(against)
    touched = found.words[start:end]
    touched = touched[touched >= 0]
    first, last = (int(touched[0]), int(touched[-1])) if touched.size else (-1, -1)
    return Divergence(evidence, start * frame_s, end * frame_s, first, last)


def fit(found: Alignment) -> float:
    """Return how much worse the text's path is than the best one, nats per frame of speech."""
    is_speech = (found.phones >= 0) | (found.free > found.scores)
    if not is_speech.any():
        return 0.0
    return float(np.mean((found.free - found.scores)[is_speech]))


# -- the text's path -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Graph:
    """States in a row: silence, the phones of a word, silence, …; a silence may be left out."""

    label: Ints
    word: Ints
    phone: Ints
    may_skip: npt.NDArray[np.bool_]  # whether the state may be left out


def _graph(words: Sequence[Sequence[int]]) -> _Graph:
    rows: list[tuple[int, int, int, bool]] = [(SILENCE, -1, -1, True)]
    phone = 0
    for number, classes in enumerate(words):
        for one in classes:
            rows.append((one, number, phone, False))
            phone += 1
        rows.append((SILENCE, -1, -1, True))
    label, word, index, skips = zip(*rows, strict=True)
    return _Graph(np.array(label), np.array(word), np.array(index), np.array(skips))


def _forced(log_p: Floats, graph: _Graph) -> Ints | None:
    """Return the best state per frame, int (frames,)."""
    emit = log_p[:, graph.label]
    frames, states = emit.shape
    skip_from = np.full(states, -np.inf)  # what it costs to come from two states before
    skip_from[2:] = np.where(graph.may_skip[1:-1], 0.0, -np.inf)
    back = np.zeros((frames, states), dtype=np.int8)
    best = np.full(states, -np.inf)
    best[:2] = emit[0, :2]
    one = np.empty(states)
    two = np.empty(states)
    for t in range(1, frames):
        one[0] = two[0] = two[1] = -np.inf
        one[1:] = best[:-1] - STEP
        two[2:] = best[:-2] - STEP + skip_from[2:]
        choice = np.stack([best, one, two])
        back[t] = np.argmax(choice, axis=0)
        best = np.max(choice, axis=0) + emit[t]
    at = int(np.argmax(best[-2:])) + states - 2
    if not np.isfinite(best[at]):
        return None
    path = np.empty(frames, dtype=np.int64)
    for t in range(frames - 1, -1, -1):
        path[t] = at
        at -= int(back[t, at])
    return path


def _free(log_p: Floats) -> Ints:
    """Return the best class per frame of a path through any classes, int (frames,)."""
    frames, classes = log_p.shape
    came = np.zeros((frames, classes), dtype=np.int64)
    best = log_p[0].copy()
    own = np.arange(classes)
    for t in range(1, frames):
        top = int(np.argmax(best))
        changes = best[top] - STEP > best
        came[t] = np.where(changes, top, own)
        best = np.where(changes, best[top] - STEP, best) + log_p[t]
    at = int(np.argmax(best))
    path = np.empty(frames, dtype=np.int64)
    for t in range(frames - 1, -1, -1):
        path[t] = at
        at = int(came[t, at])
    return path


def _largest(values: Floats) -> tuple[float, int, int]:
    """Return the largest sum over a stretch, and the stretch [start, end); 0 over nothing."""
    best, best_start, best_end = 0.0, 0, 0
    total, start = 0.0, 0
    for t, value in enumerate(values):
        if total <= 0:
            total, start = 0.0, t
        total += float(value)
        if total > best:
            best, best_start, best_end = total, start, t + 1
    return best, best_start, best_end
