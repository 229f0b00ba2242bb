"""Takes over what is already rendered: from a committed lock, or from the object store.

A fresh checkout in CI has no database. Its committed lock names every approved asset by render key,
so that only lines whose key is not in it are rendered; frozen lines keep the take they are pinned
to. Nothing is fetched for that.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from renderer.domain.decision_field import faults_of
from renderer.domain.object_key import content_hash
from renderer.domain.render_key import OWN_PARTS, RenderKey
from renderer.domain.review import Choice, Decision, heard_of, what_changed
from renderer.domain.take import RenderResult, SoundObject, TakeStatus
from renderer.domain.utterance import Utterance
from renderer.domain.voice_lock import LockEntry, VoiceLock

_MEDIA_TYPES = {".ogg": "audio/ogg", ".opus": "audio/ogg", ".flac": "audio/flac"}


class Adopter:
    """Finds earlier results.

    Args:
        lock: The committed lock, or None.
        stored: Returns what the object store holds under a render key, or None.
    """

    def __init__(
        self, lock: VoiceLock | None, stored: Callable[[str], RenderResult | None]
    ) -> None:
        self._by_line = lock.by_key() if lock else {}
        waived_first = sorted(self._by_line.values(), key=lambda entry: not entry.waived)
        self._by_render_key = {e.render_key: e for e in waived_first}  # an approval goes before
        self._stored = stored

    def hydrate(self, key: RenderKey) -> RenderResult | None:
        """Return an earlier result of a render key, or None.

        The store tells more of a take than the lock, but what the team has approved stays
        approved, whatever a gate said elsewhere, and what it waived is what somebody has heard.
        """
        stored = self._stored(key.hex)
        if stored is not None and (
            stored.status is TakeStatus.APPROVED or self._is_waived_as(key, stored)
        ):
            return stored
        return self.vouched(key) or stored

    def vouched(self, key: RenderKey) -> RenderResult | None:
        """Return what the lock itself holds under a render key, or None."""
        entry = self._by_render_key.get(key.hex)
        return result_of(entry) if entry else None

    def is_waived(self, key: RenderKey) -> bool:
        """Whether the lock holds a render key's take in spite of what the gate found."""
        entry = self._by_render_key.get(key.hex)
        return entry is not None and bool(entry.waived)

    def _is_waived_as(self, key: RenderKey, stored: RenderResult) -> bool:
        """Whether a stored take is the one the lock waives, with nothing else found in it."""
        entry = self._by_render_key.get(key.hex)
        sound, checks = heard_of(stored)
        if entry is None or not entry.waived or sound != entry.sha256:
            return False
        waiver = waiver_of(entry, entry.line_id)
        return waiver is None or not what_changed(waiver, sound, checks)

    def waiver(self, said: Utterance, key: RenderKey) -> Decision | None:
        """Return the waiver a lock holds for a line at a render key, or None."""
        names = (said.line_id, *said.was)
        known = (self._by_line.get((line_id, said.locale)) for line_id in names)
        entry = next((e for e in known if e is not None), None)
        if entry is None or not entry.waived or entry.render_key != key.hex:
            return None
        return waiver_of(entry, said.line_id)

    def pin(self, said: Utterance, key: RenderKey) -> RenderKey | None:
        """Return the key a line is frozen at, unless the line itself changed since.

        An entry whose parts are not what its render key was made of pins nothing.
        """
        names = (said.line_id, *said.was)
        known = (self._by_line.get((line_id, said.locale)) for line_id in names)
        entry = next((e for e in known if e is not None), None)
        if entry is None or not entry.frozen or OWN_PARTS & set(key.changed(entry.parts)):
            return None
        return key_of(entry)


def key_of(entry: LockEntry) -> RenderKey | None:
    """Return the key an entry was made from, or None when its parts do not give its render key."""
    try:
        key = RenderKey.from_plain(entry.parts)
    except ValueError:  # a part this version does not know
        return None
    return key if key.hex == entry.render_key else None


def is_sound(result: RenderResult) -> bool:
    """Whether a result found in the object store holds together: anybody may have written it."""
    finished = (TakeStatus.APPROVED, TakeStatus.REJECTED)
    if result.status not in finished or result.verdict is None or result.delivery is None:
        return False
    sound = result.delivery
    return (
        result.verdict.decision.value == result.status.value
        and content_hash(sound.key) == sound.sha256 != ""
        and sound.size > 0
    )


def waiver_of(entry: LockEntry, line_id: str) -> Decision | None:
    """Return the waiver of an entry as a decision; None when it is none that could be made.

    One that says what was found is of the entry's sound alone.
    """
    told = entry.waived
    try:
        at = datetime.fromisoformat(told.get("at", ""))
    except ValueError:
        return None
    waiver = Decision(
        id=told.get("decision", ""),
        line_id=line_id,
        locale=entry.locale,
        render_key=entry.render_key,
        choice=Choice.WAIVE,
        who=told.get("who", ""),
        at=at,
        note=told.get("note", ""),
        sound=entry.sha256 if "checks" in told else "",
        checks=tuple(told.get("checks", "").split()),
    )
    return None if faults_of(waiver, "waived") else waiver


def result_of(entry: LockEntry) -> RenderResult:
    """Return what a lock's entry tells of a take: enough to publish it again as it is.

    A waived take stays rejected: it ships by the waiver, as long as that holds.
    """
    status = TakeStatus.REJECTED if entry.waived else TakeStatus.APPROVED
    media_type = _MEDIA_TYPES.get(entry.extension, "audio/wav")
    sound = SoundObject(entry.key, entry.sha256, entry.size, entry.duration_s, media_type)
    return RenderResult(status, None, 1, delivery=sound, metadata_key=entry.metadata_key)
