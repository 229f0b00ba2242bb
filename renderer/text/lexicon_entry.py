"""One lexicon entry: how one word or phrase is spoken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from renderer.domain.words import find_words, fold


@dataclass(frozen=True)
class LexiconEntry:
    """How one word or phrase is spoken.

    Attributes:
        word: As written in the lexicon.
        locale: `*`, a language (`de`) or a full tag (`de-DE`).
        say: Words to speak instead, or "".
        ipa: Phonemes to speak, tidy IPA, words separated by one space, or "".
        hint: Applies only where a line gives this hint for the word; "" is the default reading.
        match_case: Whether the spelling must match in case too (`US` against `us`).
        path: File it is from, as shown to people.
        line: 1-based line in that file.
    """

    word: str
    locale: str
    say: str = ""
    ipa: str = ""
    hint: str = ""
    match_case: bool = False
    path: str = ""
    line: int = 0

    def plain(self) -> dict[str, str | bool]:
        """Return what matters of it as plain fields, for storage."""
        names = ("word", "locale", "say", "ipa", "hint", "match_case")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_plain(cls, stored: Mapping[str, str | bool]) -> LexiconEntry:
        """Rebuild an entry from storage."""
        text = {k: str(v) for k, v in stored.items() if k != "match_case"}
        return cls(**text, match_case=bool(stored.get("match_case", False)))  # type: ignore[arg-type]

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """The folded written words it matches."""
        return tuple(fold(w.text) for w in find_words(self.word))

    @property
    def effect(self) -> tuple[str, str, str]:
        """What a rendering depends on; in which file and for which locale does not matter."""
        return " ".join(self.forms), self.say, self.ipa

    @property
    def is_name(self) -> bool:
        """Whether it is written with a capital and other small letters, so that it inflects."""
        return self.word[:1].isupper() and not self.word.isupper()
