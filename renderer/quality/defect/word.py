"""Defects of the text: words that are missing, said twice, or other ones; other voices' sound."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from renderer.audio.activity import sound_bounds
from renderer.audio.waveform import Samples, Waveform
from renderer.quality.defect.material import Sound, Span, matched

Rng = np.random.Generator

JOIN_S = 0.008
FAINT, HALF = 0.0, 0.5


def drop_word(sound: Sound, share: float, rng: Rng) -> Waveform:
    """Leave words out; what is around them is joined by a fade of 8 ms.

    Args:
        sound: Of two words or more.
        share: 0: the shortest word; up to 0.5: that share of all words, side by side, at least
            one, and no shorter than the line's median word when it is one.
        rng: Chooses the word.
    """
    span = _chosen(sound.words, share, rng)
    return _spliced(sound.waveform, span, np.zeros(0, np.float32))


def repeat_word(sound: Sound, times: float, rng: Rng) -> Waveform:
    """Say a word again, as often as told; half a time is the shortest word once."""
    once = FAINT if times < 1 else 1 / max(1, len(sound.words))
    span = _chosen(sound.words, once, rng)
    rate = sound.waveform.sample_rate
    word = sound.waveform.samples[round(span.start_s * rate) : round(span.end_s * rate)]
    joined = sound.waveform
    for _ in range(max(1, round(times))):
        joined = _spliced(joined, Span(span.end_s, span.end_s), word)
    return joined


def replace_word(sound: Sound, share: float, rng: Rng, donor: Sound) -> Waveform:
    """Say other words of the same voice in the place of some.

    Args:
        sound: Of one word or more.
        share: As for `drop_word`, but up to all words.
        rng: Chooses the words.
        donor: Another line of the voice, with its words.
    """
    span = _chosen(sound.words, share, rng)
    rate = sound.waveform.sample_rate
    other = matched(donor.waveform, sound.waveform).samples
    wanted = span.end_s - span.start_s
    first = int(rng.integers(len(donor.words)))
    last = first
    while last + 1 < len(donor.words) and _length(donor.words[first : last + 1]) < 0.7 * wanted:
        last += 1
    part = Span(donor.words[first].start_s, donor.words[last].end_s)
    piece = other[round(part.start_s * rate) : round(part.end_s * rate)]
    return _spliced(sound.waveform, span, piece)


def replace_sound(sound: Sound, share: float, _: Rng, donor: Sound) -> Waveform:
    """Have another sound in the place of the last part of a line, or of all of it.

    Args:
        sound: The line.
        share: How much of the line is replaced, from its end; 1 for all of it.
        donor: Where the other sound comes from; its own last part of the same share is taken.
    """
    other = matched(donor.waveform, sound.waveform)
    if share >= 1:
        return other
    rate = sound.waveform.sample_rate
    at = _from_end(sound.waveform, share)
    piece = other.samples[_from_end(other, share) :]
    return _spliced(sound.waveform, Span(at / rate, sound.waveform.duration_s), piece)


def _from_end(waveform: Waveform, share: float) -> int:
    start, end = sound_bounds(waveform)
    return round(end - share * (end - start))


def _length(words: Sequence[Span]) -> float:
    return words[-1].end_s - words[0].start_s


def _chosen(words: Sequence[Span], share: float, rng: Rng) -> Span:
    """Return the span of some neighbouring words."""
    lengths = np.array([w.end_s - w.start_s for w in words])
    if share <= FAINT:
        return words[int(lengths.argmin())]
    count = max(1, round(share * len(words)))
    if count == 1:
        long = np.flatnonzero(lengths >= np.median(lengths))
        return words[int(rng.choice(long))]
    first = int(rng.integers(len(words) - count + 1))
    return Span(words[first].start_s, words[first + count - 1].end_s)


def _spliced(waveform: Waveform, span: Span, piece: Samples) -> Waveform:
    """Put a piece in the place of a span, with fades across both joins."""
    rate = waveform.sample_rate
    size = waveform.samples.size
    start, end = min(round(span.start_s * rate), size), min(round(span.end_s * rate), size)
    before, after = waveform.samples[:start], waveform.samples[end:]
    if piece.size == 0:
        return Waveform.of(_joined(before, after, rate), rate)
    return Waveform.of(_joined(_joined(before, piece, rate), after, rate), rate)


def _joined(first: Samples, second: Samples, rate: int) -> Samples:
    """Overlap two sounds by up to 8 ms."""
    over = min(round(JOIN_S * rate), first.size, second.size)
    ramp = (np.arange(over, dtype=np.float32) + 1) / (over + 1)
    crossed = first[first.size - over :] * (1 - ramp) + second[:over] * ramp
    return np.concatenate((first[: first.size - over], crossed, second[over:]))
