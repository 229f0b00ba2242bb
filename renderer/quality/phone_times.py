"""How long a line's phones take, beside those of the same line said plainly. Pure.

A take whose start or end was cut off has its first or last phones shorter than they should be,
however softly it begins or ends there.
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


@dataclass(frozen=True, slots=True)
class PhoneTimes:
    """When the phones of a line are said.

    Attributes:
        seconds: Of each phone, in order; () where a sound is too short for them.
        start_s: Where the first one begins, seconds from the start of the sound.
        end_s: Where the last one ends.
    """

    seconds: tuple[float, ...] = ()
    start_s: float = 0.0
    end_s: float = 0.0

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


def lack_at_ends(take: PhoneTimes, plain: PhoneTimes, rate: float = 1.0) -> Lack | None:
    """Return what a take lacks at the end that lacks more. None where one of them has no phones.

    One, two and three phones are looked at; what is left of them is less than `WHOLE`, or they lack
    nothing: an end may be said faster than the rest of a line. Neither do they where the phones
    behind them have as much more: where two phones part is not heard exactly, and a cut takes from
    all. How much longer the take's phones are as a rule is the median over the line, so that its
    rate makes no difference; of a few phones it is what was asked.

    Args:
        take: Of the take.
        plain: Of the same phones, said plainly by the same voice; each more than 0 s.
        rate: That was asked of the take, ×, > 0.
    """
    if not take.seconds or len(take.seconds) != len(plain.seconds):
        return None
    said, should = np.array(take.seconds), np.array(plain.seconds)
    longer = 1.0 / rate
    if said.size > FEW:
        longer = float(np.median(said / should))
    should *= longer
    start, end = _lacks(said, should), _lacks(said[::-1], should[::-1])
    # Of few phones both ends are the same ones: then the outermost phone tells.
    if (max(end), end[0]) > (max(start), start[0]):
        return Lack(max(end), take.end_s, is_end=True)
    return Lack(max(start), take.start_s, is_end=False)


def _lacks(said: Floats, should: Floats) -> list[float]:
    """Return what the first phone lacks, the first two together, and so on, seconds."""
    own, whole = np.cumsum(said), np.cumsum(should)
    lack = [
        float(np.min((whole - own)[at : at + BEHIND + 1])) if own[at] < WHOLE * whole[at] else 0.0
        for at in range(min(AT_AN_END, said.size))
    ]
    return [max(0.0, one) for one in lack]
