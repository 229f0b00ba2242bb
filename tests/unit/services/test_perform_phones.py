"""Phones on the walk: to an engine with intonation, to the signal stage, or refused by name."""

from __future__ import annotations

from typing import Any

from renderer.direction.intonation import PhoneIntonation
from renderer.domain.direction import Direction, PhoneEdit, WordEdit
from renderer.domain.render_key import Part, RenderKey, digest
from renderer.domain.request import RenderRequest
from renderer.domain.take import Take, TakeStatus
from renderer.domain.utterance import Utterance
from renderer.ports import TakeWrite


def _render(studio: Any, *phones: PhoneEdit) -> tuple[Take, Take]:
    """Render a line with edited phones (words are spoken t ɛ s t) and a plain one, in one batch."""
    writes = []
    for text, edit in (("go now", WordEdit("now", phones=phones)), ("go on", WordEdit("on"))):
        said = Utterance(
            *("go", "en-US", "guard", "gate", text, text, "fake"), Direction(words=(edit,))
        )
        key = RenderKey({Part.TEXT: digest(text), Part.VOICE: digest("fake")})
        writes.append(TakeWrite(key, RenderRequest(said), 6))
    with studio.unit() as unit:
        pks = list(unit.takes.add(writes).values())
        unit.commit()
    studio.render.batch(pks)
    with studio.unit() as unit:
        edited, plain = unit.takes.get(pks)
    return edited, plain


def test_an_engine_with_prosody_inputs_takes_the_phones(studio: Any) -> None:
    studio.voice.has_intonation = True
    edited, plain = _render(studio, PhoneEdit("ɛ", rate=0.5, pitch_st=3.0), PhoneEdit("t", 2, 2.0))
    asked = {r.transcript.written: r.intonation.phones for r in studio.voice.requests}
    assert asked["go", "now"] == (
        PhoneIntonation(1, 1, 2.0, 3.0),
        PhoneIntonation(1, 3, 0.5),
    )
    assert asked["go", "on"] == ()
    assert edited.status is plain.status is TakeStatus.APPROVED


def test_a_phone_that_is_not_there_fails_its_line_alone_and_says_so(studio: Any) -> None:
    edited, plain = _render(studio, PhoneEdit("æ", rate=0.5))
    assert edited.status is TakeStatus.FAILED
    assert "'now' is spoken t ɛ s t: there is no 'æ' in it" in edited.result.error
    assert plain.status is TakeStatus.APPROVED
    assert ("go", "now") not in [r.transcript.written for r in studio.voice.requests]


def test_a_voice_that_does_not_say_where_the_phone_is_is_refused(studio: Any) -> None:
    edited, plain = _render(studio, PhoneEdit("ɛ", rate=0.5))
    assert edited.status is TakeStatus.FAILED
    assert "Nothing was said for word 1" in edited.result.error
    assert plain.status is TakeStatus.APPROVED
