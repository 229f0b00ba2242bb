"""Who speaks: a point on a sphere and a few statistics, so that voices can be mixed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

VECTOR_SIZE = 64
_ROUNDS, _CLOSE = 50, 1e-12


@dataclass(frozen=True, slots=True)
class Speaker:
    """One speaker of a voice model.

    Attributes:
        vector: `VECTOR_SIZE` numbers, of length 1.
        mean_pitch_st: Mean F0 over voiced frames, semitones above 100 Hz.
        mean_energy_db: Mean energy of its frames, dB.
        rate: The speaker's own speaking rate, × what the model says.
        pitch_st: The speaker's own shift in semitones, on top of `mean_pitch_st`.
    """

    vector: tuple[float, ...]
    mean_pitch_st: float
    mean_energy_db: float
    rate: float = 1.0
    pitch_st: float = 0.0

    def shifted(self, rate: float, pitch_st: float) -> Speaker:
        """Return the speaker with another rate and pitch on top of its own."""
        return replace(self, rate=self.rate * rate, pitch_st=self.pitch_st + pitch_st)


def blend(parts: Sequence[tuple[Speaker, float]]) -> Speaker:
    """Return a speaker between others: vectors along the sphere, statistics linearly.

    Two parts are interpolated spherically, exactly; more have the weighted mean of the sphere.
    Rates, being factors, are mixed geometrically.

    Args:
        parts: Speakers with weights > 0.

    Raises:
        ValueError: There are no parts, or they lie opposite each other.

    References:
        Shoemake 1985, "Animating Rotation with Quaternion Curves" (slerp).
        Buss & Fillmore 2001, "Spherical Averages", algorithm A1.
    """
    total = sum(weight for _, weight in parts)
    if not parts or not total > 0:
        raise ValueError("there is nothing to blend")
    shares = [weight / total for _, weight in parts]
    speakers = [speaker for speaker, _ in parts]

    def mean(values: Sequence[float]) -> float:
        return math.fsum(share * value for share, value in zip(shares, values, strict=True))

    return Speaker(
        _spherical_mean([s.vector for s in speakers], shares),
        mean([s.mean_pitch_st for s in speakers]),
        mean([s.mean_energy_db for s in speakers]),
        math.exp(mean([math.log(s.rate) for s in speakers])),
        mean([s.pitch_st for s in speakers]),
    )


def _spherical_mean(
    vectors: Sequence[tuple[float, ...]], shares: Sequence[float]
) -> tuple[float, ...]:
    """Return the point whose weighted logarithms to all vectors add up to nothing."""
    here = _unit(_sum(vectors, shares))
    for _ in range(_ROUNDS):
        step = _sum([_logarithm(here, v) for v in vectors], shares)
        here = _exponential(here, step)
        if math.hypot(*step) < _CLOSE:
            break
    return here


def _sum(vectors: Sequence[Sequence[float]], shares: Sequence[float]) -> tuple[float, ...]:
    return tuple(
        math.fsum(w * x for w, x in zip(shares, column, strict=True))
        for column in zip(*vectors, strict=True)
    )


def _unit(vector: Sequence[float]) -> tuple[float, ...]:
    length = math.hypot(*vector)
    if length < 1e-6:  # noqa: PLR2004 - no direction is left
        raise ValueError("the parts lie opposite each other and cancel out")
    return tuple(x / length for x in vector)


def _logarithm(here: Sequence[float], there: Sequence[float]) -> tuple[float, ...]:
    """Return the tangent at `here` that leads to `there`, as long as the angle between them."""
    cosine = math.fsum(a * b for a, b in zip(here, there, strict=True))
    across = [b - cosine * a for a, b in zip(here, there, strict=True)]
    sine = math.hypot(*across)
    if sine < 1e-9:  # noqa: PLR2004 - the same point
        return (0.0,) * len(across)
    angle = math.atan2(sine, cosine)
    return tuple(angle / sine * x for x in across)


def _exponential(here: Sequence[float], step: Sequence[float]) -> tuple[float, ...]:
    angle = math.hypot(*step)
    if angle < 1e-15:  # noqa: PLR2004 - no step
        return tuple(here)
    scale = math.sin(angle) / angle
    return _unit([math.cos(angle) * a + scale * b for a, b in zip(here, step, strict=True)])
