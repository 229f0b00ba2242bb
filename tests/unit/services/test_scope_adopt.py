"""Which lines a command is about, and what is taken over from a committed lock."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from renderer.domain.object_key import object_key
from renderer.domain.render_key import Part, RenderKey
from renderer.domain.take import RenderResult, SoundObject, TakeStatus
from renderer.domain.utterance import Utterance
from renderer.domain.verdict import Decision, Finding, Outcome, Verdict
from renderer.domain.voice_lock import LockEntry, VoiceLock
from renderer.services.adopt import Adopter, is_sound
from renderer.services.scope import Scope

SAID = Utterance("halt_01", "en-US", "guard", "gate", "Halt!", "Halt!", "amy")
KEY = RenderKey({Part.TEXT: "a" * 16, Part.ENGINE: "b" * 16})
ENTRY = LockEntry(
    line_id="halt_01",
    locale="en-US",
    character="guard",
    key=object_key("c" * 64, ".flac"),
    sha256="c" * 64,
    size=10,
    duration_s=1.5,
    extension=".flac",
    metadata_key="",
    metadata_sha256="",
    render_key=KEY.hex,
    input_digest=KEY.input_digest,
    voice="amy",
    publishable=True,
    parts=KEY.plain(),
)


@pytest.mark.parametrize(
    ("scope", "is_in"),
    [
        (Scope(), True),
        (Scope(lines=("halt_*",)), True),
        (Scope(lines=("stop", "halt_01")), True),
        (Scope(lines=("HALT_01",)), False),
        (Scope(characters=("guard",), locales=("de-DE",)), False),
        (Scope(scenes=("gate",), locales=("en-*",)), True),
        (Scope(scenes=("road",)), False),
    ],
)
def test_scope(scope: Scope, is_in: bool) -> None:
    assert scope.holds(SAID) is is_in


def test_a_line_whose_scene_is_unknown_is_in_no_scene() -> None:
    assert Scope(locales=("en-US",)).may_hold("x", "en-US", "guard")
    assert not Scope(locales=("de-DE",)).may_hold("x", "en-US", "guard")
    assert not Scope(scenes=("*",)).may_hold("x", "en-US", "guard")


def nothing_stored(_key: str) -> RenderResult | None:
    return None


def adopter(*entries: LockEntry) -> Adopter:
    return Adopter(VoiceLock("tiny", entries), nothing_stored)


def test_a_lock_gives_its_assets_back() -> None:
    result = adopter(ENTRY).hydrate(KEY)
    assert result is not None
    assert result.status is TakeStatus.APPROVED
    assert result.delivery is not None
    assert (result.delivery.key, result.delivery.media_type) == (ENTRY.key, "audio/flac")
    assert adopter().hydrate(KEY) is None
    assert Adopter(None, nothing_stored).hydrate(KEY) is None


def test_what_the_store_knows_goes_before_what_the_lock_says() -> None:
    full = RenderResult(TakeStatus.APPROVED, None, 2)
    assert Adopter(VoiceLock("tiny", (ENTRY,)), lambda _key: full).hydrate(KEY) is full


def test_pins() -> None:
    frozen = replace(ENTRY, frozen=True)
    newer = RenderKey({**KEY.parts, Part.ENGINE: "f" * 16})
    other = RenderKey({**KEY.parts, Part.TEXT: "f" * 16})
    assert adopter(ENTRY).pin(SAID, newer) is None
    assert adopter(frozen).pin(SAID, newer) == KEY
    assert adopter(frozen).pin(SAID, other) is None, "the line itself changed"
    assert adopter(frozen).pin(replace(SAID, locale="de-DE"), newer) is None


def test_a_pin_follows_a_rename() -> None:
    frozen = replace(ENTRY, frozen=True)
    renamed = replace(SAID, line_id="stop", was=("older", "halt_01"))
    assert adopter(frozen).pin(renamed, KEY) == KEY


def test_a_lock_goes_before_a_take_the_gate_rejected_elsewhere() -> None:
    rejected = RenderResult(TakeStatus.REJECTED, None, 2)
    result = Adopter(VoiceLock("tiny", (ENTRY,)), lambda _key: rejected).hydrate(KEY)
    assert result is not None
    assert result.status is TakeStatus.APPROVED
    assert Adopter(None, lambda _key: rejected).hydrate(KEY) is rejected


def test_a_waived_take_is_adopted_as_rejected() -> None:
    """It ships by its waiver alone: undone or invalid, nothing approves the take."""
    waived = replace(ENTRY, waived={"decision": "e" * 32, "who": "Ada"})
    result = adopter(waived).hydrate(KEY)
    assert result is not None
    assert (result.status, result.delivery) == (
        TakeStatus.REJECTED,
        adopter(ENTRY).hydrate(KEY).delivery,  # type: ignore[union-attr]
    )
    other = replace(ENTRY, line_id="halt_02")
    for entries in ((waived, other), (other, waived)):
        shared = adopter(*entries).hydrate(KEY)
        assert shared is not None
        assert shared.status is TakeStatus.APPROVED, "the team approved it for another line"
        assert not adopter(*entries).is_waived(KEY)


def test_what_a_lock_vouches_for_does_not_come_from_the_store() -> None:
    full = RenderResult(TakeStatus.APPROVED, None, 2)
    assert Adopter(None, lambda _key: full).vouched(KEY) is None
    assert adopter(ENTRY).vouched(KEY) is not None


@pytest.mark.parametrize(
    "parts",
    [
        {**KEY.plain(), "phase_of_the_moon": "d" * 16},
        {Part.TEXT.value: "a" * 16},
        {**KEY.plain(), Part.ENCODER.value: "d" * 16},
    ],
)
def test_a_pin_whose_parts_are_not_its_render_key_is_none(parts: dict[str, str]) -> None:
    assert adopter(replace(ENTRY, frozen=True, parts=parts)).pin(SAID, KEY) is None


SOUND = SoundObject(object_key("c" * 64, ".ogg"), "c" * 64, 10, 1.5, "audio/ogg")
GOOD = RenderResult(TakeStatus.APPROVED, Verdict(Decision.APPROVED), 1, delivery=SOUND)


def test_a_stored_result_has_to_hold_together() -> None:
    rejected = replace(GOOD, status=TakeStatus.REJECTED, verdict=Verdict(Decision.REJECTED))
    assert is_sound(GOOD)
    assert is_sound(rejected)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": TakeStatus.PENDING},
        {"status": TakeStatus.FAILED, "verdict": Verdict(Decision.ERROR)},
        {"verdict": None},
        {"verdict": Verdict(Decision.REJECTED)},
        {"status": TakeStatus.REJECTED},
        {"delivery": None},
        {"delivery": replace(SOUND, sha256="d" * 64)},
        {"delivery": replace(SOUND, key="keys/x", sha256="")},
        {"delivery": replace(SOUND, size=0)},
    ],
)
def test_a_stored_result_that_contradicts_itself_is_none(changes: dict[str, Any]) -> None:
    assert not is_sound(replace(GOOD, **changes))


def test_a_frozen_entry_without_parts_is_no_pin() -> None:
    assert adopter(replace(ENTRY, frozen=True, parts={})).pin(SAID, KEY) is None


@pytest.mark.parametrize(
    ("sha256", "checks", "is_stored"),
    [("c" * 64, ("duration",), True), ("c" * 64, ("level",), False), ("d" * 64, (), False)],
)
def test_of_a_waived_take_the_store_gives_what_was_waived_or_nothing(
    sha256: str, checks: tuple[str, ...], *, is_stored: bool
) -> None:
    """The store may hold another attempt under the same key: nobody has heard that one."""
    told = {"decision": "e" * 32, "who": "Ada", "note": "meant", "checks": "duration gap"}
    waived = replace(ENTRY, waived={**told, "at": "2026-05-04T12:00:00+00:00"})
    verdict = Verdict(Decision.REJECTED, tuple(Finding(c, Outcome.FAIL) for c in checks))
    sound = replace(SOUND, key=object_key(sha256, ".ogg"), sha256=sha256)
    stored = RenderResult(TakeStatus.REJECTED, verdict, 2, delivery=sound)
    result = Adopter(VoiceLock("tiny", (waived,)), lambda _key: stored).hydrate(KEY)
    assert result is not None
    assert (result is stored) is is_stored
    assert result.delivery is not None
    assert result.delivery.sha256 == ENTRY.sha256
