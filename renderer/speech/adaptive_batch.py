"""As many lines at once as memory holds: fewer when it runs out, more again when it does not."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from renderer.domain.voice import VoiceCard
from renderer.errors import OutOfMemoryError, SynthesisError
from renderer.ports import Speech, SpeechRequest, Synthesiser
from renderer.speech.out_of_memory import is_out_of_memory

RECOVERY = 20
log = logging.getLogger(__name__)

_Answer = Speech | SynthesisError


class BatchSize:
    """How many lines are spoken at once. Safe to share between threads."""

    def __init__(self, most: int, recovery: int = RECOVERY) -> None:
        """Begin with the most.

        Args:
            most: Lines at once at most, from 1.
            recovery: Full batches in a row after which the size is doubled, from 1.

        Raises:
            ValueError: A number is below 1.
        """
        if most < 1 or recovery < 1:
            raise ValueError(f"a batch has 1 line at least, not {most} (recovery {recovery})")
        self.most = most
        self._recovery = recovery
        self._lines = most
        self._streak = 0
        self._lock = threading.Lock()

    @property
    def lines(self) -> int:
        """Lines at once, from 1 to `most`."""
        return self._lines

    def fail(self, tried: int) -> int:
        """Record that memory ran out; return how many lines may be tried now.

        Two threads that fail with the same size at the same time halve it once.

        Args:
            tried: How many lines were spoken at once.
        """
        with self._lock:
            self._streak = 0
            self._lines = max(1, min(self._lines, tried // 2))
            return self._lines

    def succeed(self, tried: int) -> None:
        """Record that lines were spoken; fewer than the size allows say nothing about it."""
        with self._lock:
            if tried < self._lines or self._lines == self.most:
                return
            self._streak += 1
            if self._streak >= self._recovery:
                self._streak = 0
                self._lines = min(self.most, self._lines * 2)


class AdaptiveBatch:
    """Implements `ports.Synthesiser`: another one, spoken to in batches that fit its memory.

    Lines that failed for want of memory are said again, half as many at once; lines that were said
    are not. What a line sounds like does not depend on where a batch is cut, for that is an
    engine's own promise.
    """

    def __init__(self, inner: Synthesiser, size: BatchSize) -> None:
        """Take the voice.

        Args:
            inner: The voice.
            size: Lines at once; shared by all that use the same memory.
        """
        self._inner = inner
        self._size = size

    @property
    def card(self) -> VoiceCard:
        """What the voice is."""
        return self._inner.card

    @property
    def has_intonation(self) -> bool:
        """Whether the engine realises `SpeechRequest.intonation` itself."""
        return self._inner.has_intonation

    def speak(self, requests: Sequence[SpeechRequest]) -> list[Speech | SynthesisError]:
        """Say a batch; one answer per request, in order.

        Raises:
            SynthesisError: The engine broke its promise of one answer per request.
        """
        answers: dict[int, _Answer] = {}
        waiting = list(range(len(requests)))
        most = len(requests)  # of this call: it falls only, so that the call comes to an end
        while waiting:
            cut = min(most, self._size.lines)
            now, later = waiting[:cut], waiting[cut:]
            said = self._try([requests[i] for i in now])
            lost = [i for i, one in zip(now, said, strict=True) if _is_lost(one)]
            answers.update(zip(now, said, strict=True))
            if not lost:
                self._size.succeed(len(now))
            elif len(now) == 1:
                self._size.fail(1)
                answers[now[0]] = _alone(self.card.name, said[0])
                lost = []
            else:
                most = self._fewer(len(now))
            waiting = lost + later
        return [answers[i] for i in range(len(requests))]

    def _fewer(self, tried: int) -> int:
        left = self._size.fail(tried)
        log.warning(
            "voice %s: memory ran out with %d lines at once, going on with %d",
            *(self.card.name, tried, left),
        )
        return min(left, tried // 2)

    def _try(self, requests: Sequence[SpeechRequest]) -> list[_Answer]:
        try:
            said = self._inner.speak(requests)
        except Exception as error:
            if not isinstance(error, OutOfMemoryError) and not is_out_of_memory(error):
                raise
            return [OutOfMemoryError(str(error))] * len(requests)
        if len(said) != len(requests):
            raise SynthesisError(
                f"{self.card.name} gave {len(said)} answers to {len(requests)} lines"
            )
        return said


def _is_lost(answer: _Answer) -> bool:
    return isinstance(answer, OutOfMemoryError)


def _alone(voice: str, answer: _Answer) -> OutOfMemoryError:
    return OutOfMemoryError(
        f"Memory ran out for this line of voice {voice!r}, said by itself ({answer}). Split the "
        "line, run fewer workers on this machine, or give them more memory; then render again."
    )
