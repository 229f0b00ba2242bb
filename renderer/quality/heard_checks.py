"""Checks of what is heard with `metrics: full`: the text by a recogniser, the voice.

A metric that cannot tell on a line is inconclusive; where it is measured, that is decided.
"""

from __future__ import annotations

from renderer.quality.rule import Check, Rule

_LISTEN = "Listen: render again, or correct the word's pronunciation in the lexicon."

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
    Rule(
        "likeness_margin",
        "likeness_margin",
        "least_likeness_margin",
        "cosine",
        "Likeness to its own voice, less that to the nearest other speaker.",
        "Listen: it sounds like somebody else. Check the speaker; ask for less pitch change.",
    ),
)
