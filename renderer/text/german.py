"""How German speaks what is not letters; the tables are in `german_words`."""

from __future__ import annotations

import re

from renderer.text import german_words as table
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
    word_after,
    word_before,
)

_GAP = r"[ \u00a0\u202f]"
_WHOLE = r"(?:\d{1,3}(?:[.\u00a0\u202f'’]\d{3})+|\d{1,3}(?: \d{3})+(?!\d)|\d+)"
_NUMBER = rf"{_WHOLE}(?:,\d+)?"
_BEFORE = r"(?<![\w.,:/])"
_AFTER = r"(?![.,:/]?\d)(?!\w)"
_MONTHS = alternatives([*table.MONTHS, *(f"{m}." for m in table.SHORT_MONTHS)])
_YEAR = r"(?:1\d{3}|20\d{2})"


def language() -> Language:
    """Return the rules."""
    return Language("de", _rules(), cardinal, table.SYMBOLS)


def cardinal(value: int) -> str:
    """Return a whole number.

    >>> cardinal(21), cardinal(1)
    ('einundzwanzig', 'eins')
    """
    return number.words(value, "de")


def year(value: int) -> str:
    """Return a year.

    >>> year(1420), year(2024), year(1066)
    ('vierzehnhundertzwanzig', 'zweitausendvierundzwanzig', 'tausendsechsundsechzig')
    """
    if 1100 <= value < 2000:  # noqa: PLR2004 - counted in hundreds
        head, tail = divmod(value, 100)
        return cardinal(head) + "hundert" + (cardinal(tail) if tail else "")
    said = cardinal(value)
    return said.removeprefix("ein") if value // 1000 == 1 else said


def ordinal(value: int, before: str, context: str = "") -> str:
    """Return an ordinal in the form its context asks for.

    Args:
        value: The number.
        before: The word before it, in small letters.
        context: The two words before it, in small letters.

    >>> ordinal(3, "am"), ordinal(3, "der"), ordinal(3, "der", "in der"), ordinal(3, "")
    ('dritten', 'dritte', 'dritten', 'dritter')
    """
    stem = number.words(value, "de", "ordinal").removesuffix("e")
    if before in table.TAKES_EN or context in table.TAKES_EN:
        return stem + "en"
    if before in table.TAKES_E:
        return stem + "e"
    return stem + "er"


def said(text: str) -> str:
    """Return a written number.

    >>> said("3,50"), said("1.000.000"), said("007")
    ('drei Komma fünf null', 'eine Million', 'null null sieben')
    """
    head, _, tail = text.partition(",")
    digits = re.sub(r"\D", "", head)
    words = number.whole(digits, cardinal)
    return f"{words} Komma {_digits(tail)}" if tail else words


def _digits(text: str) -> str:
    return " ".join(cardinal(int(c)) for c in text)


def _counting(text: str) -> str:
    """Return a number before a noun: "ein Meter", not "eins Meter"."""
    words = said(text)
    return words.removesuffix("s") if words.endswith("eins") and "," not in text else words


def _rules() -> tuple[Rule, ...]:
    units = alternatives(table.UNITS)
    return (
        rule(rf"{_BEFORE}(?P<y>\d{{4}})-(?P<m>\d\d)-(?P<d>\d\d){_AFTER}", _numeric_date),
        rule(rf"{_BEFORE}(?P<d>[0-3]?\d)\.{_GAP}?(?P<m>[01]?\d)\.{_GAP}?(?P<y>\d{{4}})(?!\w)",
             _numeric_date),
        rule(rf"{_BEFORE}(?P<d>[0-3]?\d)\.{_GAP}?(?P<mon>{_MONTHS})(?!\w)"
             rf"(?:{_GAP}(?P<y>{_YEAR})(?!\w|[.,]\d))?", _date),
        rule(rf"\b(?P<mon>{alternatives(table.MONTHS)}){_GAP}(?P<y>{_YEAR})(?!\w|[.,]\d)",
             lambda m: [(m.start(), m["mon"]), (m.start("y"), year(int(m["y"])))]),
        rule(rf"{_BEFORE}(?P<h>[01]?\d|2[0-4])[:.](?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?"
             rf"(?P<uhr>{_GAP}?(?:Uhr|h)\b)", _time),
        rule(rf"{_BEFORE}(?P<h>[01]?\d|2[0-4]):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?{_AFTER}", _time),
        rule(rf"{_BEFORE}(?P<h>\d\d?)(?P<uhr>{_GAP}Uhr\b)", _time),
        rule(rf"(?P<neg>[-−])?(?P<sign>[€$£]){_GAP}?(?P<n>{_NUMBER})(?!\w)", _money),
        rule(rf"(?<![\w.,:/])(?P<neg>[-−])?(?P<n>{_NUMBER}){_GAP}?(?P<sign>[€$£]|Euro\b|EUR\b)",
             _money),
        rule(rf"{_BEFORE}(?P<n>{_NUMBER}){_GAP}?(?P<scale>Mio\.|Mrd\.|Tsd\.)"
             rf"(?:{_GAP}?(?P<sign>[€$£]))?", _scaled),
        rule(rf"{_BEFORE}(?P<c>1\d|20)?(?P<d>\d0)er(?!\w)", _decade),
        rule(rf"{_BEFORE}{_YEAR}{_AFTER}", _year_in_context),
        rule(rf"{_BEFORE}(?P<n>\d{{1,4}})\.(?={_GAP}\w)", _ordinal),
        rule(rf"{_BEFORE}(?P<n>\d{{1,4}})(?:te|ter|tes|ten|tem)\b",
             lambda m: number.words(int(m["n"]), "de", "ordinal")
             + m.group().lstrip("0123456789").removeprefix("te")),
        rule(r"(?<![\w'’])[IVXLCDM]+\.(?!\w)", _roman),
        rule(r"(?<![\w'’])[IVXLCDM]+(?![\w'’])", _roman),
        rule(rf"(?<![\w.,:/])(?P<neg>[-−])?(?P<n>{_NUMBER}){_GAP}?(?P<u>{units})(?!\w)", _unit),
        rule(rf"(?:{_BEFORE}(?P<n>\d{{1,9}}){_GAP}?)?(?P<f>[{''.join(table.FRACTIONS)}])",
             _fraction_sign),
        rule(rf"{_BEFORE}24/7{_AFTER}", "vierundzwanzig sieben"),
        rule(rf"{_BEFORE}(?P<a>\d{{1,4}})/(?P<b>\d{{1,4}}){_AFTER}", _fraction),
        rule(rf"{_BEFORE}(?P<a>{_NUMBER}){_GAP}?[-–]{_GAP}?(?P<b>{_NUMBER}){_AFTER}", _span),
        rule(rf"{_BEFORE}(?P<a>\d{{1,4}}):(?P<b>\d{{1,4}}){_AFTER}",
             lambda m: [(m.start("a"), said(m["a"]) + " zu"), (m.start("b"), said(m["b"]))]),
        rule(rf"\b(?P<l>{alternatives(table.LABELS)}){_GAP}?(?P<n>{_WHOLE})\b",
             lambda m: [(m.start(), table.LABELS[m["l"]]), (m.start("n"), said(m["n"]))]),
        rule(rf"{_BEFORE}(?P<a>\d+){_GAP}?[x×]{_GAP}?(?P<b>\d+){_AFTER}",
             lambda m: [(m.start("a"), said(m["a"]) + " mal"), (m.start("b"), said(m["b"]))]),
        rule(rf"{_BEFORE}(?P<n>{_NUMBER}){_GAP}?[x×](?!\w)", lambda m: _counting(m["n"]) + " mal"),
        rule(rf"\b[x×](?P<n>\d+){_AFTER}", lambda m: "mal " + said(m["n"])),
        rule(r"(?<![\w.,])[vV]?\d+(?:\.\d+){2,}(?!\w)(?<!\.\d{3})", _version),
        rule(rf"(?<![\w.,])(?P<sign>[-−+±])(?P<n>{_NUMBER}){_AFTER}", _signed),
        rule(rf"(?<![\w.,]){_NUMBER}(?!\w)", _plain),
        rule(r"\bSt\.(?=\s?[A-ZÄÖÜ])", "Sankt"),
        rule(r"(?<!\w)['’]s\b", "es"),
        rule(r"(?<!\w)['’]n\b", "ein"),
        rule(r"(?<!\w)['’]ne\b", "eine"),
        rule(r"\b(?P<w>\w+)str\.(?=\W|$)", lambda m: m["w"] + "straße"),
        abbreviations(table.SHORT),
        abbreviations(table.ENDINGS, may_end=True),
        rule(r"\b(?P<a>[A-Z])\s?&\s?(?P<b>[A-Z])\b",
             lambda m: [(m.start("a"), m["a"] + " und"), (m.start("b"), m["b"])]),
        rule(r"(?<![\w.])(?:[A-Za-zÄÖÜäöü]\.){2,}(?:[A-Za-z]\b)?",
             lambda m: " ".join(m.group().replace(".", "").upper())),
        rule(r"\b[A-ZÄÖÜ]\.(?=\s?[A-ZÄÖÜ][\w.])", _initial),
    )  # fmt: skip


def _context(m: Match) -> tuple[str, str]:
    """Return the word before a match and the two words before it, in small letters."""
    two = re.search(r"(\w+)\s(\w+)\s$", m.string[: m.start()].lower())
    return word_before(m).lower(), " ".join(two.groups()) if two else ""


def _numeric_date(m: Match) -> str | None:
    day, month = int(m["d"]), int(m["m"])
    if not (1 <= day <= 31 and 1 <= month <= 12):  # noqa: PLR2004 - the calendar
        return None
    said_day = ordinal(day, *_context(m))
    return f"{said_day} {table.MONTHS[month - 1]} {year(int(m['y']))}"


def _date(m: Match) -> Parts | None:
    if not 1 <= int(m["d"]) <= 31:  # noqa: PLR2004 - the calendar
        return None
    short = m["mon"].rstrip(".")
    parts = [
        (m.start(), ordinal(int(m["d"]), *_context(m))),
        (m.start("mon"), table.SHORT_MONTHS.get(short, short)),
    ]
    return [*parts, *([(m.start("y"), year(int(m["y"])))] if m["y"] else [])]


def _time(m: Match) -> Parts:
    parts = m.groupdict()
    hour, minute, second = (int(parts.get(g) or 0) for g in ("h", "m", "s"))
    words = ("ein" if hour == 1 else cardinal(hour)) + " Uhr"
    tail = f" {cardinal(minute)}" if minute else ""
    tail += f" und {cardinal(second)} Sekunden" if second else ""
    uhr = m.start("uhr") + 1 if parts.get("uhr") and parts["uhr"][0] in " \u00a0\u202f" else 0
    if not uhr:
        return [(m.start(), words + tail)]
    return [(m.start(), words.removesuffix(" Uhr")), (uhr, "Uhr" + tail)]


def _money(m: Match) -> Parts:
    unit, coin = table.CURRENCIES[m["sign"]]
    head, _, tail = m["n"].partition(",")
    value = int(re.sub(r"\D", "", head))
    minus = "minus " if m["neg"] else ""
    word_sign = m["sign"].isalpha() and not m.string[m.end() - len(m["sign"]) - 1].isdigit()
    if tail and len(tail) != 2:  # noqa: PLR2004 - cents have two digits
        return [(m.start("n"), minus + said(m["n"])), (m.start("sign"), unit)]
    if tail and int(tail) and not value:
        return [(m.start("n"), f"{minus}{_counting(tail)} {coin}")]
    rest = f" {cardinal(int(tail))}" if tail and int(tail) else ""
    at = m.start("sign") if word_sign else m.start("n")
    return [(m.start("n"), minus + _counting(head)), (at, unit + rest)]


def _scaled(m: Match) -> Parts:
    one, many = table.SCALES[m["scale"]]
    is_one = m["n"] == "1" and one != "tausend"
    count = ("eine " if is_one else said(m["n"]) + " ") + (one if is_one else many)
    head, _, tail = count.rpartition(" ")
    unit = f" {table.CURRENCIES[m['sign']][0]}" if m["sign"] else ""
    return [(m.start("n"), head), (m.start("scale"), tail + unit)]


def _decade(m: Match) -> str | None:
    if m["d"] == "00":
        return year(int(m["c"]) * 100) + "er" if m["c"] else None
    century = year(int(m["c"]) * 100) if m["c"] else ""
    return f"{century}{cardinal(int(m['d']))}er"


def _year_in_context(m: Match) -> str | None:
    after, before = word_after(m), word_before(m).lower()
    counts = after[:1].isupper() and before not in ("jahr", "jahre", "anno", "jahres")
    return None if counts or before not in table.BEFORE_YEAR else year(int(m.group()))


def _ordinal(m: Match) -> str | None:
    """Am 3. Tag: an ordinal after an article, before a noun or adjective."""
    before, two = _context(m)
    if before not in table.TAKES_E | table.TAKES_EN | table.TAKES_ER:
        return None
    if before in table.TAKES_ER:
        after = word_after(m)
        return ordinal(int(m["n"]), "").removesuffix("er") + (
            "es" if after in table.NEUTER else "er"
        )
    return ordinal(int(m["n"]), before, two)


def _roman(m: Match) -> str | None:
    letters, before = m.group().rstrip("."), word_before(m)
    value, has_dot = number.roman(letters), m.group().endswith(".")
    if not value:
        return None
    if before.lower() in table.NUMBERED:
        return cardinal(value) if not has_dot else None
    is_name = before[:1].isupper() and before.lower() not in table.NO_NAMES
    if is_name and value < 40 and (has_dot or len(letters) > 1):  # noqa: PLR2004
        oblique = not table.OBLIQUE.isdisjoint(m.string[: m.start()].lower().split()[-3:-1])
        if before.endswith("s") and before.lower() not in table.NAMES_IN_S:
            return f"des {ordinal(value, 'des')}"
        return f"dem {ordinal(value, 'dem')}" if oblique else f"der {ordinal(value, 'der')}"
    is_plain = len(letters) > 1 and (set(letters) <= set("IVX") or len(letters) > 3)  # noqa: PLR2004
    return cardinal(value) if is_plain and not has_dot else None


def _unit(m: Match) -> Parts:
    one, many = table.UNITS[m["u"]]
    minus = "minus " if m["neg"] else ""
    is_one = m["n"] == "1"
    count = "eine" if is_one and one in table.FEMININE else _counting(m["n"])
    return [(m.start("n"), minus + count), *parted(m, "u", one if is_one else many)]


def _fraction_sign(m: Match) -> str:
    name = table.FRACTIONS[m["f"]]
    if not m["n"]:
        return name
    if m["f"] == "½":
        return "eineinhalb" if m["n"] == "1" else f"{cardinal(int(m['n']))}einhalb"
    return f"{cardinal(int(m['n']))} {name}"


def _fraction(m: Match) -> str:
    a, b = int(m["a"]), int(m["b"])
    if 0 < a < b and b in table.DENOMINATORS:
        return f"{'ein' if a == 1 else cardinal(a)} {table.DENOMINATORS[b]}"
    return f"{said(m['a'])} von {said(m['b'])}"


def _span(m: Match) -> Parts | None:
    a, b = m["a"], m["b"]
    if (len(a) > 1 and a[0] == "0") or (len(b) > 1 and b[0] == "0" and "," not in b):
        return None
    is_years = re.fullmatch(_YEAR, a) and re.fullmatch(_YEAR, b)
    first, last = (year(int(n)) if is_years else said(n) for n in (a, b))
    return [(m.start("a"), f"{first} bis"), (m.start("b"), last)]


def _version(m: Match) -> str:
    is_named = m.group()[0] in "vV" and word_before(m).lower() != "version"
    named = "Version " if is_named else ""
    return named + " Punkt ".join(number.whole(p, cardinal) for p in re.findall(r"\d+", m.group()))


def _signed(m: Match) -> str:
    sign = {"+": "plus", "±": "plus minus"}.get(m["sign"], "minus")
    return f"{sign} {said(m['n'])}"


def _plain(m: Match) -> str:
    """1 Mann is "ein Mann"; 1 alone is "eins"."""
    after = word_after(m)
    return _counting(m.group()) if after[:1].isupper() or after[:1].islower() else said(m.group())


def _initial(m: Match) -> str | None:
    before, start = word_before(m, "."), m.string[: m.start()].strip(" \"'„‚»(")
    fits = not start or len(before) == 1 or before.lower() in table.BEFORE_INITIAL
    return m.group()[0] if fits else None
