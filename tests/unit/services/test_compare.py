"""What makes a line stale, and what does not."""

from __future__ import annotations

import pytest

from renderer.domain.render_key import OWN_PARTS, Part, RenderKey
from renderer.domain.take import TakeStatus
from renderer.services.compare import Change, Known, compare, standing

PARTS = {part: f"{i:016x}" for i, part in enumerate(Part) if part is not Part.RECORDING}
KEY = RenderKey(PARTS)


def changed(part: Part) -> RenderKey:
    return RenderKey({**PARTS, part: "f" * 16})


def known(status: TakeStatus = TakeStatus.APPROVED, *, frozen: bool = False) -> Known:
    return Known(KEY.hex, KEY.plain(), status, frozen)


@pytest.mark.parametrize(
    ("status", "change", "is_work"),
    [
        (TakeStatus.PENDING, Change.PENDING, True),
        (TakeStatus.LEASED, Change.PENDING, True),
        (TakeStatus.APPROVED, Change.CACHED, False),
        (TakeStatus.REJECTED, Change.REJECTED, False),
        (TakeStatus.FAILED, Change.FAILED, True),
        (TakeStatus.QUARANTINED, Change.QUARANTINED, False),
    ],
)
def test_an_unchanged_line_stands_where_its_take_stands(
    status: TakeStatus, change: Change, is_work: bool
) -> None:
    assert compare(KEY, known(status), status).change is change
    assert standing(known(status)).change is change
    assert change.is_work is is_work


@pytest.mark.parametrize("part", list(Part))
def test_each_input_is_named_when_it_changes(part: Part) -> None:
    outcome = compare(changed(part), known(), None)
    assert (outcome.change, outcome.because) == (Change.CHANGED, (part,))


def test_an_input_that_goes_away_is_named_too() -> None:
    without = RenderKey({p: d for p, d in PARTS.items() if p is not Part.LEXICON})
    assert compare(without, known(), None).because == (Part.LEXICON,)


def test_a_new_line() -> None:
    assert compare(KEY, None, None).change is Change.NEW
    assert compare(KEY, None, TakeStatus.APPROVED).change is Change.CACHED
    assert compare(KEY, None, TakeStatus.REJECTED).change is Change.REJECTED


def test_a_change_back_to_an_older_take_is_no_work() -> None:
    outcome = compare(changed(Part.TEXT), known(), TakeStatus.APPROVED)
    assert outcome.change is Change.CACHED
    assert outcome.because == (Part.TEXT,)


@pytest.mark.parametrize("part", list(Part))
def test_a_freeze_holds_against_everything_but_the_line_itself(part: Part) -> None:
    outcome = compare(changed(part), known(frozen=True), None)
    assert outcome.because == (part,)
    if part in OWN_PARTS:
        assert (outcome.change, outcome.lapses) == (Change.CHANGED, True)
    else:
        assert (outcome.change, outcome.lapses) == (Change.FROZEN, False)


def test_a_frozen_line_stands_frozen() -> None:
    assert standing(known(frozen=True)).change is Change.FROZEN
    assert not Change.FROZEN.is_work
