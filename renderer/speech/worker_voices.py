"""The voices as a worker opens them: in batches that fit the memory, and on a GPU in turn."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from renderer.domain.voice import VoiceCard
from renderer.ports import Synthesiser, VoiceBook
from renderer.speech.adaptive_batch import RECOVERY, AdaptiveBatch, BatchSize
from renderer.speech.turn import InTurn, Turns


class WorkerVoices:
    """Implements `ports.VoiceBook` over another one. One per process: its voices share the GPU."""

    def __init__(self, book: VoiceBook, most: int, recovery: int = RECOVERY) -> None:
        """Take the voices.

        Args:
            book: The installed voices.
            most: Lines spoken at once at most, from 1.
            recovery: Full batches after which a size that was halved is doubled again.
        """
        self._book = book
        self._most = most
        self._recovery = recovery
        self._turns = Turns()
        self._sizes: dict[str, BatchSize] = {}
        self._lock = threading.Lock()

    def cards(self) -> Mapping[str, VoiceCard]:
        """Return every installed voice by name."""
        return self._book.cards()

    def card(self, name: str) -> VoiceCard:
        """Return one card.

        Raises:
            UnknownVoiceError: No voice has that name.
        """
        return self._book.card(name)

    def engine_revision(self, name: str) -> str:
        """Return the declared revision of the voice's engine, for the render key."""
        return self._book.engine_revision(name)

    def size(self, name: str) -> BatchSize:
        """Return how many lines of a voice are spoken at once."""
        with self._lock:
            return self._sizes.setdefault(name, BatchSize(self._most, self._recovery))

    def open(self, name: str) -> Synthesiser:
        """Load a voice, or return it when it is loaded.

        Hold it no longer than it is needed: a voice that somebody holds is never unloaded.

        Raises:
            ModelRefusedError: The files are not what the card says.
        """
        voice = self._book.open(name)
        if getattr(voice, "on_gpu", False):
            voice = InTurn(voice, self._turns)
        return AdaptiveBatch(voice, self.size(name))
