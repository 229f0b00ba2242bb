"""Every Protocol of the house: what services ask of the outside, and nothing of how it is done.

Adapters live in `speech`, `judges`, `storage`, `db`, `messaging`; `bootstrap` chooses. Fakes in
tests implement the same Protocols.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from renderer.audio.waveform import Waveform
from renderer.domain.events import Event
from renderer.domain.project import Project
from renderer.domain.render_key import RenderKey
from renderer.domain.request import RenderRequest
from renderer.domain.take import RenderResult, Take, TakeStatus
from renderer.domain.transcript import PhoneSpan, Transcript
from renderer.domain.utterance import Utterance
from renderer.domain.voice import VoiceCard
from renderer.errors import Fault, JudgeError, SynthesisError, TextError


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds from some fixed point, for measuring how long work takes."""
        ...


# -- manifests -----------------------------------------------------------------------------------


class ManifestFile(Protocol):
    """One scene file on disk."""

    @property
    def path(self) -> str:
        """Path relative to the project, with forward slashes."""
        ...

    @property
    def sha256(self) -> str:
        """Hash of its bytes."""
        ...


class ManifestSource(Protocol):
    """What writers have committed, ready to be read."""

    @property
    def project(self) -> Project:
        """The project file, read."""
        ...

    @property
    def context(self) -> str:
        """Digest of everything outside the scene files that a line may depend on."""
        ...

    def files(self) -> Sequence[ManifestFile]:
        """Return the scene files, sorted by path."""
        ...

    def read(
        self, files: Sequence[ManifestFile], faults: list[Fault], taken: Mapping[str, str]
    ) -> Iterator[tuple[str, Sequence[Utterance]]]:
        """Yield (path, utterances) in bounded pieces; appends what is wrong to `faults`.

        Args:
            files: Which files to read.
            faults: Receives every error and warning.
            taken: Form of an id (see `form`) to the unread file that holds it.
        """
        ...

    def form(self, line_id: str, locale: str) -> str:
        """Return the form under which two ids are the same."""
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
        pk: Row id.
        utterance: As last imported.
        render_key: What the line asks for now (64 hex digits).
        input_digest: Of that request.
        take_id: The take in force: of that key, or the frozen one.
        status: Of that take.
        parts: Part name to digest of that take.
        is_frozen: Whether the line is pinned to it.
        is_orphaned: Whether the line is gone from the manifests.
    """

    pk: int
    utterance: Utterance
    render_key: str
    input_digest: str
    take_id: int
    status: TakeStatus
    parts: Mapping[str, str]
    is_frozen: bool = False
    is_orphaned: bool = False


@dataclass(frozen=True, slots=True)
class LineWrite:
    """A line to be stored: row id (None for a new one) and what it now is."""

    pk: int | None
    utterance: Utterance
    render_key: str
    input_digest: str
    take_id: int
    frozen_take_id: int | None = None


@dataclass(frozen=True, slots=True)
class TakeWrite:
    """A take to be created; `result` when it is already known from elsewhere."""

    render_key: RenderKey
    request: RenderRequest
    phonemes: int
    result: RenderResult | None = None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A change event that waits to be sent."""

    id: int
    take_id: int
    voice: str
    phonemes: int


class LineRepository(Protocol):
    """Lines and manifest files of one project."""

    def find(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], StoredLine]:
        """Return the stored ones of some (line_id, locale) pairs."""
        ...

    def iterate(
        self, statuses: Sequence[TakeStatus] = (), paths: Collection[str] | None = None
    ) -> Iterator[StoredLine]:
        """Yield the lines in manifest order, in bounded memory; orphans are left out.

        Args:
            statuses: Of the takes in force; () for every one.
            paths: Manifest files; None for all.
        """
        ...

    def previous_approved(self, pks: Sequence[int]) -> dict[int, int]:
        """Return row id to the last approved take the line had before its current one."""
        ...

    def ids(self, without: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        """Yield (line_id, locale, path) of every line outside some files."""
        ...

    def text_hashes(self, locale: str) -> dict[str, str]:
        """Return line id to `text_hash` of every line of one locale."""
        ...

    def count_by_status(self, paths: Iterable[str]) -> dict[tuple[TakeStatus, bool], int]:
        """Count the lines of some files by (status of their take, whether frozen)."""
        ...

    def save(self, lines: Sequence[LineWrite], generation: int) -> None:
        """Insert or update lines."""
        ...

    def rename(self, pk: int, line_id: str) -> None:
        """Give a stored line another id; its takes and decisions stay."""
        ...

    def orphan(self, paths: Sequence[str], generation: int) -> int:
        """Mark the lines of some files that this generation did not see; return how many."""
        ...

    def freeze(self, pk: int, take_id: int | None) -> None:
        """Pin a line to a take, or let it go."""
        ...

    def files(self) -> dict[str, tuple[str, str]]:
        """Return path to (sha256, context) of every imported manifest file."""
        ...

    def save_files(self, files: Mapping[str, tuple[str, str]], gone: Iterable[str]) -> None:
        """Record imported files and forget the ones that are gone."""
        ...

    def next_generation(self) -> int:
        """Return a number no import has used."""
        ...


class TakeRepository(Protocol):
    """Takes, shared by all projects."""

    def find(self, render_keys: Sequence[str]) -> dict[str, tuple[int, TakeStatus]]:
        """Return key to (row id, status) of the stored ones."""
        ...

    def get(self, take_ids: Sequence[int]) -> list[Take]:
        """Return takes by row id, in the order asked for."""
        ...

    def add(self, takes: Sequence[TakeWrite]) -> dict[str, int]:
        """Create takes; returns key to row id."""
        ...

    def raw_of(self, synthesis_key: str) -> RenderResult | None:
        """Return a finished result whose raw take this request can be mastered from."""
        ...

    def lease(self, take_ids: Sequence[int], owner: str, seconds: float) -> list[Take]:
        """Lease what is neither finished nor leased by a living worker; count the delivery."""
        ...

    def release(self, take_ids: Sequence[int], owner: str) -> None:
        """Give leases back undone; the delivery stays counted, so that poison ends somewhere."""
        ...

    def finish(self, take_id: int, owner: str, result: RenderResult) -> None:
        """Store a result, fenced by the lease.

        Raises:
            LeaseLostError: Another worker holds the take now.
        """
        ...

    def reopen(self, statuses: Sequence[TakeStatus], take_ids: Sequence[int] | None = None) -> int:
        """Make finished takes pending again, with their count of deliveries at zero."""
        ...

    def enqueue(self, take_ids: Sequence[int]) -> int:
        """Write outbox rows for those that are pending and wait for no relay; return how many."""
        ...

    def break_leases(self) -> int:
        """Take every lease back: right only when no worker of this database can be alive."""
        ...

    def counts(self, take_ids: Sequence[int] | None = None) -> dict[TakeStatus, int]:
        """Return how many takes are in each status."""
        ...

    def cost(self) -> float:
        """Return the measured seconds of work per written character, 0 when nothing is known."""
        ...


class Outbox(Protocol):
    """Events written in the same transaction as the change they tell of."""

    def add(self, events: Sequence[Event]) -> None:
        """Write events; a `TakeRequested` waits for the relay, the others are the audit trail."""
        ...

    def claim(self, limit: int) -> list[OutboxRow]:
        """Claim unsent rows for this transaction; other relays skip them."""
        ...

    def mark_sent(self, ids: Sequence[int]) -> None:
        """Mark rows as sent."""
        ...


class VoiceLevels(Protocol):
    """Measured loudness of voices."""

    def get(self, key: str) -> float | None:
        """Return a voice's level in LUFS, or None when it was never measured."""
        ...

    def put(self, key: str, voice: str, locale: str, loudness_lufs: float) -> None:
        """Store a level; the first one stored wins."""
        ...


class UnitOfWork(Protocol):
    """One transaction. Leaving the block without `commit` rolls back."""

    lines: LineRepository
    takes: TakeRepository
    outbox: Outbox
    levels: VoiceLevels

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
