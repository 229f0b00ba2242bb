"""Every Protocol of the house: what services ask of the outside, and nothing of how it is done.

Adapters live in `speech`, `judges`, `storage`, `db`, `messaging`; `bootstrap` chooses them. Fakes in
tests implement the same Protocols.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from renderer.audio.waveform import Waveform
from renderer.domain.events import Event
from renderer.domain.render_key import RenderKey
from renderer.domain.take import RenderResult, Take, TakeStatus
from renderer.domain.transcript import PhoneSpan, Transcript
from renderer.domain.utterance import Utterance
from renderer.domain.voice import VoiceCard
from renderer.errors import JudgeError, SynthesisError, TextError


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        ...


# -- text ----------------------------------------------------------------------------------------


class Transcriber(Protocol):
    """Written text to phonemes."""

    @property
    def revision(self) -> str:
        """Changes when the same text may give other phonemes (rules, espeak version)."""
        ...

    def transcribe(self, utterances: Sequence[Utterance]) -> list[Transcript | TextError]:
        """Transcribe a batch; one bad line is an error in its place, never an exception."""
        ...


# -- speech --------------------------------------------------------------------------------------


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
    """

    transcript: Transcript
    speaker: str = ""
    rate: float = 1.0
    noise_scale: float | None = None
    noise_w: float | None = None
    seed: int = 0
    pause_scale: float = 1.0


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


# -- judges --------------------------------------------------------------------------------------


class Judge(Protocol):
    """A learned metric."""

    @property
    def revision(self) -> str:
        """Name and version of the model."""
        ...

    def score(self, waveforms: Sequence[Waveform]) -> list[Mapping[str, float] | JudgeError]:
        """Score a batch; a metric that failed is an error in its place, never a neutral score."""
        ...


# -- storage -------------------------------------------------------------------------------------


class ObjectReader(Protocol):
    """Reading half of an object store; all the game build needs."""

    def get(self, key: str) -> bytes:
        """Return an object's bytes.

        Raises:
            ObjectMissingError: No such object.
            StorageError: The store failed.
        """
        ...

    def has(self, key: str) -> bool:
        """Whether an object is stored under the key."""
        ...


class ObjectStore(ObjectReader, Protocol):
    """A content-addressed object store."""

    def put(self, data: bytes, suffix: str, media_type: str) -> str:
        """Store bytes under their own hash; storing twice is harmless.

        Returns:
            The key: `objects/<first two hex digits>/<sha256><suffix>`.
        """
        ...

    def point(self, render_key: str, document: bytes) -> None:
        """Record under a render key what came out of it (`keys/<aa>/<render_key>.json`).

        Written after the objects it names; the last writer wins.
        """
        ...

    def pointed(self, render_key: str) -> bytes | None:
        """Return the document stored under a render key, or None."""
        ...


# -- database ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line as the database knows it.

    Attributes:
        utterance: As last imported.
        render_key: Of the request it asks for now.
        input_digest: Of that request.
        take_id: The take of that key.
        frozen_take_id: The take it is pinned to, or None.
    """

    utterance: Utterance
    render_key: RenderKey
    input_digest: str
    take_id: int
    frozen_take_id: int | None = None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A change event that waits to be sent."""

    id: int
    take_id: int
    voice: str
    phonemes: int


class LineRepository(Protocol):
    """Lines of one project."""

    def get(self, line_id: str, locale: str) -> StoredLine | None:
        """Return a line, or None."""
        ...

    def iterate(self, files: Iterable[str] | None = None) -> Iterator[StoredLine]:
        """Yield the lines (of some manifest files, or all) in (origin, line) order."""
        ...

    def count(self) -> int:
        """Return how many lines are stored."""
        ...


class TakeRepository(Protocol):
    """Takes of one project."""

    def by_render_key(self, render_key: str) -> Take | None:
        """Return the take of a key, or None."""
        ...

    def lease(self, take_ids: Sequence[int], owner: str, until: datetime) -> list[Take]:
        """Lease what is neither finished nor leased by a living worker; count the delivery."""
        ...

    def finish(self, take_id: int, owner: str, result: RenderResult) -> None:
        """Store a result, fenced by the lease.

        Raises:
            LeaseLostError: Another worker holds the take now.
        """
        ...

    def counts(self) -> Mapping[TakeStatus, int]:
        """Return how many takes are in each status."""
        ...


class Outbox(Protocol):
    """Events written in the same transaction as the change they tell of."""

    def add(self, event: Event) -> None:
        """Write an event."""
        ...

    def claim(self, limit: int) -> list[OutboxRow]:
        """Claim unsent rows for this transaction; other relays skip them."""
        ...

    def mark_sent(self, ids: Sequence[int]) -> None:
        """Mark rows as sent."""
        ...


class UnitOfWork(Protocol):
    """One transaction. Leaving the block without `commit` rolls back."""

    lines: LineRepository
    takes: TakeRepository
    outbox: Outbox

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def commit(self) -> None:
        """Commit; the events become visible to the relay."""
        ...


class Publisher(Protocol):
    """Sends batches to workers."""

    def publish(self, take_ids: Sequence[int], voice: str) -> None:
        """Enqueue one batch. Sending twice is harmless."""
        ...
