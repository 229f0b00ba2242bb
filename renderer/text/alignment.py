"""Which of espeak's words belong to which spoken word.

espeak phonemises a whole phrase, so that "the" and the French liaison are right, but it joins small
words ("of the" is one) and splits others. Its words are aligned with the same words phonemised one
by one, by the cheapest monotone grouping, and a joined word is cut where its parts fit best.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from heapq import heappop, heappush
from itertools import accumulate, combinations
from typing import NamedTuple

from renderer.text import phones

# Share of phonemes that may differ from the words said alone; reduced vowels and liaison do.
MAX_DIFFERENCE = 0.5
MAX_JOINED = 4  # words in one of espeak's
MAX_SPLIT = 8  # espeak's words for one word
MAX_UNITS = 24  # of a joined word


class _Group(NamedTuple):
    cost: float
    tokens: int
    words: int


def share(phrase: Sequence[str], alone: Sequence[Sequence[str]]) -> list[str] | None:
    """Return the phonemes of each spoken word within its phrase.

    Args:
        phrase: espeak's words for the phrase.
        alone: For each spoken word, espeak's words for it alone.

    Returns:
        One string of phonemes per spoken word, none empty, or None when no alignment is sure.

    >>> share(["ʌvðə", "kˈɪŋ"], [["ʌv"], ["ðə"], ["kˈɪŋ"]])
    ['ʌv', 'ðə', 'kˈɪŋ']
    >>> share(["kˈɪŋ"], [["kˈɪŋ"], ["mˈɪstɚ"]]) is None
    True
    """
    if len(phrase) == len(alone) and all(len(a) == 1 for a in alone):
        return list(phrase)
    singles = ["".join(a) for a in alone]
    if not all(map(phones.letters, singles)):
        return None
    groups = _groups(phrase, singles)
    if groups is None:
        return None
    out: list[str] = []
    i = k = 0
    for group in groups:
        said = "".join(phrase[i : i + group.tokens])
        cut = _cut(said, singles[k : k + group.words])
        if cut is None:
            return None
        out += cut
        i, k = i + group.tokens, k + group.words
    return out if all(map(phones.letters, out)) else None


_MOVES = (
    (1, 1),
    *((1, words) for words in range(2, MAX_JOINED + 1)),
    *((tokens, 1) for tokens in range(2, MAX_SPLIT + 1)),
)


def _groups(phrase: Sequence[str], singles: Sequence[str]) -> list[_Group] | None:
    """Group espeak's words with spoken words: one to one, one to some, or some to one.

    The cheapest path by A* search (Hart, Nilsson & Raphael 1968); the phonemes that are left over
    on one side are a lower bound of what remains to be paid.
    """
    left = [_sums(phrase), _sums(singles)]
    goal = (len(phrase), len(singles))
    limit = MAX_DIFFERENCE * left[1][0]
    best: dict[tuple[int, int], _Group] = {(0, 0): _Group(0.0, 0, 0)}
    queue = [(0.0, (0, 0))]
    closed = set()
    while queue:
        bound, at = heappop(queue)
        if bound > limit:
            return None
        if at == goal:
            return _path(best, goal)
        if at in closed:
            continue
        closed.add(at)
        for end, group in _steps(phrase, singles, at, best[at].cost):
            if end not in best or group.cost < best[end].cost:
                best[end] = group
                rest = abs(left[0][end[0]] - left[1][end[1]])
                heappush(queue, (group.cost + rest, end))
    return None


def _steps(
    phrase: Sequence[str], singles: Sequence[str], at: tuple[int, int], paid: float
) -> Iterator[tuple[tuple[int, int], _Group]]:
    i, k = at
    for tokens, words in _MOVES:
        if i + tokens <= len(phrase) and k + words <= len(singles):
            said, alone = "".join(phrase[i : i + tokens]), "".join(singles[k : k + words])
            cost = paid + _distance(said, alone)
            yield (i + tokens, k + words), _Group(cost, tokens, words)


def _sums(words: Sequence[str]) -> list[int]:
    """Return how many phonemes are left from each word on."""
    return list(accumulate((phones.letters(w) for w in reversed(words)), initial=0))[::-1]


def _path(best: Mapping[tuple[int, int], _Group], goal: tuple[int, int]) -> list[_Group]:
    path = []
    i, k = goal
    while i or k:
        path.append(best[i, k])
        i, k = i - path[-1].tokens, k - path[-1].words
    return path[::-1]


def _cut(said: str, singles: Sequence[str]) -> list[str] | None:
    """Cut one of espeak's words into the words it joins, where they fit best."""
    if len(singles) == 1:
        return [said]
    units = _units(said)
    if not len(singles) <= len(units) <= MAX_UNITS:
        return None
    options = (
        ["".join(units[a:b]) for a, b in zip((0, *cuts), (*cuts, len(units)), strict=True)]
        for cuts in combinations(range(1, len(units)), len(singles) - 1)
    )
    return min(options, key=lambda o: sum(map(_distance, o, singles)))


def _units(word: str) -> list[str]:
    """Cut IPA into letters, each with the stress before it and the marks after it."""
    units: list[str] = []
    stress = ""
    for c in word:
        if c in phones.STRESS:
            stress += c
        elif c in phones.LETTERS or not units:
            units.append(stress + c)
            stress = ""
        else:
            units[-1] += c
    return units


@lru_cache(maxsize=65536)
def _distance(a: str, b: str) -> float:
    """Edit distance over phoneme letters; a vowel for a vowel costs half (Levenshtein 1966)."""
    x, y = ([c for c in s if c in phones.LETTERS] for s in (a, b))
    row = [float(j) for j in range(len(y) + 1)]
    for i, p in enumerate(x, 1):
        before, row[0] = row[0], float(i)
        for j, q in enumerate(y, 1):
            swap = 0.0 if p == q else 0.5 if {p, q} <= phones.VOWELS else 1.0
            before, row[j] = row[j], min(before + swap, row[j] + 1, row[j - 1] + 1)
    return row[-1]
