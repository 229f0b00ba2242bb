"""What the QA pages are told: the take in force, the approved one before it, and why it waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from renderer.ports import LineWrite
from renderer.services.reading import PIECE, ProjectReader, audio_path
from renderer.services.scope import Scope


def save(studio: Any, line_id: str, pk: int, **more: Any) -> Any:
    take = studio.take(pk)
    said = replace(take.request.utterance, line_id=line_id, **more)
    with studio.unit() as unit:
        old = unit.lines.find([said.key]).get(said.key)
        key = take.render_key
        write = LineWrite(old.pk if old else None, said, key.hex, key.input_digest, pk)
        unit.lines.save([write], unit.lines.next_generation())
        unit.commit()
    studio.clock.pass_(1)
    return said


class Voices:
    def __init__(self, cards: dict[str, Any]) -> None:
        self._cards = cards

    def cards(self) -> dict[str, Any]:
        return self._cards


def read(studio: Any, scope: Scope | None = None, stale: Any = (), cards: Any = None) -> list[Any]:
    known = {"fake": studio.voice.card} if cards is None else cards
    reader = ProjectReader(Voices(known), str.title, date(2026, 1, 1))  # type: ignore[arg-type]
    with studio.unit() as unit:
        return list(reader.read(unit, scope or Scope(), stale))


def test_a_rejected_take_stands_beside_the_approved_one_before_it(studio: Any) -> None:
    good, bad = studio.ask("good day", "long line")
    studio.render.batch([good, bad])
    save(studio, "halt", good)
    save(studio, "halt", bad)

    [line] = read(studio)

    assert line.character_name == "Guard"
    assert line.take.status == "rejected"
    assert [f.check for f in line.take.findings if f.outcome.value == "fail"] == ["duration"]
    assert len(line.take.tried) == len(line.take.tried_audio) == 3
    assert line.take.audio.startswith("audio/")
    assert line.previous.status == "approved"
    assert line.previous.text == "good day"
    assert line.previous.audio != line.take.audio


def test_a_take_that_is_not_finished_or_failed_has_no_sound(studio: Any) -> None:
    pending, failed = studio.ask("good day", "mute line")
    studio.render.batch([failed])
    save(studio, "a", pending)
    save(studio, "b", failed)

    first, second = read(studio)

    assert (first.take.status, first.take.audio) == ("pending", "")
    assert (second.take.status, second.take.audio) == ("failed", "")
    assert "refuses this line" in second.take.error


def test_scope_stale_translations_and_licences(studio: Any) -> None:
    [pk] = studio.ask("good day")
    studio.render.batch([pk])
    save(studio, "a", pk)
    said = save(studio, "b", pk)

    assert [line.utterance.line_id for line in read(studio, Scope(lines=("b",)))] == ["b"]
    assert [line.is_stale_translation for line in read(studio, stale={said.key})] == [False, True]
    assert {line.unpublishable for line in read(studio)} == {""}
    assert {line.unpublishable for line in read(studio, cards={})} == {"its voice is not installed"}
    card = replace(studio.voice.card, may_publish=False)
    assert "may not be published" in read(studio, cards={"fake": card})[0].unpublishable


def test_more_lines_than_a_piece_come_once_each(studio: Any) -> None:
    [pk] = studio.ask("good day")
    take = studio.take(pk)
    said = take.request.utterance
    key = take.render_key
    lines = [
        LineWrite(None, replace(said, line_id=f"l{i:04}"), key.hex, key.input_digest, pk)
        for i in range(PIECE + 3)
    ]
    with studio.unit() as unit:
        unit.lines.save(lines, 1)
        unit.commit()
    assert len({line.utterance.line_id for line in read(studio)}) == PIECE + 3


def test_equal_sounds_have_one_path() -> None:
    assert audio_path("objects/ab/abcd.ogg") == "audio/abcd.ogg"
    assert audio_path("") == ""
