"""What a language's normalisation is made of: rules that claim a stretch of text and speak it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

_WORD_BEFORE = re.compile(r"([^\W\d_]+(?:['’-][^\W\d_]+)*)([.]?)[ \u00a0\u202f]$")
_WORD_AFTER = re.compile(r"[ \u00a0\u202f]([^\W\d_]+(?:['’-][^\W\d_]+)*)")

# Spoken words by where they come from: (offset in the text, words separated by spaces).
Parts = list[tuple[int, str]]
Match = re.Match[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One way of writing that is not spoken as it is written.

    Attributes:
        pattern: What it claims. Rules that stand earlier claim first.
        speak: The words, as one string (shared out over the written words it claims) or as parts
            with their offsets; None to leave the match to later rules.
        may_end: Whether a full stop it swallowed also ends the sentence before a capital ("etc.").
    """

    pattern: re.Pattern[str]
    speak: Callable[[Match], Parts | str | None]
    may_end: bool = False


@dataclass(frozen=True, slots=True)
class Language:
    """How one language speaks what is not letters.

    Attributes:
        code: `en`, `de`, …
        rules: In the order in which they claim.
        cardinal: A whole number in words, or "" when the language's numbers are not known here.
        symbols: Spoken signs.
        is_latin: Whether other scripts are to be transliterated.
        letter_names: Phonemes of capital letters the phonemiser would read as a word.
    """

    code: str
    rules: tuple[Rule, ...] = ()
    cardinal: Callable[[int], str] = field(default=lambda _: "")
    symbols: Mapping[str, str] = field(default_factory=dict)
    is_latin: bool = True
    letter_names: Mapping[str, str] = field(default_factory=dict)


def rule(
    pattern: str,
    speak: Callable[[Match], Parts | str | None] | str,
    *,
    ignore_case: bool = False,
    may_end: bool = False,
) -> Rule:
    """Make a rule from a pattern and the words (or how to find them)."""
    compiled = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    if isinstance(speak, str):
        words = speak
        return Rule(compiled, lambda _: words, may_end)
    return Rule(compiled, speak, may_end)


def abbreviations(table: Mapping[str, str], *, may_end: bool = False) -> Rule:
    """Make one rule of a table: abbreviation (with its full stop if it has one) to words.

    Spaces inside an abbreviation are optional ("z. B."); case counts.
    """
    keys = {re.sub(r"\s", "", k): v for k, v in table.items()}
    ordered = sorted(table, key=len, reverse=True)
    inner = "|".join(r"\s?".join(re.escape(p) for p in k.split(" ")) for k in ordered)
    pattern = re.compile(rf"(?<![\w'’])(?:{inner})(?![\w'’])")
    return Rule(pattern, lambda m: keys[re.sub(r"\s", "", m.group())], may_end)


def word_before(match: Match, mark: str = "") -> str:
    """Return the word right before a match, "" at the start and after a mark.

    Args:
        match: The match.
        mark: A mark that may stand between ("." for abbreviations).

    >>> word_before(re.search("VIII", "King Henry VIII"))
    'Henry'
    """
    found = _WORD_BEFORE.search(match.string, max(0, match.start() - 60), match.start())
    return found.group(1) if found and found.group(2) in ("", mark) else ""


def word_after(match: Match) -> str:
    """Return the word right after a match, "" at the end and after a mark.

    >>> word_after(re.search("3", "3 Mai"))
    'Mai'
    """
    found = _WORD_AFTER.match(match.string, match.end())
    return found.group(1) if found else ""


def alternatives(words: Iterable[str]) -> str:
    """Return a pattern that matches any of some texts, the longest first."""
    return "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))


def parted(match: Match, group: str, words: str) -> Parts:
    """Return the words of a unit; in "°C" the sign and the letter are two written words.

    >>> parted(re.search("(?P<u>°C)", "5°C"), "u", "degrees Celsius")
    [(1, 'degrees'), (2, 'Celsius')]
    """
    written, start = match[group], match.start(group)
    if written[0] != "°" or " " not in words:
        return [(start, words)]
    head, _, tail = words.rpartition(" ")
    return [(start, head), (start + len(written) - 1, tail)]
