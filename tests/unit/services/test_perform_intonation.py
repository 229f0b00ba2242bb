"""An engine with prosody inputs is asked for the melody, and the signal stage is not."""

from __future__ import annotations

from typing import Any

import pytest

from renderer.direction.intonation import PLAIN
from renderer.domain.direction import Direction, Prosody, WordEdit
from renderer.domain.render_key import Part, RenderKey, digest
from renderer.domain.request import RenderRequest
from renderer.domain.utterance import Utterance
from renderer.ports import TakeWrite
from renderer.services import perform

DIRECTION = Direction(
    prosody=Prosody(pitch_st=3.0, rate=1.25, energy_db=2.0),
    words=(WordEdit("now", prosody=Prosody(rate=0.8, pause_before_s=0.2)),),
)


def _render(studio: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """Render one directed line; return what the engine and what the stage were asked."""
    left = []
    direct = perform.direct

    def spied(waveform: Any, phones: Any, controls: Any) -> Any:
        left.append(controls)
        return direct(waveform, phones, controls)

    monkeypatch.setattr(perform, "direct", spied)
    said = Utterance(
        "go_now", "en-US", "guard", "gate", "go now", "go now", "fake", direction=DIRECTION
    )
    key = RenderKey({Part.TEXT: digest("go now"), Part.VOICE: digest("fake")})
    with studio.unit() as unit:
        [pk] = unit.takes.add([TakeWrite(key, RenderRequest(said), 6)]).values()
        unit.commit()
    studio.render.batch([pk])
    return studio.voice.requests[0], left[0]


def test_an_engine_without_prosody_inputs_is_asked_for_the_rate_alone(
    studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, left = _render(studio, monkeypatch)
    assert (request.rate, request.intonation) == (1.25, PLAIN)
    assert (left.pitch_st, left.energy_db, left.words[1].rate) == (3.0, 2.0, 0.8)


def test_an_engine_with_prosody_inputs_takes_melody_and_timing(
    studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.voice.has_intonation = True
    request, left = _render(studio, monkeypatch)
    assert (request.rate, request.intonation.pitch_st) == (1.25, 3.0)
    assert request.intonation.words[1].rate == 0.8
    assert (left.pitch_st, left.energy_db) == (0.0, 2.0)
    assert (left.words[1].rate, left.words[1].pause_before_s) == (1.0, 0.2)
