"""Carries a build folder's takes, lines, decisions and sounds into a service.

Sounds go first, then takes, then lines: what is stopped in the middle leaves sounds that nothing
names yet, never a line without its take or a take without its sound. What is there already is
passed over, so the same command goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from renderer.domain.object_key import content_hash
from renderer.errors import ObjectCorruptError, ObjectMissingError
from renderer.ports import Amount, ObjectStore, References, Transfer

JOBS = 8
MEDIA_TYPES = {
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".json": "application/json",
}
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Carried:
    """What there is to carry, and what was carried.

    Attributes:
        projects: Names of the projects.
        amount: Rows, and how many of them are new.
        objects: Objects the takes name.
        new_objects: Those the target has not.
        lost: Those the source has not either, or damaged.
    """

    projects: Sequence[str]
    amount: Amount
    objects: int = 0
    new_objects: int = 0
    lost: int = 0


class Carrier:
    """Carries everything a database and its store hold to another pair.

    Args:
        rows: Copies rows.
        references: What the source's takes name.
        source: The store they name it in.
        target: The store it goes to.
        progress: Told (what is being done, done, total).
    """

    def __init__(
        self,
        rows: Transfer,
        references: References,
        source: ObjectStore,
        target: ObjectStore,
        progress: Progress = lambda _what, _done, _total: None,
    ) -> None:
        self._rows = rows
        self._references = references
        self._source = source
        self._target = target
        self._progress = progress

    def look(self) -> Carried:
        """Return what there is to carry; nothing is changed.

        Raises:
            StorageError: A store failed.
        """
        found = Carried(self._rows.projects(), self._rows.amount())
        keys = self._keys()
        found.objects = len(keys)
        is_there = self._each("looking", self._target.has, keys)
        missing = [key for key, there in zip(keys, is_there, strict=True) if not there]
        found.new_objects = len(missing)
        found.lost = sum(not self._source.has(key) for key in missing)
        return found

    def run(self) -> Carried:
        """Carry it.

        Raises:
            StorageError: A store failed; what was carried stays.
        """
        done = Carried(self._rows.projects(), self._rows.amount())
        keys = self._keys()
        done.objects = len(keys)
        results = list(self._each("sounds", self._carry, keys))
        done.new_objects, done.lost = results.count(True), results.count(None)
        list(self._each("results", self._carry_pointer, self._rows.render_keys()))
        self._count("takes", done.amount.takes, self._rows.takes())
        self._count("lines", done.amount.lines, self._rows.lines())
        self._count("events", done.amount.events, self._rows.events())
        return done

    def _keys(self) -> list[str]:
        return sorted(set(self._references.named()))

    def _carry(self, key: str) -> bool | None:
        """Copy an object; returns whether it was new, or None when it is lost."""
        if self._target.has(key):
            return False
        try:
            data = self._source.get(key)
        except (ObjectMissingError, ObjectCorruptError):
            return None
        suffix = key.partition(content_hash(key))[2]
        media_type = MEDIA_TYPES.get(f".{suffix.rpartition('.')[2]}", "application/octet-stream")
        self._target.put(data, suffix, media_type)
        return True

    def _carry_pointer(self, render_key: str) -> None:
        """Copy what came out of a render key, unless something did there as well."""
        document = self._source.pointed(render_key)
        if document is not None and self._target.pointed(render_key) is None:
            self._target.point(render_key, document)

    def _each(
        self, what: str, do: Callable[[str], bool | None], keys: Sequence[str]
    ) -> Iterable[bool | None]:
        """Do something for every key, several at once; yields the results in order."""
        with ThreadPoolExecutor(JOBS) as pool:
            for done, result in enumerate(pool.map(do, keys), start=1):
                self._progress(what, done, len(keys))
                yield result

    def _count(self, what: str, total: int, pieces: Iterable[int]) -> None:
        done = 0
        for size in pieces:
            done += size
            self._progress(what, done, total)
