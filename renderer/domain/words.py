"""How a line is cut into written words: the anchor of word edits, lexicons and alignments.

Everything that speaks of "the second *no*" uses `find_words`, so that a writer's anchor, the
phonemiser's word and the viseme track agree.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# A run of letters, digits and combining marks, held together by inner marks as in "don't",
# "well-known", "3.50", "U.S", "10:30", "50%", "$5", "l’homme".
# `\w` lacks the marks that are part of a letter in other scripts (vowel signs of Devanagari and its
# kin, Hebrew and Arabic points, Thai), so they are named.
_LETTERS = (
    r"\w[\w\u0300-\u036F\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u064B-\u065F\u0670"
    r"\u0900-\u0963\u0966-\u0DFF\u0E31-\u0E3A\u0E47-\u0E4E\u200C\u200D]*"
)
_WORD = re.compile(rf"[$€£]?{_LETTERS}(?:[’'.,:/\-‑]{_LETTERS})*[%°€$£]?")


@dataclass(frozen=True, slots=True)
class Word:
    """One written word.

    Attributes:
        text: As written.
        start: Index of its first character in the line.
        end: Index after its last character.
        occurrence: 1 for the first word that folds to the same form, 2 for the second, …
    """

    text: str
    start: int
    end: int
    occurrence: int


def fold(word: str) -> str:
    """Return the form under which two spellings are the same word.

    >>> fold("L’Homme") == fold("l'homme")
    True
    """
    return unicodedata.normalize("NFC", word).casefold().replace("’", "'").replace("‑", "-")


def find_words(text: str) -> tuple[Word, ...]:
    """Cut a line (without markup) into its written words.

    >>> [(w.text, w.occurrence) for w in find_words("No, no! Don't pay 3.50.")]
    [('No', 1), ('no', 2), ("Don't", 1), ('pay', 1), ('3.50', 1)]
    >>> [w.text for w in find_words("नमस्ते, दुनिया!")]
    ['नमस्ते', 'दुनिया']
    """
    seen: dict[str, int] = {}
    words = []
    for match in _WORD.finditer(text):
        form = fold(match.group())
        seen[form] = seen.get(form, 0) + 1
        words.append(Word(match.group(), match.start(), match.end(), seen[form]))
    return tuple(words)
