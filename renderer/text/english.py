"""How English speaks what is not letters; the tables are in `english_words`."""

from __future__ import annotations

import re
from functools import partial

from renderer.text import english_words as table
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

_WHOLE = r"(?:\d{1,3}(?:,\d{3})+|\d+)"
_NUMBER = rf"{_WHOLE}(?:\.\d+)?"
_BEFORE = r"(?<![\w.,:/])"
_AFTER = r"(?![.,:/]?\d)(?!\w)"
_MONTHS = alternatives([*table.MONTHS, *(f"{m}." for m in table.SHORT_MONTHS), *table.SHORT_MONTHS])
_YEAR = r"(?:1\d{3}|20\d{2})"


def language(locale: str) -> Language:
    """Return the rules for American or British English.

    British English says "one hundred and one" and reads 5/3 as the fifth of March.
    """
    is_british = bool(re.search("GB|AU|NZ|IE|ZA|IN", locale))
    speech = _Speech(is_british)
    return Language("en", speech.rules(), speech.cardinal, table.SYMBOLS, letter_names={"A": "ˈeɪ"})


class _Speech:
    def __init__(self, is_british: bool) -> None:
        self.is_british = is_british
        self.cardinal = partial(number.english, is_british=is_british)
        self.ordinal = partial(number.english_ordinal, is_british=is_british)

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules in the order in which they claim."""
        units = alternatives(table.UNITS)
        return (
            rule(rf"{_BEFORE}(\d{{3}}-)?\d{{3}}-\d{{4}}{_AFTER}", self.digits),
            rule(rf"{_BEFORE}(?P<y>\d{{4}})-(?P<m>\d\d)-(?P<d>\d\d){_AFTER}", self.iso_date),
            rule(rf"{_BEFORE}(?P<a>\d\d?)/(?P<b>\d\d?)/(?P<y>\d{{4}}){_AFTER}", self.slash_date),
            rule(rf"[-−]?(?P<sign>[$£€¥])\s?(?P<n>{_NUMBER})(?![\d])"
                 r"(?:\s?(?P<scale>thousand|million|billion|trillion|[kKMB]|bn)\b)?", self.money),
            rule(rf"{_BEFORE}(?P<n>{_NUMBER})\s?(?P<sign>[$£€¥])(?!\d)", self.money),
            rule(rf"{_BEFORE}(?P<h>[01]?\d|2[0-4]):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?"
                 rf"(?:\s?(?P<ap>[ap]m\b|[ap]\.m\.|[AP]M\b|[AP]\.M\.))?{_AFTER}", self.time,
                 may_end=True),
            rule(rf"{_BEFORE}(?P<h>1[0-2]|0?\d)\s?(?P<ap>[ap]m\b|[ap]\.m\.|[AP]M\b|[AP]\.M\.)",
                 self.time, may_end=True),
            rule(rf"\b(?P<mon>{_MONTHS})\s(?P<d>[0-3]?\d)(?:st|nd|rd|th)?(?!\w|:\d|[.,]\d)"
                 rf"(?:,?\s(?P<y>{_YEAR})(?!\w|[.,]\d))?", self.month_day),
            rule(rf"{_BEFORE}(?P<d>[0-3]?\d)(?:st|nd|rd|th)?\s(?P<mon>{_MONTHS})(?!\w)"
                 rf"(?:,?\s(?P<y>{_YEAR})(?!\w|[.,]\d))?", self.day_month),
            rule(rf"\b(?P<mon>{alternatives(table.MONTHS)}),?\s(?P<y>{_YEAR})(?!\w|[.,]\d)",
                 lambda m: [(m.start(), m["mon"]), (m.start("y"), self.year(int(m["y"])))]),
            rule(rf"{_BEFORE}(?P<c>1\d|20)?['’]?(?P<d>\d0)['’]?s\b", self.decade),
            rule(r"['’](?P<c>)(?P<d>\d0)['’]?s\b", self.decade),
            rule(rf"{_BEFORE}(?P<y>\d{{1,4}})\s?(?P<era>AD|BCE?|CE|A\.D\.|B\.C\.)(?!\w)", self.era,
                 may_end=True),
            rule(rf"{_BEFORE}{_YEAR}{_AFTER}", self.year_in_context),
            rule(rf"{_BEFORE}(?P<n>{_WHOLE})(?:st|nd|rd|th|ST|ND|RD|TH)\b",
                 lambda m: self.ordinal(_int(m["n"]))),
            rule(r"(?<![\w'’])[IVXLCDM]+(?![\w'’]|\.\w)", self.roman),
            rule(rf"(?<![\w.,])(?P<neg>[-−])?(?P<n>{_NUMBER})\s?(?P<u>{units})(?!\w)", self.unit),
            rule(rf"(?:{_BEFORE}(?P<n>\d{{1,9}})\s?)?(?P<f>[{''.join(table.FRACTIONS)}])",
                 self.fraction_sign),
            rule(rf"{_BEFORE}24/7{_AFTER}", "twenty-four seven"),
            rule(rf"{_BEFORE}(?P<a>\d{{1,4}})/(?P<b>\d{{1,4}}){_AFTER}", self.fraction),
            rule(rf"{_BEFORE}(?P<a>{_NUMBER})(?P<to>\s?[-–]\s?)(?P<b>{_NUMBER}){_AFTER}",
                 self.span),
            rule(rf"{_BEFORE}(?P<a>\d{{1,4}}):(?P<b>\d{{1,4}}){_AFTER}", self.ratio),
            rule(rf"\b[Nn]o\.\s?(?P<n>{_WHOLE})\b", lambda m: self.labelled(m, "number")),
            rule(rf"\b[Nn]os\.\s?(?P<n>{_WHOLE})\b", lambda m: self.labelled(m, "numbers")),
            rule(rf"#\s?(?P<n>{_WHOLE})\b", lambda m: self.labelled(m, "number")),
            rule(rf"\b(?P<l>{alternatives(table.LABELS)})\.?\s?(?P<n>{_WHOLE})\b",
                 lambda m: self.labelled(m, table.LABELS[m["l"]])),
            rule(rf"{_BEFORE}(?P<a>\d+)\s?[x×]\s?(?P<b>\d+){_AFTER}",
                 lambda m: [(m.start("a"), self.cardinal(int(m["a"])) + " by"),
                            (m.start("b"), self.cardinal(int(m["b"])))]),
            rule(rf"{_BEFORE}(?P<n>{_NUMBER})\s?[x×](?!\w)",
                 lambda m: self.said(m["n"]) + " times"),
            rule(rf"\b[x×](?P<n>\d+){_AFTER}", lambda m: "times " + self.cardinal(int(m["n"]))),
            rule(r"(?<![\w.,])[vV]?\d+(?:\.\d+){2,}(?!\w)", self.version),
            rule(rf"(?<![\w.,])(?P<sign>[-−+±])(?P<n>{_NUMBER}){_AFTER}", self.signed),
            rule(rf"(?<![\w.,])(?P<n>{_NUMBER})(?P<l>[kKM])?\b(?!%)", self.large),
            rule(rf"(?<![\w,])\.(?P<n>\d+){_AFTER}", lambda m: "point " + _digits(m["n"], self)),
            rule(r"\bSt\.(?=\W|$)", self.saint),
            rule(r"\bSt(?=\s[A-Z])", "Saint"),
            rule(r"\bDr\.?(?=\W|$)", self.doctor),
            abbreviations(table.TITLES),
            abbreviations(table.ENDINGS, may_end=True),
            rule(r"\bw/(?=[\s\w])", "with"),
            rule(r"\b(?P<a>[A-Z])\s?&\s?(?P<b>[A-Z])\b",
                 lambda m: [(m.start("a"), m["a"] + " and"), (m.start("b"), m["b"])]),
            rule(r"(?<![\w.])(?:[A-Za-z]\.){2,}(?:[A-Za-z]\b)?",
                 lambda m: " ".join(m.group().replace(".", "").upper())),
            rule(r"\b[A-Z]\.(?=\s?[A-Z])", self.initial),
        )  # fmt: skip

    def said(self, text: str) -> str:
        """Return a written number in words: "1,000.50"."""
        value, tail = number.plain(text, ",", ".")
        head = text.split(".", maxsplit=1)[0].replace(",", "")
        words = number.whole(head, self.cardinal) if "," not in text else self.cardinal(value)
        return f"{words} point {_digits(tail, self)}" if tail else words

    def year(self, value: int) -> str:
        """Return a year: 1420 is "fourteen twenty", 1066 "ten sixty-six", 2000 "two thousand"."""
        if value % 1000 < 10 or value < 1010:  # noqa: PLR2004 - 1000–1009, 2000–2009
            return self.cardinal(value)
        head, tail = divmod(value, 100)
        if tail == 0:
            return f"{self.cardinal(head)} hundred"
        middle = "oh " if tail < 10 else ""  # noqa: PLR2004 - one digit
        return f"{self.cardinal(head)} {middle}{self.cardinal(tail)}"

    def digits(self, m: Match) -> str:
        """A telephone number."""
        return " ".join(self.cardinal(int(c)) for c in m.group() if c.isdigit())

    def _date(self, day: int, month: int, year: int) -> str | None:
        if not (1 <= day <= 31 and 1 <= month <= 12):  # noqa: PLR2004 - the calendar
            return None
        name, said = table.MONTHS[month - 1], self.ordinal(day)
        date = f"the {said} of {name}" if self.is_british else f"{name} {said}"
        return f"{date} {self.year(year)}"

    def iso_date(self, m: Match) -> str | None:
        """1420-05-03."""
        return self._date(int(m["d"]), int(m["m"]), int(m["y"]))

    def slash_date(self, m: Match) -> str | None:
        """5/3/1420: the third of May in America, the fifth of March in Britain."""
        a, b, y = int(m["a"]), int(m["b"]), int(m["y"])
        return self._date(a, b, y) if self.is_british else self._date(b, a, y)

    def money(self, m: Match) -> str:
        """$5.20, £3, $2.5 million."""
        unit, part = table.CURRENCIES[m["sign"]]
        scale = table.SCALES.get(m.groupdict().get("scale") or "", m.groupdict().get("scale") or "")
        value, tail = number.plain(m["n"], ",", ".")
        minus = "minus " if m.group()[0] in "-−" else ""
        if scale:
            return f"{minus}{self.said(m['n'])} {scale} {number.english_plural(unit, 2)}"
        whole = f"{self.cardinal(value)} {number.english_plural(unit, value)}"
        if len(tail) != 2 or not part:  # noqa: PLR2004 - cents have two digits
            many = number.english_plural(unit, 2)
            return minus + (f"{self.said(m['n'])} {many}" if tail else whole)
        cents = int(tail)
        coins = f"{self.cardinal(cents)} {part if cents == 1 else table.PLURAL_COINS[part]}"
        if not cents:
            return minus + whole
        return minus + (f"{whole} and {coins}" if value else coins)

    def time(self, m: Match) -> Parts:
        """10:30, 7:05 pm, 14:00."""
        hour = int(m["h"])
        minute = int(m.groupdict().get("m") or 0)
        second = m.groupdict().get("s")
        half = (m["ap"] or "")[:1].upper()
        words = self.cardinal(hour)
        if minute:
            words += (" oh " if minute < 10 else " ") + self.cardinal(minute)  # noqa: PLR2004
        elif not half and second is None:
            words = "midnight" if hour == 0 else words
            words += "" if hour == 0 else " o'clock" if hour <= 12 else " hundred"  # noqa: PLR2004
        if second is not None:
            words += f" and {self.cardinal(int(second))} seconds"
        return [(m.start(), words), *([(m.start("ap"), f"{half} M")] if half else [])]

    def month_day(self, m: Match) -> Parts | None:
        """May 3, 1420."""
        day = int(m["d"])
        if not 1 <= day <= 31:  # noqa: PLR2004 - the calendar
            return None
        parts = [(m.start(), _month(m["mon"])), (m.start("d"), self.ordinal(day))]
        return [*parts, *self._year_part(m)]

    def day_month(self, m: Match) -> Parts | None:
        """3 May 1420."""
        day = int(m["d"])
        if not 1 <= day <= 31:  # noqa: PLR2004 - the calendar
            return None
        the = "" if word_before(m).lower() == "the" else "the "
        parts = [(m.start(), the + self.ordinal(day)), (m.start("mon"), "of " + _month(m["mon"]))]
        return [*parts, *self._year_part(m)]

    def _year_part(self, m: Match) -> Parts:
        return [(m.start("y"), self.year(int(m["y"])))] if m["y"] else []

    def decade(self, m: Match) -> str | None:
        """1990s, '80s."""
        tens = int(m["d"])
        if tens == 0:
            return None if not m["c"] else self.year(int(m["c"]) * 100) + "s"
        plural = self.cardinal(tens)[:-1] + "ies" if tens > 10 else "tens"  # noqa: PLR2004
        return f"{self.cardinal(int(m['c']))} {plural}" if m["c"] else plural

    def era(self, m: Match) -> Parts:
        """44 BC, 1420 A.D."""
        letters = " ".join(m["era"].replace(".", ""))
        value = int(m["y"])
        said = self.year(value) if value > 1000 else self.cardinal(value)  # noqa: PLR2004
        return [(m.start(), said), (m.start("era"), letters)]

    def year_in_context(self, m: Match) -> str | None:
        """In 1420; not "1420 soldiers"."""
        after = word_after(m)
        counts = after[:1].islower() and after not in table.AFTER_YEAR
        if counts or word_before(m).lower() not in table.BEFORE_YEAR:
            return None
        return self.year(int(m.group()))

    def roman(self, m: Match) -> str | None:
        """Henry VIII, Chapter IV, XIV; never the pronoun I."""
        value, before = number.roman(m.group()), word_before(m)
        if not value:
            return None
        if before.lower() in table.NUMBERED:
            return self.cardinal(value)
        titled = re.search(rf"\b(?:{alternatives(table.RULERS)})\s\w+\s$", m.string[: m.start()])
        if len(m.group()) == 1 and not (titled and word_after(m) not in table.AFTER_PRONOUN):
            return None
        is_name = before[:1].isupper() and before.lower() not in table.NO_NAMES
        if is_name and value < 40:  # noqa: PLR2004 - no dynasty is longer
            return f"the {self.ordinal(value)}"
        is_plain = set(m.group()) <= set("IVX") or len(m.group()) > 3  # noqa: PLR2004
        return self.cardinal(value) if is_plain else None

    def unit(self, m: Match) -> Parts | None:
        """20 km/h, -5°C, 100%."""
        name = table.UNITS[m["u"]]
        is_one = m["n"] == "1"
        head, _, rest = name.partition(" ")
        unit = head if is_one or name in table.NO_PLURAL else number.english_plural(head, 2)
        minus = "minus " if m["neg"] else ""
        return [(m.start("n"), minus + self.said(m["n"])),
                *parted(m, "u", f"{unit} {rest}".strip())]  # fmt: skip

    def fraction_sign(self, m: Match) -> str:
        """½, 2½."""
        said = table.FRACTIONS[m["f"]]
        if m["n"]:
            return f"{self.cardinal(int(m['n']))} and {said.replace('one half', 'a half')}"
        return said

    def fraction(self, m: Match) -> str:
        """1/2, 3/4; 9/10 is a score."""
        a, b = int(m["a"]), int(m["b"])
        if 0 < a < b and b in table.DENOMINATORS:
            many = "" if a == 1 else "s"
            name = {2: "half", 4: "quarter"}.get(b) or self.ordinal(b)
            return f"{self.cardinal(a)} {name}{many}"
        return f"{self.cardinal(a)} out of {self.cardinal(b)}"

    def span(self, m: Match) -> Parts | None:
        """3-5, 1914–1918."""
        a, b = m["a"], m["b"]
        if (len(a) > 1 and a[0] == "0") or (len(b) > 1 and b[0] == "0" and "." not in b):
            return None
        is_years = re.fullmatch(_YEAR, a) and re.fullmatch(_YEAR, b)
        first, last = (self.year(int(n)) if is_years else self.said(n) for n in (a, b))
        return [(m.start("a"), f"{first} to"), (m.start("b"), last)]

    def ratio(self, m: Match) -> Parts:
        """3:1."""
        first, last = (self.cardinal(int(m[g])) for g in ("a", "b"))
        return [(m.start("a"), f"{first} to"), (m.start("b"), last)]

    def labelled(self, m: Match, label: str) -> Parts:
        """No. 7, #7, Ch. 3."""
        return [(m.start(), label), (m.start("n"), self.said(m["n"]))]

    def version(self, m: Match) -> str:
        """v1.2.3."""
        parts = re.findall(r"\d+", m.group())
        is_named = m.group()[0] in "vV" and word_before(m).lower() != "version"
        named = "version " if is_named else ""
        return named + " point ".join(number.whole(p, self.cardinal) for p in parts)

    def signed(self, m: Match) -> str:
        """-5, +5."""
        sign = {"+": "plus", "±": "plus or minus"}.get(m["sign"], "minus")
        return f"{sign} {self.said(m['n'])}"

    def large(self, m: Match) -> str:
        """3.50, 1,000,000, 5k."""
        scale = {"k": " thousand", "K": " thousand", "M": " million"}.get(m["l"] or "", "")
        return self.said(m["n"]) + scale

    def saint(self, m: Match) -> str:
        """St. Mary's St."""
        before, after = word_before(m), word_after(m)
        start = m.string[: m.start()].rstrip().removesuffix(before).rstrip(" \"'“‘")
        is_first = not start or start[-1] in ".!?…:"
        is_named = before[:1].isupper() and before.lower() not in table.NO_NAMES
        is_street = is_named and not (is_first and after[:1].isupper())
        return "Street" if is_street or not after[:1].isupper() else "Saint"

    def doctor(self, m: Match) -> str:
        """Dr. Voss lives in Ocean Dr."""
        is_drive = word_before(m)[:1].isupper() and not word_after(m)[:1].isupper()
        return "Drive" if is_drive else "doctor"

    def initial(self, m: Match) -> str | None:
        """J. R. R. Voss; not the end of "it is I."."""
        before, start = word_before(m, "."), m.string[: m.start()].strip(" \"'“‘(")
        if m.group() == "I." and len(before) > 1:
            return None
        fits = not start or len(before) == 1 or before.lower() in table.BEFORE_INITIAL
        return m.group()[0] if fits or start.endswith(".") else None


def _int(text: str) -> int:
    return int(text.replace(",", "")[: number.MAX_DIGITS])


def _month(name: str) -> str:
    short = name.rstrip(".")
    return table.SHORT_MONTHS.get(short, short)


def _digits(text: str, speech: _Speech) -> str:
    return " ".join(speech.cardinal(int(c)) for c in text)
