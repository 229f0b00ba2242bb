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
LEAST_FRAMES = 2  # of a phone: 23 ms
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
    found = _best(log_p, graph)
    if found is None:
        return None
    path, _ = found
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


# -- paths -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Graph:
    """States and the arcs into each of them.

    Attributes:
        label: int (states,), the class each state hears.
        word: int (states,), −1 for silence.
        phone: int (states,), counted over the line; −1 for silence.
        came: int (states, arcs), where arcs come from; arcs that are none cost infinity.
        cost: float (states, arcs), nats, ≤ 0.
        enter: float (states,), cost of beginning in a state.
        leave: float (states,), cost of ending in a state.
    """

    label: Ints
    word: Ints
    phone: Ints
    came: Ints
    cost: Floats
    enter: Floats
    leave: Floats


class _Arcs:
    """Collects arcs into states."""

    def __init__(self, states: int) -> None:
        self._into: list[list[tuple[int, float]]] = [[(s, 0.0)] for s in range(states)]

    def add(self, start: int, end: int, cost: float) -> None:
        self._into[end].append((start, cost))

    def table(self) -> tuple[Ints, Floats]:
        widest = max(map(len, self._into))
        padded = [row + [(0, -np.inf)] * (widest - len(row)) for row in self._into]
        return (
            np.array([[start for start, _ in row] for row in padded]),
            np.array([[cost for _, cost in row] for row in padded]),
        )


def _graph(words: Sequence[Sequence[int]], fault: float = -np.inf) -> _Graph:
    """Return the text as states: silence, the phones of a word, silence, …

    Args:
        words: For each word its classes; words of none are left out.
        fault: What it costs to leave a word out, to say it again, or to begin or end inside one;
            −inf: none of these.
    """
    said = [(number, classes) for number, classes in enumerate(words) if classes]
    rows: list[tuple[int, int, int]] = [(SILENCE, -1, -1)]
    first, last, phone = [], [], 0
    for number, classes in said:
        first.append(len(rows))
        for one in classes:
            rows += [(one, number, phone)] * LEAST_FRAMES
            phone += 1
        last.append(len(rows) - 1)
        rows.append((SILENCE, -1, -1))
    arcs = _Arcs(len(rows))
    for state in range(1, len(rows)):
        is_within = rows[state][2] == rows[state - 1][2]
        arcs.add(state - 1, state, 0.0 if is_within else -STEP)
    for begin, end in zip(first[1:], last, strict=False):
        arcs.add(end, begin, -STEP)  # without a pause
    enter, leave = np.full(len(rows), -np.inf), np.full(len(rows), -np.inf)
    enter[: 2 if said else 1] = 0.0
    leave[last[-1] if said else 0 :] = 0.0
    if np.isfinite(fault):
        _allow(arcs, first, last, fault)
        edge = slice(first[0], last[0] + 1), slice(first[-1], last[-1] + 1)
        enter[edge[0]] = np.maximum(enter[edge[0]], fault)
        leave[edge[1]] = np.maximum(leave[edge[1]], fault)
    label, word, index = zip(*rows, strict=True)
    return _Graph(np.array(label), np.array(word), np.array(index), *arcs.table(), enter, leave)


def _allow(arcs: _Arcs, first: Sequence[int], last: Sequence[int], fault: float) -> None:
    """Let words be left out and said again."""
    for number, (begin, end) in enumerate(zip(first, last, strict=True)):
        pause = end + 1
        if number:
            arcs.add(last[number - 1], pause, fault)  # left out, after a word
        arcs.add(begin - 1, pause, fault)  # left out, after a pause
        if number + 1 < len(first):
            arcs.add(begin - 1, first[number + 1], fault)
            if number:
                arcs.add(last[number - 1], first[number + 1], fault)
        arcs.add(end, begin, fault)  # said again
        arcs.add(pause, begin, fault)


def _best(log_p: Floats, graph: _Graph) -> tuple[Ints, float] | None:
    """Return the best state per frame, int (frames,), and the path's score in all, nats."""
    emit = log_p[:, graph.label]
    frames, states = emit.shape
    back = np.zeros((frames, states), dtype=np.int8)
    best = graph.enter + emit[0]
    rows = np.arange(states)
    for t in range(1, frames):
        options = best[graph.came] + graph.cost
        chosen = options.argmax(axis=1)
        back[t] = chosen
        best = options[rows, chosen] + emit[t]
    ends = best + graph.leave
    at = int(np.argmax(ends))
    score = float(ends[at])
    if not np.isfinite(score):
        return None
    path = np.empty(frames, dtype=np.int64)
    for t in range(frames - 1, -1, -1):
        path[t] = at
        at = int(graph.came[at, back[t, at]])
    return path, score


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
