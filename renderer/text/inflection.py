"""Inflected forms of lexicon words: Kaelith's, Kaeliths, d'Emberfall, Emberfall-Wache.

A writer enters a name once; possessives, genitives, plurals of names, elided articles and hyphen
compounds follow from it. Only what can be undone without a dictionary is undone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from renderer.domain.words import fold

_STRETCHED = re.compile(r"(\w)\1{2,}", re.IGNORECASE)
SIBILANTS = frozenset("szʃʒ")
VOICELESS = frozenset("ptkfθxç")

# Elided words and the sounds they put before the next word.
_ELISIONS = {
    "fr": {
        "c": "s", "d": "d", "j": "ʒ", "l": "l", "m": "m", "n": "n", "qu": "k", "s": "s", "t": "t",
        "jusqu": "ʒysk", "lorsqu": "lɔʁsk", "puisqu": "pɥisk", "quoiqu": "kwak",
    },
    "it": {
        "l": "l", "d": "d", "un": "un", "c": "tʃ", "dell": "dˈel", "all": "al", "nell": "nel",
        "dall": "dal", "sull": "sul", "quest": "kwˈest", "quell": "kwˈel",
    },
    "ca": {"l": "l", "d": "d", "n": "n", "s": "s", "m": "m", "t": "t"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """A written word taken apart around a stem that may be in the lexicon.

    Attributes:
        stem: The part to look up.
        before: Letters before it, with their apostrophe ("l'").
        before_ipa: How they sound.
        after: Letters after it ("'s", "s").
        is_possessive: Whether `after` is a spoken s, z or ɪz.
        needs_name: Whether the form is safe for capitalised entries only.
    """

    stem: str
    before: str = ""
    before_ipa: str = ""
    after: str = ""
    is_possessive: bool = False
    needs_name: bool = False

    def say(self, words: str) -> str:
        """Return the words to speak, inflected."""
        return f"{self.before}{words}{self.after}"

    def ipa(self, ipa: str, language: str) -> str:
        """Return the phonemes to speak, inflected.

        >>> Form("Fox", after="'s", is_possessive=True).ipa("fˈɑks", "en")
        'fˈɑksɪz'
        """
        return self.before_ipa + ipa + (_ending(ipa, language) if self.is_possessive else "")


def _ending(ipa: str, language: str) -> str:
    last = next((c for c in reversed(ipa) if c.isalpha() and c not in "ːˑʰʲ"), "")
    if language != "en":
        return "" if last in SIBILANTS else "s"
    if last in SIBILANTS:
        return "ɪz"
    return "s" if last in VOICELESS else "z"


def forms(word: str, language: str) -> Iterator[Form]:
    """Yield the ways to take a written word apart, likeliest first.

    Args:
        word: One written word.
        language: `en`, `de`, …

    >>> [f.stem for f in forms("Kaelith's", "en")]
    ['Kaelith']
    >>> [f.stem for f in forms("Shhhh", "en")]
    ['Shh', 'Sh']
    >>> [(f.before, f.stem) for f in forms("d’Emberfall", "fr")]
    [('d’', 'Emberfall')]
    """
    plain = fold(word)
    if len(plain) != len(word):  # folding changed the length (ß, ligatures): offsets do not hold
        word = plain
    if language in ("en", "de") and plain.endswith("'s"):
        yield Form(word[:-2], after=word[-2:], is_possessive=True)
    elif language in ("en", "de") and plain.endswith("s") and len(plain) > 2:  # noqa: PLR2004
        yield Form(word[:-1], after="s", is_possessive=True, needs_name=True)
    for length in (2, 1):
        short = _STRETCHED.sub(lambda m: m.group(1) * length, word)  # noqa: B023 - used at once
        if short != word:
            yield Form(short)
    elided = _ELISIONS.get(language)
    head, mark, stem = plain.partition("'")
    if elided and mark and stem and head in elided:
        cut = len(head) + 1
        yield Form(word[cut:], before=word[:cut], before_ipa=elided[head])


def compound(word: str) -> tuple[str, ...]:
    """Return the parts of a hyphenated word, () when it has none.

    >>> compound("Emberfall-Wache"), compound("Halt")
    (('Emberfall', 'Wache'), ())
    """
    parts = tuple(p for p in word.replace("‑", "-").split("-") if p)
    return parts if len(parts) > 1 else ()
