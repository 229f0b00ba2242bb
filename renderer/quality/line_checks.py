"""Checks of a take against its own line, said plainly by its own voice."""

from __future__ import annotations

from renderer.domain.verdict import Finding
from renderer.quality.finding import at_most
from renderer.quality.limits import Limits
from renderer.quality.metrics import Metrics
from renderer.quality.rule import Check, Rule


def check_line_pitch(metrics: Metrics, limits: Limits) -> Finding | None:
    """The line is neither higher nor lower than this voice says it, and than asked."""
    limit = limits.most_line_pitch_off_st
    if limit is None:
        return None
    off = metrics.needed("line_pitch_off_st")
    way = "above" if off > 0 else "below"
    message = f"F0 is {abs(off):.1f} semitones {way} the line said plainly and what was asked."
    hint = "Listen: is it the right voice, at its own speed? Render again."
    return at_most("line_pitch", abs(off), limit, "st", message, hint)


_RATE = "Rate over that of the line said plainly and what was asked."

LINE_CHECKS: tuple[Check, ...] = (
    check_line_pitch,
    Rule(
        "line_monotone",
        "line_range_ratio",
        "least_line_range_ratio",
        "×",
        "Range of F0 over that of the line said plainly and what was asked.",
        "Listen: it has no melody. Render again; ask for more pitch range.",
    ),
    Rule(
        "line_slow",
        "line_rate_ratio",
        "least_line_rate_ratio",
        "×",
        _RATE,
        "Listen: the line is drawn out, or something was said twice. Render again.",
    ),
    Rule(
        "line_fast",
        "line_rate_ratio",
        "most_line_rate_ratio",
        "×",
        _RATE,
        "Listen: the line is rushed, or words are missing. Render again.",
    ),
    Rule(
        "line_timbre",
        "line_timbre_db",
        "most_line_timbre_db",
        "dB",
        "How far its spectrum is from that of the line said plainly.",
        "Listen: another voice, a muffled or a robotic sound. Render again.",
    ),
)
