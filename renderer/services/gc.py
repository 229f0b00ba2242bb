"""Sweeps the object store: what nothing names any more, and outbox rows that are done with.

An object stays when any take of any project names it, when a voice lock that was given names it,
when the document under any render key names it, or when it is younger than the grace period.
Objects are stored before the row that names them, so a young one may be about to be named; and
putting an object again makes it young again. What is left is looked at a last time right before
it goes: whether a row written meanwhile names it, and whether it was stored again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from renderer.domain.object_key import content_hash, object_keys, render_key_of
from renderer.domain.stored_object import FRESH_S, StoredObject
from renderer.domain.voice_lock import VoiceLock
from renderer.errors import ConfigError, ObjectMissingError
from renderer.ports import Clock, References, SweptStore

GRACE_S = 24 * 3600.0
LEAST_GRACE_S = 4 * FRESH_S
MOST_SHARE = 0.5
PIECE = 500
# The rows written meanwhile are read once for so many deletions: half a minute of work.
DELETED_AT_ONCE = 5000
# Rows of workers whose clocks are behind this one's by up to this much are seen at the last look.
SKEW = timedelta(hours=1)
Progress = Callable[[str, int, int | None], None]
T = TypeVar("T")


@dataclass(slots=True)
class Names:
    """A set of object keys in little memory.

    Only the first 60 bits of a hash are kept: two objects that share them both stay.
    """

    _known: set[int] = field(default_factory=set)

    def add(self, keys: Iterable[str]) -> None:
        """Take keys in."""
        self._known.update(_short(key) for key in keys if key)

    def __contains__(self, key: str) -> bool:
        """Whether the bytes under a key are named, whatever their suffix."""
        return _short(key) in self._known


def _short(key: str) -> int:
    return int(content_hash(key)[:15] or "0", 16)


@dataclass(slots=True)
class Sweep:
    """What a sweep found, and did.

    Attributes:
        began_at: When it began to read the database.
        objects: Objects in the store.
        young: Those that nothing names and that are too young to go.
        orphans: Those that may go.
        pointers: Documents under render keys; 0 when none was looked for.
        lost_pointers: Those of no take, old enough to go.
        settled: Outbox rows that were sent and whose takes are finished.
        spared: What was named or stored again at the last look.
        deleted: Objects and pointers that went.
        deleted_bytes: Their bytes.
        purged: Outbox rows that went.
    """

    began_at: datetime
    objects: int = 0
    young: int = 0
    orphans: list[StoredObject] = field(default_factory=list)
    pointers: int = 0
    lost_pointers: list[StoredObject] = field(default_factory=list)
    settled: int = 0
    spared: int = 0
    deleted: int = 0
    deleted_bytes: int = 0
    purged: int = 0

    @property
    def orphan_bytes(self) -> int:
        """Bytes of everything that may go."""
        return sum(item.size for item in (*self.orphans, *self.lost_pointers))

    def share(self) -> float:
        """Return which share of the objects, or of the pointers, would go: the larger one."""
        objects = len(self.orphans) / self.objects if self.objects else 0.0
        return max(objects, len(self.lost_pointers) / self.pointers if self.pointers else 0.0)


class GarbageCollector:
    """Finds and deletes what nothing names.

    Args:
        store: The object store.
        references: What the database names.
        clock: For ages.
        grace_s: Seconds for which nothing is deleted after it was stored.
        jobs: Requests to the store at once.
        progress: Told (what is being done, done, total or None).

    Raises:
        ConfigError: The grace period is shorter than a worker may take.
    """

    def __init__(
        self,
        store: SweptStore,
        references: References,
        clock: Clock,
        *,
        grace_s: float = GRACE_S,
        jobs: int = 8,
        progress: Progress = lambda _what, _done, _total: None,
    ) -> None:
        if grace_s < LEAST_GRACE_S:
            raise ConfigError(
                f"a grace period of {grace_s:.0f} s may be shorter than a batch takes, and would "
                f"delete sounds before they are named. Use {LEAST_GRACE_S / 3600:.0f}h or more."
            )
        self._store = store
        self._references = references
        self._clock = clock
        self._grace = timedelta(seconds=grace_s)
        self._jobs = jobs
        self._progress = progress

    def look(self, locks: Sequence[VoiceLock], *, with_pointers: bool = False) -> Sweep:
        """Find what may go; nothing is changed.

        Args:
            locks: Voice locks whose objects stay.
            with_pointers: Whether documents under render keys of no take may go as well: right
                only when no other database renders into this store. What they alone name stays
                until the next sweep.

        Raises:
            ConfigError: The database has no takes: it is not the one of this store.
            DatabaseError: The database cannot be read.
            StorageError: The store cannot be read.
        """
        sweep = Sweep(self._clock.now())
        if not self._references.takes():
            raise ConfigError(
                "the database has no takes, so that everything in the store would go. Check "
                "BARKLINE_DATABASE_URL or --build; to empty a store, delete its folder or bucket."
            )
        sweep.settled = self._references.settled()
        oldest = sweep.began_at - self._grace
        named = Names()
        for lock in locks:
            named.add(key for entry in lock.entries for key in (entry.key, entry.metadata_key))
        named.add(self._counted("read rows", self._references.named()))
        for item in self._listed("objects/"):
            sweep.objects += 1
            if item.key in named:
                continue
            if item.modified_at > oldest:
                sweep.young += 1
            else:
                sweep.orphans.append(item)
        if sweep.orphans or with_pointers:
            self._ask_pointers(sweep, oldest if with_pointers else None)
        return sweep

    def _ask_pointers(self, sweep: Sweep, oldest: datetime | None) -> None:
        """Spare what documents under render keys name; find the ones of no take."""
        named = Names()
        with ThreadPoolExecutor(self._jobs) as pool:
            for piece in _pieces(self._listed("keys/"), PIECE):
                for document in pool.map(self._read, piece):
                    named.add(object_keys(document))
                sweep.pointers += len(piece)
                if oldest is not None:
                    old = [item for item in piece if item.modified_at <= oldest]
                    sweep.lost_pointers += self._without_take(old)
        sweep.orphans = [item for item in sweep.orphans if item.key not in named]

    def _read(self, pointer: StoredObject) -> str:
        try:
            return self._store.get(pointer.key).decode("utf-8", "replace")
        except ObjectMissingError:
            return ""

    def _without_take(self, pointers: Sequence[StoredObject]) -> list[StoredObject]:
        known = self._references.known([render_key_of(item.key) for item in pointers])
        return [item for item in pointers if render_key_of(item.key) not in known]

    def apply(self, sweep: Sweep, *, most_share: float = MOST_SHARE) -> None:
        """Delete what a look found, after a last look; and the settled outbox rows.

        Args:
            sweep: What `look` returned; is brought up to date.
            most_share: Which share of the store may go, 0 to 1.

        Raises:
            ConfigError: More would go; nothing was deleted.
            DatabaseError: The database cannot be read.
            StorageError: The store does not allow it; what is deleted by then is gone.
        """
        if sweep.share() > most_share:
            raise ConfigError(
                f"{sweep.share():.0%} of the store would go, and the bound is {most_share:.0%}; "
                "nothing was deleted. Check that this is the store's only database and that every "
                "lock is named with --lock. If it is right, say --force."
            )
        oldest = self._clock.now() - self._grace
        going = [*sweep.orphans, *sweep.lost_pointers]
        done = 0
        with ThreadPoolExecutor(self._jobs) as pool:
            for piece in _pieces(iter(going), DELETED_AT_ONCE):
                last = self._still_unnamed(piece, sweep.began_at - SKEW)
                gone = pool.map(lambda item: self._delete_if_old(item, oldest), last)
                for item, is_gone in zip(last, gone, strict=True):
                    sweep.deleted += is_gone
                    sweep.deleted_bytes += item.size * is_gone
                done += len(piece)
                self._progress("delete", done, len(going))
        sweep.spared = len(going) - sweep.deleted
        sweep.purged = self._references.purge()

    def _still_unnamed(self, piece: Sequence[StoredObject], since: datetime) -> list[StoredObject]:
        """Return those that no row written meanwhile names."""
        named = Names()
        named.add(self._references.named(since))
        pointers = self._without_take([item for item in piece if render_key_of(item.key)])
        objects = [i for i in piece if not render_key_of(i.key) and i.key not in named]
        return [*objects, *pointers]

    def _delete_if_old(self, item: StoredObject, oldest: datetime) -> bool:
        """Delete an object unless it was stored again meanwhile."""
        now = self._store.look_up(item.key)
        if now is None or now.modified_at > oldest:
            return False
        self._store.delete(item.key)
        return True

    def _listed(self, prefix: str) -> Iterator[StoredObject]:
        return self._counted(f"list {prefix}", self._store.stored(prefix))

    def _counted(self, what: str, items: Iterable[T]) -> Iterator[T]:
        for done, item in enumerate(items, start=1):
            if done % PIECE == 0:
                self._progress(what, done, None)
            yield item


def _pieces(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while piece := list(islice(items, size)):
        yield piece
