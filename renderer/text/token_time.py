"""When each token of a line is said: from phones in seconds to whole mel frames per token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from renderer.domain.transcript import PhoneSpan, Transcript
from renderer.errors import TextError
from renderer.text.inventory import (
    PAUSES,
    SILENCE,
    TokenSequence,
    is_pause,
    is_vowel,
    phonemes,
)

SHORTEST_PAUSE_S = 0.03
"""A gap between words shorter than this is the closure of a consonant, no pause."""


@dataclass(frozen=True, slots=True)
class TimedTokens:
    """A line's tokens and how long each one is.

    Attributes:
        sequence: What was really said; its phones may differ from the transcript's.
        durations: N frames, adding up to the clip's; 0 in a pause that was not made.
        changed: Words that were said with other phones than the transcript has.
    """

    sequence: TokenSequence
    durations: tuple[int, ...]
    changed: int = 0


@dataclass(frozen=True, slots=True)
class SpokenToken:
    """One symbol as it was said."""

    symbol: str
    stress: int
    word: int
    end_s: float
    start_s: float = 0.0


def time_tokens(
    transcript: Transcript, spans: Sequence[PhoneSpan], frames: int, frame_s: float
) -> TimedTokens:
    """Give every token of a line its frames.

    A word's tokens are the phones it was said with; where they are not the transcript's, stress
    is taken over by the order of the vowels. Silence goes to the last pause token of its place;
    between words without a mark it becomes a token `_` of its own.

    Args:
        transcript: The line.
        spans: Its phones in time, as `ports.Speech.phones` has them.
        frames: Length of the clip in frames.
        frame_s: Length of a frame in seconds.

    Returns:
        Tokens and durations; a phone gets at least 1 frame.

    Raises:
        TextError: A word was not said, the phones are not in order, the clip has fewer frames than
            phones, or no voice of ours knows a phone.
    """
    said = _by_word(transcript, spans)
    rows: list[SpokenToken] = []
    changed, at = 0, 0.0
    for number, word in enumerate(transcript.words):
        planned = phonemes(word.phonemes)
        heard = spoken_tokens(said[number], number)
        if tuple(t.symbol for t in heard) == tuple(symbol for symbol, _ in planned):
            heard = [
                SpokenToken(t.symbol, stress, number, t.end_s, t.start_s)
                for t, (_, stress) in zip(heard, planned, strict=True)
            ]
        else:
            changed += 1
            heard = _stressed(heard, planned)
        marks = transcript.words[number - 1].punctuation if number else ""
        rows += _pause(marks, at, heard[0].start_s, is_first=number == 0)
        rows += heard
        at = heard[-1].end_s
    total_s = max(frames * frame_s, at)
    ends = [SILENCE] if transcript.words else []
    rows += [SpokenToken(m, 0, -1, at) for m in transcript.words[-1].punctuation if m in PAUSES]
    rows += [SpokenToken(symbol, 0, -1, total_s) for symbol in ends]
    durations = _frames([r.end_s for r in rows], [r.word >= 0 for r in rows], frames, frame_s)
    sequence = TokenSequence(
        tuple(r.symbol for r in rows), tuple(r.stress for r in rows), tuple(r.word for r in rows)
    )
    return TimedTokens(sequence, durations, changed)


def _by_word(transcript: Transcript, spans: Sequence[PhoneSpan]) -> list[list[PhoneSpan]]:
    """Return the spans of each word, and hold that words follow each other."""
    found: list[list[PhoneSpan]] = [[] for _ in transcript.words]
    heard = [span for span in spans if span.word >= 0]
    for span in heard:
        if span.word >= len(found):
            raise TextError(f"phone {span.phoneme!r} belongs to word {span.word}, not in the line.")
        found[span.word].append(span)
    in_order = all(
        a.word <= b.word and a.start_s <= b.start_s and a.end_s <= b.end_s + 1e-9
        for a, b in pairwise(heard)
    )
    if not in_order:
        raise TextError("The phones are not in the order of the words.")
    silent = [w.text for w, own in zip(transcript.words, found, strict=True) if not own]
    if silent or not found:
        raise TextError(f"Nothing was said for {', '.join(map(repr, silent)) or 'the line'}.")
    return found


def spoken_tokens(spans: Sequence[PhoneSpan], word: int) -> list[SpokenToken]:
    """Return a word's tokens; a span of several symbols is shared out evenly among them.

    A hole inside a word belongs to the phone before it.

    Args:
        spans: The spans of the word, in order.
        word: Its index.

    Raises:
        TextError: There is no phone in them, or one no voice of ours knows.
    """
    rows: list[SpokenToken] = []
    if not spans:
        raise TextError(f"Nothing was said for word {word}.")
    ends = [span.start_s for span in spans[1:]] + [spans[-1].end_s]
    # Stress marks may stand in one span and their vowel in the next: read the word as a whole.
    pieces = [phonemes(span.phoneme) for span in spans]
    stresses = [stress for _, stress in phonemes("".join(span.phoneme for span in spans))]
    for span, end_s, symbols in zip(spans, ends, pieces, strict=True):
        if not symbols and rows:
            last = rows[-1]
            rows[-1] = SpokenToken(last.symbol, last.stress, word, end_s, last.start_s)
        width = (end_s - span.start_s) / max(1, len(symbols))
        for number, (symbol, stress) in enumerate(symbols):
            start_s = span.start_s + number * width
            rows.append(SpokenToken(symbol, stress, word, start_s + width, start_s))
    if not rows:
        raise TextError(f"Nothing was said for word {word}.")
    if len(stresses) == len(rows):
        rows = [
            SpokenToken(r.symbol, stress, word, r.end_s, r.start_s)
            for r, stress in zip(rows, stresses, strict=True)
        ]
    return rows


def _stressed(heard: list[SpokenToken], planned: Sequence[tuple[str, int]]) -> list[SpokenToken]:
    """Take over the transcript's stress, vowel by vowel, where the phones carry none."""
    if any(token.stress for token in heard):
        return heard
    marks = [stress for symbol, stress in planned if is_vowel(symbol)]
    places = [i for i, token in enumerate(heard) if is_vowel(token.symbol)]
    if not places or not any(marks):
        return heard
    moved = dict.fromkeys(places, 0)
    for number, stress in enumerate(marks):
        place = places[min(number * len(places) // len(marks), len(places) - 1)]
        moved[place] = moved[place] or stress
    return [
        SpokenToken(t.symbol, moved.get(i, 0), t.word, t.end_s, t.start_s)
        for i, t in enumerate(heard)
    ]


def _pause(marks: str, start_s: float, end_s: float, *, is_first: bool) -> list[SpokenToken]:
    """Return the pause tokens before a word; the last of them holds the silence."""
    symbols = [mark for mark in marks if mark in PAUSES]
    if is_first or (not symbols and end_s - start_s >= SHORTEST_PAUSE_S):
        symbols = [SILENCE]
    if not symbols:
        return []
    return [
        *(SpokenToken(s, 0, -1, start_s) for s in symbols[:-1]),
        SpokenToken(symbols[-1], 0, -1, end_s),
    ]


def _frames(
    ends_s: Sequence[float], is_phone: Sequence[bool], frames: int, frame_s: float
) -> tuple[int, ...]:
    """Round ends to frames so that nothing is lost; phones are pushed apart to 1 frame each."""
    least = [int(phone) for phone in is_phone]
    if sum(least) > frames:
        raise TextError(f"{sum(least)} phones do not fit into {frames} frames.")
    edges, at = [], 0
    for end_s, minimum in zip(ends_s, least, strict=True):
        at = max(round(end_s / frame_s), at + minimum)
        edges.append(at)
    edges[-1], room = frames, frames
    for i in range(len(edges) - 1, -1, -1):
        room = edges[i] = min(edges[i], room)
        room -= least[i]
    return tuple(b - a for a, b in pairwise([0, *edges]))


def without_pauses(sequence: TokenSequence) -> tuple[str, ...]:
    """Return the phones of a line, without its pauses."""
    return tuple(symbol for symbol in sequence.symbols if not is_pause(symbol))
