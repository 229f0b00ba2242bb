"""Was it said? What a recogniser heard, held against what was to be said. Pure.

A recogniser hands over units in the order of time: a word it heard, or a sound that is none of the
line's words. The heaviest common subsequence of heard and expected words is what was said; what
lies between two of its words diverges, by the phones that are missing there or by those that are
too many, whichever are more.

References:
    Levenshtein (1966), "Binary codes capable of correcting deletions, insertions and reversals";
    the phone error rate is that of NIST's sclite, with whole words where words were recognised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class ExpectedWord:
    """One word of the line, as the recogniser knows it.

    Attributes:
        key: The same for words that sound alike to the recogniser.
        phones: How many phones it has, ≥ 1.
    """

    key: str
    phones: int


@dataclass(frozen=True, slots=True)
class HeardUnit:
    """One word or one sound that was heard.

    Attributes:
        key: Key of the word, or "" for a sound that is none of the line's words.
        phones: Phones in it, ≥ 1.
        start_s: Seconds from the start of the sound.
        end_s: Seconds from the start of the sound, > start_s.
    """

    key: str
    phones: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What a recogniser heard of a line.

    Attributes:
        expected: The line's words, in order.
        units: What was heard, in order of time; silence is left out.
        duration_s: Of the sound.
    """

    expected: tuple[ExpectedWord, ...]
    units: tuple[HeardUnit, ...]
    duration_s: float


@dataclass(frozen=True, slots=True)
class TextMetrics:
    """How a sound differs from its text.

    Attributes:
        word_count: Words of the line.
        found_count: Words of it that were heard in their order, 0 to `word_count`.
        phone_count: Phones of the line.
        phone_error_rate: Divergent phones per expected phone, ≥ 0.
        missing_phones: Most phones expected between two found words and not heard.
        missing_start_s: Where that place is, seconds.
        extra_phones: Most phones heard between two found words beyond those expected there.
        extra_start_s: Where that place is, seconds.
        divergent_phones: Most phones, missing or wrong, between two found words.
        divergent_s: Length of the sound at that place, seconds.
        divergent_start_s: Where that place is, seconds.
        missing_first: Phones of the words missing before the first found word.
        missing_last: Phones of the words missing after the last found word.
        repeated_phones: Phones of the line's own words heard again or out of order.
    """

    word_count: int
    found_count: int
    phone_count: int
    phone_error_rate: float
    missing_phones: int
    missing_start_s: float
    extra_phones: int
    extra_start_s: float
    divergent_phones: int
    divergent_s: float
    divergent_start_s: float
    missing_first: int
    missing_last: int
    repeated_phones: int

    @property
    def coverage(self) -> float:
        """Share of the words that were found, 0–1."""
        return self.found_count / max(1, self.word_count)


@dataclass(frozen=True, slots=True)
class Gap:
    """What lies between two found words, or before the first, or after the last.

    Attributes:
        missing: Expected phones that were not heard.
        sounds: Phones heard that are none of the line's words.
        again: Phones of words of the line, heard out of their order.
        start_s: Where it begins, seconds.
        end_s: Where it ends, seconds.
    """

    missing: int
    sounds: int
    again: int
    start_s: float
    end_s: float

    @property
    def divergent(self) -> int:
        """Phones missing or too many, whichever are more."""
        return max(self.missing, self.sounds + self.again)

    @property
    def extra(self) -> int:
        """Phones beyond those expected."""
        return max(0, self.sounds + self.again - self.missing)


def compare(heard: Heard) -> TextMetrics:
    """Hold what was heard against what was to be said.

    Args:
        heard: Of a line of at least one word.
    """
    pairs = match([w.key for w in heard.expected], heard.units)
    gaps = list(_gaps(heard, pairs))
    total = sum(w.phones for w in heard.expected)
    missing = max(gaps, key=lambda g: g.missing)
    extra = max(gaps, key=lambda g: g.extra)
    worst = max(gaps, key=lambda g: g.divergent)
    return TextMetrics(
        word_count=len(heard.expected),
        found_count=len(pairs),
        phone_count=total,
        phone_error_rate=sum(g.divergent for g in gaps) / max(1, total),
        missing_phones=missing.missing,
        missing_start_s=missing.start_s,
        extra_phones=extra.extra,
        extra_start_s=extra.start_s,
        divergent_phones=worst.divergent,
        divergent_s=worst.end_s - worst.start_s,
        divergent_start_s=worst.start_s,
        missing_first=gaps[0].missing,
        missing_last=gaps[-1].missing,
        repeated_phones=sum(g.again for g in gaps),
    )


def match(expected: Sequence[str], units: Sequence[HeardUnit]) -> list[tuple[int, int]]:
    """Return the heaviest common subsequence: (index of the word, index of the unit), in order.

    >>> units = [HeardUnit(k, 2, 0.0, 0.1) for k in ("b", "", "a", "b")]
    >>> match(["a", "b"], units)
    [(0, 2), (1, 3)]
    """
    rows, columns = len(expected), len(units)
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            best[i][j] = max(best[i + 1][j], best[i][j + 1])
            if units[j].key == expected[i]:
                best[i][j] = max(best[i][j], best[i + 1][j + 1] + units[j].phones)
    pairs, i, j = [], 0, 0
    while i < rows and j < columns:
        takes = best[i + 1][j + 1] + units[j].phones if units[j].key == expected[i] else -1
        if takes == best[i][j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def _gaps(heard: Heard, pairs: Sequence[tuple[int, int]]) -> list[Gap]:
    edges = [(-1, -1), *pairs, (len(heard.expected), len(heard.units))]
    return [_gap(heard, before, after) for before, after in pairwise(edges)]


def _gap(heard: Heard, before: tuple[int, int], after: tuple[int, int]) -> Gap:
    between = heard.units[before[1] + 1 : after[1]]
    start_s = heard.units[before[1]].end_s if before[1] >= 0 else 0.0
    end_s = heard.units[after[1]].start_s if after[1] < len(heard.units) else heard.duration_s
    return Gap(
        missing=sum(w.phones for w in heard.expected[before[0] + 1 : after[0]]),
        sounds=sum(u.phones for u in between if not u.key),
        again=sum(u.phones for u in between if u.key),
        start_s=start_s,
        end_s=max(start_s, end_s),
    )
