"""What is to be spoken for a training: sets of sentences, made from a grammar, chosen for coverage.

A grammar is a text file: `[section]` lines, then one phrase per line. `{name}` takes a phrase of
the section [name], never the same one twice in a sentence; `{name2}` takes another one, `{Name}`
begins with a capital. Sentences come from [line].

References:
    Nemhauser, Wolsey & Fisher (1978), "An analysis of approximations for maximizing submodular
    set functions": greedy choice is within 1 − 1/e of the best cover; the gain of a sentence only
    falls, so that old gains bound new ones (Minoux 1978).
"""

from __future__ import annotations

import heapq
import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from renderer.errors import Fault, InputError

MAX_WORDS = 18
MAX_CHARACTERS = 400
_SLOT = re.compile(r"\{([^{}]+)\}")
_START = re.compile(r"(^|[.!?…]\s+)(\w)")
_TRIES = 40
_CANDIDATES = 4
_BARK_WORDS = 3
_WORD = re.compile(r"\w[\w'’-]*")
_END = re.compile(r"[.!?…]+")


@dataclass(frozen=True, slots=True)
class Grammar:
    """Phrases by section; `line` holds the sentences."""

    sections: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often a text set holds each phone and each pair of neighbours."""

    sentences: int
    phones: Mapping[str, int]
    pairs: Mapping[tuple[str, str], int]

    def __str__(self) -> str:
        rare = sorted(phone for phone, count in self.phones.items() if count < 10)  # noqa: PLR2004
        text = (
            f"{self.sentences} sentences, {sum(self.phones.values())} phones, "
            f"{len(self.phones)} different ones, {len(self.pairs)} different pairs"
        )
        return f"{text}; fewer than 10 times: {' '.join(rare)}" if rare else text


def read_texts(path: Path) -> tuple[str, ...]:
    """Read a text set: one sentence per line; empty lines and `#` lines are left out.

    Raises:
        InputError: The file cannot be read, holds nothing, or has lines that are too long or there
            twice; all of them are named.
    """
    rows = _rows(path)
    if not rows:
        raise InputError(f"{path} holds no sentence; write one per line.")
    faults, seen = [], set()
    for number, row in rows:
        if len(row) > MAX_CHARACTERS:
            fix = f"Cut it into lines of at most {MAX_CHARACTERS} characters."
            faults.append(Fault(str(path), number, "", "The line is too long.", fix, "long-line"))
        if row in seen:
            fix = "Remove one of them."
            faults.append(Fault(str(path), number, "", "The line is there twice.", fix, "twice"))
        seen.add(row)
    if faults:
        raise InputError(f"{len(faults)} faults in {path}.", faults)
    return tuple(row for _, row in rows)


def read_grammar(path: Path) -> Grammar:
    """Read a grammar.

    Raises:
        InputError: It cannot be read, has no [line], an empty section, or a phrase outside a
            section or with a name that is no section; all faults with their lines.
    """
    sections: dict[str, list[str]] = {}
    faults: list[Fault] = []
    name, slots = "", []
    for number, row in _rows(path):
        if row.startswith("[") and row.endswith("]"):
            name = row[1:-1].strip()
            sections.setdefault(name, [])
        elif not name:
            fix = "Write `[line]` above it."
            faults.append(Fault(str(path), number, "", "It is in no section.", fix, "no-section"))
        else:
            sections[name].append(row)
            slots += [(number, slot) for slot in _SLOT.findall(row)]
    for number, slot in slots:
        if _section(sections, slot) is None:
            fix = f"Write a section [{slot.lower()}] or another name."
            faults.append(Fault(str(path), number, slot, "No such section.", fix, "no-section"))
    empty = [name for name, phrases in sections.items() if not phrases]
    if faults or empty or "line" not in sections:
        what = f"; empty: {', '.join(empty)}" if empty else ""
        raise InputError(f"{path} is no grammar: {len(faults)} faults{what}.", faults)
    return Grammar({name: tuple(phrases) for name, phrases in sections.items()})


def _rows(path: Path) -> list[tuple[int, str]]:
    try:
        text = path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as UTF-8 text: {error}.") from error
    stripped = ((number, row.strip()) for number, row in enumerate(text.splitlines(), 1))
    return [(number, row) for number, row in stripped if row and not row.startswith("#")]


def _section(sections: Mapping[str, Sequence[str]], slot: str) -> str | None:
    small = slot[:1].lower() + slot[1:]
    return next((n for n in (slot, small, small.rstrip("0123456789")) if n in sections), None)


def generate(grammar: Grammar, count: int, seed: int = 0) -> tuple[str, ...]:
    """Make different sentences of at most `MAX_WORDS` words.

    Args:
        grammar: What they are made of.
        count: How many to look for; a small grammar may hold fewer.
        seed: The same seed gives the same sentences.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    found: dict[str, None] = {}
    for _ in range(_TRIES * count):
        sentence = _expand(grammar, chance)
        if len(sentence.split()) <= MAX_WORDS:
            found[sentence] = None
        if len(found) == count:
            break
    return tuple(found)


def _expand(grammar: Grammar, chance: random.Random) -> str:
    text, used = chance.choice(grammar.sections["line"]), set[str]()
    for _ in range(_TRIES):
        slot = _SLOT.search(text)
        if slot is None:
            break
        section = _section(grammar.sections, slot[1]) or ""
        phrases = grammar.sections[section]
        phrase = chance.choice([p for p in phrases if p not in used] or phrases)
        used.add(phrase)
        if slot[1][:1].isupper():
            phrase = phrase[:1].upper() + phrase[1:]
        text = text[: slot.start()] + phrase + text[slot.end() :]
    return _START.sub(lambda m: m[1] + m[2].upper(), text)


def choose(sentences: Sequence[str], phones: Sequence[Sequence[str]], count: int) -> list[str]:
    """Choose sentences so that every pair of neighbouring phones is heard, rare ones too.

    A pair's worth halves each time it has been taken; a sentence's is that of its pairs per
    square root of its length, so that short ones have their chance.

    Args:
        sentences: Candidates.
        phones: Each candidate's phones.
        count: How many to choose.

    Returns:
        At most `count` sentences, the most telling first.
    """
    pairs = [list(pairwise(one)) for one in phones]
    taken: Counter[tuple[str, str]] = Counter()

    def worth(number: int) -> float:
        own = pairs[number]
        return float(sum(2.0 ** -taken[pair] for pair in own) / max(1, len(own)) ** 0.5)

    heap = [(-worth(number), number) for number in range(len(sentences))]
    heapq.heapify(heap)
    chosen: list[str] = []
    while heap and len(chosen) < count:
        _, number = heapq.heappop(heap)
        now = -worth(number)
        if heap and now > heap[0][0]:  # others may be worth more by now
            heapq.heappush(heap, (now, number))
            continue
        chosen.append(sentences[number])
        taken.update(pairs[number])
    return chosen


def coverage(phones: Sequence[Sequence[str]]) -> Coverage:
    """Count the phones of a text set and the pairs of neighbours, within sentences."""
    singles: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for one in phones:
        singles.update(one)
        pairs.update(pairwise(one))
    return Coverage(len(phones), dict(singles), dict(pairs))


def text_set(
    grammar: Grammar,
    count: int,
    seed: int,
    phones_of: Callable[[Sequence[str]], Sequence[Sequence[str]]],
    held_out: Sequence[str] = (),
) -> tuple[list[str], Coverage]:
    """Make a text set: every bark the grammar gives, then what covers most pairs of phones.

    Args:
        grammar: What the sentences are made of.
        count: How many are wanted.
        seed: The same seed gives the same set.
        phones_of: Gives the phones of each sentence; () for one that cannot be spoken, which is
            left out.
        held_out: Sentences that must not be in it.
    """
    kept_out = set(held_out)
    candidates = [s for s in generate(grammar, count * _CANDIDATES, seed) if s not in kept_out]
    phones = dict(zip(candidates, phones_of(candidates), strict=True))
    speakable = [sentence for sentence in candidates if phones[sentence]]
    barks = sorted(s for s in speakable if is_bark(s))[:count]
    rest = [s for s in speakable if not is_bark(s)]
    chosen = barks + choose(rest, [phones[s] for s in rest], count - len(barks))
    return chosen, coverage([phones[s] for s in chosen])


def is_bark(sentence: str) -> bool:
    """Whether a sentence is one call of at most three words.

    >>> is_bark("Out of the way!"), is_bark("Qui va là ?"), is_bark("Milk! Earth!")
    (False, True, False)
    """
    return len(_WORD.findall(sentence)) <= _BARK_WORDS and len(_END.findall(sentence)) == 1
