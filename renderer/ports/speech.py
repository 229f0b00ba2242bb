"""Voices and engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from renderer.audio.waveform import Waveform
from renderer.direction.intonation import PLAIN, Intonation
from renderer.domain.transcript import PhoneSpan, Transcript
from renderer.domain.voice import VoiceCard
from renderer.errors import SynthesisError


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """What is asked of an engine for one line.

    Attributes:
        transcript: What to say.
        speaker: Speaker name of the voice, or "" for its only or first one.
        rate: Speaking rate, × (0.5–2); the engine stretches its own durations.
        noise_scale: Variation of the sound, or None for the voice's default; engines without
            such a control ignore it.
        noise_w: Variation of durations, or None for the voice's default.
        seed: Makes the engine's randomness repeatable (32 bits).
        pause_scale: Multiplies the pauses at punctuation.
        intonation: Melody and timing; only engines with `has_intonation` heed it.
    """

    transcript: Transcript
    speaker: str = ""
    rate: float = 1.0
    noise_scale: float | None = None
    noise_w: float | None = None
    seed: int = 0
    pause_scale: float = 1.0
    intonation: Intonation = PLAIN


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """What an engine said.

    Attributes:
        waveform: Sound at the voice's own sample rate.
        phones: Phonemes in time, in order, covering the sound.
        alignment_source: `engine` when the model gave the durations, `estimated` otherwise.
    """

    waveform: Waveform
    phones: tuple[PhoneSpan, ...]
    alignment_source: str = "estimated"


class Synthesiser(Protocol):
    """One loaded voice."""

    @property
    def card(self) -> VoiceCard:
        """What the voice is."""
        ...

    @property
    def has_intonation(self) -> bool:
        """Whether the engine realises `SpeechRequest.intonation` itself."""
        ...

    def speak(self, requests: Sequence[SpeechRequest]) -> list[Speech | SynthesisError]:
        """Say a batch. Returns exactly one answer per request, in order.

        A request's answer does not depend on what else is in the batch.
        """
        ...


class VoiceBook(Protocol):
    """The installed voices."""

    def cards(self) -> Mapping[str, VoiceCard]:
        """Return every installed voice by name."""
        ...

    def card(self, name: str) -> VoiceCard:
        """Return one card.

        Raises:
            UnknownVoiceError: No voice has that name; the message lists near ones.
        """
        ...

    def engine_revision(self, name: str) -> str:
        """Return the declared revision of the voice's engine, for the render key."""
        ...

    def open(self, name: str) -> Synthesiser:
        """Load a voice, or return it when it is loaded.

        Raises:
            ModelRefusedError: The files are not what the card says.
        """
        ...
