"""The states a text may pass through while it is said, right or with slips. Pure.

A word that is left out, said again, replaced or cut, and what is said beside the words, are arcs
and states of their own, each at a price; `phone_path` looks for the best path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SILENCE = 0
"""Class of what is no phone."""

ANYTHING = -1
"""Class of whatever is heard: the likeliest class of each frame, at a price."""

STEP = 1.5  # nats a new phone costs
LEAST_FRAMES = 2  # of a phone: 23 ms


@dataclass(frozen=True, slots=True, eq=False)
class PhoneGraph:
    """States and the arcs into each of them, for a Viterbi search.

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


def phone_graph(words: Sequence[Sequence[int]], fault: float = -np.inf) -> PhoneGraph:
    """Return the text as states: silence, the phones of a word, silence, and so on.

    Args:
        words: For each word its classes; words of none are left out.
        fault: What it costs to leave a word out, to say it again, to say something else in its
            place or beside it, or to begin or end inside one; −inf: none of these.
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
    spoken = len(rows)
    has_faults = np.isfinite(fault)
    if has_faults:
        rows += [(ANYTHING, number, -1) for number, _ in said]
        rows += [(ANYTHING, -1, -1)] * (len(said) + 1)
    arcs = _Arcs(len(rows))
    for state in range(1, spoken):
        is_within = rows[state][2] == rows[state - 1][2]
        arcs.add(state - 1, state, 0.0 if is_within else -STEP)
    for begin, end in zip(first[1:], last, strict=False):
        arcs.add(end, begin, -STEP)  # without a pause
    enter, leave = np.full(len(rows), -np.inf), np.full(len(rows), -np.inf)
    enter[:2] = 0.0
    leave[last[-1] : spoken] = 0.0
    if has_faults:
        _allow(arcs, first, last, fault)
        count = len(said)
        enter[2 : last[0] + 1] = enter[[spoken, spoken + count]] = fault
        leave[first[-1] : last[-1]] = fault
        leave[[spoken + count - 1, spoken + 2 * count]] = 0.0
    label, word, index = zip(*rows, strict=True)
    return PhoneGraph(np.array(label), np.array(word), np.array(index), *arcs.table(), enter, leave)


def _allow(arcs: _Arcs, first: Sequence[int], last: Sequence[int], fault: float) -> None:
    """Let words be left out, said again and replaced, and something be said beside them."""
    _allow_words(arcs, first, last, fault)
    _allow_cuts(arcs, first, last, fault)
    beside = last[-1] + 2 + len(first)  # behind the states of what is said in the place of words
    for number, pause in enumerate([first[0] - 1, *(end + 1 for end in last)]):
        for start in (pause, *([last[number - 1]] if number else [])):
            arcs.add(start, beside + number, fault)
        for stop in (pause, *first[number : number + 1]):
            arcs.add(beside + number, stop, 0.0)


def _allow_words(arcs: _Arcs, first: Sequence[int], last: Sequence[int], fault: float) -> None:
    other = last[-1] + 2  # states of what is said in the place of words
    for number, (begin, end) in enumerate(zip(first, last, strict=True)):
        before = [begin - 1, *last[number - 1 : number]]  # the pause, the word
        after = [end + 1, *first[number + 1 : number + 2]]
        for start in before:
            arcs.add(start, other + number, fault)
            for stop in after:
                arcs.add(start, stop, fault)  # left out
        for stop in after:
            arcs.add(other + number, stop, 0.0)
        for start in (end, end + 1):
            arcs.add(start, begin, fault)  # said again


def _allow_cuts(arcs: _Arcs, first: Sequence[int], last: Sequence[int], fault: float) -> None:
    for state in range(first[0] + 1, last[0] + 1):
        arcs.add(0, state, fault)  # its start is missing, after silence
    for state in range(first[-1], last[-1]):
        arcs.add(state, last[-1] + 1, fault)  # its end is missing, before silence
