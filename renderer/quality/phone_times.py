"""How long a line's phones take, beside those of the same line said plainly. Pure.

A take whose start or end was cut off has its first or last phones shorter than they should be,
however softly it begins or ends there. A word that is said twice at once, and so short that this
is heard as one drawn out, has phones that are longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

AT_AN_END = 3  # phones that are looked at, at most
BEHIND = 2  # phones behind these that must not make up for what they lack
FEW = 6  # phones do not tell how fast a line is said: an end is half of them
WHOLE = 0.6  # of its time: so much is left of an end that is only said faster
OFF_RATE = 1.2  # ×: as far from what was asked may a line's rate be
DRAWN = 1.4  # × its time: a word that is only said more slowly takes less


@dataclass(frozen=True, slots=True)
class PhoneTimes:
    """When the phones of a line are said.

    Attributes:
        seconds: Of each phone, in order; () where a sound is too short for them.
        starts_s: Where each begins, seconds from the start of the sound.
        words: Which word of the line each belongs to, counted from 0.
        end_s: Where the last one ends.
    """

    seconds: tuple[float, ...] = ()
    starts_s: tuple[float, ...] = ()
    words: tuple[int, ...] = ()
    end_s: float = 0.0

    @property
    def start_s(self) -> float:
        """Where the first phone begins; 0 without one."""
        return self.starts_s[0] if self.starts_s else 0.0

    @property
    def total_s(self) -> float:
        """Seconds of all phones, without pauses."""
        return sum(self.seconds)


NO_TIMES = PhoneTimes()


class Lack(NamedTuple):
    """What a take lacks at an end.

    Attributes:
        seconds: By which its phones are shorter there than they should be, ≥ 0.
        at_s: Where, seconds from the start of the sound.
        is_end: Whether at its end.
    """

    seconds: float
    at_s: float
    is_end: bool


class Drawn(NamedTuple):
    """The word of a take that takes longest beyond what it should.

    Attributes:
        seconds: By which it takes longer, ≥ 0.
        at_s: Where it begins, seconds from the start of the sound.
        word: Which one, counted over the line from 0.
    """

    seconds: float
    at_s: float
    word: int


def lack_at_ends(take: PhoneTimes, plain: PhoneTimes, rate: float = 1.0) -> Lack | None:
    """Return what a take lacks at the end that lacks more. None where one of them has no phones.

    One, two and three phones are looked at; what is left of them is less than `WHOLE`, or they lack
    nothing: an end may be said faster than the rest of a line. Neither do they where the phones
    behind them have as much more: where two phones part is not heard exactly, and a cut takes from
    all.

    Args:
        take: Of the take.
        plain: Of the same phones, said plainly by the same voice; each more than 0 s.
        rate: That was asked of the take, ×, > 0.
    """
    both = _said_and_should(take, plain, rate)
    if both is None:
        return None
    said, should = both
    start, end = _lacks(said, should), _lacks(said[::-1], should[::-1])
    # Of few phones both ends are the same ones: then the outermost phone tells.
    if (max(end), end[0]) > (max(start), start[0]):
        return Lack(max(end), take.end_s, is_end=True)
    return Lack(max(start), take.start_s, is_end=False)


def drawn_word(take: PhoneTimes, plain: PhoneTimes, rate: float = 1.0) -> Drawn | None:
    """Return the word that takes longest beyond what it should; None where there are no phones.

    A word that takes less than `DRAWN` × its time has nothing beyond. What the words beside it have
    less is taken off: where two words part is not heard exactly.

    Args:
        take: Of the take.
        plain: Of the same phones, said plainly by the same voice; each more than 0 s.
        rate: That was asked of the take, ×, > 0.
    """
    both = _said_and_should(take, plain, rate)
    if both is None:
        return None
    words, first = np.unique(take.words, return_index=True)
    said, should = (np.add.reduceat(seconds, first) for seconds in both)
    more = np.pad(said - should, 1)
    before, own, behind = more[:-2], more[1:-1], more[2:]
    beyond = own + np.minimum(before, 0) + np.minimum(behind, 0)
    beyond = np.where(said >= DRAWN * should, np.maximum(beyond, 0), 0)
    at = int(beyond.argmax())
    return Drawn(float(beyond[at]), take.starts_s[first[at]], int(words[at]))


def _said_and_should(
    take: PhoneTimes, plain: PhoneTimes, rate: float
) -> tuple[Floats, Floats] | None:
    """Return how long each phone takes, and should; None where one of the two has no phones.

    How much longer the take's phones are as a rule is the median over the line, so that its rate
    makes no difference; of a few phones it is what was asked. It is never far from that: where
    most phones are those of one word that is said twice, they are not the rule.
    """
    if not take.seconds or len(take.seconds) != len(plain.seconds):
        return None
    said, should = np.array(take.seconds), np.array(plain.seconds)
    longer = 1.0
    if said.size > FEW:
        longer = float(np.clip(np.median(said / should) * rate, 1 / OFF_RATE, OFF_RATE))
    return said, should * (longer / rate)


def _lacks(said: Floats, should: Floats) -> list[float]:
    """Return what the first phone lacks, the first two together, and so on, seconds."""
    own, whole = np.cumsum(said), np.cumsum(should)
    lack = [
        float(np.min((whole - own)[at : at + BEHIND + 1])) if own[at] < WHOLE * whole[at] else 0.0
        for at in range(min(AT_AN_END, said.size))
    ]
    return [max(0.0, one) for one in lack]
