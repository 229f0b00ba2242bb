"""What one voice is to say once, in one locale."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, field

from renderer.domain.direction import Direction


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a line was written: path relative to the project (forward slashes), 1-based line."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Utterance:
    """One line of dialogue in one locale, checked and complete.

    Attributes:
        line_id: The author's stable id, shared by all translations.
        locale: BCP 47 tag of the project (`en-US`).
        character: Character id.
        scene: Scene id.
        text: What is spoken, NFC, markup removed.
        written: The line as typed, with its markup.
        voice: Voice reference (`name` or `name#speaker`), already chosen for the locale.
        direction: How to say it; markup and the character's base are merged in.
        hints: Word to homograph hint, for words that are spelt alike and spoken differently.
        seed: A writer's retake number; another seed is another take.
        notes: For people.
        tags: For filters.
        was: Earlier ids of this line; its takes and decisions follow it.
        source_hash: For a translation: `text_hash` of the source line it was made from, or "".
        origin: Where it is written.
    """

    line_id: str
    locale: str
    character: str
    scene: str
    text: str
    written: str
    voice: str
    direction: Direction = field(default_factory=Direction)
    hints: tuple[tuple[str, str], ...] = ()
    seed: int = 0
    notes: str = ""
    tags: tuple[str, ...] = ()
    was: tuple[str, ...] = ()
    source_hash: str = ""
    origin: Origin = Origin("", 0)

    @property
    def key(self) -> tuple[str, str]:
        """The pair that names this line in the lock: (line_id, locale)."""
        return self.line_id, self.locale


def text_hash(written: str) -> str:
    """Return the 12-hex-digit hash a translation records of its source text.

    Args:
        written: The source line as typed, with its markup.

    >>> text_hash("Halt!")
    '04f7e85e0c77'
    """
    normal = " ".join(unicodedata.normalize("NFC", written).split())
    return hashlib.sha256(normal.encode()).hexdigest()[:12]
