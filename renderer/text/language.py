"""Which language pack a locale uses."""

from __future__ import annotations

import re
from functools import lru_cache

from renderer.text import catalan, english, french, german, other
from renderer.text.rule import Language


@lru_cache(maxsize=64)
def of(locale: str) -> Language:
    """Return how numbers, signs and abbreviations are spoken in a locale.

    English, German, French and Catalan have rules of their own; other languages know whole and
    decimal numbers where num2words does, and leave the rest to espeak.

    >>> of("de-AT").code, of("vi-VN").code
    ('de', 'vi')
    """
    code = re.split("[-_]", locale.lower())[0]
    if code == "en":
        return english.language(locale)
    if code == "de":
        return german.language()
    if code == "fr":
        return french.language(locale)
    if code == "ca":
        return catalan.language()
    return other.language(locale)
