"""Markup anchored to words: spans and pauses at places of a text become edits of its words."""

from __future__ import annotations

from typing import NamedTuple

from renderer.domain.direction import PAUSE_RANGE_S, Emphasis, Prosody, WordEdit
from renderer.domain.words import Word, find_words


class MarkupProblem(NamedTuple):
    """Something in a line's markup that cannot be read.

    Attributes:
        at: Index in the written line.
        code: Stable name of the rule.
        problem: What is wrong.
        fix: What to do.
    """

    at: int
    code: str
    problem: str
    fix: str


class Span(NamedTuple):
    """Emphasis or phonemes over a stretch of the plain text."""

    start: int
    end: int
    emphasis: Emphasis
    phonemes: str


class Pause(NamedTuple):
    """Silence at a place of the plain text."""

    at: int
    seconds: float


def collapse(plain: str) -> tuple[str, list[int]]:
    """Collapse white space; return the text and, per old index (and the end), the new index."""
    kept: list[str] = []
    index: list[int] = []
    for char in plain:
        index.append(len(kept))
        if not char.isspace():
            kept.append(char)
        elif kept and kept[-1] != " ":
            kept.append(" ")
    index.append(len(kept))
    text = "".join(kept).rstrip()
    return text, [min(i, len(text)) for i in index]


def word_edits(
    text: str, spans: list[Span], pauses: list[Pause], problems: list[MarkupProblem]
) -> tuple[WordEdit, ...]:
    """Anchor spans and pauses to the words of a text.

    Args:
        text: The plain text.
        spans: Emphasis and phonemes, by index in the text.
        pauses: Pauses, by index in the text.
        problems: Where markup that holds no word is reported.

    Returns:
        One edit per touched word, in the order of the text.
    """
    words = find_words(text)
    found: dict[int, WordEdit] = {}
    for span in spans:
        touched = [n for n, w in enumerate(words) if w.start < span.end and w.end > span.start]
        if not touched or (span.phonemes and not _is_whole(words[touched[0]], span)):
            problems.append(_no_word(text[span.start : span.end]))
        for n in touched:
            edit = found.get(n) or WordEdit(words[n].text, words[n].occurrence)
            found[n] = WordEdit(
                edit.word,
                edit.occurrence,
                edit.prosody,
                edit.emphasis if span.phonemes else span.emphasis,
                span.phonemes or edit.phonemes,
            )
    for pause in pauses:
        _add_pause(words, pause, found, problems)
    return tuple(found[n] for n in sorted(found))


def _is_whole(word: Word, span: Span) -> bool:
    return word.start == span.start and word.end == span.end


def _no_word(shown: str) -> MarkupProblem:
    return MarkupProblem(
        0,
        "markup-without-word",
        f"The markup around {shown[:40]!r} holds no whole word.",
        "Put it around one or more whole words.",
    )


def _add_pause(
    words: tuple[Word, ...],
    pause: Pause,
    found: dict[int, WordEdit],
    problems: list[MarkupProblem],
) -> None:
    if not words:
        return
    before = [n for n, w in enumerate(words) if w.end <= pause.at]
    n = before[-1] if before else 0
    edit = found.get(n) or WordEdit(words[n].text, words[n].occurrence)
    extra = (
        Prosody(pause_after_s=pause.seconds) if before else Prosody(pause_before_s=pause.seconds)
    )
    prosody = edit.prosody.then(extra)
    if max(prosody.pause_before_s, prosody.pause_after_s) > PAUSE_RANGE_S[1]:
        problems.append(
            MarkupProblem(
                0,
                "bad-pause",
                f"The pauses at {edit.word!r} exceed {PAUSE_RANGE_S[1]:g} seconds together.",
                "Make them shorter or split the line.",
            )
        )
    found[n] = WordEdit(edit.word, edit.occurrence, prosody, edit.emphasis, edit.phonemes)
