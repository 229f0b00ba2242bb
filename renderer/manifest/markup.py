r"""Inline markup: what a writer types between the words, turned into plain text and word edits.

    *word*  *two words*      moderate emphasis
    **word**                 strong emphasis
    [pause 0.4] [pause 400ms]  silence here
    [Kaelith|ˈkeɪlɪθ]        speak this one word with these phonemes (IPA)
    \*  \[  \]  \\  \<  \{  …  the character itself

Anything else that looks like markup (SSML tags, `{placeholders}`, `_word_`, HTML entities) is a
problem and is never spoken.
"""

from __future__ import annotations

import re
import unicodedata

from renderer.domain.direction import PAUSE_RANGE_S, Emphasis, WordEdit
from renderer.domain.words import find_words
from renderer.manifest.anchor import MarkupProblem, Pause, Span, collapse, word_edits

SPECIAL = "\\*[]<>{}_`~&"
_ANY_SPECIAL = re.compile(f"[{re.escape(SPECIAL)}]")
_TOKEN = re.compile(
    r"\\(?P<escaped>.)|(?P<stars>\*+)|\[(?P<bracket>[^\[\]]*)\]|(?P<stray>[\[\]])"
    r"|(?P<unknown></?[A-Za-z!?][^<>]*>|\{[^{}]*\}|[{}]|`|~~|&(?:#\w+|[A-Za-z]+);"
    r"|(?<!\w)_[^\W_](?:[^_]*[^\W_])?_(?!\w))|(?P<end>\\$)",
    re.DOTALL,
)
_PAUSE = re.compile(r"pause\s+(\d{1,5}(?:\.\d{1,4})?)\s*(ms|s)?")
_IPA_EXTRA = frozenset("ˈˌːˑ.‿|-' ↗↘ꜛꜜ͡ʼˠˤʰʱʲʷ")
_CLOSING = frozenset(",.;:!?…)”»’")
_MAX_PHONEMES = 120
_LEVELS = {1: Emphasis.MODERATE, 2: Emphasis.STRONG}
_KNOWN = "Known are *word*, **word**, [pause 0.4] and [word|IPA]"


def parse(written: str) -> tuple[str, tuple[WordEdit, ...], list[MarkupProblem]]:
    r"""Take the markup out of a line.

    Args:
        written: The line as typed.

    Returns:
        The plain text (NFC, runs of white space as one space), the word edits in the order of the
        line, and what could not be read. Text that could not be read is not in the plain text.

    >>> text, edits, problems = parse("I said *no*. [pause 400ms] Go!")
    >>> text, [(e.word, e.emphasis.value, e.prosody.pause_after_s) for e in edits], problems
    ('I said no. Go!', [('no', 'moderate', 0.4)], [])
    >>> parse(r"Five \* is \[enough\]")[0]
    'Five * is [enough]'
    """
    written = unicodedata.normalize("NFC", written)
    if _ANY_SPECIAL.search(written) is None:
        return " ".join(written.split()), (), []
    scan = _Scan(written)
    scan.run()
    if not scan.spans and not scan.pauses:
        return scan.text(), (), scan.problems
    text, index = collapse("".join(scan.plain))
    spans = [s._replace(start=index[s.start], end=index[s.end]) for s in scan.spans]
    pauses = [p._replace(at=index[p.at]) for p in scan.pauses]
    edits = word_edits(text, spans, pauses, scan.problems)
    return text, edits, scan.problems


def escape(text: str) -> str:
    r"""Return text with every character that could be markup escaped.

    >>> escape("a *star*")
    'a \\*star\\*'
    """
    return "".join("\\" + char if char in SPECIAL else char for char in text)


class _Scan:
    """One pass over a written line; `plain` is the text so far, one character per item."""

    def __init__(self, written: str) -> None:
        self.written = written
        self.plain: list[str] = []
        self.spans: list[Span] = []
        self.pauses: list[Pause] = []
        self.problems: list[MarkupProblem] = []
        self._open: tuple[int, int, int] | None = None  # stars, plain index, written index

    def text(self) -> str:
        return " ".join("".join(self.plain).split())

    def run(self) -> None:
        at = 0
        for match in _TOKEN.finditer(self.written):
            self.plain.extend(self.written[at : match.start()])
            at = match.end()
            self._token(match)
        self.plain.extend(self.written[at:])
        if self._open is not None:
            stars, _, where = self._open
            self._stray_star(where, stars)

    def _token(self, match: re.Match[str]) -> None:
        kind = match.lastgroup
        if kind == "escaped":
            self._escaped(match)
        elif kind == "stars":
            self._stars(match)
        elif kind == "bracket":
            self._bracket(match)
        elif kind == "stray":
            self._problem(match, "stray-bracket", "has no partner", "Close it, or write \\[ or \\]")
        elif kind == "end":
            self._problem(match, "bad-escape", "ends the line", "Write \\\\ for a backslash")
        else:
            sign = match.group()[0]
            self._problem(
                match,
                "unknown-markup",
                "is no markup of ours and would not be spoken",
                f"{_KNOWN}; write \\{sign} for the character itself",
            )

    def _escaped(self, match: re.Match[str]) -> None:
        char = match.group("escaped")
        if char in SPECIAL:
            self.plain.append(char)
            return
        self._problem(
            match,
            "bad-escape",
            "is no escape",
            "A backslash makes *, [, ], <, {, _, ` and \\ plain; write \\\\ for a backslash",
        )

    def _stars(self, match: re.Match[str]) -> None:
        stars = len(match.group())
        before = self.written[match.start() - 1 : match.start()] if match.start() else ""
        after = self.written[match.end() : match.end() + 1]
        if self._open is None:
            if stars in _LEVELS and after.strip() and not before.isalnum():
                self._open = (stars, len(self.plain), match.start())
            else:
                self._stray_star(match.start(), stars)
            return
        opened, start, _ = self._open
        if opened != stars or not before.strip() or after.isalnum():
            self._stray_star(match.start(), stars)
            return
        self._open = None
        self.spans.append(Span(start, len(self.plain), _LEVELS[stars], ""))

    def _stray_star(self, at: int, stars: int) -> None:
        self.problems.append(
            MarkupProblem(
                at,
                "stray-star",
                f"{'*' * min(stars, 5)!r} at character {at + 1} has no partner around a word.",
                "Write *word* or **word** around whole words, or \\* for a star.",
            )
        )

    def _bracket(self, match: re.Match[str]) -> None:
        inside = match.group("bracket").strip()
        pause = _PAUSE.fullmatch(inside)
        if pause is not None:
            self._pause(match, pause)
        elif "|" in inside:
            self._phonemes(match, *inside.split("|", 1))
        elif inside.lower().startswith(("pause", "break", "wait")):
            self._problem(
                match, "bad-pause", "is no pause", "Write seconds or milliseconds: [pause 0.4]"
            )
        else:
            self._problem(
                match,
                "unknown-markup",
                "is no markup of ours and would not be spoken",
                f"{_KNOWN}; write \\[ for the character itself",
            )

    def _pause(self, match: re.Match[str], pause: re.Match[str]) -> None:
        seconds = float(pause.group(1)) / (1000 if pause.group(2) == "ms" else 1)
        if not 0 < seconds <= PAUSE_RANGE_S[1]:
            limit = f"Pauses are longer than 0 and at most {PAUSE_RANGE_S[1]:g} seconds"
            self._problem(match, "bad-pause", "is out of range", limit)
            return
        after = self.written[match.end() : match.end() + 1]
        if after.isspace() or after in _CLOSING:  # its own space or punctuation follows: drop ours
            while self.plain and self.plain[-1].isspace():
                self.plain.pop()
        elif after.isalnum() and self.plain and not self.plain[-1].isspace():
            self.plain.append(" ")
        self.pauses.append(Pause(len(self.plain), seconds))

    def _phonemes(self, match: re.Match[str], word: str, phonemes: str) -> None:
        word, phonemes = word.strip(), unicodedata.normalize("NFC", phonemes).strip()
        found = find_words(word)
        if len(found) != 1 or found[0].text != word:
            fix = "Write one word before the bar: [Kaelith|ˈkeɪlɪθ]"
            self._problem(match, "bad-phonemes", "does not name exactly one word", fix)
            return
        if not is_ipa(phonemes):
            fix = "Write IPA after the bar: [Kaelith|ˈkeɪlɪθ]"
            self._problem(match, "bad-phonemes", "holds no IPA phonemes", fix)
            return
        start = len(self.plain)
        self.plain.extend(word)
        self.spans.append(Span(start, len(self.plain), Emphasis.NONE, phonemes))

    def _problem(self, match: re.Match[str], code: str, what: str, fix: str) -> None:
        shown = match.group()[:40]
        self.problems.append(
            MarkupProblem(
                match.start(),
                code,
                f"{shown!r} at character {match.start() + 1} {what}.",
                f"{fix}.",
            )
        )


def is_ipa(phonemes: str) -> bool:
    """Whether a string looks like IPA: lower-case letters and the signs of the IPA chart.

    >>> [is_ipa(s) for s in ("ˈkeɪlɪθ", "k@Il", "KEY", "")]
    [True, False, False, False]
    """
    if not 0 < len(phonemes) <= _MAX_PHONEMES:
        return False
    kinds = [unicodedata.category(char) for char in phonemes]
    known = all(
        kind in ("Ll", "Lm", "Lo", "Mn", "Sk") or char in _IPA_EXTRA
        for char, kind in zip(phonemes, kinds, strict=True)
    )
    return known and any(kind in ("Ll", "Lo") for kind in kinds)
