"""Which recogniser hears the text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from renderer.audio.waveform import Waveform
from renderer.bootstrap.stages import ear
from renderer.domain.transcript import SpokenWord, Transcript
from renderer.errors import JudgeError
from renderer.quality.audibility import Audibility
from renderer.quality.gate import GateInput, measure
from renderer.quality.limits import Limits


class Norms:
    """Says which recogniser it is asked about."""

    asked: list[Any]

    def __init__(self) -> None:
        self.asked = []

    def audibility(self, voice: str, locale: str, recogniser: Any) -> Audibility:
        self.asked.append(recogniser)
        return Audibility(1.0, 0.1)


@pytest.fixture
def take() -> GateInput:
    sound = Waveform.of(np.sin(np.arange(32_000) / 20) * 0.2, 16_000)
    words = tuple(SpokenWord(w, "haltu", i) for i, w in enumerate(("wer", "da")))
    transcript = Transcript("de-DE", ("wer", "da"), words)
    return GateInput(sound, sound, sound, transcript, voice="hearth#vera", locale="de-DE")


def test_a_model_that_is_named_hears_every_language_and_is_measured_on_each_voice(
    take: GateInput, tmp_path: Path
) -> None:
    norms = Norms()
    scores = ear(norms, tmp_path).hear(take, measure(take), Limits(most_missing_phones=3))  # type: ignore[arg-type]
    assert [one.revision for one in norms.asked] == [f"faster-whisper-{tmp_path.name}-1"]
    failed = scores["heard_coverage"]
    assert isinstance(failed, JudgeError)
    assert "holds no Whisper model: no model.bin and no tokenizer.json" in str(failed)


def test_without_one_only_english_is_heard(take: GateInput) -> None:
    norms = Norms()
    scores = ear(norms, None).hear(take, measure(take), Limits(most_missing_phones=3))  # type: ignore[arg-type]
    assert "hears the language en alone, not de-DE" in str(scores["heard_coverage"])
    assert norms.asked == []
