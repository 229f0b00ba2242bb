"""Composes a line's render key from what people commit and what machines run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from renderer.domain.render_key import Part, RenderKey, digest
from renderer.domain.utterance import Utterance
from renderer.domain.voice import VoiceRef
from renderer.ports import VoiceBook

InputParts = Callable[[Utterance], Mapping[Part, str]]

# A human recording replaces speech: what only speech depends on is no part of its key.
_SPEECH_REVISIONS = (Part.TEXT_RULES, Part.DIRECTION_STAGE)


class KeyBuilder:
    """Utterance to render key.

    Args:
        inputs: The parts people commit (`services.input_key`).
        voices: The installed voices.
        revisions: Revision of each stage: text rules, direction, mastering, encoder.
    """

    def __init__(
        self, inputs: InputParts, voices: VoiceBook, revisions: Mapping[Part, str]
    ) -> None:
        self._inputs = inputs
        self._voices = voices
        self._revisions = {part: digest(text) for part, text in revisions.items()}
        self._finishing = {
            part: text for part, text in self._revisions.items() if part not in _SPEECH_REVISIONS
        }
        self._facts: dict[str, dict[Part, str]] = {}

    def key(self, utterance: Utterance) -> RenderKey:
        """Return the render key of a line.

        Raises:
            UnknownVoiceError: Its voice is not installed.
        """
        inputs = self._inputs(utterance)
        if Part.RECORDING in inputs:
            return RenderKey({**inputs, **self._finishing})
        return RenderKey({**inputs, **self._revisions, **self.voice_parts(utterance.voice)})

    def voice_parts(self, voice: str) -> Mapping[Part, str]:
        """Return the parts that come from a voice's weights and engine."""
        name = VoiceRef.parse(voice).name
        if name not in self._facts:
            self._facts[name] = {
                Part.VOICE_WEIGHTS: digest(self._voices.card(name).model_sha256),
                Part.ENGINE: digest(self._voices.engine_revision(name)),
            }
        return self._facts[name]
