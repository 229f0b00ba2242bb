"""How French speaks what is not letters; the tables are in `french_words`."""

from __future__ import annotations

import re
from functools import partial

from renderer.text import french_words as table
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
_WHOLE = r"(?:\d{1,3}(?:[.\u00a0\u202f]\d{3})+|\d{1,3}(?: \d{3})+(?!\d)|\d+)"
_NUMBER = rf"{_WHOLE}(?:,\d+)?"
_BEFORE = r"(?<![\w.,:/])"
_AFTER = r"(?![.,:/]?\d)(?!\w)"
_MONTHS = alternatives([*table.MONTHS, *(m.capitalize() for m in table.MONTHS),
                        *(f"{m}." for m in table.SHORT_MONTHS)])  # fmt: skip
_YEAR = r"(?:1\d{3}|20\d{2})"


def language(locale: str) -> Language:
    """Return the rules for the French of France, Belgium or Switzerland (septante, nonante)."""
    region = next((r for r in ("BE", "CH") if r in locale), "")
    speech = _Speech(partial(_cardinal, language=f"fr_{region}" if region else "fr"))
    return Language(
        "fr", speech.rules(), speech.cardinal, table.SYMBOLS, letter_names={"Y": "iɡʁˈɛk"}
    )


def _cardinal(value: int, language: str = "fr") -> str:
    return number.words(value, language) or number.words(value, "fr")


def ordinal(value: int, *, feminine: bool = False) -> str:
    """Return an ordinal.

    >>> ordinal(1), ordinal(1, feminine=True), ordinal(21), ordinal(9)
    ('premier', 'première', 'vingt et unième', 'neuvième')
    """
    if value == 1:
        return "première" if feminine else "premier"
    return number.words(value, "fr", "ordinal")


class _Speech:
    def __init__(self, cardinal: number.Cardinal) -> None:
        self.cardinal = cardinal

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules in the order in which they claim."""
        units = alternatives(table.UNITS)
        return (
            rule(rf"{_BEFORE}(?P<y>\d{{4}})-(?P<m>\d\d)-(?P<d>\d\d){_AFTER}", self.numeric_date),
            rule(rf"{_BEFORE}(?P<d>\d\d?)[/.](?P<m>\d\d?)[/.](?P<y>\d{{4}}){_AFTER}",
                 self.numeric_date),
            rule(rf"{_BEFORE}0\d(?:[ .]\d\d){{4}}{_AFTER}", self.telephone),
            rule(rf"{_BEFORE}(?P<d>[0-3]?\d)(?P<er>er)?{_GAP}(?P<mon>{_MONTHS})(?!\w)"
                 rf"(?:{_GAP}(?P<y>{_YEAR})(?!\w|[.,]\d))?", self.date),
            rule(rf"{_BEFORE}(?P<h>[01]?\d|2[0-4])(?P<at>{_GAP}?[hH]{_GAP}?)(?P<m>[0-5]\d)"
                 rf"(?:{_GAP}?min\b)?(?!\w)", self.time),
            rule(rf"{_BEFORE}(?P<h>[01]?\d|2[0-4])(?P<at>:)(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?"
                 rf"{_AFTER}", self.time),
            rule(rf"(?P<neg>[-−])?(?P<sign>[€$£]){_GAP}?(?P<n>{_NUMBER})(?!\w)", self.money),
            rule(rf"{_BEFORE}(?P<neg>[-−])?(?P<n>{_NUMBER}){_GAP}?(?P<sign>[€$£]|euros?\b|EUR\b)",
                 self.money),
            rule(rf"{_BEFORE}(?P<n>{_NUMBER}){_GAP}?(?P<scale>M|Md){_GAP}?(?P<sign>[€$£])",
                 lambda m: f"{self.said(m['n'])} {table.SCALES[m['scale']]} "
                           + _of(table.CURRENCIES[m["sign"]][0] + "s")),
            rule(rf"{_BEFORE}(?P<n>\d{{1,6}})(?P<e>ers?|res?|ères?|nde?|èmes?|emes?|es?)(?!\w)",
                 self.ordinal),
            rule(r"(?<![\w'’])(?P<n>[IVXLCDM]+)(?P<e>er|re|ère|ème|e)(?!\w)", self.roman_ordinal),
            rule(r"(?<![\w'’])[IVXLCDM]+(?![\w'’])", self.roman),
            rule(rf"{_BEFORE}(?P<n>{_NUMBER}){_GAP}(?P<f>{alternatives(table.FEMININE)})s?\b",
                 self.feminine),
            rule(rf"(?<![\w.,:/])(?P<neg>[-−])?(?P<n>{_NUMBER}){_GAP}?(?P<u>{units})(?![\w'’])",
                 self.unit),
            rule(rf"(?:{_BEFORE}(?P<n>\d{{1,9}}){_GAP}?)?(?P<f>[{''.join(table.FRACTIONS)}])",
                 self.fraction_sign),
            rule(rf"{_BEFORE}(?P<a>24)/(?P<b>24|7){_AFTER}",
                 lambda m: "vingt-quatre heures sur vingt-quatre"
                 + (" et sept jours sur sept" if m["b"] == "7" else "")),
            rule(rf"{_BEFORE}(?P<a>\d{{1,4}})/(?P<b>\d{{1,4}}){_AFTER}", self.fraction),
            rule(rf"{_BEFORE}(?P<a>{_NUMBER}){_GAP}?[-–]{_GAP}?(?P<b>{_NUMBER}){_AFTER}",
                 self.span),
            rule(rf"{_BEFORE}(?P<a>\d{{1,4}}):(?P<b>\d{{1,4}}){_AFTER}",
                 lambda m: [(m.start("a"), self.said(m["a"]) + " contre"),
                            (m.start("b"), self.said(m["b"]))]),
            rule(rf"(?<!\w)(?P<l>{alternatives(table.LABELS)}){_GAP}?(?P<n>{_WHOLE})(?!\w)",
                 lambda m: [(m.start(), table.LABELS[m["l"]]), (m.start("n"), self.said(m["n"]))]),
            rule(rf"{_BEFORE}(?P<a>\d+){_GAP}?[x×]{_GAP}?(?P<b>\d+){_AFTER}",
                 lambda m: [(m.start("a"), self.said(m["a"]) + " par"),
                            (m.start("b"), self.said(m["b"]))]),
            rule(rf"{_BEFORE}(?P<n>{_NUMBER}){_GAP}?[x×](?!\w)",
                 lambda m: self.said(m["n"]) + " fois"),
            rule(rf"\b[x×](?P<n>\d+){_AFTER}", lambda m: "fois " + self.said(m["n"])),
            rule(r"(?<![\w.,])[vV]?\d+(?:\.\d+)+(?!\w)(?<!\.\d{3})", self.version),
            rule(rf"(?<![\w.,])(?P<sign>[-−+±])(?P<n>{_NUMBER}){_AFTER}", self.signed),
            rule(rf"(?<![\w.,]){_NUMBER}(?!\w)", self.plain),
            rule(r"\bM\.(?=\s[A-ZÀ-Ý])", "monsieur"),
            rule(r"\bMM\.(?=\s[A-ZÀ-Ý])", "messieurs"),
            rule(r"\bDr\.?(?=\s[A-ZÀ-Ý])", "docteur"),
            rule(r"\bS(?P<e>te?)(?P<to>-|\.?\s)(?=[A-ZÀ-Ý])",
                 lambda m: "saint" if m["e"] == "t" else "sainte"),
            abbreviations(table.SHORT),
            abbreviations(table.ENDINGS, may_end=True),
            rule(r"\b(?P<a>[A-Z])\s?&\s?(?P<b>[A-Z])\b",
                 lambda m: [(m.start("a"), m["a"] + " et"), (m.start("b"), m["b"])]),
            rule(r"(?<![\w.'’])(?:[A-Za-z]\.){2,}(?:[A-Za-z]\b)?",
                 lambda m: " ".join(m.group().replace(".", "").upper())),
            rule(r"\b[A-Z]\.(?=[-\s]?[A-Z][\w.])", self.initial),
        )  # fmt: skip

    def said(self, text: str) -> str:
        """Return a written number: "3,50" is "trois virgule cinquante"."""
        head, _, tail = text.partition(",")
        words = number.whole(re.sub(r"\D", "", head), self.cardinal)
        if not tail:
            return words
        if len(tail) > 2:  # noqa: PLR2004 - longer ones are read digit by digit
            return f"{words} virgule " + " ".join(self.cardinal(int(c)) for c in tail)
        return f"{words} virgule {number.whole(tail, self.cardinal)}"

    def counting(self, text: str, *, feminine: bool) -> str:
        """Return a number before a noun: "une heure", "vingt et une heures"."""
        words = self.said(text)
        return words + "e" if feminine and re.search(r"\bun$", words) and "," not in text else words

    def plain(self, m: Match) -> str:
        """3, 1 000 000 pièces."""
        words = self.said(m.group())
        return words + " de" if _counts_millions(words) and word_after(m) else words

    def telephone(self, m: Match) -> str:
        """06 12 34 56 78."""
        pairs = re.findall(r"\d\d", m.group())
        return " ".join(number.whole(p, self.cardinal) for p in pairs)

    def numeric_date(self, m: Match) -> str | None:
        """21/12/2024."""
        day, month = int(m["d"]), int(m["m"])
        if not (1 <= day <= 31 and 1 <= month <= 12):  # noqa: PLR2004 - the calendar
            return None
        return f"{self._day(day)} {table.MONTHS[month - 1]} {self.cardinal(int(m['y']))}"

    def _day(self, day: int) -> str:
        return "premier" if day == 1 else self.cardinal(day)

    def date(self, m: Match) -> Parts | None:
        """1er mai, 3 mai 1420."""
        if not 1 <= int(m["d"]) <= 31:  # noqa: PLR2004 - the calendar
            return None
        short = m["mon"].rstrip(".")
        parts = [(m.start(), self._day(int(m["d"]))),
                 (m.start("mon"), table.SHORT_MONTHS.get(short, short))]  # fmt: skip
        return [*parts, *([(m.start("y"), self.cardinal(int(m["y"])))] if m["y"] else [])]

    def time(self, m: Match) -> Parts:
        """10 h 30, 10:30."""
        hour, minute, second = int(m["h"]), int(m["m"]), m.groupdict().get("s")
        words = self.counting(str(hour), feminine=True)
        unit = "heure" if hour < 2 else "heures"  # noqa: PLR2004 - zéro heure, une heure
        tail = self.counting(str(minute), feminine=True) if minute else ""
        tail += f" et {self.counting(str(int(second)), feminine=True)} secondes" if second else ""
        if m["at"].strip() != m["at"]:
            at = m.start("at") + (1 if m["at"][0] in " \u00a0\u202f" else 0)
            return [(m.start(), words), (at, unit), (m.start("m"), tail or "pile")]
        return [(m.start(), f"{words} {unit} {tail}".strip())]

    def money(self, m: Match) -> Parts:
        """3,50 €."""
        unit, coin = table.CURRENCIES[m["sign"]]
        head, _, tail = m["n"].partition(",")
        value = int(re.sub(r"\D", "", head))
        minus = "moins " if m["neg"] else ""
        many = "s" if value > 1 else ""
        at = m.start("sign") if m["sign"].isalpha() else m.start("n")
        if tail and len(tail) != 2:  # noqa: PLR2004 - cents have two digits
            return [(m.start("n"), minus + self.said(m["n"])), (at, unit + many)]
        if tail and int(tail) and not value:
            return [(m.start("n"), f"{minus}{self.cardinal(int(tail))} {coin}"
                     + ("s" if int(tail) > 1 else ""))]  # fmt: skip
        rest = f" {self.cardinal(int(tail))}" if tail and int(tail) else ""
        noun = _of(unit + many) if _counts_millions(self.said(head)) else unit + many
        return [(m.start("n"), minus + self.said(head)), (at, noun + rest)]

    def ordinal(self, m: Match) -> str | None:
        """1er, 2e, 21ème."""
        ending = m["e"]
        many = "s" if ending.endswith("s") and ending not in ("e", "er") else ""
        if ending.startswith("nd"):
            return "seconde" if ending == "nde" else "second"
        is_feminine = ending.rstrip("s") in ("re", "ère")
        return ordinal(int(m["n"]), feminine=is_feminine) + many

    def roman_ordinal(self, m: Match) -> str | None:
        """XIVe siècle, François Ier."""
        value = number.roman(m["n"])
        if not value or (m["n"] in "MDCL" and m["e"] == "e"):
            return None
        return ordinal(value, feminine=m["e"] in ("re", "ère"))

    def roman(self, m: Match) -> str | None:
        """Louis XIV, chapitre IV."""
        letters, before = m.group(), word_before(m)
        value = number.roman(letters)
        if not value:
            return None
        numbered = before.lower() in table.NUMBERED
        is_name = before[:1].isupper() and before.lower() not in table.NO_NAMES
        if len(letters) == 1 and not (numbered or (letters in "VX" and is_name)):
            return None
        is_plain = set(letters) <= set("IVX") or len(letters) > 3  # noqa: PLR2004
        return self.cardinal(value) if numbered or is_name or is_plain else None

    def feminine(self, m: Match) -> Parts:
        """21 heures."""
        words = self.counting(m["n"], feminine=True)
        return [(m.start(), words + (" de" if _counts_millions(words) else "")),
                (m.start("f"), m.group()[m.start("f") - m.start():])]  # fmt: skip

    def unit(self, m: Match) -> Parts:
        """20 km/h, -5 °C, 50 %."""
        name = table.UNITS[m["u"]]
        minus = "moins " if m["neg"] else ""
        value, _ = number.plain(m["n"], ".", ",")
        head, _, rest = name.partition(" ")
        many = "s" if value > 1 and name not in table.NO_PLURAL else ""
        count = self.counting(m["n"], feminine=head in table.FEMININE)
        return [(m.start("n"), minus + count), *parted(m, "u", f"{head}{many} {rest}".strip())]

    def fraction_sign(self, m: Match) -> str:
        """½, 2½."""
        said = table.FRACTIONS[m["f"]]
        return (
            f"{self.cardinal(int(m['n']))} et {said.replace('un demi', 'demi')}" if m["n"] else said
        )

    def fraction(self, m: Match) -> str:
        """1/2, 3/4; 9/10 is a score."""
        a, b = int(m["a"]), int(m["b"])
        if 0 < a < b and b in table.DENOMINATORS:
            many = "s" if a > 1 and b != 3 else ""  # noqa: PLR2004 - tiers
            return f"{self.cardinal(a)} {table.DENOMINATORS[b]}{many}"
        return f"{self.said(m['a'])} sur {self.said(m['b'])}"

    def span(self, m: Match) -> Parts | None:
        """3-5, 1914–1918."""
        a, b = m["a"], m["b"]
        if (len(a) > 1 and a[0] == "0") or (len(b) > 1 and b[0] == "0" and "," not in b):
            return None
        return [(m.start("a"), f"{self.said(a)} à"), (m.start("b"), self.said(b))]

    def version(self, m: Match) -> str:
        """v1.2.3."""
        is_named = m.group()[0] in "vV" and word_before(m).lower() != "version"
        parts = (number.whole(p, self.cardinal) for p in re.findall(r"\d+", m.group()))
        return ("version " if is_named else "") + " point ".join(parts)

    def signed(self, m: Match) -> str:
        """-5, +5."""
        sign = {"+": "plus", "±": "plus ou moins"}.get(m["sign"], "moins")
        return f"{sign} {self.said(m['n'])}"

    def initial(self, m: Match) -> str | None:
        """J.-P. Dupont."""
        before, start = word_before(m, "."), m.string[: m.start()].strip(" \"'“«(-")
        fits = not start or len(before) == 1 or before.lower() in table.BEFORE_INITIAL
        return m.group()[0] if fits or start.endswith(".") else None


def _of(noun: str) -> str:
    """Return de or d' and the noun."""
    return f"d'{noun}" if noun[0] in "aeiouéèh" else f"de {noun}"


def _counts_millions(words: str) -> bool:
    """Whether a number ends in million or milliard, which takes "de" before its noun."""
    return re.search(r"lli(?:on|ard)s?$", words) is not None
