"""What may enter the lock, and what is said of the rest."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from renderer.domain.render_key import Part, RenderKey, digest
from renderer.domain.voice_lock import load
from renderer.ports import LineWrite, TakeWrite
from renderer.services.publish import LOST, Publish

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


def test_the_metadata_of_an_adopted_result_is_made_for_the_line_that_asks(
    studio: Any, lines: list[int]
) -> None:
    """What a store or a lock told of a take may have been made for another line of that sound."""
    made = studio.take(lines[0])
    for known in (made.result, replace(made.result, metadata_line=None)):
        said = replace(made.request.utterance, line_id=f"new_{known.metadata_line is None}")
        request = replace(made.request, utterance=said)
        key = RenderKey({**made.render_key.parts, Part.SEED: digest(said.line_id)})
        with studio.unit() as unit:
            pk = unit.takes.add([TakeWrite(key, request, 4, known)])[key.hex]
            unit.lines.save([LineWrite(None, said, key.hex, key.input_digest, pk)], 2)
            unit.commit()

    for entry in load(publish(studio).text).entries:
        document = json.loads(studio.store.get(entry.metadata_key))
        assert document["line"]["line_id"] == entry.line_id


def test_publishing_what_was_rendered_for_a_line_reads_no_document(
    studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    [pk] = studio.ask("good day")
    studio.render.batch([pk])
    take = studio.take(pk)
    with studio.unit() as unit:
        key = take.render_key
        write = LineWrite(None, take.request.utterance, key.hex, key.input_digest, pk)
        unit.lines.save([write], 1)
        unit.commit()
    monkeypatch.setattr(studio.store, "get", lambda key: pytest.fail(f"read {key}"))

    assert publish(studio).entries == 1


def test_a_metadata_document_that_is_damaged_keeps_its_line_out(
    studio: Any, lines: list[int]
) -> None:
    result = studio.take(lines[0]).result
    path = studio.store.root / result.metadata_key
    path.chmod(0o644)
    path.write_bytes(b"{}")

    report = publish(studio)

    assert report.entries == 0
    assert {left.why for left in report.left_out if left.line_id in "ab"} == {LOST[0]}
