"""Which translations are stale: made from a source text that has changed since.

A translation keeps the line id of its source and records `source_hash`, the hash of the source text
it was made from. Nothing here stops an import: a stale translation still speaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from renderer.domain.utterance import Origin, Utterance, text_hash
from renderer.errors import Fault, Level
from renderer.manifest.field import near
from renderer.manifest.identifier import id_form


class Reason(StrEnum):
    """Why a translation cannot be trusted to say what its source says."""

    CHANGED = "changed"  # the source text is another one now
    UNRECORDED = "unrecorded"  # nobody wrote down which source text it was made from
    MISSING = "missing"  # there is no source line of that id


@dataclass(frozen=True, slots=True)
class StaleTranslation:
    """One translation to look at.

    Attributes:
        line_id: The line.
        locale: The translation's locale.
        reason: Why.
        recorded: Its `source_hash`, or "".
        current: Hash of the source text now, or "" when there is no source line.
        origin: Where the translation is written.
        hint: What the line may be called now, as a sentence with a leading space, or "".
    """

    line_id: str
    locale: str
    reason: Reason
    recorded: str
    current: str
    origin: Origin
    hint: str = ""

    def fault(self) -> Fault:
        """Return it as a warning."""
        code, problem, fix = _MESSAGES[self.reason]
        return Fault(
            self.origin.path,
            self.origin.line,
            "source_hash",
            problem.format(self) + self.hint,
            fix.format(self),
            code,
            Level.WARNING,
        )


_MESSAGES: Mapping[Reason, tuple[str, str, str]] = {
    Reason.CHANGED: (
        "stale-translation",
        "{0.line_id!r} was translated into {0.locale} from another text than today's source.",
        'Check the translation against the source, then set source_hash: "{0.current}".',
    ),
    Reason.UNRECORDED: (
        "unrecorded-translation",
        "{0.line_id!r} in {0.locale} does not record which source text it was made from.",
        'When it says what the source says, add source_hash: "{0.current}".',
    ),
    Reason.MISSING: (
        "translation-without-source",
        "{0.line_id!r} in {0.locale} has no line of that id in the source locale.",
        "Use the id of the source line, or delete the translation.",
    ),
}


def stale(
    utterances: Iterable[Utterance], source_hashes: Mapping[str, str], *, source_locale: str
) -> Iterator[StaleTranslation]:
    """Yield the translations that are stale.

    Args:
        utterances: Lines in any locale; those in the source locale are passed over.
        source_hashes: Line id to `text_hash` of the source line's `written`.
        source_locale: The project's source locale.
    """
    for utterance in utterances:
        if utterance.locale != source_locale:
            found = _judge(_Translation.of(utterance), source_hashes)
            if found is not None:
                yield found


class TranslationLedger:
    """Collects lines in one pass, in any order, and then tells which translations are stale.

    Memory is bounded: 12 hex digits per source line, five short fields per translation.
    """

    def __init__(self, source_locale: str) -> None:
        """Begin empty.

        Args:
            source_locale: The project's source locale.
        """
        self._source_locale = source_locale
        self._translations: list[_Translation] = []
        self._renamed: dict[str, str] = {}
        self.source_hashes: dict[str, str] = {}

    def add(self, utterance: Utterance) -> None:
        """Take note of a line."""
        if utterance.locale != self._source_locale:
            self._translations.append(_Translation.of(utterance))
            return
        self.source_hashes[utterance.line_id] = text_hash(utterance.written)
        for old in utterance.was:
            self._renamed[old] = utterance.line_id

    def stale(self) -> Iterator[StaleTranslation]:
        """Yield the stale translations, with what a missing source may be called now."""
        forms: dict[str, str] = {}
        for translation in self._translations:
            found = _judge(translation, self.source_hashes)
            if found is None:
                continue
            if found.reason is Reason.MISSING:
                forms = forms or {id_form(i, ""): i for i in self.source_hashes}
                found = _with_hint(found, self._hint(found.line_id, forms))
            yield found

    def _hint(self, line_id: str, forms: Mapping[str, str]) -> str:
        if line_id in self._renamed:
            new = self._renamed[line_id]
            return f" The source line is {new!r} now; rename this one too, with 'was: {line_id}'."
        if same := forms.get(id_form(line_id, "")):
            return f" The source line is spelt {same!r}."
        return near(line_id, forms.values()) if len(forms) <= _MAX_GUESSED else ""


_MAX_GUESSED = 2_000  # comparing with more ids would take longer than reading them


class _Translation(NamedTuple):
    line_id: str
    locale: str
    source_hash: str
    origin: Origin

    @classmethod
    def of(cls, utterance: Utterance) -> _Translation:
        return cls(utterance.line_id, utterance.locale, utterance.source_hash, utterance.origin)


def _judge(translation: _Translation, source_hashes: Mapping[str, str]) -> StaleTranslation | None:
    line_id, locale, recorded, origin = translation
    current = source_hashes.get(line_id, "")
    if current and current == recorded:
        return None
    reason = Reason.MISSING
    if current:
        reason = Reason.CHANGED if recorded else Reason.UNRECORDED
    return StaleTranslation(line_id, locale, reason, recorded, current, origin)


def _with_hint(found: StaleTranslation, hint: str) -> StaleTranslation:
    return StaleTranslation(
        found.line_id,
        found.locale,
        found.reason,
        found.recorded,
        found.current,
        found.origin,
        hint,
    )
