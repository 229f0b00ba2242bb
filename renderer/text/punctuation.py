"""Unicode punctuation to the marks an engine pauses at: `, ; : . ! ? … —`."""

from __future__ import annotations

import re

MARKS = ",;:.!?…—"

_SAME = str.maketrans(
    {
        "。": ".", "．": ".", "｡": ".", "।": ".", "۔": ".", "、": ",", "，": ",", "،": ",",
        "；": ";", "؛": ";", "：": ":", "！": "!", "？": "?", "؟": "?", "‽": "?!", "⁉": "!?",
        "⁈": "?!", "‼": "!", "⁇": "?", "―": "—", "⸺": "—", "⸻": "—", "(": ",", ")": ",",
        "[": ",", "]": ",", "{": ",", "}": ",", "\u037e": ";", "·": ",", "•": ",",
    }
)  # fmt: skip
_DOTS = re.compile(r"\.(?:\s?\.)+|…[.…\s]*(?=[.…])|⋯")
# A dash that stands for a pause: between spaces, at an end, doubled, or an en dash after a space.
_DASH = re.compile(r"\s[-–‒](?=\s|$)|^[-–‒](?=\s)|-{2,}|–(?=\s|$)|\n\s*-")
_LINE = re.compile(r"\s*[\r\n\u2028\u2029]+\s*")


def marks(between: str, *, is_last: bool) -> str:
    """Return the marks that stand between two spoken words.

    Args:
        between: The text after a word up to the next one.
        is_last: Whether no word follows.

    Returns:
        Each mark once, in order; an end of a sentence swallows the commas around it.

    >>> marks('!!!" – ', is_last=False), marks("... ", is_last=False), marks("?!?!", is_last=True)
    ('!—', '…', '?!')
    >>> marks(" (", is_last=False), marks(").", is_last=True), marks(" ", is_last=False)
    (',', '.', '')
    """
    if between in ("", " "):
        return ""
    text = _LINE.sub(", ", between) if not is_last else between
    text = _DASH.sub("—", _DOTS.sub("…", text.translate(_SAME)))
    found = "".join(dict.fromkeys(c for c in text if c in MARKS))
    if len(found) > 1:
        found = found.replace(",", "")
    return "" if is_last and found == "," else found


def join(first: str, second: str) -> str:
    """Return two runs of marks as one, each mark once.

    >>> join(".", ".”"[:1]), join(".", "…"), join("", "!")
    ('.', '…', '!')
    """
    if "…" in second:
        first = first.replace(".", "")
    return "".join(dict.fromkeys(first + second))
