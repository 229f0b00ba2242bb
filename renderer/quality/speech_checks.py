"""Checks of how a line is spoken: pace, holes, cut ends, clicks.

Each takes metrics and limits and returns one finding, or None when its limit is None. A check with
a limit on either side holds each by itself.
"""

from __future__ import annotations

from renderer.domain.verdict import Finding, Outcome
from renderer.quality.finding import at_least, at_most, placed
from renderer.quality.limits import Limits
from renderer.quality.metrics import Metrics
from renderer.quality.rule import Check, Rule

FEW_PHONEMES = 4  # too few to speak of a pace


def check_pace(metrics: Metrics, limits: Limits) -> Finding | None:
    """Neither rushed nor stuck: sounding seconds per phoneme, with the asked rate taken out."""
    least, most = limits.least_s_per_phoneme, limits.most_s_per_phoneme
    if least is None and most is None:
        return None
    count = metrics.line.phones()
    if count < FEW_PHONEMES:
        return Finding(
            "pace",
            Outcome.INCONCLUSIVE,
            message=f"{count} phonemes are too few to speak of a pace.",
        )
    value = metrics.needed("speaking_s") * metrics.line.rate / count
    message = "Time per phoneme, with the asked rate taken out."
    if least is not None and (most is None or value < least):
        return at_least(
            "pace",
            value,
            least,
            "s/phoneme",
            "Spoken too fast, or words are missing." if value < least else message,
            "Lower the rate, or split the line; listen whether a word is missing.",
        )
    hint = "Raise the rate, or reword: the voice hangs on a sound."
    return None if most is None else at_most("pace", value, most, "s/phoneme", message, hint)


def check_gap(metrics: Metrics, limits: Limits) -> Finding | None:
    """No hole inside the line that nobody asked for."""
    line = metrics.line
    limit = limits.most_gap_at_punctuation_s if line.has_inner_punctuation else limits.most_gap_s
    if limit is None:
        return None
    finding = at_most(
        "gap",
        metrics.needed("gap_s"),
        limit / min(line.rate, 1.0) + line.longest_pause_s,
        "s",
        "Longest silence inside the line.",
        "Remove or shorten pauses, or split the line; the voice may have skipped a word.",
    )
    return placed(finding, metrics.places.get("gap_s", 0.0))


def check_dropout(metrics: Metrics, limits: Limits) -> Finding | None:
    """No digital silence inside the line that nobody asked for: rooms and voices have a floor."""
    if limits.most_dead_s is None:
        return None
    line = metrics.line
    finding = at_most(
        "dropout",
        metrics.needed("dead_s"),
        limits.most_dead_s / min(line.rate, 1.0) + line.longest_pause_s,
        "s",
        "Longest digital silence inside the take: sound is missing there.",
        "Render again; for a recording, take the hole out or use another.",
    )
    return placed(finding, metrics.places.get("dead_s", 0.0))


SPEECH_CHECKS: tuple[Check, ...] = (
    check_pace,
    check_gap,
    check_dropout,
    Rule(
        "cut_head",
        "head_db",
        "most_head_db",
        "dB",
        "Level of the first 5 ms against the loudest: the beginning may be cut off.",
        "Render again; begin the line with a pause.",
    ),
    Rule(
        "cut_tail",
        "tail_db",
        "most_tail_db",
        "dB",
        "Level of the last 5 ms against the loudest: the end is cut off.",
        "Render again; end the line with a full stop.",
    ),
    Rule(
        "abrupt_end",
        "release_db",
        "most_release_db",
        "dB",
        "The last 10 ms of sound against the loudest: the end drops into silence.",
        "Render again; end the line with a full stop.",
    ),
    Rule(
        "click",
        "click_db",
        "most_click_db",
        "dB",
        "The sharpest lone corner over its surroundings: a click.",
        "Render again; lower the energy or pitch change of the word there.",
    ),
    Rule(
        "torn",
        "torn_db",
        "most_torn_db",
        "dB",
        "Sound steps into or out of digital silence: samples are missing there.",
        "Render again; for a recording, export it again from its source.",
    ),
)
