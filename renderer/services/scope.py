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
        return _fits(utterance.scene, self.scenes) and self._holds(
            utterance.line_id, utterance.locale, utterance.character
        )

    def may_hold(self, line_id: str, locale: str, character: str) -> bool:
        """Whether a line whose scene is not known is in scope; with scenes asked for, it is not."""
        return not self.scenes and self._holds(line_id, locale, character)

    def _holds(self, line_id: str, locale: str, character: str) -> bool:
        return (
            _fits(line_id, self.lines)
            and _fits(locale, self.locales)
            and _fits(character, self.characters)
        )


def _fits(have: str, want: tuple[str, ...]) -> bool:
    return not want or any(fnmatchcase(have, pattern) for pattern in want)
