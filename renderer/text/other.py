"""Languages without rules of their own: numbers where num2words knows them, the rest to espeak."""

from __future__ import annotations

import re

from renderer.text import number
from renderer.text.rule import Language, Match, rule

# Languages in other scripts than Latin; in all others, other scripts are transliterated.
_OTHER_SCRIPTS = re.compile(
    r"am|ar|as|be|bg|bn|cmn|el|fa|grc|gu|he|hi|hy|ja|ka|kk|kn|kok?|ky|mk|ml|mr|my|ne|or|pa|ru|sd"
    r"|si|sr|ta|te|th|tt|uk|ur|yue|zh"
)
_COMMA_WORDS = {
    "es": "coma", "it": "virgola", "pt": "vírgula", "pl": "przecinek", "nl": "komma",
    "sv": "komma", "da": "komma", "nb": "komma", "no": "komma", "fi": "pilkku", "cs": "celá",
    "vi": "phẩy", "tr": "virgül", "ro": "virgulă", "hu": "egész", "id": "koma",
}  # fmt: skip


def language(locale: str) -> Language:
    """Return what is known of a language without rules of its own.

    >>> language("es-ES").cardinal(21)
    'veintiuno'
    """
    code, _, region = locale.replace("-", "_").partition("_")
    code = code.lower()

    def cardinal(value: int) -> str:
        names = (f"{code}_{region.upper()}", code) if region else (code,)
        return next((said for n in names if (said := number.words(value, n))), "")

    rules = []
    comma = _COMMA_WORDS.get(code)
    if comma and cardinal(1):

        def decimal(match: Match) -> str:
            tail = number.whole(match["tail"], cardinal)
            return f"{number.whole(match['head'], cardinal)} {comma} {tail}"

        def grouped(match: Match) -> str:
            return cardinal(int(re.sub(r"\D", "", match.group())))

        rules = [
            rule(r"(?<![\w.,])\d{1,3}(?:[.\u00a0\u202f]\d{3}){1,4}(?![\w.,]*\d)", grouped),
            rule(r"(?<![\w.,])(?P<head>\d{1,15}),(?P<tail>\d{1,6})(?![\w,]*\d)", decimal),
        ]
    return Language(code, tuple(rules), cardinal, {}, not _OTHER_SCRIPTS.fullmatch(code))
