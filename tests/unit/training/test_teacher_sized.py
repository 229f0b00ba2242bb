from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from renderer.audio.waveform import Waveform
from renderer.domain.transcript import PhoneSpan, SpokenWord, Transcript
from renderer.errors import BarklineError, SynthesisError, TrainingError
from renderer.training.corpus import Speaker
from renderer.training.teacher import Lesson
from renderer.training.teacher_festival import warped
from renderer.training.teacher_sized import SizedTeacher

OGRE = Speaker("ogre", "CC0-1.0", True)
RATE = 16_000


class Hum:
    """Hums at 200 Hz for a second at rate 1, and cannot say `x`."""

    language = "en"

    def __init__(self, speaker: Speaker, rate: float) -> None:
        self.speaker, self.rate = speaker, rate

    def teach(self, texts: Sequence[str]) -> list[Lesson | BarklineError]:
        return [SynthesisError("no x") if text == "x" else self.hum() for text in texts]

    def hum(self) -> Lesson:
        seconds = 1.0 / self.rate
        tone = 0.1 * np.sin(2 * np.pi * 200 * np.arange(round(seconds * RATE)) / RATE)
        line = Transcript("en-US", ("a",), (SpokenWord("a", "a", 0),))
        return Lesson(Waveform.of(tone, RATE), line, (PhoneSpan("a", 0.0, seconds, 0),))


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_pitch_and_formants_move_and_tempo_stays(factor: float) -> None:
    teacher = SizedTeacher(Hum, OGRE, factor)
    [said, wrong] = teacher.teach(["a", "x"])
    assert isinstance(wrong, SynthesisError)
    assert isinstance(said, Lesson)
    assert (teacher.speaker, teacher.language) == (OGRE, "en")
    assert said.waveform.duration_s == pytest.approx(1.0, rel=0.01)
    assert said.phones[0].end_s == pytest.approx(said.waveform.duration_s, abs=0.001)
    spectrum = np.abs(np.fft.rfft(said.waveform.samples))
    peak_hz = np.argmax(spectrum) / said.waveform.duration_s
    assert peak_hz == pytest.approx(200 * factor, rel=0.02)


def test_a_shift_of_pitch_comes_on_top() -> None:
    from renderer.audio.pitch import track_f0

    [said] = SizedTeacher(Hum, OGRE, 0.8, pitch_st=-3.0).teach(["a"])
    assert isinstance(said, Lesson)
    f0, voiced = track_f0(said.waveform)
    assert np.median(f0[voiced]) == pytest.approx(160 * 2 ** (-3 / 12), rel=0.02)


def test_another_warping_is_written_into_the_head_of_an_hts_voice(tmp_path: Path) -> None:
    model = tmp_path / "a.htsvoice"
    model.write_bytes(b"[STREAM]\nALPHA=0.53\nGAMMA=0\n\x00\xff")
    assert warped(model, 0.4) == b"[STREAM]\nALPHA=0.40\nGAMMA=0\n\x00\xff"
    model.write_bytes(b"RIFF")
    with pytest.raises(TrainingError, match="no HTS voice"):
        warped(model, 0.4)
    with pytest.raises(TrainingError, match="cannot be read"):
        warped(tmp_path / "none", 0.4)
