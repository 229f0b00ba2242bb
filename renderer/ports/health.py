"""Facts that adapters tell of themselves, for `barkline doctor`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """A database that answers.

    Attributes:
        server: Name and version.
        is_server: Whether it is a server, and no file.
        revision: Of its schema, or "".
        newest: The revision this release needs.
        skew_s: Seconds its clock is ahead of this machine's.
    """

    server: str
    is_server: bool
    revision: str
    newest: str
    skew_s: float = 0.0


@dataclass(frozen=True, slots=True)
class OwedFacts:
    """What the database owes and has given up.

    Attributes:
        unsent: Outbox rows that wait for a relay.
        oldest_s: Seconds the oldest of them waits.
        expired: Leases that ran out.
        dead_letters: Messages the queue has given up.
        quarantined: Takes that workers died on too often.
    """

    unsent: int
    oldest_s: float
    expired: int
    dead_letters: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """A queue that answers.

    Attributes:
        server: Name and version.
        policy: What it does when its memory is full.
        used_bytes: Memory it uses.
        most_bytes: Memory it may use, 0 for any.
        skew_s: Seconds its clock is ahead of this machine's, None when it does not tell.
    """

    server: str
    policy: str
    used_bytes: int
    most_bytes: int
    skew_s: float | None


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """A store into which an object was put, and read again.

    Attributes:
        is_deleted: Whether it could be deleted.
        key: Its key.
        keeps_first: Whether the server refuses to replace an object when it is told to; None for
            a folder.
    """

    key: str
    is_deleted: bool
    keeps_first: bool | None


@dataclass(frozen=True, slots=True)
class GpuFacts:
    """What onnxruntime and the machine offer.

    Attributes:
        runtime: Version of onnxruntime.
        obtained: Providers a model got.
        has_cuda: Whether this onnxruntime knows CUDA at all.
        cards: What nvidia-smi lists: name, driver and memory.
    """

    runtime: str
    obtained: tuple[str, ...]
    has_cuda: bool
    cards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VoiceFacts:
    """An installed voice.

    Attributes:
        name: Its name, or the path of a card that cannot be read.
        fault: What is wrong with it, or "".
    """

    name: str
    fault: str = ""
