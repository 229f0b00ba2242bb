"""What differs from a line's text: slips, and how they are read off a path through it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from renderer.quality.phone_graph import ANYTHING, PhoneGraph

Ints = npt.NDArray[np.int64]

LEFT_OUT, AGAIN, OTHER, BESIDE, CUT = "left out", "said again", "other", "beside", "cut"


@dataclass(frozen=True, slots=True)
class Slip:
    """What differs from the text in one place.

    Attributes:
        kind: `LEFT_OUT`, `AGAIN`, `OTHER` (sounds in its place), `BESIDE` (sounds before the word,
            or after the last one) or `CUT` (its start or end is missing).
        word: Index of the word.
        start_s: Seconds from the start of the sound.
        nats: How much likelier the line is with it than as it is written, ≥ 0. Slips that follow
            each other closely share theirs.
    """

    kind: str
    word: int
    start_s: float
    nats: float


@dataclass(frozen=True, slots=True)
class Told:
    """How a line sounds beside its text.

    Attributes:
        slips: What makes it likelier than as it is written, in order of time.
    """

    slips: tuple[Slip, ...] = ()

    @property
    def worst(self) -> float:
        """Evidence of the slip that is surest, nats; 0 without any.

        Not their sum: a voice that a judge hears badly has many small ones in a long line, a
        wrong word is one that is large.
        """
        return max((slip.nats for slip in self.slips), default=0.0)

    def beyond(self, usual: float) -> Told:
        """Return it with what its slips are worse than those in whatever the voice says.

        Args:
            usual: Evidence of the worst of these, nats, ≥ 0.
        """
        left = [replace(slip, nats=slip.nats - usual) for slip in self.slips if slip.nats > usual]
        return Told(tuple(left))


class Seen(NamedTuple):
    """A slip on a path, of a word, at a frame."""

    kind: str
    word: int
    frame: int


def slips_on(path: Ints, graph: PhoneGraph, words: Sequence[Sequence[int]]) -> Iterator[Seen]:
    """Read the slips off a path.

    Args:
        path: int (frames,), the state of each frame.
        graph: The states.
        words: For each word of the line its classes.
    """
    said = [number for number, classes in enumerate(words) if classes]
    expected = 0  # place among `said` of the word that should come next
    for run in _runs(path, graph):
        if run.word < 0:
            yield Seen(BESIDE, said[min(expected, len(said) - 1)], run.start)
            continue
        place = said.index(run.word)
        yield from (Seen(LEFT_OUT, said[n], run.start) for n in range(expected, place))
        if place < expected:
            yield Seen(AGAIN, run.word, run.start)
        elif run.is_other:
            yield Seen(OTHER, run.word, run.start)
        elif not _is_whole(path, graph, run.word):
            yield Seen(CUT, run.word, run.start)
        expected = max(expected, place + 1)
    yield from (Seen(LEFT_OUT, said[n], len(path)) for n in range(expected, len(said)))


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
