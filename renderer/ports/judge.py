"""Learned metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from renderer.audio.waveform import Waveform
from renderer.errors import JudgeError


class Judge(Protocol):
    """A learned metric."""

    @property
    def revision(self) -> str:
        """Name and version of the model."""
        ...

    def score(self, waveforms: Sequence[Waveform]) -> list[Mapping[str, float] | JudgeError]:
        """Score a batch; a metric that failed is an error in its place, never a neutral score."""
        ...
