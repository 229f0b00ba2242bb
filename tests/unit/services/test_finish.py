"""What is measured of the raw take is shown where it is heard: in the delivered file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from renderer.audio.waveform import Waveform
from renderer.ports import Speech, SpeechRequest


def test_a_click_is_placed_in_the_file_whatever_silence_the_engine_put_before_it(
    studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    say = studio.voice._say

    def clicking(request: SpeechRequest) -> Any:
        said = say(request)
        rate, samples = said.waveform.sample_rate, said.waveform.samples.copy()
        samples[samples.size // 2] += 0.9 if samples[samples.size // 2] < 0 else -0.9
        lead = np.zeros(rate if "late" in request.transcript.written else 0, np.float32)
        return Speech(Waveform.of(np.concatenate([lead, samples]), rate), said.phones)

    monkeypatch.setattr(studio.voice, "_say", clicking)
    pks = studio.ask("good day", "late day", max_attempts=1)
    studio.render.batch(pks)
    places = [studio.take(pk).result.metrics["places"]["click_db"] for pk in pks]
    assert places[0] == pytest.approx(0.5, abs=0.15)
    assert places[1] == pytest.approx(places[0], abs=0.02)
