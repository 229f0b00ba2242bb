"""How alike the voices of a cast are, three ways, as matrices of 0 (unlike) to 1 (the same).

The diagonal is not 1: it holds how alike two halves of one character's takes are, which is the
ceiling a pair of characters can be measured against.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renderer.analysis.cast import Member, centre

Floats = npt.NDArray[np.float64]

SPECTRUM_SCALE_DB = 6.0
# What two readings of one voice differ by, about twice: a listener hears one such step.
F0_SCALE_ST, RANGE_SCALE_ST, RATE_SCALE_LOG2 = 3.0, 3.0, 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Likeness of every pair.

    Attributes:
        kind: `embedding`, `spectral` or `prosodic`.
        title: For people.
        note: How to read it.
        names: (V,) character ids.
        values: (V, V), 0–1; NaN where it cannot be told.
    """

    kind: str
    title: str
    note: str
    names: tuple[str, ...]
    values: Floats


def by_embedding(cast: Sequence[Member]) -> Matrix:
    """Return cosines of the characters' mean speaker embeddings."""
    note = "cosine of mean speaker embeddings; the diagonal holds two halves of one character"
    return _matrix("embedding", "Who speaks", note, cast, _cosine, _own_cosine)


def by_spectrum(cast: Sequence[Member]) -> Matrix:
    """Return exp(−d / 6 dB), d the RMS difference of the long-term average spectra in dB."""
    note = f"exp(−d / {SPECTRUM_SCALE_DB:g} dB), d the RMS difference of the average spectra"
    return _matrix("spectral", "Colour of the voice", note, cast, _spectral, _own_spectral)


def by_prosody(cast: Sequence[Member]) -> Matrix:
    """Return exp(−d² / 2), d the RMS of differences in F0 level, F0 range and rate.

    They count in steps of 3 semitones, 3 semitones and a quarter of an octave of rate (19 %).
    """
    note = "F0 level and range in steps of 3 semitones, rate in steps of 19 %"
    return _matrix("prosodic", "Pitch and pace", note, cast, _prosodic, lambda _m: 1.0)


def _matrix(
    kind: str,
    title: str,
    note: str,
    cast: Sequence[Member],
    pair: Callable[[Member, Member], float],
    own: Callable[[Member], float],
) -> Matrix:
    values = np.eye(len(cast))
    for i, one in enumerate(cast):
        values[i, i] = own(one)
        for j in range(i):
            values[i, j] = values[j, i] = pair(one, cast[j])
    return Matrix(kind, title, note, tuple(m.id for m in cast), values)


def _cosine(one: Member, other: Member) -> float:
    a, b = one.centroid, other.centroid
    return float("nan") if a is None or b is None else float(a @ b)


def halves(clips: Floats) -> tuple[Floats, Floats] | None:
    """Return every other row, twice; None for fewer than two."""
    return (clips[::2], clips[1::2]) if len(clips) > 1 else None


def _own_cosine(one: Member) -> float:
    both = halves(one.clips)
    if both is None:
        return float("nan")
    a, b = centre(both[0]), centre(both[1])
    return float("nan") if a is None or b is None else float(a @ b)


def _spectral(one: Member, other: Member) -> float:
    return _fall(one.spectrum_db - other.spectrum_db)


def _own_spectral(one: Member) -> float:
    both = halves(one.spectra_db)
    return float("nan") if both is None else _fall(both[0].mean(axis=0) - both[1].mean(axis=0))


def _fall(difference_db: Floats) -> float:
    return float(np.exp(-np.sqrt(np.mean(difference_db**2)) / SPECTRUM_SCALE_DB))


def _prosodic(one: Member, other: Member) -> float:
    steps = []
    if one.f0_hz and other.f0_hz:
        steps.append(12 * np.log2(one.f0_hz[1] / other.f0_hz[1]) / F0_SCALE_ST)
    if one.range_st is not None and other.range_st is not None:
        steps.append((one.range_st - other.range_st) / RANGE_SCALE_ST)
    if one.rate and other.rate:
        steps.append(np.log2(one.rate / other.rate) / RATE_SCALE_LOG2)
    return float(np.exp(-np.mean(np.square(steps)) / 2)) if steps else float("nan")
