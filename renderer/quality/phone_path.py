"""Does it sound like its text? A line's phones laid along what a judge heard, frame by frame. Pure.

A judge says how likely each class of phone is in each frame. The best path through the text is
held against the best path on which words may be left out, said again, be others, or be cut at the
ends of the line, each at a price. How much likelier the line is with such slips than as it is
written, in nats, is the evidence against the text, and the path tells what slipped and where. The
two paths part and meet again, so that each slip has evidence of its own.

A judge mishears voices. The same voice saying the same line once more tells how: what the judge
hears then where a phone is said is a template of that phone, there. Held against templates a take
shows what differs from the plain line, and next to nothing of what the judge mishears in both.

References:
    Viterbi (1967), "Error bounds for convolutional codes", IEEE Trans. Inf. Theory 13.
    Witt & Young (2000), "Phone-level pronunciation scoring and assessment", Speech Communication
    30: a likelihood ratio against any phones (here `ANYTHING`).
    Neyman & Pearson (1933), "On the problem of the most efficient tests of statistical
    hypotheses", Phil. Trans. A 231 (why a ratio against what may have happened instead).
    Hazen, Shen & White (2009), "Query-by-example spoken term detection using phonetic
    posteriorgram templates", ASRU (templates, and the product of two posteriors as likeness).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from renderer.quality.phone_graph import ANYTHING, SILENCE, PhoneGraph, phone_graph
from renderer.quality.phone_slip import CUT, LEFT_OUT, Seen, Slip, Told, slips_on
from renderer.quality.phone_times import NO_TIMES, PhoneTimes

Scores = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FAULT = 8.0  # nats a slip costs
ALLOWANCE = 3.5  # nats per frame that right words may be less likely than any sounds
TEMPLATE_ALLOWANCE = 1.8  # likewise, held against templates: there right words are nearly certain
LEAST_NATS = 1e-6  # less is rounding
FLOOR = 1e-3  # least probability: one frame alone is never more than 7 nats of evidence


@dataclass(frozen=True, slots=True, eq=False)
class PhoneScores:
    """What a judge heard of a line, beside what it should have heard.

    Attributes:
        log_p: float32 (frames, classes), natural logarithms of probabilities; class 0 is silence.
        words: For each word of the line its classes, in order.
        frame_s: Seconds per frame.
        start_s: Where the first frame lies in the sound, seconds; less than 0 where silence was
            put before it.
    """

    log_p: Scores
    words: tuple[tuple[int, ...], ...]
    frame_s: float
    start_s: float = 0.0

    def at_s(self, frame: int) -> float:
        """Return where a frame lies in the sound, seconds, ≥ 0."""
        return max(0.0, self.start_s + frame * self.frame_s)


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """How a voice says a line, as a judge hears it.

    Attributes:
        heard: What the judge heard.
        templates: float64 (phones, classes), for each phone of the line how well each class fits
            its place, 0–1: the class it is written with by 1, others by their mean probability.
        times: When its phones are said, laid along the sound by these templates.
    """

    heard: PhoneScores
    templates: Floats
    times: PhoneTimes


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
    found = _best(_fit(heard, _written(heard), graph, ALLOWANCE), graph)
    if found is None:
        return None
    path = found.states
    return Alignment(graph.word[path], graph.phone[path], float(found.gains.sum()))


def pattern(heard: PhoneScores) -> Pattern:
    """Learn how a voice says a line.

    Args:
        heard: Of the line said plainly. Where it is too short to be laid along its text, phones
            are as they are written.
    """
    templates, found = _written(heard), align(heard)
    if found is None:
        return Pattern(heard, templates, NO_TIMES)
    p = np.exp(heard.log_p.astype(np.float64))
    for phone, template in enumerate(templates):
        np.maximum(template, p[found.phones == phone].mean(axis=0), out=template)
    return Pattern(heard, templates, _times(heard, templates))


def tell(heard: PhoneScores) -> Told:
    """Hold a line against its text.

    A sound too short for the text's phones lacks words; each phone counts as one frame of evidence.

    Args:
        heard: Of a line of at least one phone.
    """
    return _tell(heard, _written(heard), ALLOWANCE)


def tell_beside(heard: PhoneScores, said: Pattern) -> Told:
    """Hold a line against its text as the same voice says it plainly.

    Where the plain line does not fit its own templates (its text cannot be laid along it), a slip
    counts only beyond that; what is the same in both has none.

    Args:
        heard: Of the line.
        said: Of the plain line.
    """
    found = _tell(heard, said.templates, TEMPLATE_ALLOWANCE)
    if not found.slips:
        return found
    return found.beyond(_tell(said.heard, said.templates, TEMPLATE_ALLOWANCE).worst)


def _tell(heard: PhoneScores, templates: Floats, allowance: float) -> Told:
    free, strict = phone_graph(heard.words, -FAULT), phone_graph(heard.words)
    slipped = _best(_fit(heard, templates, free, allowance), free)
    written = _best(_fit(heard, templates, strict, allowance), strict)
    seen = list(slips_on(slipped.states, free, heard.words)) if slipped else []
    if slipped is None or written is None:
        lacking = -float(np.log(FLOOR)) * sum(map(len, heard.words))
        return Told(tuple(_slip(one, heard, lacking) for one in seen or [Seen(LEFT_OUT, 0, 0)]))
    partings = _partings(slipped, written)
    slips = []
    for parting in partings:
        own = [one for one in seen if _nearest(partings, one.frame) is parting]
        word = max(0, int(free.word[slipped.states[parting.start]]))
        slips += [
            _slip(one, heard, parting.nats) for one in own or [Seen(CUT, word, parting.start)]
        ]
    return Told(tuple(sorted(slips, key=lambda slip: slip.start_s)))


def times_beside(heard: PhoneScores, said: Pattern) -> PhoneTimes:
    """Return when the phones of a line are said, laid along it as the same voice says it plainly.

    Args:
        heard: Of the line; a sound too short for its phones has no times.
        said: Of the plain line.
    """
    return _times(heard, said.templates)


def _times(heard: PhoneScores, templates: Floats) -> PhoneTimes:
    graph = phone_graph(heard.words)
    path = _best(_fit(heard, templates, graph, TEMPLATE_ALLOWANCE), graph)
    if path is None:
        return NO_TIMES
    phone = graph.phone[path.states]
    said = np.flatnonzero(phone >= 0)
    _, first, frames = np.unique(phone[said], return_index=True, return_counts=True)
    return PhoneTimes(
        tuple((frames * heard.frame_s).tolist()),
        tuple(heard.at_s(int(said[at])) for at in first),
        tuple(number for number, word in enumerate(heard.words) for _ in word),
        heard.at_s(int(said[-1]) + 1),
    )


def _written(heard: PhoneScores) -> Floats:
    """Return templates of phones that are as they are written, float64 (phones, classes)."""
    return np.eye(heard.log_p.shape[1])[[one for word in heard.words for one in word]]


def _fit(heard: PhoneScores, templates: Floats, graph: PhoneGraph, allowance: float) -> Floats:
    """Return how well each frame fits each state, nats, float64 (frames, states)."""
    p = np.exp(heard.log_p.astype(np.float64))
    each = np.column_stack([p @ templates.T, p[:, SILENCE], p.max(axis=1)])
    fit = np.log(np.clip(each, FLOOR, 1.0))
    fit[:, -1] -= allowance
    silence, anything = len(templates), len(templates) + 1
    other = np.where(graph.label == ANYTHING, anything, silence)
    return np.asarray(fit[:, np.where(graph.phone >= 0, graph.phone, other)])


class _Parting(NamedTuple):
    """Frames in which a path with slips leaves the path as written, the last one included."""

    start: int
    end: int
    nats: float


def _partings(slipped: _Path, written: _Path) -> list[_Parting]:
    """Return where two paths part until they meet again, and what is won by it."""
    won = np.cumsum(slipped.gains - written.gains)
    ends = np.flatnonzero(slipped.states == written.states)
    if ends.size == 0 or ends[-1] != won.size - 1:
        ends = np.append(ends, won.size - 1)
    nats = np.diff(won[ends], prepend=0.0)
    starts = np.concatenate([[0], ends[:-1] + 1])
    return [
        _Parting(int(start), int(end), float(some))
        for start, end, some in zip(starts, ends, nats, strict=True)
        if some > LEAST_NATS
    ]


def _nearest(partings: Sequence[_Parting], frame: int) -> _Parting:
    return min(partings, key=lambda p: max(p.start - frame, frame - p.end, 0))


def _slip(seen: Seen, heard: PhoneScores, nats: float) -> Slip:
    return Slip(seen.kind, seen.word, heard.at_s(seen.frame), nats)


class _Path(NamedTuple):
    """A way through a graph: the state of each frame, int (frames,), and what it adds, nats."""

    states: Ints
    gains: Floats


def _best(emit: Floats, graph: PhoneGraph) -> _Path | None:
    """Return the best way through a graph, None where there are too few frames.

    Args:
        emit: How well each frame fits each state, nats, float64 (frames, states).
        graph: The states.
    """
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
    if not np.isfinite(ends[at]):
        return None
    path, gains = np.empty(frames, dtype=np.int64), np.zeros(frames)
    gains[-1] = graph.leave[at]
    for t in range(frames - 1, -1, -1):
        path[t] = at
        arc = back[t, at]
        gains[t] += emit[t, at] + (graph.cost[at, arc] if t else graph.enter[at])
        at = int(graph.came[at, arc])
    return _Path(path, gains)
