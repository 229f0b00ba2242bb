"""Which promotion stands, and whether a character is still the one that was compared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from renderer.domain.direction import Direction, Emotion
from renderer.domain.events import CharacterRecast, standing_recast
from renderer.domain.project import Character

KARA = Character("kara", "Kara", "hearth#vera", {"de-DE": "hearth#nuria"})


def given(now: str) -> CharacterRecast:
    return CharacterRecast("kara", ("was",), (now,), "ada")


def taken_back(now: str) -> CharacterRecast:
    return replace(given(now), is_rollback=True)


@pytest.mark.parametrize(
    ("past", "stands"),
    [
        ([], None),
        ([given("a")], "a"),
        ([given("a"), given("b")], "b"),
        ([given("a"), given("b"), taken_back("b")], "a"),
        ([given("a"), taken_back("a")], None),
        ([given("a"), taken_back("a"), taken_back("a"), given("c")], "c"),
    ],
)
def test_the_last_promotion_that_was_not_taken_back_stands(
    past: list[CharacterRecast], stands: str | None
) -> None:
    found = standing_recast(past)
    assert (found.now[0] if found else None) == stands


@pytest.mark.parametrize(
    "changed",
    [
        replace(KARA, id="kari"),
        replace(KARA, name="Kari"),
        replace(KARA, voice="hearth#sable"),
        replace(KARA, voices={}),
        replace(KARA, direction=Direction(Emotion.SAD)),
        replace(KARA, notes="older"),
    ],
)
def test_a_fingerprint_changes_with_every_field(changed: Character) -> None:
    assert changed.fingerprint != KARA.fingerprint
    assert replace(KARA, voices=dict(KARA.voices)).fingerprint == KARA.fingerprint
