"""A sentence's phonemes as a Piper model's ids: `^ _ h _ ə _ l _ oʊ … _ $`.

**Whose the pads are.** A model gives frames to the pads and marks between phones too. Measured on
three voices (`benchmarks/phone_times.py`), they sound like this: what stands between two phones is
the second one already, its stress mark included. The first phone keeps the pad after it

* in front of a silence,
* when it is a consonant, in front of a space,
* when it is a voiceless fricative, in front of a consonant or a stress mark.

A silence keeps all that stands between it and the phone after it.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from renderer.domain.transcript import SpokenWord
from renderer.speech.piper_config import PiperConfig
from renderer.text.phones import VOWELS

_LOG = logging.getLogger(__name__)
_START, _PAD, _END, _SPACE = "^", "_", "$", " "
_STRESS = frozenset("ˈˌ")
_MODIFIERS = frozenset("ːˑʰʲʷˤ˞↑↓")
_VOICELESS = frozenset("sʃfθ")
MOST_IDS = 1_200

# What to say for a symbol the model does not know, the first that it knows whole.
_STANDS_FOR: dict[str, tuple[str, ...]] = {
    "ɡ": ("g",),
    "g": ("ɡ",),
    "ɚ": ("əɹ", "ər", "ə"),
    "ɝ": ("ɜɹ", "ɜr", "ɜ"),
    "ɹ": ("r", "ɾ"),
    "r": ("ɹ", "ɾ", "ʁ"),
    "ʁ": ("ʀ", "r", "ɹ"),
    "ɾ": ("t", "d", "r"),
    "ᵻ": ("ɪ", "i"),
    "ɨ": ("ɪ", "i"),
    "ɪ": ("i",),
    "ʊ": ("u",),
    "ɐ": ("ə", "ʌ", "a"),
    "ə": ("ɐ", "ʌ", "e"),
    "ɜ": ("ə", "ɛ"),
    "ʌ": ("ɐ", "ə", "a"),
    "ɒ": ("ɔ", "ɑ", "o"),
    "ɑ": ("a", "ɒ"),
    "a": ("ɑ", "æ"),
    "æ": ("a", "ɛ"),
    "ɔ": ("o",),
    "ɛ": ("e",),
    "ø": ("œ", "e"),
    "œ": ("ø", "ɛ"),
    "ʏ": ("y", "ɪ"),
    "y": ("ʏ", "u", "i"),
    "ç": ("ʃ", "x", "h"),
    "x": ("χ", "k", "h"),
    "χ": ("x", "h"),
    "θ": ("s", "t"),
    "ð": ("z", "d"),
    "ŋ": ("n",),
    "ɲ": ("nj", "n"),
    "ʎ": ("lj", "l"),
    "ɫ": ("l",),
    "ɭ": ("l",),
    "ʋ": ("v", "w"),
    "ʍ": ("w",),
    "ɥ": ("y", "j"),
    "ʒ": ("ʃ", "z"),
    "ɕ": ("ʃ",),
    "ʑ": ("ʒ",),
    "ʂ": ("ʃ",),
    "ʐ": ("ʒ",),
    "ʔ": (),
    "…": (".",),
    "—": (",", ";"),
    ";": (",",),
    ":": (",",),
    "!": (".",),
    "?": (".",),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A phoneme, or a silence, and the ids it became.

    Attributes:
        phoneme: IPA with its stress and length marks, or "_".
        count: Number of ids, those of pads and marks that sound like it included.
        word: Index into the transcript's words, or −1.
        mark: The punctuation mark a silence comes from, or "".
    """

    phoneme: str
    count: int
    word: int
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One sentence for the model.

    Attributes:
        ids: Phoneme ids.
        pieces: What they are, in order; their counts add up to the number of ids.
        unknown: Symbols that were left out.
    """

    ids: tuple[int, ...]
    pieces: tuple[Piece, ...]
    unknown: tuple[str, ...]


class _Builder:
    def __init__(self, config: PiperConfig) -> None:
        self.config = config
        self.pad = config.ids[_PAD]
        self.ids = [*config.ids[_START], *self.pad]
        self.pieces = [Piece("_", len(self.ids), -1)]
        self.after = 0  # pads after the last phone, which are nobody's yet
        self.between = 0  # ids of the space after them
        self.unknown: list[str] = []

    def _known(self, symbol: str) -> list[str]:
        """Return symbols the model knows for one of ours."""
        config = self.config
        for one in (*config.replaced.get(symbol, ()), symbol):
            if one in config.ids and one not in (_START, _PAD, _END):
                return [one]
        for stand_in in _STANDS_FOR.get(symbol, ()):
            if all(one in config.ids for one in stand_in):
                return list(stand_in)
        if symbol not in _STANDS_FOR and not unicodedata.combining(symbol):
            self.unknown.append(symbol)
        return []

    def _emit(self, symbol: str) -> int:
        """Append a symbol's ids; return how many."""
        before = len(self.ids)
        for known in self._known(symbol):
            for one in self.config.ids[known]:
                self.ids += [one, *self.pad]
        return len(self.ids) - before

    def word(self, symbols: str, index: int) -> None:
        """Append a word. Marks before a phoneme and after it belong to it."""
        for phoneme in _phonemes(unicodedata.normalize("NFD", symbols)):
            if count := sum(self._emit(symbol) for symbol in phoneme):
                if _keeps_pad(self.pieces[-1].phoneme, phoneme, bool(self.between)):
                    self._grow(self.after)
                    self.after = 0
                before = self.after + self.between
                self.after, self.between = len(self.pad), 0
                self.pieces.append(Piece(phoneme, before + count - self.after, index))

    def _grow(self, count: int) -> None:
        last = self.pieces[-1]
        self.pieces[-1] = replace(last, count=last.count + count)

    def _close(self) -> None:
        """Give what is nobody's yet to the last piece."""
        self._grow(self.after + self.between)
        self.after = self.between = 0

    def space(self) -> None:
        """Append a word boundary; after a silence it is silence."""
        if _SPACE in self.config.ids:
            self.between += self._emit(_SPACE)
            if self.pieces[-1].phoneme == "_":
                self._close()

    def punctuation(self, marks: str) -> None:
        """Append punctuation marks."""
        for mark in marks:
            if count := self._emit(mark):
                self._close()
                self.pieces.append(Piece("_", count, -1, mark))

    def row(self) -> Row:
        end = self.config.ids[_END]
        self._close()
        self.pieces.append(Piece("_", len(end), -1))
        return Row((*self.ids, *end), tuple(self.pieces), tuple(self.unknown))


def _keeps_pad(before: str, after: str, has_space: bool) -> bool:
    """Return whether the pad behind one phoneme sounds like it, and not like the next one."""
    is_vowel = not VOWELS.isdisjoint(before)
    if has_space:
        return not is_vowel
    meets_vowel = not VOWELS.isdisjoint(after) and _STRESS.isdisjoint(after)
    return not _VOICELESS.isdisjoint(before) and not meets_vowel


def _phonemes(ipa: str) -> Iterator[str]:
    """Cut IPA (NFD) into phonemes with the marks that belong to them.

    >>> list(_phonemes("wˈɔːtɚ"))
    ['w', 'ˈɔː', 't', 'ɚ']
    """
    open_ = ""
    for symbol in ipa:
        joins = symbol in _MODIFIERS or bool(unicodedata.combining(symbol))
        if open_ and not joins and open_[-1] not in _STRESS:
            yield open_
            open_ = ""
        open_ += symbol
    if open_:
        yield open_


def build_row(words: Sequence[SpokenWord], first: int, config: PiperConfig) -> Row:
    """Return the ids of one sentence.

    Args:
        words: Its words.
        first: Index of its first word in the transcript.
        config: Of the voice.
    """
    builder = _Builder(config)
    for number, word in enumerate(words):
        if number:
            builder.space()
        symbols = word.text.casefold() if config.from_letters else word.phonemes
        builder.word("".join(symbols.split()), first + number)
        builder.punctuation(word.punctuation)
    row = builder.row()
    if row.unknown:
        _LOG.warning("the voice has no ids for %s; left out", " ".join(sorted(set(row.unknown))))
    return row


def build_rows(sentence: Sequence[SpokenWord], first: int, config: PiperConfig) -> list[Row]:
    """Return a sentence's rows: one, or several where it is too long for a model.

    A cut is made after a word with punctuation where one is in the second half, else between words.
    """
    row = build_row(sentence, first, config)
    if len(row.ids) <= MOST_IDS or len(sentence) == 1:
        return [row]
    half = len(sentence) // 2
    marked = [n + 1 for n in range(half, len(sentence) - 1) if sentence[n].punctuation]
    cut = marked[0] if marked else half
    return [
        *build_rows(sentence[:cut], first, config),
        *build_rows(sentence[cut:], first + cut, config),
    ]
