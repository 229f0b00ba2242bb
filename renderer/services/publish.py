"""Step 8 of the walk: the voice lock, from what is approved, current and may be shipped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date
from pathlib import PurePosixPath
from typing import Any

from renderer.domain.metadata import MEDIA_TYPE, SUFFIX, canonical, for_line
from renderer.domain.object_key import content_hash
from renderer.domain.review import (
    Choice,
    Decision,
    Standing,
    holding,
    why_held_back,
    why_lapsed,
)
from renderer.domain.take import Take, TakeStatus, line_of
from renderer.domain.utterance import Utterance
from renderer.domain.voice import VoiceRef
from renderer.domain.voice_lock import LockEntry, dump
from renderer.errors import ObjectCorruptError, ObjectMissingError
from renderer.ports import ObjectStore, StoredLine, UnitOfWork, VoiceBook
from renderer.services.heal import objects_of

PIECE = 500
LOST = (
    "its sound is missing from the store; run `barkline render --retry lost`",
    "the sound it is frozen at is missing from the store; bring the store back, or thaw it and "
    "run `barkline render --retry lost`",
)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line that did not enter the lock, and why."""

    line_id: str
    locale: str
    why: str
    is_required: bool = True


@dataclass(slots=True)
class PublishReport:
    """A new lock and what is not in it.

    Attributes:
        text: The lock, ready to be written.
        entries: How many lines it holds.
        waived: How many of them are shipped in spite of what the gate found.
        left_out: What it does not hold.
    """

    text: str = ""
    entries: int = 0
    waived: int = 0
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether every required line is in the lock."""
        return not any(line.is_required for line in self.left_out)


class Publish:
    """Writes locks.

    Args:
        store: Where metadata documents are.
        voices: The installed voices, for their licences.
        today: For consents that expire.
    """

    def __init__(self, store: ObjectStore, voices: VoiceBook, today: date) -> None:
        self._store = store
        self._voices = voices
        self._today = today

    def run(self, unit: UnitOfWork, project: str, required: Mapping[str, bool]) -> PublishReport:
        """Make the lock of a project; stores the metadata documents it names.

        Args:
            unit: A transaction, for reading.
            project: Its name.
            required: Locale to whether its lines have to be there; absent means yes.
        """
        report = PublishReport()
        entries: list[LockEntry] = []
        piece: list[StoredLine] = []
        for line in unit.lines.iterate():
            piece.append(line)
            if len(piece) == PIECE:
                self._add(unit, piece, required, entries, report)
                piece = []
        self._add(unit, piece, required, entries, report)
        report.text = dump(project, entries)
        report.entries = len(entries)
        report.waived = sum(bool(entry.waived) for entry in entries)
        return report

    def _add(
        self,
        unit: UnitOfWork,
        lines: list[StoredLine],
        required: Mapping[str, bool],
        entries: list[LockEntry],
        report: PublishReport,
    ) -> None:
        takes = {t.id: t for t in unit.takes.get(sorted({line.take_id for line in lines}))}
        histories = unit.decisions.of([line.pk for line in lines])
        for line in lines:
            take, said = takes[line.take_id], line.utterance
            history, standing = histories.get(line.pk, ()), Standing.of(take)
            decision = holding(history, standing)
            why = why_held_back(decision, take.status, why_lapsed(history, standing))
            why = why or self._why_not(take, is_frozen=line.is_frozen)
            if not why:
                try:
                    entries.append(self._entry(line, take, decision))
                except (ObjectMissingError, ObjectCorruptError):
                    why = LOST[line.is_frozen]  # its metadata is there and cannot be read
            if why:
                is_required = required.get(said.locale, True)
                report.left_out.append(LeftOut(*said.key, why, is_required))

    def _why_not(self, take: Take, *, is_frozen: bool) -> str:
        """Return why a take that is good may not enter the lock, or ""."""
        keys = objects_of(take)
        if not keys or not all(self._store.has(key) for key in keys):
            return LOST[is_frozen]
        if take.request.recording_key:
            return ""
        card = self._voices.card(VoiceRef.parse(take.request.utterance.voice).name)
        return card.why_unpublishable(self._today)

    def _entry(self, line: StoredLine, take: Take, decision: Decision | None) -> LockEntry:
        if take.result is None or take.result.delivery is None:
            raise ValueError(f"take {take.id} has no sound")  # _why_not has held it back
        said, sound = line.utterance, take.result.delivery
        key = take.render_key
        metadata_key = self._metadata(said, take)
        is_recorded = bool(take.request.recording_key)
        name = VoiceRef.parse(take.request.utterance.voice).name
        expires = None if is_recorded else self._voices.card(name).consent_expires
        return LockEntry(
            line_id=said.line_id,
            locale=said.locale,
            character=said.character,
            key=sound.key,
            sha256=sound.sha256,
            size=sound.size,
            duration_s=sound.duration_s,
            extension=PurePosixPath(sound.key).suffix,
            metadata_key=metadata_key,
            metadata_sha256=content_hash(metadata_key),
            render_key=key.hex,
            input_digest=key.input_digest,
            voice="recorded" if is_recorded else take.request.utterance.voice,
            publishable=True,
            frozen=line.is_frozen,
            parts=key.plain(),
            consent_expires=expires.isoformat() if expires else "",
            waived=_waived(decision) if take.status is TakeStatus.REJECTED else {},
        )

    def _metadata(self, said: Utterance, take: Take) -> str:
        """Return the key of a line's own document; lines that share a take differ in it.

        Which line the stored document names is certain only where it was rendered into this
        result. One that came from a lock or a store is read: it may be of a line that has since
        been renamed, or of another line with the same words.
        """
        result = take.result
        if result is None or not result.metadata_key or result.metadata_line == line_of(said):
            return result.metadata_key if result else ""
        document = for_line(self._document(result.metadata_key), said)
        return self._store.put(canonical(document), SUFFIX, MEDIA_TYPE)

    def _document(self, key: str) -> dict[str, Any]:
        """Read a metadata document.

        Raises:
            ObjectMissingError: It is gone.
            ObjectCorruptError: It is damaged, or none.
        """
        data = self._store.get(key)
        try:
            document = json.loads(data)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise ObjectCorruptError(f"{key} is no metadata document")
        return document


def _waived(decision: Decision | None) -> dict[str, str]:
    """Return who waived a take and why, as the lock holds it; empty when nobody did.

    The sound is the entry's own. One that was waived before sounds were recorded has no `checks`.
    """
    if decision is None or decision.choice is not Choice.WAIVE:
        return {}
    found = {"checks": " ".join(decision.checks)} if decision.sound else {}
    return found | {
        "decision": decision.id,
        "who": decision.who,
        "at": decision.at.astimezone(UTC).isoformat(timespec="seconds"),
        "note": decision.note,
    }
