"""Verify: what may be shipped, proven from the lock and the manifests alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from renderer.domain.direction import Direction
from renderer.domain.object_key import object_key, sha256_hex
from renderer.domain.project import MasteringTarget, Project
from renderer.domain.render_key import Part, RenderKey, digest
from renderer.domain.utterance import Origin, Utterance
from renderer.domain.voice_lock import LockEntry, VoiceLock
from renderer.errors import Level, LockError
from renderer.services.input_key import InputKeyer
from renderer.services.verify import Kind, VerifyReport, verify

PROJECT = Project(
    "game", Path(), Path("p"), "en-US", ("en-US", "de-DE"), {}, required={"de-DE": False}
)
HALT = Utterance(
    "halt", "en-US", "guard", "gate", "Halt!", "Halt!", "amy", origin=Origin("gate.yaml", 3)
)
STOP = replace(HALT, line_id="stop", text="Stop!", origin=Origin("gate.yaml", 9))
HALT_DE = replace(HALT, locale="de-DE", origin=Origin("de/gate.yaml", 3))
TODAY = date(2026, 6, 1)


def keyer(
    project: Project = PROJECT,
    recordings: Mapping[tuple[str, str], str] | None = None,
    lexicon: str = "",
) -> InputKeyer:
    return InputKeyer(project, lambda _u: lexicon, lambda _d: "", recordings or {})


def entry(utterance: Utterance, **changes: object) -> LockEntry:
    """An asset made from an utterance as it is, by some engine."""
    sound = f"{utterance.line_id} {utterance.locale}".encode()
    key = RenderKey({**keyer().parts(utterance), Part.ENGINE: digest("some")})
    made = LockEntry(
        line_id=utterance.line_id,
        locale=utterance.locale,
        character=utterance.character,
        key=object_key(sha256_hex(sound), ".ogg"),
        sha256=sha256_hex(sound),
        size=len(sound),
        duration_s=1.0,
        extension=".ogg",
        metadata_key="",
        metadata_sha256="",
        render_key=key.hex,
        input_digest=key.input_digest,
        voice=utterance.voice,
        publishable=True,
        parts=key.plain(),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def lock(*entries: LockEntry) -> VoiceLock:
    return VoiceLock("game", entries)


def _kinds(report: VerifyReport) -> list[tuple[Kind, Level]]:
    return [(p.kind, p.level) for p in report.problems]


def test_an_up_to_date_lock_can_be_shipped() -> None:
    report = verify(PROJECT, [HALT, STOP], lock(entry(HALT), entry(STOP)), keyer())
    assert report.is_shippable
    assert (report.required, report.proven, report.problems) == (2, 2, [])


def test_a_line_without_an_asset_is_missing_with_its_place() -> None:
    report = verify(PROJECT, [HALT, STOP], lock(entry(HALT)), keyer())
    assert not report.is_shippable
    assert _kinds(report) == [(Kind.MISSING, Level.ERROR)]
    assert report.problems[0].origin == Origin("gate.yaml", 9)
    assert (report.required, report.proven) == (2, 1)


def test_a_locale_that_is_not_required_only_warns() -> None:
    report = verify(PROJECT, [HALT, HALT_DE], lock(entry(HALT)), keyer())
    assert _kinds(report) == [(Kind.MISSING, Level.WARNING)]
    assert report.is_shippable


def test_a_required_locale_needs_every_line_translated_and_rendered() -> None:
    project = replace(PROJECT, required={"de-DE": True})
    report = verify(project, [HALT, STOP, HALT_DE], lock(entry(HALT), entry(STOP)), keyer())
    assert {(p.kind, p.line_id, p.locale) for p in report.errors} == {
        (Kind.MISSING, "halt", "de-DE"),
        (Kind.UNTRANSLATED, "stop", "de-DE"),
    }
    assert (report.required, report.proven) == (4, 2)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"text": "Halt now!"}, Part.TEXT),
        ({"voice": "bob"}, Part.VOICE),
        ({"seed": 2}, Part.SEED),
        ({"direction": Direction(delivery=Direction().delivery.SHOUT)}, Part.DIRECTION),
    ],
)
def test_a_stale_line_tells_which_input_changed(change: dict[str, object], part: Part) -> None:
    now = replace(HALT, **change)  # type: ignore[arg-type]
    report = verify(PROJECT, [now], lock(entry(HALT)), keyer())
    assert _kinds(report) == [(Kind.STALE, Level.ERROR)]
    assert report.problems[0].changed == (part,)
    assert part.value in report.problems[0].message


def test_a_new_lexicon_entry_or_recording_or_target_makes_stale() -> None:
    locked = lock(entry(HALT))
    louder = replace(PROJECT, mastering=MasteringTarget(loudness_lufs=-18))
    cases = {
        Part.LEXICON: keyer(lexicon="new"),
        Part.RECORDING: keyer(recordings={HALT.key: "ab" * 32}),
        Part.MASTERING: keyer(louder),
    }
    for part, one in cases.items():
        report = verify(PROJECT, [HALT], locked, one)
        assert part in report.problems[0].changed


def test_another_engine_makes_nothing_stale() -> None:
    """The game build has no engine; what machines run is the render's business."""
    other = entry(HALT, render_key="00" * 32, parts={**entry(HALT).parts, "engine": "f" * 16})
    assert verify(PROJECT, [HALT], lock(other), keyer()).is_shippable


def test_notes_and_moves_make_nothing_stale() -> None:
    moved = replace(HALT, notes="x", scene="wall", character="captain", origin=Origin("b", 1))
    assert verify(PROJECT, [moved], lock(entry(HALT)), keyer()).is_shippable


def test_a_frozen_line_may_differ_in_what_is_around_it_and_not_in_what_it_says() -> None:
    frozen = lock(entry(HALT, frozen=True))
    around = verify(PROJECT, [HALT], frozen, keyer(lexicon="new"))
    assert (around.is_shippable, around.frozen, around.proven) == (True, 1, 1)
    said = verify(PROJECT, [replace(HALT, text="Freeze!")], frozen, keyer())
    assert _kinds(said) == [(Kind.STALE, Level.ERROR)]


def test_a_frozen_line_without_parts_is_not_taken_on_trust() -> None:
    frozen = lock(entry(HALT, frozen=True, parts={}))
    assert verify(PROJECT, [HALT], frozen, keyer()).is_shippable
    assert not verify(PROJECT, [replace(HALT, text="Hey")], frozen, keyer()).is_shippable


def test_an_unpublishable_voice_is_refused_even_where_the_locale_is_optional() -> None:
    report = verify(PROJECT, [HALT_DE], lock(entry(HALT_DE, publishable=False)), keyer())
    assert _kinds(report) == [(Kind.UNPUBLISHABLE, Level.ERROR)]


def test_a_consent_that_ended_since_is_seen_offline() -> None:
    over = lock(entry(HALT, consent_expires="2026-05-31"))
    report = verify(PROJECT, [HALT], over, keyer(), today=TODAY)
    assert _kinds(report) == [(Kind.UNPUBLISHABLE, Level.ERROR)]
    assert "2026-05-31" in report.problems[0].message
    last = lock(entry(HALT, consent_expires="2026-06-01"))
    assert verify(PROJECT, [HALT], last, keyer(), today=TODAY).is_shippable


def test_an_orphan_in_the_lock_is_only_odd() -> None:
    report = verify(PROJECT, [HALT], lock(entry(HALT), entry(STOP)), keyer())
    assert _kinds(report) == [(Kind.ORPHANED, Level.WARNING)]
    assert report.is_shippable


def test_the_lock_of_another_game_is_refused() -> None:
    with pytest.raises(LockError, match="'other'"):
        verify(PROJECT, [HALT], VoiceLock("other", ()), keyer())


def _pulled(folder: Path, *utterances: Utterance) -> None:
    for one in utterances:
        path = folder / entry(one).path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{one.line_id} {one.locale}".encode())


def test_pulled_files_are_compared_byte_for_byte(tmp_path: Path) -> None:
    locked = lock(entry(HALT), entry(STOP))
    _pulled(tmp_path, HALT, STOP)
    report = verify(PROJECT, [HALT, STOP], locked, keyer(), tmp_path)
    assert (report.is_shippable, report.files) == (True, 2)
    (tmp_path / "en-US/halt.ogg").write_bytes(b"HALT en-US")
    (tmp_path / "en-US/stop.ogg").unlink()
    (tmp_path / "en-US/old.ogg").write_bytes(b"old")
    report = verify(PROJECT, [HALT, STOP], locked, keyer(), tmp_path)
    assert _kinds(report) == [
        (Kind.CORRUPT, Level.ERROR),
        (Kind.ABSENT, Level.ERROR),
        (Kind.ORPHANED, Level.WARNING),
    ]


@pytest.mark.skipif(os.name != "posix", reason="needs symbolic links")
def test_a_link_in_the_pulled_folder_is_not_the_file(tmp_path: Path) -> None:
    _pulled(tmp_path, HALT)
    (tmp_path / "en-US/halt.ogg").rename(tmp_path / "elsewhere.ogg")
    (tmp_path / "en-US/halt.ogg").symlink_to(tmp_path / "elsewhere.ogg")
    report = verify(PROJECT, [HALT], lock(entry(HALT)), keyer(), tmp_path)
    assert _kinds(report) == [(Kind.CORRUPT, Level.ERROR)]
