"""What the acoustic model is given: clips side by side, and the names behind their numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Self

import torch
from torch import Tensor

from renderer.training.corpus import TRAIN, VALID, Corpus


@dataclass(frozen=True, slots=True)
class AcousticBatch:
    """Clips side by side: B rows, N phones, T frames, M mels; 0 in the padding.

    Attributes:
        phones: (B, N) int64, numbers in the inventory.
        stresses: (B, N) int64.
        word_starts: (B, N) int64, 1 at the first phone of a word.
        lengths: (B,) int64, phones of each row.
        language: (B,) int64.
        emotion: (B,) int64.
        speaker: (B,) int64, rows of the speaker table.
        durations: (B, N) int64, frames.
        pitch: (B, N), semitones re 100 Hz.
        energy: (B, N), dB.
        trusted: (B, N), 1 where a phone's sound may be learnt.
        mel: (B, M, T).
        tone: (B, T), F0 in semitones re 100 Hz, 0 where unvoiced.
        voiced: (B, T), 0 or 1.
    """

    phones: Tensor
    stresses: Tensor
    word_starts: Tensor
    lengths: Tensor
    language: Tensor
    emotion: Tensor
    speaker: Tensor
    durations: Tensor
    pitch: Tensor
    energy: Tensor
    trusted: Tensor
    mel: Tensor
    tone: Tensor
    voiced: Tensor

    def to(self, device: torch.device) -> Self:
        """Return the batch on a device."""
        moved = {f.name: getattr(self, f.name).to(device) for f in fields(self)}
        return type(self)(**moved)


@dataclass(frozen=True, slots=True)
class Cast:
    """The names behind a batch's numbers.

    Attributes:
        speakers: In the order of the speaker table.
        languages: In the order of the model's embeddings.
        emotions: Likewise; where there is but one, every clip counts as that.
    """

    speakers: tuple[str, ...]
    languages: tuple[str, ...]
    emotions: tuple[str, ...] = ("neutral",)

    @classmethod
    def of(cls, corpora: Iterable[Corpus], *, with_emotion: bool = False) -> Cast:
        """Return everybody and everything that some corpora hold, sorted; `neutral` comes first."""
        clips = [c for corpus in corpora for split in (TRAIN, VALID) for c in corpus.usable(split)]
        emotions = {c.emotion for c in clips} - {"neutral"} if with_emotion else set()
        return cls(
            tuple(sorted({c.speaker for c in clips})),
            tuple(sorted({c.language for c in clips})),
            ("neutral", *sorted(emotions)),
        )
