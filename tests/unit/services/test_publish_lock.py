"""What may enter the lock, and what is said of the rest."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from renderer.domain.render_key import RenderKey
from renderer.domain.voice_lock import load
from renderer.ports import LineWrite
from renderer.services.publish import Publish

TODAY = date(2026, 1, 1)


@pytest.fixture
def lines(studio: Any) -> list[int]:
    """Three lines: two approved ones that share a take, and a rejected one."""
    good, bad = studio.ask("good day", "long line")
    studio.render.batch([good, bad])
    with studio.unit() as unit:
        takes = {t.id: t for t in unit.takes.get([good, bad])}
        writes = []
        for line_id, pk in (("b", good), ("a", good), ("c", bad)):
            said = replace(takes[pk].request.utterance, line_id=line_id)
            key: RenderKey = takes[pk].render_key
            writes.append(LineWrite(None, said, key.hex, key.input_digest, pk))
        unit.lines.save(writes, 1)
        unit.commit()
    return [good, bad]


class Voices:
    """The one voice, with another card."""

    def __init__(self, card: Any) -> None:
        self._card = card

    def card(self, _name: str) -> Any:
        return self._card


def publish(studio: Any, required: dict[str, bool] | None = None, **card: Any) -> Any:
    changed = replace(studio.voice.card, **card)
    with studio.unit() as unit:
        publisher = Publish(studio.store, Voices(changed), TODAY)  # type: ignore[arg-type]
        return publisher.run(unit, "tiny", required or {})


def test_the_lock_is_sorted_and_leaves_out_what_is_not_approved(
    studio: Any, lines: list[int]
) -> None:
    report = publish(studio)

    lock = load(report.text)
    assert [e.line_id for e in lock.entries] == ["a", "b"]
    assert report.entries == 2
    assert [(left.line_id, left.why) for left in report.left_out] == [
        ("c", "its take is rejected, not approved")
    ]
    assert not report.is_complete
    assert publish(studio, {"en-US": False}).is_complete
    assert publish(studio).text == report.text


def test_lines_that_share_a_take_have_their_own_metadata(studio: Any, lines: list[int]) -> None:
    one, other = load(publish(studio).text).entries
    assert one.key == other.key
    assert one.metadata_key != other.metadata_key
    for entry in (one, other):
        assert json.loads(studio.store.get(entry.metadata_key))["line"]["line_id"] == entry.line_id


@pytest.mark.parametrize(
    ("card", "why"),
    [
        ({"licence": ""}, "no known licence"),
        ({"may_publish": False}, "may not be published"),
        ({"consent_expires": date(2025, 12, 31)}, "expired on 2025-12-31"),
    ],
)
def test_a_voice_that_may_not_be_shipped_stays_out(
    studio: Any, lines: list[int], card: dict[str, Any], why: str
) -> None:
    report = publish(studio, **card)
    assert report.entries == 0
    assert why in report.left_out[0].why


def test_the_end_of_a_consent_is_written_down(studio: Any, lines: list[int]) -> None:
    entries = load(publish(studio, consent_expires=date(2026, 1, 1)).text).entries
    assert {e.consent_expires for e in entries} == {"2026-01-01"}


def test_a_sound_that_is_gone_stays_out(studio: Any, lines: list[int]) -> None:
    take = studio.take(lines[0])
    (studio.store.root / take.result.delivery.key).unlink()
    report = publish(studio)
    assert report.entries == 0
    assert "missing from the store" in report.left_out[0].why
