"""Checks of what is heard: the text, the voice, the direction.

A metric that cannot tell on a line is inconclusive; where it is measured, that is decided.
"""

from __future__ import annotations

from renderer.domain.verdict import Finding
from renderer.quality.finding import at_most
from renderer.quality.limits import Limits
from renderer.quality.metrics import Metrics
from renderer.quality.rule import Check, Rule

_LISTEN = "Listen: render again, or correct the word's pronunciation in the lexicon."


def check_pitch_off(metrics: Metrics, limits: Limits) -> Finding | None:
    """The voice is neither higher nor lower than asked."""
    limit = limits.most_pitch_off_st
    if limit is None:
        return None
    off = metrics.needed("pitch_off_st")
    way = "above" if off > 0 else "below"
    message = f"F0 is {abs(off):.1f} semitones {way} the voice's own and what was asked."
    hint = "Listen: is it the right voice? Render again; ask for less pitch change."
    return at_most("pitch_off", abs(off), limit, "st", message, hint)


_MARGIN = Rule(
    "likeness_margin",
    "likeness_margin",
    "least_likeness_margin",
    "cosine",
    "Likeness to its own voice, less that to the nearest other speaker.",
    "Listen: it sounds like somebody else. Check the speaker; ask for less pitch change.",
)

HEARD_CHECKS: tuple[Check, ...] = (
    Rule(
        "missing_words",
        "missing_phones",
        "most_missing_phones",
        "phones",
        "Longest stretch of the text that was not heard.",
        _LISTEN,
    ),
    Rule(
        "extra_speech",
        "extra_phones",
        "most_extra_phones",
        "phones",
        "Most that was heard in one place beyond the text: a word said twice, or something else.",
        _LISTEN,
    ),
    Rule(
        "wrong_text",
        "heard_error_rate",
        "most_heard_error_rate",
        "per phone",
        "Phones missing or others, per phone of the text.",
        _LISTEN,
    ),
    Rule(
        "likeness",
        "likeness",
        "least_likeness",
        "cosine",
        "Likeness to the voice's own sentences.",
        "Listen: it sounds like somebody else. Check the speaker; ask for less pitch change.",
    ),
    _MARGIN,
    check_pitch_off,
    Rule(
        "rate_slow",
        "rate_ratio",
        "least_rate_ratio",
        "×",
        "Rate over the voice's own and what was asked.",
        "Listen: the line is drawn out. Render again, or split it.",
    ),
    Rule(
        "rate_fast",
        "rate_ratio",
        "most_rate_ratio",
        "×",
        "Rate over the voice's own and what was asked.",
        "Listen: the line is rushed, or words are missing. Render again, or split it.",
    ),
)
