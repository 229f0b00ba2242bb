"""Loaded voices, bounded by the memory they take: the one not used for longest goes first.

A voice is in use as long as somebody holds it: it is then neither unloaded nor left out of the
count. Holding is a plain reference, so nobody has to give anything back.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable

from renderer.ports import Synthesiser

MIB = 1 << 20


class _Entry:
    """A loaded voice: held by the cache, or, in the moment of unloading, by its users alone."""

    def __init__(self, voice: Synthesiser) -> None:
        self.voice: Synthesiser | None = voice
        self.known = weakref.ref(voice)

    @property
    def bytes(self) -> int:
        return int(getattr(self.voice, "memory_bytes", 0))

    def is_let_go(self) -> bool:
        """Let go of the voice; take it back when somebody else holds it."""
        self.voice = None
        self.voice = self.known()
        return self.voice is None


class ModelCache:
    """Voices by name. Safe to share between threads.

    One load per name at a time; loads of other names, and voices that are there, wait for none.
    """

    def __init__(self, most_mb: int) -> None:
        """Begin empty.

        Args:
            most_mb: MiB of loaded voices at most, as far as they are not in use.
        """
        self._most = most_mb * MIB
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._loading: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """What the loaded voices take, estimated by each (`memory_bytes`)."""
        with self._lock:
            return self._total()

    @property
    def names(self) -> tuple[str, ...]:
        """The loaded voices, the one not used for longest first."""
        with self._lock:
            return tuple(self._entries)

    def get(self, name: str, load: Callable[[], Synthesiser]) -> Synthesiser:
        """Return a voice, loaded when it is not there.

        Args:
            name: The voice.
            load: Loads it; may get other voices from this cache, but no voice that needs this one.

        Raises:
            VoiceError: What `load` raises; the voice is not kept then.
        """
        known = self._known(name)
        if known is not None:
            return known
        with self._lock_of(name):
            known = self._known(name)
            return self._put(name, load()) if known is None else known

    def drop(self, name: str) -> None:
        """Forget a voice; who holds it keeps it."""
        with self._lock:
            self._entries.pop(name, None)

    def _lock_of(self, name: str) -> threading.Lock:
        with self._lock:
            return self._loading.setdefault(name, threading.Lock())

    def _known(self, name: str) -> Synthesiser | None:
        with self._lock:
            entry = self._entries.get(name)
            if entry is None:
                return None
            self._entries.move_to_end(name)
            voice = entry.voice  # held from here on: it stays
            self._shrink()
            return voice

    def _put(self, name: str, voice: Synthesiser) -> Synthesiser:
        with self._lock:
            self._entries[name] = _Entry(voice)
            self._shrink()
        return voice

    def _total(self) -> int:
        return sum(entry.bytes for entry in self._entries.values())

    def _shrink(self) -> None:
        for name in list(self._entries):
            if self._total() <= self._most:
                return
            if self._entries[name].is_let_go():
                del self._entries[name]
