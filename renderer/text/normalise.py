"""Written words to spoken words: "Dr. Voss owes me $3.50" to "doctor Voss owes me three dollars…".

The rules of the line's language claim stretches of the text; what no rule claims is spoken word by
word. Every spoken word keeps the index of its written word (`words.find_words`) and the marks that
stand after it, so that timings, word edits and pauses find their way back to what was written.
No written word is lost: each gives a spoken word of its own, except the further groups of a number
written with spaces ("1 000 000" is "un million").
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from renderer.domain.words import Word, find_words
from renderer.text import language, number, punctuation, spelling
from renderer.text.rule import Language, Match, Parts, Rule

_WORDISH = re.compile(r"\w+(?:[’'.,:;/\-‑]\w+)*|[^\w\s]")


class Token(NamedTuple):
    """One word as it is spoken.

    Attributes:
        text: Letters, apostrophes and inner hyphens.
        written: Index of its written word.
        punctuation: The marks after it, from `,;:.!?…—`, or "".
        ipa: Phonemes that are given, or "" when the phonemiser finds them.
    """

    text: str
    written: int
    punctuation: str = ""
    ipa: str = ""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A stretch of text whose speech is given by a lexicon or a writer; no rule touches it.

    Attributes:
        start: Index of its first character.
        end: Index after its last character.
        parts: Offset in the text, text to speak, its phonemes or "".
    """

    start: int
    end: int
    parts: tuple[tuple[int, str, str], ...]


class _Span(NamedTuple):
    start: int
    end: int
    tokens: tuple[Token, ...]


def normalise(text: str, locale: str, fixed: Sequence[Fixed] = ()) -> tuple[Token, ...]:
    """Return the words of a line as they are spoken.

    Args:
        text: A line without markup.
        locale: BCP 47 tag.
        fixed: Stretches whose speech is given, without overlap.

    Returns:
        Spoken words in order; empty when the text has no word.

    >>> [t.text for t in normalise("Dr. Voss has 21 keys!", "en-US")]
    ['doctor', 'Voss', 'has', 'twenty-one', 'keys']
    >>> normalise("Am 3. Mai…", "de-DE")[1]
    Token(text='dritten', written=1, punctuation='', ipa='')
    """
    words = find_words(text)
    if not words:
        return ()
    line = _Line(text, words, locale, language.of(locale), spelling.is_shouted(text))
    spans = sorted(_Span(f.start, f.end, line.given(f)) for f in fixed)
    line.claim(spans)
    spans += [s for start, end in list(_gaps(spans, len(text))) for s in line.plain(start, end)]
    return line.punctuate(sorted(spans))


def spoken(text: str, locale: str) -> tuple[str, ...]:
    """Return only the words of a text as they are spoken.

    >>> spoken("HP: 100%", "en-US")
    ('HP', 'one', 'hundred', 'percent')
    """
    return tuple(t.text for t in normalise(text, locale))


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    words: tuple[Word, ...]
    locale: str
    language: Language
    is_shouted: bool

    def given(self, fixed: Fixed) -> tuple[Token, ...]:
        """Return the tokens of a given stretch."""
        tokens: list[Token] = []
        for at, text, ipa in fixed.parts:
            said = [Token(text, 0, "", ipa)] if ipa else list(normalise(text, self.locale))
            names = self.language.letter_names
            tokens += [
                t._replace(written=self._written(at), ipa=t.ipa or names.get(t.text, ""))
                for t in said
            ]
        return tuple(tokens)

    def claim(self, taken: list[_Span]) -> None:
        """Let the rules claim what is free, the first rule first."""
        for one in self.language.rules:
            for match in one.pattern.finditer(self.text):
                if match.end() > match.start() and _is_free(taken, match.start(), match.end()):
                    tokens = self._tokens(one, match)
                    if tokens:
                        bisect.insort(taken, _Span(match.start(), match.end(), tokens))

    def plain(self, start: int, end: int) -> Iterator[_Span]:
        """Speak what no rule claimed, word by word and sign by sign."""
        for match in _WORDISH.finditer(self.text, start, end):
            sign = self.language.symbols.get(match.group())
            if sign is not None:
                parts = [(match.start(), sign)]
                yield _Span(match.start(), match.end(), self._letters(parts))
            elif match.group()[0].isalnum() or match.group()[0] == "_":
                yield from self._word(match)

    def punctuate(self, spans: list[_Span]) -> tuple[Token, ...]:
        """Join the spans; the last token of each takes the marks up to the next one."""
        out: list[Token] = []
        for i, span in enumerate(spans):
            is_last = i + 1 == len(spans)
            after = self.text[span.end : len(self.text) if is_last else spans[i + 1].start]
            marks = punctuation.marks(after, is_last=is_last)
            *head, tail = span.tokens
            marks = punctuation.join(tail.punctuation, marks)
            out += [*head, tail._replace(punctuation=marks)]
        return tuple(out)

    def _tokens(self, one: Rule, match: Match) -> tuple[Token, ...]:
        said = one.speak(match)
        if not said:
            return ()
        parts = self._share(match, said.split()) if isinstance(said, str) else said
        tokens = self._letters(parts)
        if self._ends_sentence(one, match):
            tokens = (*tokens[:-1], tokens[-1]._replace(punctuation="."))
        return tokens

    def _letters(self, parts: Parts) -> tuple[Token, ...]:
        """Make tokens; a single capital is the name of a letter, never an article."""
        names = self.language.letter_names
        return tuple(
            Token(word, self._written(at), "", names.get(word, ""))
            for at, words in parts
            for word in words.split()
        )

    def _share(self, match: Match, words: list[str]) -> Parts:
        """Share spoken words out over the written words of a match, in order, evenly."""
        inside = [w.start for w in self.words if match.start() <= w.start < match.end()]
        homes = inside or [match.start()]
        count = max(1, min(len(homes), len(words)))
        cuts = [round(i * len(words) / count) for i in range(count + 1)]
        return [(homes[i], " ".join(words[cuts[i] : cuts[i + 1]])) for i in range(count)]

    def _ends_sentence(self, one: Rule, match: Match) -> bool:
        if not match.group().endswith("."):
            return False
        after = self.text[match.end() :].lstrip(" \t\u00a0\"'”’»)")
        return not any(c.isalnum() for c in after) or (one.may_end and after[:1].isupper())

    def _word(self, match: Match) -> Iterator[_Span]:
        last = 0
        for offset, piece in spelling.pieces(match.group()):
            said = self._piece(piece)
            at = match.start() + offset
            tokens = tuple(Token(word, self._written(at)) for word in said.split())
            yield _Span(at, at + len(piece), tokens or (Token(piece, self._written(at)),))
            last = offset + len(piece)
        if not last:  # nothing in it can be read: leave it to the phonemiser to say so
            yield _Span(*match.span(), (Token(match.group(), self._written(match.start())),))

    def _piece(self, piece: str) -> str:
        if piece.isdecimal():
            return number.whole(piece, self.language.cardinal) or piece
        if piece[0] == "_" or piece in self.language.symbols:
            return self.language.symbols.get(piece[0], "")
        said = spelling.readable(piece, is_latin=self.language.is_latin, is_shouted=self.is_shouted)
        digits = re.fullmatch(r"\d+", said)
        return number.whole(said, self.language.cardinal) or said if digits else said

    def _written(self, at: int) -> int:
        """Return the written word at an offset, or the one before it (the first at the start)."""
        return max(0, bisect.bisect_right(self.words, at, key=lambda w: w.start) - 1)


def _is_free(taken: Sequence[_Span], start: int, end: int) -> bool:
    after = bisect.bisect_left(taken, end, key=lambda s: s.start)
    return after == 0 or taken[after - 1].end <= start


def _gaps(taken: Sequence[_Span], length: int) -> Iterator[tuple[int, int]]:
    at = 0
    for span in taken:
        if span.start > at:
            yield at, span.start
        at = span.end
    if at < length:
        yield at, length
