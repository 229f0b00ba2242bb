"""A line as rows of tokens for the acoustic model: one row, or several where it is long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from renderer.domain.transcript import SENTENCE_ENDS, Transcript
from renderer.domain.voice_model import VoiceModel
from renderer.errors import SynthesisError, TextError
from renderer.text import inventory

MOST_TOKENS = 256
"""Tokens of a row at most: about 20 seconds. The model has heard no longer lines."""


@dataclass(frozen=True, slots=True)
class Row:
    """Tokens that are spoken in one go.

    Attributes:
        symbols: N symbols; the first and the last are pauses.
        stresses: N stresses.
        words: N indices into the LINE's words, −1 in pauses.
        ids: N symbol ids of the voice.
        is_joined: Whether the row goes on in the middle of a phrase of the row before.
    """

    symbols: tuple[str, ...]
    stresses: tuple[int, ...]
    words: tuple[int, ...]
    ids: tuple[int, ...]
    is_joined: bool = False

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def word_starts(self) -> tuple[int, ...]:
        """Return 1 at the first token of each word, else 0."""
        before = (-1, *self.words[:-1])
        return tuple(
            int(word >= 0 and word != last) for word, last in zip(self.words, before, strict=True)
        )


def build_rows(transcript: Transcript, model: VoiceModel, most: int = MOST_TOKENS) -> list[Row]:
    """Return a line's rows.

    Args:
        transcript: What to say.
        model: Its symbols are the voice's.
        most: Tokens of a row at most.

    Raises:
        SynthesisError: A phoneme is one the voice has not learnt (all are named), there is nothing
            to say, or a single word is longer than a row.
    """
    ids = {symbol: number for number, symbol in enumerate(model.symbols)}
    return list(_rows(transcript, 0, len(transcript.words), ids, most))


def _rows(line: Transcript, start: int, end: int, ids: dict[str, int], most: int) -> Iterator[Row]:
    row = _row(line, start, end, ids)
    if len(row) <= most:
        yield row
        return
    if end - start == 1:
        raise SynthesisError(
            f"The word {line.words[start].text[:40]!r} has {len(row)} phones; {most} are the most."
        )
    cut = _best_cut(line, start, end)
    yield from _rows(line, start, cut, ids, most)
    rest = _rows(line, cut, end, ids, most)
    yield replace(next(rest), is_joined=not line.words[cut - 1].punctuation)
    yield from rest


def _best_cut(line: Transcript, start: int, end: int) -> int:
    """Return where to cut: after a sentence, else at a pause, else anywhere; near the middle."""

    def badness(cut: int) -> tuple[int, float]:
        marks = set(line.words[cut - 1].punctuation)
        kind = 0 if marks & SENTENCE_ENDS else 1 if marks else 2
        return kind, abs(cut - (start + end) / 2)

    return min(range(start + 1, end), key=badness)


def _row(line: Transcript, start: int, end: int, ids: dict[str, int]) -> Row:
    try:
        tokens = inventory.tokens(replace(line, words=line.words[start:end]))
    except TextError as error:
        raise SynthesisError(str(error)) from error
    strange = sorted({symbol for symbol in tokens.symbols if symbol not in ids})
    if strange:
        raise SynthesisError(
            f"The voice has not learnt the phonemes {', '.join(strange)}; write others, or give "
            "the character another voice."
        )
    words = tuple(word + start if word >= 0 else -1 for word in tokens.words)
    return Row(tokens.symbols, tokens.stresses, words, tuple(ids[s] for s in tokens.symbols))
