"""Phonemes of a recording are spread over its sound; marks take no time of it."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.audio.waveform import Waveform
from renderer.domain.transcript import SpokenWord, Transcript
from renderer.services.estimate import spread

RATE = 16_000


def test_a_stress_mark_has_no_time_of_its_own() -> None:
    sound = Waveform.of(np.sin(np.arange(RATE) * 0.1) * 0.2, RATE)
    line = Transcript("en-US", ("water",), (SpokenWord("water", "wˈɔːtɚ", 0),))
    spans = spread(line, sound)
    assert [span.phoneme for span in spans] == ["w", "ɔ", "t", "ɚ"]
    assert spans[-1].end_s == pytest.approx(1.0, abs=0.02)
