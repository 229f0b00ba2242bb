"""Numbers in words, by num2words, bounded and never raising."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_ENGLISH_PLURALS = {"foot": "feet", "yen": "yen", "kelvin": "kelvin"}
MAX_DIGITS = 15  # longer ones are read digit by digit

Cardinal = Callable[[int], str]


def whole(digits: str, cardinal: Cardinal) -> str:
    """Return a run of decimal digits in words; leading zeros and long runs digit by digit.

    Args:
        digits: Decimal digits of any script.
        cardinal: A whole number in words, "" when the language is not known.

    >>> whole("007", lambda n: ["zero", "one"][n] if n < 2 else "seven")
    'zero zero seven'
    """
    if len(digits) > MAX_DIGITS or (digits[0] == "0" and len(digits) > 1):
        return " ".join(cardinal(int(d)) for d in digits).strip()
    return cardinal(int(digits))


def roman(letters: str) -> int:
    """Return the value of a Roman numeral, 0 when it is none.

    >>> roman("XIV"), roman("IIII"), roman("IC"), roman("MIX")
    (14, 0, 0, 1009)
    """
    form = r"M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})"
    if not letters or not re.fullmatch(form, letters):
        return 0
    values = [{"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}[c] for c in letters]
    following = [*values[1:], 0]
    return sum(v if v >= n else -v for v, n in zip(values, following, strict=True))


@lru_cache(maxsize=4096)
def words(value: int, language: str, kind: str = "cardinal") -> str:
    """Return a number in words by num2words, or "" when it does not know how.

    Args:
        value: The number.
        language: num2words' name of the language (`de`, `fr_CH`).
        kind: `cardinal`, `ordinal` or `year`.

    >>> words(71, "fr"), words(71, "fr_CH"), words(71, "xx")
    ('soixante et onze', 'septante et un', '')
    """
    from num2words import num2words

    try:
        said = str(num2words(value, lang=language, to=kind))
    except (NotImplementedError, KeyError, ValueError, TypeError, OverflowError, IndexError):
        return ""
    return " ".join(said.replace(",", " ").split())


def english(value: int, *, is_british: bool = False) -> str:
    """Return an English number in words; Americans say no "and" in it.

    >>> english(1420), english(1420, is_british=True), english(-5)
    ('one thousand four hundred twenty', 'one thousand four hundred and twenty', 'minus five')
    """
    said = words(value, "en")
    return said if is_british else said.replace(" and ", " ")


def english_ordinal(value: int, *, is_british: bool = False) -> str:
    """Return an English ordinal in words.

    >>> english_ordinal(21), english_ordinal(112)
    ('twenty-first', 'one hundred twelfth')
    """
    said = words(value, "en", "ordinal")
    return said if is_british else said.replace(" and ", " ")


def english_plural(noun: str, count: int) -> str:
    """Return the name of an English unit for a count.

    >>> english_plural("foot", 6), english_plural("inch", 1), english_plural("yen", 2)
    ('feet', 'inch', 'yen')
    """
    if count == 1:
        return noun
    return _ENGLISH_PLURALS.get(noun) or noun + ("es" if noun.endswith(("ch", "s")) else "s")


def plain(text: str, group: str, point: str) -> tuple[int, str]:
    """Take a written number apart: its whole value and the digits after the decimal sign.

    >>> plain("1.000,50", ".", ","), plain("7", ",", ".")
    ((1000, '50'), (7, ''))
    """
    head, _, tail = text.partition(point)
    return int(re.sub(rf"[{re.escape(group)}\s]", "", head) or "0"), tail
