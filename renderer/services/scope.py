"""Which lines a command is about."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from renderer.domain.utterance import Utterance


@dataclass(frozen=True, slots=True)
class Scope:
    """Shell patterns per field; an empty tuple means every value. Patterns of one field are ORed.

    >>> Scope(lines=("halt_*",)).is_everything
    False
    """

    characters: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()
    locales: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.characters or self.scenes or self.locales or self.lines)

    def holds(self, utterance: Utterance) -> bool:
        """Whether a line is in scope."""
        pairs = (
            (utterance.character, self.characters),
            (utterance.scene, self.scenes),
            (utterance.locale, self.locales),
            (utterance.line_id, self.lines),
        )
        return all(not want or any(fnmatchcase(have, p) for p in want) for have, want in pairs)
