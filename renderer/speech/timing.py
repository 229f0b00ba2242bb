"""Which samples a phoneme is: from the model's durations, or estimated from the sound."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from renderer.audio.waveform import Samples
from renderer.speech.phoneme_id import Piece

_FRAME = 220
_SILENT_DB = 35.0
_SHORTEST_GAP_S = 0.05
_FARTHEST_S = 0.5
_FADE = 110
_VOWELS = frozenset("aeiouyæøœɐɑɒɔəɚɛɜɝɨɪɤɯɵʉʊʌʏᵻ")
_LONG = frozenset("szʃʒfvθðxçχhmnŋlɹrʁ")
_SEPARATE = frozenset(",;:—….!?")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece in time.

    Attributes:
        phoneme: IPA, or "_".
        start: First sample.
        end: Sample after its last.
        word: Index into the transcript's words, or −1.
    """

    phoneme: str
    start: int
    end: int
    word: int


def spans_of(pieces: Sequence[Piece], edges: npt.NDArray[np.int64]) -> list[Span]:
    """Put pieces between edges; silences that touch become one, empty pieces vanish.

    Args:
        pieces: In order.
        edges: int64 (len(pieces) + 1,), samples, not falling.
    """
    spans: list[Span] = []
    for piece, start, end in zip(pieces, edges[:-1], edges[1:], strict=True):
        if end <= start:
            continue
        if piece.phoneme == "_" and spans and spans[-1].phoneme == "_":
            spans[-1] = Span("_", spans[-1].start, int(end), -1)
        else:
            spans.append(Span(piece.phoneme, int(start), int(end), piece.word))
    return spans


def edges_from_durations(
    pieces: Sequence[Piece], frames: npt.NDArray[np.float64], hop_length: int
) -> npt.NDArray[np.int64]:
    """Return the edges of pieces from frames per id.

    Args:
        pieces: Their counts add up to the number of ids.
        frames: float64 (ids,), frames per id.
        hop_length: Samples per frame.
    """
    ends = np.concatenate([[0], np.cumsum(frames)])
    last = np.cumsum([0, *(piece.count for piece in pieces)])
    return np.asarray(np.round(ends[last] * hop_length), np.int64)


def _weight(piece: Piece) -> float:
    """Return a phoneme's usual length, in units of a short consonant.

    References:
        Klatt 1976, "Linguistic uses of segmental duration in English", for the order of classes.
    """
    if piece.phoneme == "_":
        return 2.0 if piece.mark in _SEPARATE else 0.0
    letters = [c for c in unicodedata.normalize("NFD", piece.phoneme) if c.isalpha()]
    vowel = any(c in _VOWELS for c in letters)
    weight = 1.4 if vowel else 1.2 if any(c in _LONG for c in letters) else 1.0
    weight *= 1.4 if "ː" in piece.phoneme else 1.0
    return weight * (1.2 if "ˈ" in piece.phoneme else 1.0)


def _quiet_gaps(samples: Samples, sample_rate: int) -> tuple[int, int, list[tuple[int, int]]]:
    """Return where the sound starts and ends, and the silences inside it."""
    count = max(1, samples.size // _FRAME)
    frames = np.resize(samples, count * _FRAME).reshape(count, _FRAME).astype(np.float64)
    level = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    loud = np.flatnonzero(level > level.max() - _SILENT_DB)
    first, last = int(loud[0]), int(loud[-1]) + 1
    gaps = [
        ((int(a) + 1) * _FRAME, int(b) * _FRAME)
        for a, b in pairwise(loud)
        if (b - a - 1) * _FRAME >= _SHORTEST_GAP_S * sample_rate
    ]
    return first * _FRAME, min(last * _FRAME, samples.size), gaps


def estimate_edges(
    pieces: Sequence[Piece], samples: Samples, sample_rate: int
) -> npt.NDArray[np.int64]:
    """Estimate the edges of pieces where the model gives no durations.

    Usual lengths per class of phoneme fill the stretch that sounds; then every punctuation mark is
    moved onto the nearest silence within half a second, and what lies between is stretched
    with it.

    Returns:
        int64 (len(pieces) + 1,), samples; the outer ones are 0 and the end.
    """
    start, end, gaps = _quiet_gaps(samples, sample_rate)
    weights = np.array([_weight(piece) for piece in pieces])
    weights[0] = weights[-1] = 0.0
    if len(pieces) > 2 and pieces[-2].phoneme == "_":  # noqa: PLR2004 - the mark at the end
        weights[-2] = 0.0
    total = max(float(weights.sum()), 1e-9)
    edges = start + np.concatenate([[0.0], np.cumsum(weights)]) * (end - start) / total
    known, actual = [float(start)], [float(start)]
    for number, piece in enumerate(pieces):
        if piece.mark not in _SEPARATE or not piece.mark or weights[number] == 0:
            continue
        middle = (edges[number] + edges[number + 1]) / 2
        free = [g for g in gaps if g[0] >= actual[-1]]
        near = min(free, key=lambda g: abs((g[0] + g[1]) / 2 - middle), default=None)
        if near and abs((near[0] + near[1]) / 2 - middle) < _FARTHEST_S * sample_rate:
            known += [float(edges[number]), float(edges[number + 1])]
            actual += [float(near[0]), float(near[1])]
    moved = np.interp(edges, [*known, float(end)], [*actual, float(end)])
    moved[0], moved[-1] = 0, samples.size
    return np.asarray(np.round(np.maximum.accumulate(moved)), np.int64)


def scale_pauses(
    samples: Samples, spans: Sequence[Span], scale: float
) -> tuple[Samples, list[Span]]:
    """Make the silences inside a line `scale` times as long, by cutting or adding at their middle.

    Args:
        samples: float32 (T,).
        spans: Covering the samples.
        scale: ×, 0 or more.
    """
    parts: list[Samples] = []
    moved: list[Span] = []
    at = 0
    for number, span in enumerate(spans):
        part = samples[span.start : span.end]
        if span.phoneme == "_" and 0 < number < len(spans) - 1:
            part = _resized(part, round(part.size * scale))
        if part.size:
            parts.append(part)
            moved.append(Span(span.phoneme, at, at + part.size, span.word))
            at += part.size
    return np.concatenate(parts), moved


def _resized(silence: Samples, length: int) -> Samples:
    kept = min(length, silence.size)
    head, tail = silence[: kept // 2].copy(), silence[silence.size - (kept - kept // 2) :].copy()
    if length != silence.size and (fade := min(_FADE, head.size, tail.size)):
        head[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
        tail[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    return np.concatenate([head, np.zeros(length - kept, silence.dtype), tail])
