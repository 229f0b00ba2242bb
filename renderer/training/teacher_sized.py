"""A teacher of another size: more voices out of one, without a seam.

Sound that is played faster by a factor sounds like a smaller head with a higher voice: nothing is
resynthesised, nothing is lost but bandwidth. The teacher is asked to speak slower by the same
factor before, so that the tempo stays its own.

References:
    Fant (1960), Acoustic Theory of Speech Production: formants scale with the vocal tract.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from renderer.audio.waveform import Waveform
from renderer.direction.psola import resynthesise
from renderer.domain.transcript import PhoneSpan
from renderer.errors import AudioError, BarklineError, TrainingError
from renderer.training.corpus import Speaker
from renderer.training.teacher import Lesson, Teacher

_SMALLEST = 0.5
MakeTeacher = Callable[[Speaker, float], Teacher]


class SizedTeacher:
    """A teacher whose sound is played faster or slower at its own tempo.

    Args:
        make: Makes the teacher for (its speaker, a speaking rate).
        speaker: How the corpus is to call the new voice.
        factor: Pitch and formants, ×.
        pitch_st: A shift of F0 alone on top, semitones, by overlap-add.

    Raises:
        TrainingError: The factor is not between 0.5 and 2.
    """

    def __init__(
        self, make: MakeTeacher, speaker: Speaker, factor: float, pitch_st: float = 0.0
    ) -> None:
        if not _SMALLEST <= factor <= 1 / _SMALLEST:
            raise TrainingError(f"A size of {factor:g} is no voice: choose {_SMALLEST:g} to 2.")
        self._teacher = make(speaker, 1 / factor)
        self._factor, self._pitch_st = factor, pitch_st

    @property
    def speaker(self) -> Speaker:
        """Whose voice it is."""
        return self._teacher.speaker

    @property
    def language(self) -> str:
        """The language it speaks."""
        return self._teacher.language

    def teach(self, texts: Sequence[str]) -> list[Lesson | BarklineError]:
        """Say texts."""
        return [
            self._sized(said) if isinstance(said, Lesson) else said
            for said in self._teacher.teach(texts)
        ]

    def _sized(self, said: Lesson) -> Lesson | BarklineError:
        sound = said.waveform
        made = Waveform(sound.samples, round(sound.sample_rate * self._factor))
        factor = made.sample_rate / sound.sample_rate
        phones = tuple(
            PhoneSpan(p.phoneme, p.start_s / factor, p.end_s / factor, p.word) for p in said.phones
        )
        if self._pitch_st:
            ends = np.array([0.0, made.duration_s])
            try:
                made = resynthesise(made, lambda _times, tones: tones + self._pitch_st, ends, ends)
            except AudioError as error:
                return error  # one bad text never fails the others
        return replace(said, waveform=made, phones=phones)
