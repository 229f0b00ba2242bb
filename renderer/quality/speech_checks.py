"""Checks of how a line is spoken: pace, holes, cut ends, clicks.

Each takes an attempt and its limits and returns one finding, or None when its limit is None.
"""

from __future__ import annotations

from renderer.domain.verdict import Finding, Outcome
from renderer.quality.finding import at_least, at_most, placed
from renderer.quality.limits import Limits
from renderer.quality.take import Measured

FEW_PHONEMES = 4  # too few to speak of a pace


def check_pace(measured: Measured, limits: Limits) -> Finding | None:
    """Neither rushed nor stuck: sounding seconds per phoneme, with the asked rate taken out."""
    count = measured.take.transcript.phoneme_count
    least, most = limits.least_s_per_phoneme, limits.most_s_per_phoneme
    if least is None or most is None:
        return None
    if count < FEW_PHONEMES:
        return Finding(
            "pace",
            Outcome.INCONCLUSIVE,
            message=f"{count} phonemes are too few to speak of a pace.",
        )
    value = measured.speaking_s * measured.take.rate / count
    if value < least:
        return at_least(
            "pace",
            value,
            least,
            "s/phoneme",
            "Spoken too fast, or words are missing.",
            "Lower the rate, or split the line; listen whether a word is missing.",
        )
    return at_most(
        "pace",
        value,
        most,
        "s/phoneme",
        "Time per phoneme, with the asked rate taken out.",
        "Raise the rate, or reword: the voice hangs on a sound.",
    )


def check_gap(measured: Measured, limits: Limits) -> Finding | None:
    """No hole inside the line that nobody asked for."""
    take = measured.take
    limit = limits.most_gap_at_punctuation_s if take.has_inner_punctuation else limits.most_gap_s
    if limit is None:
        return None
    start, end = max(measured.gaps, key=lambda gap: gap[1] - gap[0], default=(0.0, 0.0))
    finding = at_most(
        "gap",
        end - start,
        limit / min(take.rate, 1.0) + take.longest_pause_s,
        "s",
        "Longest silence inside the line.",
        "Remove or shorten pauses, or split the line; the voice may have skipped a word.",
    )
    return placed(finding, start)


def check_head(measured: Measured, limits: Limits) -> Finding | None:
    """The take does not begin in the middle of a sound."""
    if limits.most_head_db is None:
        return None
    return at_most(
        "cut_head",
        measured.edges_db[0],
        limits.most_head_db,
        "dB",
        "Level of the first 5 ms against the loudest: the beginning may be cut off.",
        "Render again; begin the line with a pause.",
    )


def check_tail(measured: Measured, limits: Limits) -> Finding | None:
    """The take does not stop in the middle of a sound."""
    if limits.most_tail_db is None:
        return None
    finding = at_most(
        "cut_tail",
        measured.edges_db[1],
        limits.most_tail_db,
        "dB",
        "Level of the last 5 ms against the loudest: the end is cut off.",
        "Render again; end the line with a full stop.",
    )
    return placed(finding, measured.bounds.end / measured.take.delivered.sample_rate)


def check_release(measured: Measured, limits: Limits) -> Finding | None:
    """The last sound dies away before the silence after it."""
    if limits.most_release_db is None:
        return None
    finding = at_most(
        "abrupt_end",
        measured.release_db,
        limits.most_release_db,
        "dB",
        "The last 10 ms of sound against the loudest: the end drops into silence.",
        "Render again; end the line with a full stop.",
    )
    return placed(finding, measured.bounds.end / measured.take.delivered.sample_rate)


def check_click(measured: Measured, limits: Limits) -> Finding | None:
    """No lone crack."""
    if limits.most_click_db is None:
        return None
    finding = at_most(
        "click",
        measured.click.value,
        limits.most_click_db,
        "dB",
        "The sharpest lone corner over its surroundings: a click.",
        "Render again; lower the energy or pitch change of the word there.",
    )
    return placed(finding, measured.click.start_s)


SPEECH_CHECKS = (
    check_pace,
    check_gap,
    check_head,
    check_tail,
    check_release,
    check_click,
)
