"""Where things are in time, and where they go: words, warps and inserted silences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from renderer.direction.controls import WordControl
from renderer.direction.phone_control import PhoneControl
from renderer.domain.transcript import PhoneSpan

Floats = npt.NDArray[np.float64]
Phones = tuple[PhoneSpan, ...]
Bounds = dict[int, tuple[float, float]]
PhoneBounds = dict[tuple[int, int], tuple[float, float]]
_SEARCH_S = 0.025  # how far from a word boundary the quietest place for a pause is looked for


def word_bounds(phones: Phones) -> Bounds:
    """Return spoken word → (start, end) in seconds, from its first to its last phoneme."""
    bounds: Bounds = {}
    for phone in phones:
        if phone.word >= 0:
            start, end = bounds.get(phone.word, (phone.start_s, phone.end_s))
            bounds[phone.word] = min(start, phone.start_s), max(end, phone.end_s)
    return bounds


def phone_bounds(phones: Phones) -> PhoneBounds:
    """Return (spoken word, which of its spans) → (start, end) in seconds."""
    bounds: PhoneBounds = {}
    seen: dict[int, int] = {}
    for phone in phones:
        if phone.word >= 0:
            number = seen[phone.word] = seen.get(phone.word, -1) + 1
            bounds[phone.word, number] = phone.start_s, phone.end_s
    return bounds


def tidy(phones: Phones, limit_s: float) -> Phones:
    """Put spans in order, inside the waveform and free of overlaps; empty ones are dropped."""
    out: list[PhoneSpan] = []
    at = 0.0
    for phone in sorted(phones, key=lambda p: p.start_s):
        start, end = max(at, phone.start_s), min(limit_s, phone.end_s)
        if end > start:
            out.append(replace(phone, start_s=start, end_s=end))
            at = end
    return tuple(out)


def knots(
    phones: Phones,
    words: Sequence[WordControl],
    duration_s: float,
    edits: Sequence[PhoneControl] = (),
) -> tuple[Floats, Floats]:
    """Return the corners of the time map: source seconds and directed seconds, both rising.

    Each edited word is stretched by 1 / rate, each edited phone by that of its own on top;
    everything else keeps its length.
    """
    source, target = [0.0], [0.0]
    for start, end, rate in _stretches(phones, words, edits):
        start = max(start, source[-1])  # noqa: PLW2901 - words of a careless engine may overlap
        if rate == 1.0 or end <= start:
            continue
        target.append(target[-1] + start - source[-1])
        source.append(start)
        target.append(target[-1] + (end - start) / rate)
        source.append(end)
    target.append(target[-1] + max(0.0, duration_s - source[-1]))
    source.append(max(duration_s, source[-1]))
    return np.array(source), np.array(target)


def _stretches(
    phones: Phones, words: Sequence[WordControl], edits: Sequence[PhoneControl]
) -> Iterator[tuple[float, float, float]]:
    """Yield (start, end, rate) of the words in time; one with edited phones is cut at them."""
    places = phone_bounds(phones) if edits else {}
    for index, (start, end) in sorted(word_bounds(phones).items(), key=lambda item: item[1]):
        rate = words[index].rate if index < len(words) else 1.0
        inside = sorted((*places[e.word, e.phone], e.rate) for e in edits if e.word == index)
        for first, last, own in inside:
            yield start, first, rate
            yield first, last, rate * own
            start = last  # noqa: PLW2901 - the rest of the word
        yield start, end, rate


def warp(phones: Phones, source: Floats, target: Floats) -> Phones:
    """Move spans along the time map."""
    starts = np.interp([p.start_s for p in phones], source, target)
    ends = np.interp([p.end_s for p in phones], source, target)
    moved = zip(phones, starts, ends, strict=True)
    return tuple(replace(p, start_s=float(a), end_s=float(b)) for p, a, b in moved)


def pauses(phones: Phones, words: Sequence[WordControl]) -> list[tuple[float, float]]:
    """Return (where, how long) of the silences asked for, in order, in seconds."""
    asked: dict[float, float] = {}
    for index, (start, end) in word_bounds(phones).items():
        if index >= len(words):
            continue
        for at, length in ((start, words[index].pause_before_s), (end, words[index].pause_after_s)):
            if length > 0:
                asked[at] = asked.get(at, 0.0) + length
    return sorted(asked.items())


def quietest(samples: npt.NDArray[np.float32], rate: int, at_s: float) -> float:
    """Return the quietest moment near `at_s`, so that a pause cuts no sound in two."""
    first = max(0, round((at_s - _SEARCH_S) * rate))
    last = min(samples.size, round((at_s + _SEARCH_S) * rate))
    size = max(1, round(0.005 * rate))
    if last - first <= size:
        return min(max(at_s, 0.0), samples.size / rate)
    power = np.convolve(samples[first:last].astype(np.float64) ** 2, np.ones(size), mode="valid")
    distance = np.abs(np.arange(power.size) + first + size / 2 - at_s * rate) / (_SEARCH_S * rate)
    best = int((np.sqrt(power / size) * (1.0 + distance)).argmin())
    return (first + best + size / 2) / rate


def insert_pauses(
    samples: npt.NDArray[np.float32],
    rate: int,
    phones: Phones,
    wanted: Sequence[tuple[float, float]],
) -> tuple[npt.NDArray[np.float32], Phones]:
    """Insert silences; spans move, and the word boundary moves to where the cut is.

    Inside a silence of the engine's own the pause is added in its middle.
    """
    cuts: list[tuple[int, int]] = []
    for at_s, length_s in wanted:
        around = next(
            (p for p in phones if p.word < 0 and p.start_s - 1e-6 <= at_s <= p.end_s + 1e-6), None
        )
        if around is None:
            at_s = quietest(samples, rate, at_s)  # noqa: PLW2901 - the better place for it
            phones = _move_boundary(phones, at_s)
        else:
            at_s = (around.start_s + around.end_s) / 2  # noqa: PLW2901 - the better place for it
        cuts.append((min(round(at_s * rate), samples.size), round(length_s * rate)))
    cuts.sort()
    return _splice(samples, rate, cuts), _open_up(phones, rate, cuts)


def _move_boundary(phones: Phones, at_s: float) -> Phones:
    """Move the nearest word boundary to `at_s`."""
    edges = [(abs(b.start_s - at_s), i) for i, (a, b) in enumerate(pairwise(phones))]
    edges = [(d, i) for d, i in edges if phones[i].word != phones[i + 1].word]
    if not edges:
        return phones
    _, i = min(edges)
    left, right = phones[i], phones[i + 1]
    if not left.start_s < at_s < right.end_s:
        return phones
    moved = replace(left, end_s=at_s), replace(right, start_s=at_s)
    return (*phones[:i], *moved, *phones[i + 2 :])


def _splice(
    samples: npt.NDArray[np.float32], rate: int, cuts: Sequence[tuple[int, int]]
) -> npt.NDArray[np.float32]:
    """Cut the sound and put silence between, with 6 ms fades so that no cut clicks."""
    parts: list[npt.NDArray[np.float32]] = []
    at = 0
    for place, length in [*cuts, (samples.size, 0)]:
        piece = samples[at:place].copy()
        size = min(round(0.006 * rate), piece.size // 2)
        ramp = np.sin(np.linspace(0, np.pi / 2, size, dtype=np.float32)) ** 2
        if at > 0 and size:
            piece[:size] *= ramp
        if place < samples.size and size:
            piece[-size:] *= ramp[::-1]
        parts += [piece, np.zeros(length, dtype=np.float32)]
        at = place
    return np.concatenate(parts)


def _open_up(phones: Phones, rate: int, cuts: Sequence[tuple[int, int]]) -> Phones:
    """Move spans behind each cut and add (or widen) the silence."""
    for place, length in reversed(cuts):
        at, by = place / rate, length / rate
        out: list[PhoneSpan] = []
        silence = PhoneSpan("_", at, at + by, -1)
        for phone in phones:
            if phone.word < 0 and phone.start_s < at < phone.end_s:
                out.append(replace(phone, end_s=phone.end_s + by))
                silence = replace(silence, end_s=at)
            elif phone.start_s >= at - 0.5 / rate:
                out.append(replace(phone, start_s=phone.start_s + by, end_s=phone.end_s + by))
            else:
                out.append(replace(phone, end_s=min(phone.end_s, at)))
        if silence.end_s > at:
            out = sorted([*out, silence], key=lambda p: p.start_s)
        phones = tuple(out)
    return phones
