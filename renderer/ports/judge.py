"""Learned metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from renderer.audio.waveform import Waveform
from renderer.domain.direction import Emotion
from renderer.domain.transcript import Transcript
from renderer.errors import JudgeError
from renderer.quality.heard import Heard
from renderer.quality.phone_path import PhoneScores


class Judge(Protocol):
    """A learned metric."""

    @property
    def revision(self) -> str:
        """Name and version of the model."""
        ...

    def score(self, waveforms: Sequence[Waveform]) -> list[Mapping[str, float] | JudgeError]:
        """Score a batch; a metric that failed is an error in its place, never a neutral score."""
        ...


class SpeakerEncoder(Protocol):
    """Says how alike two voices sound."""

    @property
    def revision(self) -> str:
        """Name and version of the model."""
        ...

    def embed(self, waveforms: Sequence[Waveform]) -> list[npt.NDArray[np.float32] | JudgeError]:
        """Return a unit vector, float32 (D,), per clip; the cosine of two is their likeness.

        Raises:
            JudgeError: The model is not installed or is another one.
        """
        ...


@dataclass(frozen=True, slots=True)
class HeardWord:
    """One word of a text, held against a sound.

    Attributes:
        start_s: Seconds from the start of the sound.
        end_s: Seconds from the start of the sound.
        score: How well it fits, 0 to 1; the geometric mean over seconds.
        is_found: Whether the word can be heard there.
    """

    start_s: float
    end_s: float
    score: float
    is_found: bool


@dataclass(frozen=True, slots=True)
class WordAlignment:
    """A text held against a sound.

    Attributes:
        score: How well all of it fits, 0 to 1; the geometric mean over seconds.
        words: One per word of the text, in order.
    """

    score: float
    words: tuple[HeardWord, ...]

    @property
    def coverage(self) -> float:
        """Share of the words that were found."""
        return sum(word.is_found for word in self.words) / max(1, len(self.words))


class Recogniser(Protocol):
    """Says whether a text was said, and which phones are heard without one."""

    @property
    def revision(self) -> str:
        """Name and version of the model."""
        ...

    @property
    def languages(self) -> frozenset[str] | None:
        """Languages it hears, as ISO 639 codes; None: whatever it is told."""
        ...

    def align(self, waveform: Waveform, transcript: Transcript) -> WordAlignment:
        """Hold a text against a sound.

        Raises:
            JudgeError: The text does not fit, or there is nothing to hear.
        """
        ...

    def hear(self, waveform: Waveform, transcript: Transcript) -> Heard:
        """Say which words of a text are heard, in the order of time, and what else is.

        Raises:
            UnhearableError: It works, but can say nothing about this sound or text.
            JudgeError: There is nothing to hear, or the recogniser failed.
        """
        ...

    def classes(self, waveform: Waveform) -> str:
        """Return the phones that are heard, one letter per phone class.

        Raises:
            JudgeError: There is nothing to hear, or the recogniser failed.
        """
        ...


class PhoneReader(Protocol):
    """Says how likely each sound is in each frame of a line."""

    @property
    def revision(self) -> str:
        """Name and version of the model."""
        ...

    def read(self, waveform: Waveform, transcript: Transcript) -> PhoneScores:
        """Listen to a line.

        Raises:
            UnhearableError: It works, but can say nothing about this sound or text.
            JudgeError: There is nothing to hear, or the model is missing or broken.
        """
        ...


@dataclass(frozen=True, slots=True)
class EmotionHeard:
    """What a clip sounds like.

    Attributes:
        probabilities: Emotion to 0–1, adding up to 1.
        has_baseline: Whether it was held against its speaker's neutral voice; without, less is
            sure.
    """

    probabilities: Mapping[Emotion, float]
    has_baseline: bool

    @property
    def top(self) -> Emotion:
        """The most likely one; of equals the first."""
        return max(self.probabilities, key=lambda emotion: self.probabilities[emotion])


class EmotionRecogniser(Protocol):
    """Says which emotion a clip sounds like."""

    @property
    def revision(self) -> str:
        """Name and version of the model."""
        ...

    def baseline(self, neutral: Sequence[Waveform]) -> npt.NDArray[np.float64]:
        """Return a speaker's baseline from neutral clips of theirs.

        Raises:
            JudgeError: None of them can be measured.
        """
        ...

    def hear(
        self,
        waveforms: Sequence[Waveform],
        baselines: Sequence[npt.NDArray[np.float64] | None],
    ) -> list[EmotionHeard | JudgeError]:
        """Hear a batch; what is silent, short or voiceless is an error in its place."""
        ...


class Comparison(Enum):
    """What a sound may be held against its reference for: both must be the same performance.

    A synthesised line has no reference: another reading of the same words is none.
    """

    CODEC = "codec against its master"
    COPY_SYNTHESIS = "copy synthesis of a vocoder against its recording"
    RUNTIME = "one runtime against another"


class ReferenceJudge(Protocol):
    """Says how much of a sound is left, held against the sound it was made from."""

    @property
    def revision(self) -> str:
        """Names and versions of the metrics."""
        ...

    def compare(
        self, purpose: Comparison, reference: Waveform, sound: Waveform
    ) -> Mapping[str, float]:
        """Hold a sound against its reference.

        Raises:
            JudgeError: They are not the same performance, rate or length, there is too little to
                hear, or a metric failed.
        """
        ...
