"""Does it sound like its text? A line's phones laid along what a judge heard, frame by frame. Pure.

A judge says how likely each class of phone is in each frame. The best path through the text is
held against the best path on which words may be left out, said again, be others, or be cut at the
ends of the line, each at a price. How much likelier the line is with such slips than as it is
written, in nats, is the evidence against the text, and the path tells what slipped and where.

References:
    Viterbi (1967), "Error bounds for convolutional codes", IEEE Trans. Inf. Theory 13.
    Witt & Young (2000), "Phone-level pronunciation scoring and assessment", Speech Communication
    30: a likelihood ratio against any phones (here `ANYTHING`).
    Neyman & Pearson (1933), "On the problem of the most efficient tests of statistical
    hypotheses", Phil. Trans. A 231 (why a ratio against what may have happened instead).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from renderer.quality.phone_graph import ANYTHING, PhoneGraph, phone_graph

Scores = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FAULT = 8.0  # nats a slip costs
ALLOWANCE = 3.5  # nats per frame that right words may be less likely than any sounds
FLOOR = 1e-3  # least probability: one frame alone is never more than 7 nats of evidence

LEFT_OUT, AGAIN, OTHER, BESIDE, CUT = "left out", "said again", "other", "beside", "cut"


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
class Slip:
    """What differs from the text in one place.

    Attributes:
        kind: `LEFT_OUT`, `AGAIN`, `OTHER` (sounds in its place), `BESIDE` (sounds before the word,
            or after the last one) or `CUT` (its start or end is missing).
        word: Index of the word.
        start_s: Seconds from the start of the sound.
    """

    kind: str
    word: int
    start_s: float


@dataclass(frozen=True, slots=True)
class Told:
    """How a line sounds beside its text.

    Attributes:
        evidence: How much likelier it is with slips than as it is written, nats, ≥ 0.
        slips: Which they are, in order of time.
    """

    evidence: float
    slips: tuple[Slip, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """A text laid along a sound.

    Attributes:
        words: int (frames,): the word of each frame, −1 in silence.
        phones: int (frames,): the phone of each frame, counted over the line, −1 in silence.
        score: Of the path, nats.
    """

    words: Ints
    phones: Ints
    score: float


def align(heard: PhoneScores) -> Alignment | None:
    """Lay a text along a sound; None where the sound has too few frames for the text's phones."""
    graph = phone_graph(heard.words)
    found = _best(_floored(heard), graph)
    if found is None:
        return None
    path, score = found
    return Alignment(graph.word[path], graph.phone[path], score)


def tell(heard: PhoneScores) -> Told:
    """Hold a line against its text.

    A sound too short for the text's phones lacks words; each phone counts as one frame of evidence.

    Args:
        heard: Of a line of at least one phone.
    """
    log_p, graph = _floored(heard), phone_graph(heard.words, -FAULT)
    found = _best(log_p, graph)
    written = align(heard)
    if found is None:
        return Told(-float(np.log(FLOOR)) * sum(map(len, heard.words)), (Slip(LEFT_OUT, 0, 0.0),))
    path, score = found
    slips = tuple(_slips(path, graph, heard)) or (Slip(CUT, max(0, int(graph.word[path[0]])), 0.0),)
    if written is None:
        return Told(-float(np.log(FLOOR)) * sum(map(len, heard.words)), slips)
    evidence = score - written.score
    return Told(evidence, slips) if evidence > 0 else Told(0.0, ())


def _floored(heard: PhoneScores) -> Floats:
    return np.maximum(heard.log_p.astype(np.float64), np.log(FLOOR))


def _slips(path: Ints, graph: PhoneGraph, heard: PhoneScores) -> Iterator[Slip]:
    """Read the slips off a path."""
    said = [number for number, classes in enumerate(heard.words) if classes]
    expected = 0  # place among `said` of the word that should come next
    for run in _runs(path, graph):
        start_s = run.start * heard.frame_s
        if run.word < 0:
            yield Slip(BESIDE, said[min(expected, len(said) - 1)], start_s)
            continue
        place = said.index(run.word)
        yield from (Slip(LEFT_OUT, said[n], start_s) for n in range(expected, place))
        if place < expected:
            yield Slip(AGAIN, run.word, start_s)
        elif run.is_other:
            yield Slip(OTHER, run.word, start_s)
        elif not _is_whole(path, graph, run.word):
            yield Slip(CUT, run.word, start_s)
        expected = max(expected, place + 1)
    end_s = len(path) * heard.frame_s
    yield from (Slip(LEFT_OUT, said[n], end_s) for n in range(expected, len(said)))


class _Run(NamedTuple):
    """A word on a path, or what is beside words (word −1)."""

    word: int
    start: int
    is_other: bool


def _runs(path: Ints, graph: PhoneGraph) -> Iterator[_Run]:
    """Return each word, and each stretch of anything, in the order of a path."""
    is_other = graph.label[path] == ANYTHING
    words = graph.word[path]
    beside = is_other & (words < 0)
    frame = 0
    for (word, is_beside, _), frames in groupby(
        zip(words, beside, _rounds(path, graph), strict=True)
    ):
        count = len(list(frames))
        if word >= 0 or is_beside:
            yield _Run(int(word), frame, bool(is_other[frame : frame + count].any()))
        frame += count


def _rounds(path: Ints, graph: PhoneGraph) -> Ints:
    """Return how often a path has gone back to phones that were before, int (frames,)."""
    phone = graph.phone[path]
    is_back = (phone[1:] < phone[:-1]) & (phone[1:] >= 0)
    return np.concatenate([[0], np.cumsum(is_back)])


def _is_whole(path: Ints, graph: PhoneGraph, word: int) -> bool:
    """Whether all phones of a word are on a path."""
    return set(graph.phone[graph.word == word]) - {-1} <= set(graph.phone[path])


def _best(log_p: Floats, graph: PhoneGraph) -> tuple[Ints, float] | None:
    """Return the best state per frame, int (frames,), and the path's score in all, nats."""
    anything = log_p.max(axis=1, keepdims=True) - ALLOWANCE
    emit = np.hstack([log_p, anything])[:, graph.label]
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
