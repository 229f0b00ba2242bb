"""Ids of lines, characters and scenes: stable, readable, and safe as a file name everywhere."""

from __future__ import annotations

import re
import unicodedata

from renderer.domain.voice_lock import is_safe_segment

MAX_ID = 80
_ID = re.compile(r"\w[\w.\-]*")
# BCP 47 (RFC 5646) in the shapes projects use: language, script, region, one variant.
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?(-[a-z0-9]{4,8})?")
ID_FIX = (
    f"Use letters, digits, '_', '-' and '.' (at most {MAX_ID}, beginning with a letter or digit), "
    "for example gate_guard_halt_01."
)


def is_id(text: str) -> bool:
    """Whether a string may be the id of a line, a character or a scene.

    >>> [is_id(s) for s in ("halt_01", "../x", "CON", "a b", "héros.1", "")]
    [True, False, False, False, True, False]
    """
    return len(text) <= MAX_ID and _ID.fullmatch(text) is not None and is_safe_segment(text)


def is_locale(text: str) -> bool:
    """Whether a string is a locale such as `en-US`, `de` or `zh-Hant-TW`.

    >>> [is_locale(s) for s in ("en-US", "de", "zh-Hant-TW", "en_US", "EN-us", "../x")]
    [True, True, True, False, False, False]
    """
    return _LOCALE.fullmatch(text) is not None


def id_form(line_id: str, locale: str) -> str:
    r"""Return the form under which two ids are the same: case and Unicode normal form ignored.

    Two ids of one form would be one file on macOS and Windows.

    >>> id_form("Halt_01", "en-US") == id_form("HALT_01", "en-US")
    True
    >>> id_form("he\u0301ros", "fr-FR") == id_form("h\u00e9ros", "fr-FR")
    True
    """
    if line_id.isascii():
        return f"{line_id.lower()}\0{locale.lower()}"
    folded = unicodedata.normalize("NFKC", line_id).casefold()
    return f"{unicodedata.normalize('NFKC', folded)}\0{locale.lower()}"
