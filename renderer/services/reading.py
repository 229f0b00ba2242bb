"""Reads what the QA pages show, in bounded memory per piece."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date

from renderer.domain.reading import LineReading, TakeReading
from renderer.domain.review import Standing, heard_of, holding, why_lapsed
from renderer.domain.take import Take
from renderer.domain.utterance import Utterance
from renderer.domain.voice import VoiceRef
from renderer.ports import StoredLine, UnitOfWork, VoiceBook
from renderer.services.scope import Scope

PIECE = 500


class ProjectReader:
    """Reads a project for the report.

    Args:
        voices: The installed voices, for their licences.
        names: Character id to the name shown to people.
        today: For consents that expire.
    """

    def __init__(self, voices: VoiceBook, names: Callable[[str], str], today: date) -> None:
        self._voices = voices
        self._names = names
        self._today = today

    def read(
        self, unit: UnitOfWork, scope: Scope, stale: Collection[tuple[str, str]]
    ) -> Iterator[LineReading]:
        """Yield the lines in scope, in manifest order.

        Args:
            unit: A transaction, for reading.
            scope: Which lines.
            stale: (line_id, locale) of the translations whose source has changed.
        """
        piece: list[StoredLine] = []
        for line in unit.lines.iterate():
            if scope.holds(line.utterance):
                piece.append(line)
            if len(piece) == PIECE:
                yield from self._lines(unit, piece, stale)
                piece = []
        yield from self._lines(unit, piece, stale)

    def read_keys(
        self,
        unit: UnitOfWork,
        keys: Sequence[tuple[str, str]],
        stale: Collection[tuple[str, str]],
    ) -> Iterator[LineReading]:
        """Yield some lines, in the order asked for; those that are gone are left out.

        Args:
            unit: A transaction, for reading.
            keys: (line_id, locale) of the lines.
            stale: As for `read`.
        """
        for start in range(0, len(keys), PIECE):
            piece = keys[start : start + PIECE]
            found = unit.lines.find(piece)
            known = [found[key] for key in piece if key in found]
            yield from self._lines(unit, [one for one in known if not one.is_orphaned], stale)

    def _lines(
        self, unit: UnitOfWork, lines: list[StoredLine], stale: Collection[tuple[str, str]]
    ) -> Iterator[LineReading]:
        before = unit.lines.previous_approved([line.pk for line in lines])
        wanted = {line.take_id for line in lines} | set(before.values())
        takes = {take.id: take for take in unit.takes.get(sorted(wanted))}
        histories = unit.decisions.of([line.pk for line in lines])
        for line in lines:
            take = takes[line.take_id]
            history, standing = histories.get(line.pk, []), Standing.of(take)
            old = takes.get(before.get(line.pk, 0))
            yield LineReading(
                utterance=line.utterance,
                character_name=self._names(line.utterance.character),
                take=take_reading(take),
                previous=None if old is None else take_reading(old),
                is_stale_translation=line.utterance.key in stale,
                is_frozen=line.is_frozen,
                is_recorded=bool(take.request.recording_key),
                unpublishable=self._unpublishable(line.utterance, take),
                decision=holding(history, standing),
                lapsed=why_lapsed(history, standing),
                decided=history[-1].sequence if history else 0,
            )

    def _unpublishable(self, said: Utterance, take: Take) -> str:
        if take.request.recording_key:
            return ""
        card = self._voices.cards().get(VoiceRef.parse(said.voice).name)
        return "its voice is not installed" if card is None else card.why_unpublishable(self._today)


def audio_path(key: str) -> str:
    """Return where a report keeps a sound: by its hash, so that equal sounds are kept once."""
    return f"audio/{key.rsplit('/', maxsplit=1)[-1]}" if key else ""


def take_reading(take: Take) -> TakeReading:
    """Return a take as a listener sees it."""
    said, result = take.request.utterance, take.result
    if result is None:
        return TakeReading(take.render_key.hex, take.status.value, voice=said.voice, text=said.text)
    sound, against = heard_of(result)
    return TakeReading(
        render_key=take.render_key.hex,
        status=take.status.value,
        sound=sound,
        against=against,
        attempt=result.attempt,
        audio=audio_path(result.delivery.key) if result.delivery else "",
        duration_s=result.delivery.duration_s if result.delivery else 0.0,
        loudness_lufs=result.loudness_lufs,
        true_peak_dbtp=result.true_peak_dbtp,
        findings=result.verdict.findings if result.verdict else (),
        tried=result.tried,
        tried_audio=tuple(audio_path(a.delivery_key) for a in result.tried),
        alignment=result.alignment,
        error=result.error,
        voice=said.voice,
        text=said.text,
    )
