"""What a sweep takes and what it leaves, on a real database and a real folder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from renderer.db.reference import SqlReferences
from renderer.db.tables import outbox, take
from renderer.db.unit_of_work import SqlUnitOfWork
from renderer.domain.object_key import object_key, sha256_hex
from renderer.domain.stored_object import StoredObject
from renderer.domain.voice_lock import LockEntry, VoiceLock
from renderer.errors import ConfigError, StorageError
from renderer.services.gc import GarbageCollector, Names, Sweep
from renderer.storage.local import LocalStore

DAY = 86_400.0
KEY = "ab" * 32


class Place:
    """A database, a folder store, and a clock that stands two days after everything in them."""

    def __init__(self, root: Path, engine: Engine, clock: Any) -> None:
        self.engine = engine
        self.store = LocalStore(root / "store", durable=False)
        self.clock = clock
        self.written_at = clock.now()
        clock.pass_(2 * DAY)

    def put(self, data: bytes, suffix: str = ".ogg", age_s: float = 2 * DAY) -> str:
        key = self.store.put(data, suffix, "audio/ogg")
        self.age(key, age_s)
        return key

    def age(self, key: str, age_s: float) -> None:
        then = (self.clock.now() - timedelta(seconds=age_s)).timestamp()
        os.utime(self.store.root / key, (then, then))

    def point(self, render_key: str, document: bytes, age_s: float = 2 * DAY) -> str:
        self.store.point(render_key, document)
        key = f"keys/{render_key[:2]}/{render_key}.json"
        self.age(key, age_s)
        return key

    def take(self, render_key: str = KEY, status: str = "approved", **columns: Any) -> int:
        row = {
            "render_key": render_key,
            "synthesis_key": render_key,
            "parts": {},
            "request": {},
            "voice": "fake",
            "phonemes": 1,
            "status": status,
            "created_at": self.written_at,
            **columns,
        }
        with self.engine.begin() as connection:
            made = connection.execute(insert(take).values(row))
        return int(made.inserted_primary_key[0])

    def collector(self, store: Any = None, **more: Any) -> GarbageCollector:
        references = SqlReferences(self.engine)
        return GarbageCollector(store or self.store, references, self.clock, **more)

    def look(self, *locks: VoiceLock, **more: Any) -> Sweep:
        return self.collector().look(locks, **more)

    def apply(self, *locks: VoiceLock, most_share: float = 1.0, **more: Any) -> Sweep:
        collector = self.collector()
        sweep = collector.look(locks, **more)
        collector.apply(sweep, most_share=most_share)
        return sweep


@pytest.fixture
def place(tmp_path: Path, unit: Callable[[], SqlUnitOfWork], clock: Any) -> Place:
    return Place(tmp_path, unit()._engine, clock)


def names(found: list[StoredObject]) -> list[str]:
    return [item.key for item in found]


def entry(key: str, metadata_key: str = "") -> LockEntry:
    return LockEntry(
        *("halt", "en-US", "guard", key, key[11:75], 5, 1.0, ".ogg"),
        metadata_key=metadata_key,
        metadata_sha256=metadata_key[11:75],
        render_key=KEY,
        input_digest=KEY,
        voice="fake",
        publishable=True,
    )


@pytest.mark.parametrize(
    "named",
    [
        lambda key: {"delivery_key": key},
        lambda key: {"metadata_key": key},
        lambda key: {"raw_key": key},
        lambda key: {"result": {"master": {"key": key}}},
        lambda key: {"result": {"tried": [{"number": 1}, {"delivery_key": key}]}},
        lambda key: {"request": {"recording_key": key}},
        lambda key: {"result": {"a field of a later version": [key]}},
    ],
    ids=["delivery", "metadata", "raw", "master", "tried", "recording", "unknown"],
)
def test_what_a_take_names_stays(place: Place, named: Callable[[str], dict[str, Any]]) -> None:
    kept = place.put(b"kept")
    orphan = place.put(b"orphan")
    place.take(**named(kept))
    sweep = place.apply()
    assert names(sweep.orphans) == [orphan]
    assert (sweep.objects, sweep.deleted, sweep.deleted_bytes) == (2, 1, 6)
    assert list(place.store.keys()) == [kept]


@pytest.mark.parametrize("status", ["pending", "leased", "rejected", "failed", "quarantined"])
def test_takes_of_every_status_name_objects(place: Place, status: str) -> None:
    kept = place.put(b"kept")
    place.take(status=status, request={"recording_key": kept})
    assert place.apply().orphans == []
    assert place.store.has(kept)


def test_what_a_lock_names_stays(place: Place) -> None:
    place.take()
    sound, metadata = place.put(b"sound"), place.put(b"{}", ".meta.json")
    other = place.put(b"released")
    assert len(place.look().orphans) == 3
    locks = [VoiceLock("tiny", (entry(sound, metadata),)), VoiceLock("old", (entry(other),))]
    assert place.apply(*locks).orphans == []
    assert len(list(place.store.keys())) == 3


def test_what_a_pointer_names_stays_whatever_it_is(place: Place) -> None:
    place.take()
    kept, also = place.put(b"kept"), place.put(b"also")
    place.point("cd" * 32, json.dumps({"raw": {"key": kept}}).encode())
    place.point("ce" * 32, b"\xff not JSON, of a later version: " + also.encode())
    assert place.apply().orphans == []


def test_nothing_young_goes(place: Place) -> None:
    place.take()
    young, old = place.put(b"young", age_s=DAY - 60), place.put(b"old", age_s=DAY + 60)
    sweep = place.apply()
    assert (names(sweep.orphans), sweep.young) == ([old], 1)
    assert list(place.store.keys()) == [young]


def test_a_look_changes_nothing(place: Place) -> None:
    place.take()
    orphan = place.put(b"orphan")
    sweep = place.look()
    assert (sweep.orphan_bytes, sweep.share(), sweep.deleted) == (6, 1.0, 0)
    assert list(place.store.keys()) == [orphan]


def test_an_empty_database_sweeps_nothing(place: Place) -> None:
    place.put(b"orphan")
    with pytest.raises(ConfigError, match="has no takes"):
        place.look()


def test_more_than_the_bound_is_refused(place: Place) -> None:
    kept = place.put(b"kept")
    place.take(delivery_key=kept)
    place.put(b"one"), place.put(b"two")
    with pytest.raises(ConfigError, match="67% of the store would go"):
        place.apply(most_share=0.5)
    assert len(list(place.store.keys())) == 3
    assert place.apply(most_share=0.7).deleted == 2


def test_a_grace_period_shorter_than_a_batch_is_refused(place: Place) -> None:
    with pytest.raises(ConfigError, match="Use 1h or more"):
        place.collector(grace_s=3599)


def test_what_is_put_again_between_the_looks_is_spared(place: Place) -> None:
    place.take()
    again, gone = place.put(b"again"), place.put(b"gone")
    collector = place.collector()
    sweep = collector.look([])
    place.put(b"again", age_s=0)
    collector.apply(sweep, most_share=1)
    assert (sweep.deleted, sweep.spared) == (1, 1)
    assert place.store.has(again)
    assert not place.store.has(gone)


def test_what_is_named_between_the_looks_is_spared(place: Place) -> None:
    pk = place.take(status="leased")
    created, finished, gone = place.put(b"created"), place.put(b"finished"), place.put(b"gone")
    collector = place.collector()
    sweep = collector.look([])
    assert len(sweep.orphans) == 3
    now = place.clock.now()
    place.take("cd" * 32, delivery_key=created, created_at=now)
    with place.engine.begin() as connection:
        done = {"status": "approved", "result": {"raw": {"key": finished}}, "finished_at": now}
        connection.execute(update(take).where(take.c.id == pk).values(done))
    collector.apply(sweep, most_share=1)
    assert list(place.store.keys()) == sorted([created, finished])
    assert (sweep.deleted, sweep.spared) == (1, 2)
    assert not place.store.has(gone)


def test_pointers_of_no_take_go_only_when_asked_and_before_their_objects(place: Place) -> None:
    place.take(KEY)
    mine = place.point(KEY, b"{}")
    sound = place.put(b"sound")
    lost = place.point("cd" * 32, json.dumps({"key": sound}).encode())
    young = place.point("ce" * 32, b"{}", age_s=60)
    assert place.apply().lost_pointers == []

    first = place.apply(with_pointers=True)
    assert names(first.lost_pointers) == [lost]
    assert (first.pointers, first.orphans, first.deleted) == (3, [], 1)
    assert list(place.store.keys("keys/")) == sorted([mine, young])
    assert place.store.has(sound)

    assert names(place.apply(with_pointers=True).orphans) == [sound]
    assert not place.store.has(sound)


def test_a_pointer_whose_take_came_back_is_spared(place: Place) -> None:
    place.take(KEY)
    lost = place.point("cd" * 32, b"{}")
    collector = place.collector()
    sweep = collector.look([], with_pointers=True)
    place.take("cd" * 32)
    collector.apply(sweep, most_share=1)
    assert (sweep.deleted, sweep.spared) == (0, 1)
    assert list(place.store.keys("keys/")) == [lost]


def test_rows_that_are_done_with_go_and_the_others_stay(place: Place) -> None:
    done, waiting = place.take("cd" * 32), place.take("ce" * 32, status="pending")
    now = place.clock.now()
    rows = [(done, now), (done, None), (waiting, now), (waiting, None)]
    with place.engine.begin() as connection:
        for pk, sent_at in rows:
            row = {"take_id": pk, "voice": "fake", "phonemes": 1, "created_at": now}
            connection.execute(insert(outbox).values(**row, sent_at=sent_at))
    assert place.look().settled == 1
    assert place.apply().purged == 1
    with place.engine.connect() as connection:
        left = connection.execute(select(outbox.c.take_id, outbox.c.sent_at)).all()
    assert [(pk, sent_at is not None) for pk, sent_at in left] == [
        (done, False),
        (waiting, True),
        (waiting, False),
    ]


class Away:
    """A store whose pointers cannot be read."""

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self.deleted: list[str] = []

    def get(self, key: str) -> bytes:
        raise StorageError("the store is away")

    def has(self, key: str) -> bool:
        return self._store.has(key)

    def stored(self, prefix: str = "objects/") -> Any:
        return self._store.stored(prefix)

    def look_up(self, key: str) -> StoredObject | None:
        return self._store.look_up(key)

    def delete(self, key: str) -> None:
        self.deleted.append(key)


def test_pointers_that_cannot_be_read_stop_the_sweep(place: Place) -> None:
    place.take()
    place.put(b"orphan")
    place.point("cd" * 32, b"{}")
    with pytest.raises(StorageError, match="away"):
        place.collector(Away(place.store)).look([])


def test_other_files_in_the_store_are_nobodys_garbage(place: Place) -> None:
    place.take()
    strange = place.store.root / "objects" / "ab" / "notes.txt"
    strange.parent.mkdir(parents=True)
    strange.write_text("ours")
    os.utime(strange, (0, 0))
    assert place.apply().objects == 0
    assert strange.is_file()


def test_names_hold_bytes_whatever_their_suffix() -> None:
    held = Names()
    held.add([object_key(sha256_hex(b"a"), ".wav"), ""])
    assert object_key(sha256_hex(b"a"), ".ogg") in held
    assert object_key(sha256_hex(b"b"), ".wav") not in held


def test_progress_counts_what_is_deleted(place: Place) -> None:
    place.take()
    for i in range(3):
        place.put(bytes([i]))
    told: list[tuple[str, int, int | None]] = []
    collector = place.collector(progress=lambda *step: told.append(step))
    collector.apply(collector.look([]), most_share=1)
    assert told[-1] == ("delete", 3, 3)


def test_a_share_is_of_objects_or_of_pointers(place: Place) -> None:
    found = StoredObject("objects/x", 1, place.clock.now())
    sweep = Sweep(place.clock.now(), objects=10, orphans=[found], pointers=4)
    assert sweep.share() == pytest.approx(0.1)
    sweep.lost_pointers = [replace(found)] * 2
    assert sweep.share() == pytest.approx(0.5)
