"""Voices whose loading is measured."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from renderer.domain.voice import VoiceCard
from renderer.ports import Meter, Synthesiser, VoiceBook


class CachedVoices(VoiceBook, Protocol):
    """Voices that say what they hold in memory."""

    @property
    def loaded(self) -> Collection[str]:
        """The loaded voices."""
        ...

    @property
    def cached_bytes(self) -> int:
        """What the loaded voices take in memory, estimated."""
        ...


class MeteredVoices:
    """Implements `ports.VoiceBook` with another one, and counts what was loaded already.

    Args:
        voices: Which does the work.
        meter: Which is told.
    """

    def __init__(self, voices: CachedVoices, meter: Meter) -> None:
        self._voices = voices
        self._meter = meter

    def cards(self) -> Mapping[str, VoiceCard]:
        """Return every installed voice by name."""
        return self._voices.cards()

    def card(self, name: str) -> VoiceCard:
        """Return one card."""
        return self._voices.card(name)

    def engine_revision(self, name: str) -> str:
        """Return the declared revision of the voice's engine, for the render key."""
        return self._voices.engine_revision(name)

    def open(self, name: str) -> Synthesiser:
        """Load a voice, or return it when it is loaded."""
        is_hit = name in self._voices.loaded
        synthesiser = self._voices.open(name)
        if is_hit:
            self._meter.count("barkline_cache_hits_total", kind="model")
        else:
            self._meter.count("barkline_cache_misses_total", kind="model")
            self._meter.set("barkline_model_cache_bytes", self._voices.cached_bytes)
        return synthesiser
