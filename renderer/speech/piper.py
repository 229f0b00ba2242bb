"""Piper voices."""

from __future__ import annotations

import hashlib
from pathlib import Path

from renderer.domain.voice import VoiceCard
from renderer.errors import ModelRefusedError
from renderer.ports import Synthesiser

REVISION = "piper/1"
CONFIG = "model.onnx.json"


def revision(card: VoiceCard) -> str:
    """Return the engine's revision for the render key; the voice's settings are part of it."""
    try:
        config = (Path(card.folder) / CONFIG).read_bytes()
    except OSError as error:
        raise ModelRefusedError(f"Voice {card.name!r} has no readable {CONFIG}.") from error
    return f"{REVISION} config/{hashlib.sha256(config).hexdigest()[:12]}"


class PiperVoice:
    """A Piper voice."""

    @classmethod
    def load(
        cls, card: VoiceCard, *, threads: int = 0, use_cuda: bool | None = None
    ) -> Synthesiser:
        """Load a voice."""
        raise ModelRefusedError(f"Voice {card.name!r}: Piper voices are not built in yet.")
