"""A line as it will be spoken, and when each part of it is."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import takewhile

from renderer.domain.direction import PhoneEdit
from renderer.domain.words import fold

SENTENCE_ENDS = frozenset(".!?…")


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """One word as it is spoken, after normalisation.

    Attributes:
        text: The word in letters ("forty", "two").
        phonemes: IPA with stress marks and without spaces.
        written: Index of the written word (`words.find_words`) it comes from.
        punctuation: The marks after it: any of `, ; : . ! ? … —`, or "".
    """

    text: str
    phonemes: str
    written: int
    punctuation: str = ""


@dataclass(frozen=True, slots=True)
class Transcript:
    """A line as it will be spoken.

    Attributes:
        locale: BCP 47 tag.
        written: The written words, as `words.find_words` cuts them.
        words: The spoken words, in order.
    """

    locale: str
    written: tuple[str, ...]
    words: tuple[SpokenWord, ...]

    @property
    def phoneme_count(self) -> int:
        """Phonemes, without marks of stress and length and whatever else changes a letter."""
        return sum(is_phoneme(c) for w in self.words for c in w.phonemes)

    @property
    def symbol_count(self) -> int:
        """Letters with their marks of stress and length; bounds the work of an engine."""
        return sum(c.isalpha() for w in self.words for c in w.phonemes)

    def says_again(self, phonemes: int) -> bool:
        """Whether the text itself has a run of words twice that is so many phonemes or more.

        >>> text = "five cents for the broth two cents for it"
        >>> said = [SpokenWord(word, word, 0) for word in text.split()]
        >>> [Transcript("en", (), tuple(said)).says_again(count) for count in (8, 9)]
        [True, False]
        """
        spoken = ["".join(c for c in w.phonemes if is_phoneme(c)) for w in self.words]
        for first in range(len(spoken)):
            for second in range(first + 1, len(spoken)):
                if spoken[first] != spoken[second]:
                    continue
                pairs = zip(spoken[first:second], spoken[second:], strict=False)
                same = takewhile(lambda pair: pair[0] == pair[1], pairs)
                if sum(len(word) for word, _ in same) >= phonemes:
                    return True
        return False

    def sentences(self) -> list[tuple[SpokenWord, ...]]:
        """Cut at the ends of sentences; never returns an empty sentence."""
        cut: list[tuple[SpokenWord, ...]] = []
        open_: list[SpokenWord] = []
        for word in self.words:
            open_.append(word)
            if SENTENCE_ENDS & set(word.punctuation):
                cut.append(tuple(open_))
                open_ = []
        return [*cut, tuple(open_)] if open_ else cut


def is_phoneme(symbol: str) -> bool:
    """Whether a symbol of IPA is a sound of its own, and not the mark of one.

    Unicode counts the marks of stress and length, aspiration and palatalisation as letters, too:
    modifier letters (Lm).

    >>> [symbol for symbol in "ˈtʰuːn" if is_phoneme(symbol)]
    ['t', 'u', 'n']
    """
    return symbol.isalpha() and unicodedata.category(symbol) != "Lm"


def find_spoken(word: str, occurrence: int, transcript: Transcript) -> list[int]:
    """Return the spoken words of a written word, by its text and which one of them it is.

    A written number may be several spoken words; a word that is gone is none.
    """
    seen = 0
    for index, written in enumerate(transcript.written):
        if fold(written) == fold(word):
            seen += 1
            if seen == occurrence:
                return [i for i, w in enumerate(transcript.words) if w.written == index]
    return []


@dataclass(frozen=True, slots=True)
class PhonePlace:
    """Where in a line the phone of an edit is.

    Attributes:
        word: Index into `Transcript.words`.
        phone: Which symbol of the word (`text.inventory.phonemes`), from 0.
        edit: What is asked of it.
    """

    word: int
    phone: int
    edit: PhoneEdit


@dataclass(frozen=True, slots=True)
class PhoneSpan:
    """One phoneme in time.

    Attributes:
        phoneme: IPA, or "_" for silence.
        start_s: Seconds from the start of the waveform.
        end_s: Seconds from the start of the waveform, > start_s.
        word: Index into `Transcript.words`, or −1 for silence.
    """

    phoneme: str
    start_s: float
    end_s: float
    word: int


def shift(phones: tuple[PhoneSpan, ...], by_s: float, limit_s: float) -> tuple[PhoneSpan, ...]:
    """Move spans by `by_s` seconds and clip them to [0, limit_s]; empty ones are dropped."""
    moved = (
        PhoneSpan(p.phoneme, max(0.0, p.start_s + by_s), min(limit_s, p.end_s + by_s), p.word)
        for p in phones
    )
    return tuple(p for p in moved if p.end_s > p.start_s)


def cover(phones: tuple[PhoneSpan, ...], duration_s: float) -> tuple[PhoneSpan, ...]:
    """Fill head and tail of a file with silence, so that the spans cover [0, duration_s].

    >>> [p.phoneme for p in cover((PhoneSpan("a", 0.1, 0.2, 0),), 0.3)]
    ['_', 'a', '_']
    """
    if not phones:
        return (PhoneSpan("_", 0.0, duration_s, -1),) if duration_s > 0 else ()
    first, last = phones[0], phones[-1]
    head = (PhoneSpan("_", 0.0, first.start_s, -1),) if first.start_s > 0 else ()
    tail = (PhoneSpan("_", last.end_s, duration_s, -1),) if last.end_s < duration_s else ()
    return (*head, *phones, *tail)
