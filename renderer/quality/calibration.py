"""Limits out of what approved takes measure: a quantile that outliers do not move, and a margin.

Only limits that depend on the voice are proposed. The values of what was approved end where the
limits of that time cut them off, so a proposal says what a voice is like, not what is good enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from renderer.quality.gate import SENTENCE_CHECKS, SIGNAL_CHECKS
from renderer.quality.metrics import Metrics
from renderer.quality.rule import Rule
from renderer.quality.speech_checks import FEW_PHONEMES

LEAST_TAKES = 30  # fewer say nothing about the edge of a distribution
EDGE = 0.02  # share of takes that may lie outside before the margin
MARGIN = 0.5  # of the distance from the median to that edge
DIGITS = 3
MOST_PLACES = 12  # behind the point
# What a project, an encoder, a text or a direction decides, and no voice.
NOT_OF_A_VOICE = frozenset(
    {
        "most_dc_dbfs",
        "most_delivered_peak_dbtp",
        "most_codec_drift_s",
        "most_codec_level_db",
        "most_codec_distance_db",
        "most_codec_band_loss_db",
        "most_codec_lost_s",
        "least_text_fit_nats",
    }
)
Reach = Callable[[Metrics], float | None]


def reached(limit: str, metrics: Metrics) -> float | None:
    """Return the value a limit would need for an attempt to just pass; None when it has none.

    Args:
        limit: Field of `Limits`, one of `PROPOSED`.
        metrics: Of the attempt.
    """
    value = PROPOSED[limit](metrics)
    return value if value is not None and math.isfinite(value) else None


def propose(limit: str, values: Sequence[float], current: float) -> float:
    """Return a limit that a voice keeps, but for outliers.

    The edge is the quantile that `EDGE` of the values lie beyond. The limit lies outside of it by
    `MARGIN` of its distance to the median, so a few takes that are no good move it little. A limit
    is tightened by half of the way to the edge at most: values that lie together, far from it, say
    nothing about where a defect begins.

    Args:
        limit: Field of `Limits`: `least_…` lies below the values, `most_…` above.
        values: What the limit would have to be for each take, `LEAST_TAKES` or more.
        current: What holds now.

    Returns:
        The limit, rounded outwards to `DIGITS` digits.

    Raises:
        ValueError: There are too few values.
    """
    if len(values) < LEAST_TAKES:
        raise ValueError(f"{len(values)} values are too few; {LEAST_TAKES} are needed")
    is_least = limit.startswith("least_")
    outer = min if is_least else max
    edge = float(np.quantile(values, EDGE if is_least else 1.0 - EDGE))
    beyond = edge + MARGIN * (edge - float(np.median(values)))
    return _outwards(outer(beyond, (current + edge) / 2.0), down=is_least)


def _outwards(value: float, *, down: bool) -> float:
    """Round to `DIGITS` digits, away from the values.

    >>> _outwards(2.3456, down=True), _outwards(-24.51, down=False)
    (2.34, -24.5)
    """
    if value == 0:
        return 0.0
    places = min(MOST_PLACES, DIGITS - 1 - math.floor(math.log10(abs(value))))
    scaled = value * 10.0**places
    rounding = 1e-11 * abs(scaled)  # of the product: 2.3 × 100 is no 230.00000000000003
    whole = math.floor(scaled + rounding) if down else math.ceil(scaled - rounding)
    return round(whole / 10.0**places, max(0, places))


def _pace(metrics: Metrics) -> float | None:
    line = metrics.line
    if metrics.speaking_s is None or (line.phone_count or 0) < FEW_PHONEMES:
        return None
    return metrics.speaking_s * line.rate / line.phones()


def _level(metrics: Metrics) -> float | None:
    expected, loudness = metrics.line.expected_lufs, metrics.loudness_lufs
    return None if expected is None or loudness is None else abs(loudness - expected)


def _level_over(metrics: Metrics) -> float | None:
    expected, loudness = metrics.line.expected_lufs, metrics.loudness_lufs
    return None if expected is None or loudness is None else max(0.0, loudness - expected)


def _gap(metrics: Metrics, *, at_punctuation: bool) -> float | None:
    line = metrics.line
    if metrics.gap_s is None or line.has_inner_punctuation is not at_punctuation:
        return None
    return max(0.0, metrics.gap_s - line.longest_pause_s) * min(line.rate, 1.0)


def _reach(rule: Rule) -> Reach:
    return lambda metrics: metrics.value(rule.metric)


_RULES = (check for check in (*SIGNAL_CHECKS, *SENTENCE_CHECKS) if isinstance(check, Rule))
PROPOSED: Mapping[str, Reach] = {
    "most_level_off_lu": _level,
    "most_level_over_lu": _level_over,
    "least_s_per_phoneme": _pace,
    "most_s_per_phoneme": _pace,
    "most_gap_s": lambda metrics: _gap(metrics, at_punctuation=False),
    "most_gap_at_punctuation_s": lambda metrics: _gap(metrics, at_punctuation=True),
    **{rule.limit: _reach(rule) for rule in _RULES if rule.limit not in NOT_OF_A_VOICE},
}
