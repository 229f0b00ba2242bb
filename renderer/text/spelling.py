"""Letters to words the phonemiser reads well: scripts, capitals, stretched and odd letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_STRETCHED = re.compile(r"([^\W\d_])\1{2,}", re.IGNORECASE)
_VOWEL = re.compile(r"[aeiouyäöüàâéèêëîïôûùœæáíóúãõ]", re.IGNORECASE)
_CAPITALS = re.compile(r"[^\W\d_]{2,}")
# Runs of letters with inner apostrophes and hyphens, runs of digits, and whatever else \w holds.
_PIECE = re.compile(r"[^\W\d_]+(?:['’\-‑][^\W\d_]+)*|\d+|_+|[^\W_]")
_LAST_LATIN = "\u024f"


def pieces(word: str) -> Iterator[tuple[int, str]]:
    """Yield the runs of letters, digits and other signs of a word with their offsets.

    >>> list(pieces("mp3-player"))
    [(0, 'mp'), (2, '3'), (4, 'player')]
    """
    for match in _PIECE.finditer(word):
        yield match.start(), match.group()


def is_shouted(text: str) -> bool:
    """Whether a line is written in capitals for loudness, not for abbreviation.

    >>> is_shouted("GET DOWN!"), is_shouted("FBI!"), is_shouted("The NPC"), is_shouted("NO!")
    (True, False, False, False)
    """
    words = _CAPITALS.findall(text)
    if not words or any(not w.isupper() for w in words):
        return False
    return len(words) > 1 or len(words[0]) > 3  # noqa: PLR2004 - FBI, USA


def readable(letters: str, *, is_latin: bool, is_shouted: bool) -> str:
    """Return a run of letters as the phonemiser should see it.

    Args:
        letters: As written, with inner apostrophes and hyphens.
        is_latin: Whether other scripts are transliterated.
        is_shouted: Whether capitals mean loudness, so that pronounceable words lose them.

    Returns:
        Words separated by spaces; never empty.

    >>> readable("Nooooo", is_latin=True, is_shouted=False)
    'No'
    >>> readable("Привет", is_latin=True, is_shouted=False)
    'Privet'
    """
    plain = unicodedata.normalize("NFKC", letters).replace("’", "'").replace("‑", "-")
    if is_latin and not _is_latin(plain):
        from unidecode import unidecode

        plain = " ".join(re.findall(r"[^\W_]+(?:['-][^\W_]+)*", unidecode(plain))) or plain
    if is_shouted and _VOWEL.search(plain):
        plain = plain.lower()
    return _STRETCHED.sub(_shorten, plain)


def _is_latin(text: str) -> bool:
    if max(text) <= _LAST_LATIN:
        return True
    return all(c <= _LAST_LATIN or unicodedata.name(c, "").startswith("LATIN") for c in text)


def _shorten(match: re.Match[str]) -> str:
    """Shorten a stretched letter: "Nooo" to "No", "Loook" to "Look", "Hmmm" to "Hm"."""
    is_inner = match.end() < len(match.string) and match.string[match.end()].isalpha()
    return match.group(1) * (2 if is_inner and match.group(1) in "eo" else 1)
