"""How English speaks what is not letters."""

from __future__ import annotations

from renderer.text import number
from renderer.text.rule import Language


def language(locale: str = "german") -> Language:
    """Return the rules."""
    return Language("ge", (), number.english)
