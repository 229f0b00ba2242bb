"""What emotion was asked for, and what a classifier hears."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heard:
    """One line: what was asked for and what was heard."""

    character: str
    asked: str
    heard: str


@dataclass(frozen=True, slots=True)
class EmotionTable:
    """Counts of what was heard.

    Attributes:
        emotions: Those asked for or heard, in alphabetical order.
        characters: In order of appearance.
        counts: (character, asked, heard) to lines.
    """

    emotions: tuple[str, ...]
    characters: tuple[str, ...]
    counts: Mapping[tuple[str, str, str], int]

    def confusion(self, asked: str, heard: str, character: str = "") -> int:
        """Return how many lines were asked for and heard so; of one character, or of all."""
        whose = (character,) if character else self.characters
        return sum(self.counts.get((who, asked, heard), 0) for who in whose)

    def recall(self, character: str, asked: str) -> tuple[int, int]:
        """Return (lines heard as asked, lines asked so); of one character, or of all with ""."""
        asked_for = sum(self.confusion(asked, heard, character) for heard in self.emotions)
        return self.confusion(asked, asked, character), asked_for


def tabulate(lines: Iterable[Heard]) -> EmotionTable:
    """Count what was heard."""
    found = list(lines)
    emotions = sorted({name for line in found for name in (line.asked, line.heard)})
    counts = Counter((line.character, line.asked, line.heard) for line in found)
    return EmotionTable(tuple(emotions), tuple(dict.fromkeys(f.character for f in found)), counts)
