"""How Catalan speaks what is not letters; the tables are in `catalan_words`.

Numbers in the forms of Central Catalan: feminine before feminine nouns ("dues hores"), `u` where a
number stands for itself ("el vint-i-u de desembre").

References:
    Institut d'Estudis Catalans, "Ortografia catalana" (2017), 3.2.
"""

from __future__ import annotations

import re

from renderer.text import catalan_words as table
from renderer.text import number
from renderer.text.rule import (
    Language,
    Match,
    Parts,
    Rule,
    abbreviations,
    alternatives,
    parted,
    rule,
    word_before,
)

_GAP = r"[ \u00a0\u202f]"
_WHOLE = r"(?:\d{1,3}(?:[.\u00a0\u202f]\d{3})+|\d{1,3}(?: \d{3})+(?!\d)|\d+)"
_NUMBER = rf"{_WHOLE}(?:,\d+)?"
_BEFORE = r"(?<![\w.,:/])"
_AFTER = r"(?![.,:/]?\d)(?!\w)"
_MONTHS = alternatives([*table.MONTHS, *(m.capitalize() for m in table.MONTHS)])


def language() -> Language:
    """Return the rules."""
    return Language("ca", _rules(), cardinal, table.SYMBOLS)


def cardinal(value: int) -> str:
    """Return a whole number that stands for itself.

    >>> cardinal(21), cardinal(1), cardinal(212)
    ('vint-i-u', 'u', 'dos-cents dotze')
    """
    return re.sub(r"\bun$", "u", number.words(value, "ca"))


def counting(value: int, *, feminine: bool = False) -> str:
    """Return a whole number before a noun.

    >>> counting(21), counting(21, feminine=True), counting(202, feminine=True)
    ('vint-i-un', 'vint-i-una', 'dues-centes dues')
    """
    said = number.words(value, "ca")
    if not feminine:
        return said
    said = re.sub(r"\bcents\b", "centes", said)
    # Thousands are counted in the noun's gender, millions are masculine.
    head, million, tail = said.rpartition("mili")
    return head + million + re.sub(r"\bdos\b", "dues", re.sub(r"\bun$", "una", tail))


def ordinal(value: int, *, feminine: bool = False) -> str:
    """Return an ordinal.

    >>> ordinal(1), ordinal(2, feminine=True), ordinal(5), ordinal(21, feminine=True)
    ('primer', 'segona', 'cinquè', 'vint-i-unena')
    """
    said = number.words(value, "ca", "ordinal")
    return re.sub("è$", "en", said) + "a" if feminine else said


def said(text: str) -> str:
    """Return a written number.

    >>> said("3,50"), said("1.000.000"), said("007")
    ('tres coma cinquanta', 'un milió', 'zero zero set')
    """
    head, _, tail = text.partition(",")
    words = number.whole(re.sub(r"\D", "", head), cardinal)
    return f"{words} coma {number.whole(tail, cardinal)}" if tail else words


def _rules() -> tuple[Rule, ...]:
    """Return the rules in the order in which they claim."""
    units = alternatives(table.UNITS)
    return (
        rule(rf"{_BEFORE}(?P<d>\d\d?)[/.](?P<m>\d\d?)[/.](?P<y>\d{{4}}){_AFTER}", _numeric_date),
        rule(rf"{_BEFORE}(?P<d>[0-3]?\d){_GAP}(?P<de>de{_GAP}|d['’])(?P<mon>{_MONTHS})(?!\w)",
             _date),
        rule(rf"{_BEFORE}(?P<h>[01]?\d|2[0-4])[:.](?P<m>[0-5]\d){_AFTER}", _time),
        rule(rf"(?P<neg>[-−])?{_BEFORE}(?P<n>{_NUMBER}){_GAP}?(?P<sign>[€$£])", _money),
        rule(rf"{_BEFORE}(?P<n>\d{{1,4}})(?P<e>r|n|t|è|é|a|rs|ns|ts|ens|es)(?!\w)", _ordinal),
        rule(r"(?<![\w'’])[IVXLCDM]+(?![\w'’])", _roman),
        rule(rf"{_BEFORE}(?P<n>{_WHOLE}){_GAP}(?P<f>{alternatives(table.FEMININE)})\b", _feminine),
        rule(rf"(?<![\w.,:/])(?P<neg>[-−])?(?P<n>{_NUMBER}){_GAP}?(?P<u>{units})(?![\w'’])", _unit),
        rule(rf"{_BEFORE}(?P<n>\d+){_GAP}(?P<noun>[^\W\d_]+)", _counted),
        rule(rf"{_BEFORE}(?P<a>{_NUMBER}){_GAP}?[-–]{_GAP}?(?P<b>{_NUMBER}){_AFTER}",
             lambda m: [(m.start("a"), f"{said(m['a'])} a"), (m.start("b"), said(m["b"]))]),
        rule(rf"(?<![\w.,])(?P<sign>[-−+])(?P<n>{_NUMBER}){_AFTER}",
             lambda m: f"{'més' if m['sign'] == '+' else 'menys'} {said(m['n'])}"),
        rule(rf"(?<![\w.,]){_NUMBER}(?!\w)", lambda m: said(m.group())),
        rule(r"\bSt\.?(?=\s[A-ZÀ-Ý])", "sant"),
        rule(r"\bSta\.?(?=\s[A-ZÀ-Ý])", "santa"),
        abbreviations(table.SHORT),
        abbreviations(table.ENDINGS, may_end=True),
    )  # fmt: skip


def _numeric_date(m: Match) -> str | None:
    """21/12/1347."""
    day, month = int(m["d"]), int(m["m"])
    if not (1 <= day <= 31 and 1 <= month <= 12):  # noqa: PLR2004 - the calendar
        return None
    name = table.MONTHS[month - 1]
    return f"{cardinal(day)} {_of(name)} de {cardinal(int(m['y']))}"


def _date(m: Match) -> Parts | None:
    """21 de desembre, 1 d'abril."""
    day = int(m["d"])
    if not 1 <= day <= 31:  # noqa: PLR2004 - the calendar
        return None
    words = [(m.start(), cardinal(day))]
    if m["de"][-1] in "'’":
        return [*words, (m.start("de"), f"d'{m['mon']}")]
    return [*words, (m.start("de"), "de"), (m.start("mon"), m["mon"])]


def _time(m: Match) -> str | None:
    """10:45; a full stop only after "les" and "la"."""
    if m.group()[-3] == "." and word_before(m).lower() not in ("les", "la"):
        return None
    hour, minute = int(m["h"]), int(m["m"])
    tail = f" i {cardinal(minute)}" if minute else ""
    return counting(hour, feminine=True) + tail


def _money(m: Match) -> Parts:
    """3,50 €."""
    one, coin, is_feminine = table.CURRENCIES[m["sign"]]
    head, _, tail = m["n"].partition(",")
    value = int(re.sub(r"\D", "", head))
    minus = "menys " if m["neg"] else ""
    noun = one if value == 1 else _many(one)
    count = counting(value, feminine=is_feminine)
    if tail and not value:
        cents = int(tail.ljust(2, "0")[:2])
        return [(m.start("n"), f"{minus}{counting(cents)} {coin if cents == 1 else _many(coin)}")]
    rest = f" amb {cardinal(int(tail.ljust(2, '0')[:2]))}" if tail.strip("0") else ""
    return [(m.start("n"), f"{minus}{count} {_of_millions(count, noun)}{rest}")]


def _ordinal(m: Match) -> str | None:
    """1r, 2n, 5è, 1a."""
    ending, value = m["e"], int(m["n"])
    if not value:
        return None
    if ending == "es":
        return ordinal(value, feminine=True)[:-1] + "es"
    many = "s" if ending.endswith("s") and len(ending) > 1 else ""
    words = ordinal(value, feminine=ending == "a")
    return re.sub("è$", "en", words) + many if many else words


def _roman(m: Match) -> str | None:
    """Jaume II, capítol IV, segle XIV."""
    letters, before = m.group(), word_before(m)
    value = number.roman(letters)
    numbered = before.lower() in table.NUMBERED
    is_name = before[:1].isupper() and before.lower() not in table.NO_NAMES
    if not value or not (numbered or is_name) or (letters in "CDLM" and not numbered):
        return None
    is_king = is_name and not numbered and value <= 10  # noqa: PLR2004 - Alfons XI is "onze"
    return ordinal(value) if is_king else cardinal(value)


def _feminine(m: Match) -> Parts:
    """2 hores."""
    count = counting(int(re.sub(r"\D", "", m["n"])), feminine=True)
    return [(m.start(), count), (m.start("f"), _of_millions(count, m["f"]))]


def _counted(m: Match) -> Parts | None:
    """21 dies: "vint-i-un" before what is counted, "vint-i-u" elsewhere."""
    if not m["n"].endswith("1") or m["n"].endswith("11") or m["noun"].lower() in table.NO_NOUNS:
        return None
    value = int(m["n"]) if len(m["n"]) <= number.MAX_DIGITS and m["n"][0] != "0" else 0
    return [(m.start(), counting(value)), (m.start("noun"), m["noun"])] if value else None


def _unit(m: Match) -> Parts:
    """20 km/h, -5 °C, 50 %."""
    name = table.UNITS[m["u"]]
    value, tail = number.plain(m["n"], ".", ",")
    head, _, rest = name.partition(" ")
    is_feminine = head in table.FEMININE_UNITS
    count = said(m["n"]) if tail else counting(value, feminine=is_feminine)
    noun = head if (value == 1 and not tail) or head in table.NO_PLURAL else _many(head)
    minus = "menys " if m["neg"] else ""
    return [(m.start("n"), minus + count), *parted(m, "u", f"{noun} {rest}".strip())]


def _many(noun: str) -> str:
    """Return the plural of a unit."""
    return noun[:-1] + "es" if noun.endswith("a") else noun + "s"


def _of(noun: str) -> str:
    """Return de or d' and the noun."""
    return f"d'{noun}" if noun[0] in "aàeèéiíoòóuúh" else f"de {noun}"


def _of_millions(count: str, noun: str) -> str:
    """Return the noun, with "de" after a number that ends in milió or milions."""
    return _of(noun) if re.search(r"mili(?:ó|ons)$", count) else noun
