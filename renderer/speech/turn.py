"""Turns on a GPU: one batch at a time, in the order of asking.

Several threads of a worker then share one GPU well: while one speaks, the others read texts,
master, encode and judge on the CPU. Two batches on the GPU at once would need twice the memory.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from types import TracebackType

from renderer.domain.voice import VoiceCard
from renderer.errors import SynthesisError
from renderer.ports import Speech, SpeechRequest, Synthesiser


class Turns:
    """A lock that is handed on in the order in which it was asked for."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._gates: deque[threading.Lock] = deque()
        self._is_taken = False

    @property
    def waiting(self) -> int:
        """How many threads wait."""
        return len(self._gates)

    def __enter__(self) -> None:
        with self._mutex:
            if not self._is_taken:
                self._is_taken = True
                return
            gate = threading.Lock()
            gate.acquire()
            self._gates.append(gate)
        try:
            gate.acquire()  # opened by who has the turn before us
        except BaseException:  # a time limit was raised into this thread
            self._give_up(gate)
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hand_on()

    def _hand_on(self) -> None:
        with self._mutex:
            if self._gates:
                self._gates.popleft().release()
            else:
                self._is_taken = False

    def _give_up(self, gate: threading.Lock) -> None:
        with self._mutex:
            if gate in self._gates:
                self._gates.remove(gate)
                return
        self._hand_on()  # the turn had come already


class InTurn:
    """Implements `ports.Synthesiser`: another one, spoken to in turn."""

    def __init__(self, inner: Synthesiser, turns: Turns) -> None:
        """Take the voice.

        Args:
            inner: The voice.
            turns: Shared by all voices of one GPU.
        """
        self._inner = inner
        self._turns = turns

    @property
    def card(self) -> VoiceCard:
        """What the voice is."""
        return self._inner.card

    @property
    def has_intonation(self) -> bool:
        """Whether the engine realises `SpeechRequest.intonation` itself."""
        return self._inner.has_intonation

    def speak(self, requests: Sequence[SpeechRequest]) -> list[Speech | SynthesisError]:
        """Say a batch when the turn has come; one answer per request, in order."""
        with self._turns:
            return self._inner.speak(requests)
