"""Lexicons: how names and odd words are spoken, per locale, with words or with phonemes.

A line depends on the entries its words use and on nothing else in a lexicon, so adding a name
makes no other line stale. Reading the files is `lexicon_file`; this module looks words up, in time
proportional to the words of a line.

Which entry applies, best first: a phrase before a single word, the word as written before its
inflections, an entry whose `hint` the line gives before one without, the exact locale before the
language before `*`, a later file before an earlier one.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from renderer.domain.render_key import digest
from renderer.domain.utterance import Utterance
from renderer.domain.words import Word, find_words, fold
from renderer.errors import Fault
from renderer.text import inflection, lexicon_file
from renderer.text.lexicon_entry import LexiconEntry


class Piece(NamedTuple):
    """A part of a word: text to speak, and the phonemes for it or ""."""

    text: str
    ipa: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """Lexicon entries found in a line.

    Attributes:
        first: Index of the first written word.
        last: Index of the last written word.
        entries: The entries; more than one in a compound such as Kaelith-Emberfall.
        pieces: What to speak, in order.
    """

    first: int
    last: int
    entries: tuple[LexiconEntry, ...]
    pieces: tuple[Piece, ...]


class Lexicon:
    """The entries of every lexicon file, ready to be looked up. Safe to share between threads."""

    def __init__(self, entries: Sequence[LexiconEntry] = ()) -> None:
        self._entries = tuple(entries)
        self._indexes: dict[str, _Index] = {}
        self._lock = threading.Lock()

    @property
    def entries(self) -> tuple[LexiconEntry, ...]:
        """Every entry, in the order of the files."""
        return self._entries

    def used(self, utterance: Utterance) -> tuple[LexiconEntry, ...]:
        """Return exactly the entries the line's words use, each once, in the order of the line."""
        return tuple(dict.fromkeys(e for use in self.uses(utterance) for e in use.entries))

    def digest(self, utterance: Utterance) -> str:
        """Return the digest of what the line takes from the lexicon, "" when nothing."""
        effects = sorted({e.effect for e in self.used(utterance)})
        return digest(effects) if effects else ""

    def uses(self, utterance: Utterance) -> tuple[Use, ...]:
        """Return where the line uses which entries; uses do not overlap.

        Words whose phonemes the direction gives use no entry.
        """
        index = self._index(utterance.locale)
        if not index.starts:
            return ()
        given = {(fold(e.word), e.occurrence) for e in utterance.direction.words if e.phonemes}
        hints = {fold(w): h.casefold() for w, h in utterance.hints}
        return tuple(_Walk(index, find_words(utterance.text), given, hints))

    def unmatched_hints(self, utterance: Utterance) -> tuple[tuple[str, str], ...]:
        """Return the line's hints that no entry knows: most likely typing errors."""
        known = self._index(utterance.locale).hints
        return tuple((w, h) for w, h in utterance.hints if (fold(w), h.casefold()) not in known)

    def _index(self, locale: str) -> _Index:
        index = self._indexes.get(locale)
        if index is None:
            with self._lock:
                index = self._indexes.setdefault(locale, _Index.of(self._entries, locale))
        return index


def read_lexicons(paths: Sequence[tuple[Path, str]], faults: list[Fault]) -> Lexicon:
    """Read lexicon files; later ones override earlier ones.

    Args:
        paths: File and the path people are shown, shipped lexicons first.
        faults: Everything that is wrong is appended here; nothing is raised.

    Returns:
        The entries that are right.
    """
    return Lexicon([e for path, shown in paths for e in lexicon_file.read(path, shown, faults)])


def fit(locale: str, wanted: str) -> int:
    """Return how well an entry's locale fits: 3 exactly, 2 the language, 1 `*`, 0 not at all.

    >>> [fit(l, "de-AT") for l in ("de-AT", "de", "*", "de-DE", "d")]
    [3, 2, 1, 0, 0]
    """
    have = locale.casefold()
    ranks = {"*": 1, _language(wanted): 2, wanted.casefold(): 3}
    return ranks.get(have, 0)


def _language(locale: str) -> str:
    return re.split("[-_]", locale.casefold())[0]


@dataclass(frozen=True, slots=True)
class _Index:
    """The entries that bear on one locale, by their written words."""

    language: str
    starts: Mapping[str, int]  # first folded word -> most words of an entry that begins with it
    best: Mapping[tuple[str, ...], tuple[LexiconEntry, ...]]  # best entry first
    hints: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, entries: Sequence[LexiconEntry], locale: str) -> _Index:
        ranked: dict[tuple[str, ...], list[tuple[int, int, LexiconEntry]]] = {}
        for position, entry in enumerate(entries):
            rank = fit(entry.locale, locale)
            if rank and entry.forms:
                ranked.setdefault(entry.forms, []).append((rank, position, entry))
        best = {
            forms: tuple(e for *_, e in sorted(rows, key=lambda r: r[:2], reverse=True))
            for forms, rows in ranked.items()
        }
        starts: dict[str, int] = {}
        for forms in best:
            starts[forms[0]] = max(len(forms), starts.get(forms[0], 0))
        hints = frozenset(
            (forms[0], e.hint.casefold()) for forms, es in best.items() for e in es if e.hint
        )
        return cls(_language(locale), starts, best, hints)

    def pick(self, texts: Sequence[str], hint: str) -> LexiconEntry | None:
        """Return the entry for these written words: the hinted one first, then the default."""
        rows = self.best.get(tuple(fold(t) for t in texts), ())
        fitting = [e for e in rows if not e.match_case or _spelling(e) == list(texts)]
        hinted = (e for e in fitting if hint and e.hint.casefold() == hint)
        plain = (e for e in fitting if not e.hint)
        return next(hinted, None) or next(plain, None)


def _spelling(entry: LexiconEntry) -> list[str]:
    return [w.text for w in find_words(entry.word)]


@dataclass(frozen=True, slots=True)
class _Walk:
    """One pass over the written words of a line."""

    index: _Index
    words: Sequence[Word]
    given: set[tuple[str, int]]
    hints: Mapping[str, str]

    def __iter__(self) -> Iterator[Use]:
        i = 0
        while i < len(self.words):
            use = self._use(i) if self._is_free(i) else None
            if use is not None:
                yield use
            i = use.last + 1 if use is not None else i + 1

    def _is_free(self, i: int) -> bool:
        return (fold(self.words[i].text), self.words[i].occurrence) not in self.given

    def _use(self, i: int) -> Use | None:
        phrase = self._phrase(i)
        if phrase is not None:
            return phrase
        parts = inflection.compound(self.words[i].text)
        found = self._single(self.words[i].text)
        if found is not None or not parts:
            return found and Use(i, i, (found[0],), (found[1],))
        each = [(part, self._single(part)) for part in parts]
        entries = tuple(one[0] for _, one in each if one is not None)
        pieces = tuple(one[1] if one is not None else Piece(part) for part, one in each)
        return Use(i, i, entries, pieces) if entries else None

    def _phrase(self, i: int) -> Use | None:
        longest = min(self.index.starts.get(fold(self.words[i].text), 0), len(self.words) - i)
        for length in range(longest, 1, -1):
            texts = [w.text for w in self.words[i : i + length]]
            entry = self.index.pick(texts, "")
            if entry is not None and all(map(self._is_free, range(i, i + length))):
                return Use(i, i + length - 1, (entry,), (_piece(entry),))
        return None

    def _single(self, text: str) -> tuple[LexiconEntry, Piece] | None:
        entry = self.index.pick([text], self.hints.get(fold(text), ""))
        if entry is not None:
            return entry, _piece(entry)
        for form in inflection.forms(text, self.index.language):
            entry = self.index.pick([form.stem], self.hints.get(fold(form.stem), ""))
            if entry is not None and (entry.is_name or not form.needs_name):
                ipa = form.ipa(entry.ipa, self.index.language) if entry.ipa else ""
                return entry, Piece(form.say(entry.say) if entry.say else text, ipa)
        return None


def _piece(entry: LexiconEntry) -> Piece:
    return Piece(entry.say or entry.word, entry.ipa)
