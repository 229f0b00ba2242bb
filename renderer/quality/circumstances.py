"""What was asked of a line: what its metrics are to be read by."""

from __future__ import annotations

from dataclasses import dataclass


class NotMeasuredError(Exception):
    """A check needs what was not, or could not be, measured."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What was asked of the line; what its metrics are to be read by.

    Attributes:
        engine: The voice's engine (`formant`, `piper`), or `recording`.
        voice: Voice reference (`name` or `name#speaker`).
        locale: BCP 47 tag.
        delivery: `normal`, `whisper` or `shout`.
        word_count: Spoken words.
        rate: Speaking rate asked of engine and direction together, emotion included, ×.
        ceiling_dbtp: True-peak ceiling of the master.
        longest_pause_s: Longest pause a writer asked for inside the line.
        has_inner_punctuation: Whether a mark before the last word may pause.
        expected_lufs: Loudness the line should have, or None when nobody can say.
        emotion: Asked for, or "" when not known.
        intensity: 0–1, or None when not known.
        phone_count: Phonemes of the transcript; None where they were counted with their marks of
            stress and length, as earlier versions did.
    """

    engine: str
    voice: str
    locale: str
    delivery: str
    word_count: int
    rate: float
    ceiling_dbtp: float
    longest_pause_s: float
    has_inner_punctuation: bool
    expected_lufs: float | None
    emotion: str = ""
    intensity: float | None = None
    phone_count: int | None = None

    def phones(self) -> int:
        """Return how many phonemes the line has.

        Raises:
            NotMeasuredError: Nobody counted them without their marks.
        """
        if self.phone_count is None:
            raise NotMeasuredError("Its phonemes were counted otherwise: render it again.")
        return self.phone_count
