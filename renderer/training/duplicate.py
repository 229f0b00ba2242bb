"""The same sound twice, and the same text twice by one speaker in one emotion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from renderer.domain.verdict import Finding, Outcome

REPEATED_TEXT, DUPLICATE_SOUND = "repeated_text", "duplicate_sound"
_SAME_LENGTH_S = 0.02  # two takes of one text differ by more


@dataclass(frozen=True, slots=True)
class Piece:
    """What of a clip may be there twice.

    Attributes:
        id: Of the clip.
        manner: Who speaks and how; a text may come again in another manner.
        text: What is said.
        speech_s: How long it is spoken.
        sha256: Of the samples.
    """

    id: str
    manner: tuple[str, ...]
    text: str
    speech_s: float
    sha256: str


def normal_text(text: str) -> str:
    """Return what two texts share that sound the same: letters and digits, folded.

    >>> normal_text("Halt,  who goes there?!") == normal_text("halt who goes THERE")
    True
    """
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())


def find_copies(pieces: Sequence[Piece]) -> dict[str, tuple[Finding, ...]]:
    """Return the findings of the clips that are there twice, by id.

    Of several with one sound and one text the first is kept; where the texts differ, all fail:
    nobody knows which is right. A text that was spoken again is only remarked, unless it took as
    long to 20 ms: then it is taken for a copy.
    """
    by_sound: dict[str, list[Piece]] = defaultdict(list)
    by_text: dict[tuple[tuple[str, ...], str], list[Piece]] = defaultdict(list)
    for piece in pieces:
        by_sound[piece.sha256].append(piece)
        by_text[piece.manner, normal_text(piece.text)].append(piece)
    found: dict[str, tuple[Finding, ...]] = {}
    for same in by_sound.values():
        is_one_text = len({normal_text(piece.text) for piece in same}) == 1
        for piece in same[1:] if is_one_text else same:
            other = same[0] if piece is not same[0] else same[1]
            found[piece.id] = (_same_sound(other, is_one_text),)
    for same in by_text.values():
        distinct = sorted({p.sha256: p for p in reversed(same)}.values(), key=lambda p: p.speech_s)
        for shorter, longer in pairwise(distinct):
            found[longer.id] = (*found.get(longer.id, ()), _repeated(shorter, longer))
    return found


def _same_sound(other: Piece, is_one_text: bool) -> Finding:
    also = "." if is_one_text else ", the text is not."
    hint = "Remove one." if is_one_text else "Find out which text is right; remove the other."
    message = f"The sound is that of {other.id}{also}"
    return Finding(DUPLICATE_SOUND, Outcome.FAIL, message=message, hint=hint)


def _repeated(shorter: Piece, longer: Piece) -> Finding:
    apart = longer.speech_s - shorter.speech_s
    is_copy = apart <= _SAME_LENGTH_S
    return Finding(
        REPEATED_TEXT,
        Outcome.FAIL if is_copy else Outcome.INCONCLUSIVE,
        apart,
        _SAME_LENGTH_S,
        ">=",
        "s",
        f"Says the same as {shorter.id}" + (" in the same time." if is_copy else "."),
        "It seems to be a copy: remove one." if is_copy else "",
    )
