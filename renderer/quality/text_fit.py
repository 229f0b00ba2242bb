"""Is it this text at all? A line's text against the same phones in another order. Pure.

A judge of phones that mishears whoever speaks cannot tell a wrong word, but it can tell a wrong
line: the text that is said fits far better than one of the same phones in another order, whatever
the judge thinks of the speaker, since both are misheard alike.

References:
    Sukkar & Lee (1996), "Vocabulary independent discriminative utterance verification for
    nonkeyword rejection in subword based speech recognition", IEEE Trans. Speech and Audio
    Processing 4(6) (a text is accepted by how much it is likelier than texts that rival it).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from renderer.quality.phone_path import PhoneScores, align

LEAST_PHONES = 15  # about five words: fewer fit by chance
ORDERS = 8  # others that a text is held against
LEAST_ORDERS = 4  # that are unlike it
ALIKE = 0.5  # of its phones in the same places: such an order is the text itself
SHIFTS = range(-2, 3)  # phones by which those places may be moved

Words = tuple[tuple[int, ...], ...]


def text_fit(heard: PhoneScores) -> float | None:
    """Return how much better a sound fits its text than the same phones in other orders.

    The others are the text backwards, begun at eight places, in words of the same lengths, so that
    they have the same sounds, pauses and transitions to pay for. What repeats itself is much the
    same in any order (a laugh, a sung syllable): orders too like the text are left out.

    Args:
        heard: Of the line.

    Returns:
        Nats per phone beyond the mean of the others; 0 where the sound is too short for its text.
        None for fewer than 15 phones, and for a text that few orders are unlike.
    """
    count = sum(map(len, heard.words))
    if count < LEAST_PHONES:
        return None
    unlike = [words for words in other_orders(heard.words) if not _is_like(words, heard.words)]
    if len(unlike) < LEAST_ORDERS:
        return None
    own = align(heard)
    if own is None:
        return 0.0
    others = [align(replace(heard, words=words)) for words in unlike]
    mean = np.mean([other.score for other in others if other is not None])
    return float(own.score - mean) / count


def other_orders(words: Words) -> Iterator[Words]:
    """Yield a text's phones in other orders, words of the same lengths."""
    backwards = [phone for word in words for phone in word][::-1]
    for turn in range(ORDERS):
        at = turn * len(backwards) // ORDERS
        phones = iter(backwards[at:] + backwards[:at])
        yield tuple(tuple(next(phones) for _ in word) for word in words)


def _is_like(words: Words, text: Words) -> bool:
    """Whether an order has most phones where the text has them, or nearly there."""
    made, should = (np.array([p for word in order for p in word]) for order in (words, text))
    return any(float(np.mean(np.roll(made, shift) == should)) > ALIKE for shift in SHIFTS)
