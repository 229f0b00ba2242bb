"""Takes put together by character."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renderer.analysis.opinion import Opinion, estimate
from renderer.analysis.sound_print import BINS_PER_SEMITONE, SoundPrint, bin_hz

Floats = npt.NDArray[np.float64]
_LOW, _MIDDLE, _HIGH = 0.1, 0.5, 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """One approved take of a line.

    Attributes:
        line_id: The line.
        locale: BCP 47 tag.
        character: Its character's id.
        emotion: What was asked for.
        sound: What it sounds like.
        rate: Phones per second, or None.
        duration_s: Seconds.
        mos: What listeners would say of it, predicted (`opinion`), or None.
    """

    line_id: str
    locale: str
    character: str
    emotion: str
    sound: SoundPrint
    rate: float | None = None
    duration_s: float = 0.0
    mos: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One character and what its takes sound like.

    Attributes:
        id: Character id.
        name: As shown to people.
        voices: Voice references, in order of use.
        clips: Unit vectors, float64 (N, D); N may be less than `lines`.
        spectrum_db: Mean long-term spectrum, float64 (BANDS,).
        spectra_db: Of each take, float64 (lines, BANDS).
        f0_counts: Voiced frames by pitch, float64 (BINS,), all takes together.
        rates: Phones per second, one per take that has a rate.
        lines: Takes.
        seconds: Of sound, all takes together.
        opinion: What listeners would say, predicted; None with too few takes that were judged.
    """

    id: str
    name: str
    voices: tuple[str, ...]
    clips: Floats
    spectrum_db: Floats
    spectra_db: Floats
    f0_counts: Floats
    rates: tuple[float, ...]
    lines: int
    seconds: float
    opinion: Opinion | None = None

    @property
    def centroid(self) -> Floats | None:
        """The direction its clips have in common, a unit vector (D,), or None without clips."""
        return centre(self.clips)

    @property
    def f0_hz(self) -> tuple[float, float, float] | None:
        """The 10th, 50th and 90th percentile of F0, Hz; None where nothing is voiced."""
        return f0_percentiles(self.f0_counts)

    @property
    def range_st(self) -> float | None:
        """From the 10th to the 90th percentile of F0, semitones."""
        found = self.f0_hz
        return None if found is None else float(12 * np.log2(found[2] / found[0]))

    @property
    def rate(self) -> float | None:
        """Median phones per second."""
        return float(np.median(self.rates)) if self.rates else None


def f0_percentiles(counts: Floats) -> tuple[float, float, float] | None:
    """Return the 10th, 50th and 90th percentile of F0, Hz; None where nothing is voiced.

    Args:
        counts: Voiced frames by pitch, (BINS,).
    """
    total = float(counts.sum())
    if total <= 0:
        return None
    share = np.cumsum(counts) / total
    low, mid, high = (float(np.interp(q, share, bin_hz())) for q in (_LOW, _MIDDLE, _HIGH))
    return low, mid, high


def centre(clips: Floats) -> Floats | None:
    """Return the mean direction of unit vectors (N, D), or None where there is none."""
    if len(clips) == 0:
        return None
    mean = clips.mean(axis=0)
    length = float(np.linalg.norm(mean))
    return mean / length if length > 0 else None


def gather(id_: str, name: str, voices: Sequence[str], takes: Sequence[Spoken]) -> Member:
    """Put the takes of one character together.

    Args:
        id_: Character id.
        name: As shown to people.
        voices: Voice references.
        takes: At least one.
    """
    prints = [take.sound for take in takes]
    clips = [np.asarray(p.embedding, np.float64) for p in prints if p.embedding is not None]
    spectra = np.stack([np.asarray(p.spectrum_db, np.float64) for p in prints])
    return Member(
        id=id_,
        name=name,
        voices=tuple(dict.fromkeys(voices)),
        clips=np.stack(clips) if clips else np.zeros((0, 0)),
        spectrum_db=spectra.mean(axis=0),
        spectra_db=spectra,
        f0_counts=np.asarray(sum(p.f0_counts.astype(np.float64) for p in prints)),
        rates=tuple(take.rate for take in takes if take.rate is not None),
        lines=len(takes),
        seconds=sum(take.duration_s for take in takes),
        opinion=estimate([take.mos for take in takes if take.mos is not None]),
    )


def smooth_counts(counts: Floats, sigma_st: float = 0.75) -> Floats:
    """Return pitch counts as a density that sums to 1, smoothed by a Gaussian.

    Args:
        counts: (BINS,).
        sigma_st: Width, semitones.
    """
    from scipy.ndimage import gaussian_filter1d

    made = gaussian_filter1d(counts, sigma_st * BINS_PER_SEMITONE, mode="constant")
    total = float(made.sum())
    return np.asarray(made / total if total > 0 else made)
