"""Written text to phonemes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from renderer.domain.transcript import Transcript
from renderer.domain.utterance import Utterance
from renderer.errors import TextError


class Transcriber(Protocol):
    """Written text to phonemes."""

    @property
    def revision(self) -> str:
        """Changes when the same text may give other phonemes (rules, espeak version)."""
        ...

    def transcribe(self, utterances: Sequence[Utterance]) -> list[Transcript | TextError]:
        """Transcribe a batch; one bad line is an error in its place, never an exception."""
        ...
