"""Transactions and what they hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from renderer.domain.render_key import RenderKey
from renderer.domain.request import RenderRequest
from renderer.domain.route import Priority, Queue
from renderer.domain.take import RenderResult, Take, TakeStatus
from renderer.domain.utterance import Utterance
from renderer.ports.history import History
from renderer.ports.outbox import Outbox
from renderer.ports.review import Decisions
from renderer.ports.service import DeadLetters, Imports, Leases, ProjectGates
from renderer.ports.verdict import Verdicts


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
    queue: Queue = Queue.CPU
    priority: Priority = Priority.NORMAL
    asked_by: str = ""
    trace_id: str = ""


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

    def takes_of(self, pks: Sequence[int]) -> dict[int, tuple[int, ...]]:
        """Return row id to every take the line ever asked for, the oldest first."""
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

    def free(self, pk: int) -> None:
        """Take the id from an orphan, so that another line can have it."""
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
        """Return a number no import has used, and keep other imports of the project waiting."""
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
        """Create takes, but those another import has just created; returns key to row id."""
        ...

    def objects(self, take_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """Return row id to the keys of what the game gets of it: its sound and its metadata."""
        ...

    def raw_of(self, synthesis_key: str) -> RenderResult | None:
        """Return a finished result whose raw take this request can be mastered from."""
        ...

    def lease(self, take_ids: Sequence[int], owner: str, seconds: float) -> list[Take]:
        """Lease what is neither finished nor leased by a living worker; count the delivery."""
        ...

    def release(self, take_ids: Sequence[int], owner: str, *, is_innocent: bool = False) -> None:
        """Give leases back undone; the delivery stays counted, so that poison ends somewhere.

        Args:
            take_ids: Row ids.
            owner: Who holds them.
            is_innocent: Whether the world failed and not a take: then the delivery is not counted.
        """
        ...

    def finish(self, take_id: int, owner: str, result: RenderResult) -> None:
        """Store a result, fenced by the lease.

        Raises:
            LeaseLostError: Another worker holds the take now.
        """
        ...

    def reopen(
        self,
        statuses: Sequence[TakeStatus],
        take_ids: Sequence[int] | None = None,
        max_attempts: int | None = None,
    ) -> int:
        """Make finished takes pending again, with their count of deliveries at zero.

        Args:
            statuses: Of which takes.
            take_ids: Among which takes; None for all.
            max_attempts: How many automatic attempts they have from now on; None: as they had.
        """
        ...

    def enqueue(
        self, take_ids: Sequence[int], priority: Priority | None = None, *, again: bool = True
    ) -> int:
        """Make those that no living worker holds wait for the relay; return how many now do.

        Args:
            take_ids: Row ids.
            priority: What goes first from now on; None: as it was.
            again: Whether what was sent, and may still be in the queue, is sent once more.
        """
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


class VoiceLevels(Protocol):
    """Measured loudness of voices."""

    def get(self, key: str) -> float | None:
        """Return a voice's level in LUFS, or None when it was never measured."""
        ...

    def put(self, key: str, voice: str, locale: str, loudness_lufs: float) -> None:
        """Store a level; the first one stored wins."""
        ...


class VoiceScores(Protocol):
    """What judges make of voices, undirected."""

    def get(self, key: str) -> Mapping[str, float] | None:
        """Return what was measured of a voice, or None when it never was."""
        ...

    def put(self, key: str, voice: str, locale: str, scores: Mapping[str, float]) -> None:
        """Store what was measured; what is stored first wins."""
        ...


class UnitOfWork(Protocol):
    """One transaction. Leaving the block without `commit` rolls back."""

    lines: LineRepository
    takes: TakeRepository
    outbox: Outbox
    levels: VoiceLevels
    scores: VoiceScores
    leases: Leases
    dead_letters: DeadLetters
    gates: ProjectGates
    imports: Imports
    history: History
    verdicts: Verdicts
    decisions: Decisions

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
