"""Ids of lines, characters and scenes: stable, readable, and safe as a file name everywhere."""

from __future__ import annotations

import re
import unicodedata

from renderer.domain.voice_lock import is_safe_segment

MAX_ID = 80
_ID = re.compile(r"\w[\w.\-]*")
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
