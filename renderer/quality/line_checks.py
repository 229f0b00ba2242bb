"""Checks of a take against its text, and against its own line, said plainly by its own voice."""

from __future__ import annotations

from renderer.domain.verdict import Finding
from renderer.quality.finding import at_most, placed
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

_LISTEN = "Listen: render again, or correct the word's pronunciation in the lexicon."


def check_line_text(metrics: Metrics, limits: Limits) -> Finding | None:
    """The text is said, as far as this voice says it plainly."""
    limit = limits.most_line_text_nats
    if limit is None:
        return None
    message = "Slips of the text that the line said plainly has not"
    return _told(metrics, "line_text", "line_text_nats", limit, message)


def check_text(metrics: Metrics, limits: Limits) -> Finding | None:
    """The text is said, however the voice says this line otherwise."""
    limit = limits.most_slip_nats
    if limit is None:
        return None
    return _told(metrics, "text", "slip_nats", limit, "Slips of the text")


def _told(metrics: Metrics, check: str, name: str, limit: float, message: str) -> Finding:
    slips = metrics.notes.get(name, "")
    value = metrics.needed(name)
    found = at_most(check, value, limit, "nats", f"{message}: {slips or 'none'}.", _LISTEN)
    return placed(found, metrics.places.get(name, 0.0))


def check_line_cut(metrics: Metrics, limits: Limits) -> Finding | None:
    """Its first and last sounds are as long as this voice says them."""
    limit = limits.most_line_lack_s
    if limit is None:
        return None
    value = metrics.needed("line_lack_s")
    where = metrics.notes.get("line_lack_s", "end")
    message = f"The sounds at its {where} are shorter than in the line said plainly."
    hint = f"Listen: its {where} is cut off or swallowed. Render again."
    found = at_most("line_cut", value, limit, "s", message, hint)
    return placed(found, metrics.places.get("line_lack_s", 0.0))


def check_line_drawn(metrics: Metrics, limits: Limits) -> Finding | None:
    """Each word takes as long as this voice says it."""
    limit = limits.most_line_drawn_s
    if limit is None:
        return None
    value = metrics.needed("line_drawn_s")
    message = (
        f"{metrics.notes.get('line_drawn_s', 'A word')} takes longer than in the line said plainly."
    )
    hint = "Listen: it is said twice or drawn out. Render again."
    found = at_most("line_drawn", value, limit, "s", message, hint)
    return placed(found, metrics.places.get("line_drawn_s", 0.0))


LINE_CHECKS: tuple[Check, ...] = (
    check_line_text,
    check_text,
    check_line_cut,
    check_line_drawn,
    Rule(
        "other_text",
        "text_fit_nats",
        "least_text_fit_nats",
        "nats",
        "How much better it fits its text than the same sounds in another order.",
        "Listen: is it this line at all? Replace the recording, or render again.",
    ),
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
    Rule(
        "line_click",
        "line_click_db",
        "most_line_click_db",
        "dB",
        "The sharpest lone corner over the sharpest one of the line said plainly: a click.",
        "Listen: a crack, or sounds that do not join. Render again.",
    ),
)
