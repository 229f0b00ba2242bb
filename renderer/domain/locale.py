"""Locales: BCP 47 (RFC 5646) in the shapes projects use: language, script, region, one variant."""

from __future__ import annotations

import re

_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?(-[a-z0-9]{4,8})?")
_SCRIPT, _REGION = 4, 2  # letters


def is_locale(text: str) -> bool:
    """Whether a string is a locale such as `en-US`, `de` or `zh-Hant-TW`.

    >>> [is_locale(s) for s in ("en-US", "de", "zh-Hant-TW", "en_US", "EN-us", "../x")]
    [True, True, True, False, False, False]
    """
    return _LOCALE.fullmatch(text) is not None


def language_of(locale: str) -> str:
    """Return the language of a locale.

    >>> language_of("zh-Hant-TW")
    'zh'
    """
    return locale.partition("-")[0]


def as_locale(text: str) -> str:
    """Return the locale that a string means but for case and `_`, or "" when it is none.

    >>> [as_locale(s) for s in ("en_us", "ZH-hant-tw", "es-419", "german")]
    ['en-US', 'zh-Hant-TW', 'es-419', '']
    """
    language, *rest = text.lower().replace("_", "-").split("-")
    cased = (
        part.title()
        if len(part) == _SCRIPT and part.isalpha()
        else part.upper()
        if len(part) == _REGION
        else part
        for part in rest
    )
    found = "-".join((language, *cased))
    return found if is_locale(found) else ""
