"""Pull: fetch what is missing, verify it, touch nothing else."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from renderer.domain.object_key import sha256_hex
from renderer.domain.voice_lock import LockEntry, VoiceLock, dump
from renderer.errors import InputError, LockError, ObjectMissingError, PullError, StorageError
from renderer.pull import PullReport, pull, read_lock
from renderer.pull.folder import RECORD
from renderer.storage.local import LocalStore

PLACES = [("halt_01", "en-US"), ("halt_02", "en-US"), ("halt_01", "de-DE")]


def entry(store: LocalStore, line_id: str, locale: str, sound: bytes) -> LockEntry:
    document = json.dumps([line_id, locale]).encode()
    return LockEntry(
        line_id=line_id,
        locale=locale,
        character="guard",
        key=store.put(sound, ".ogg", "audio/ogg"),
        sha256=sha256_hex(sound),
        size=len(sound),
        duration_s=1.0,
        extension=".ogg",
        metadata_key=store.put(document, ".json", "application/json"),
        metadata_sha256=sha256_hex(document),
        render_key="ab" * 32,
        input_digest="cd" * 32,
        voice="formant",
        publishable=True,
    )


class Counting:
    """A store that counts what is asked of it and may fail."""

    def __init__(self, store: LocalStore, fail: Callable[[str], None] = lambda _key: None) -> None:
        self.asked: list[str] = []
        self._store = store
        self._fail = fail

    def get(self, key: str) -> bytes:
        self.asked.append(key)
        self._fail(key)
        return self._store.get(key)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store", durable=False)


@pytest.fixture
def lock(store: LocalStore) -> VoiceLock:
    return _lock(entry(store, i, loc, f"{i} {loc}".encode()) for i, loc in PLACES)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "game" / "voice"


def _lock(entries: Iterable[LockEntry]) -> VoiceLock:
    return VoiceLock("game", tuple(sorted(entries, key=lambda e: (e.line_id, e.locale))))


def _files(into: Path) -> dict[str, bytes]:
    return {
        p.relative_to(into).as_posix(): p.read_bytes()
        for p in into.rglob("*")
        if p.is_file() and p.name != RECORD
    }


def _settle(into: Path) -> None:
    """Let the record be younger than every file, as it is a moment after a real pull."""
    later = time.time_ns() + 10_000_000_000
    os.utime(into / RECORD, ns=(later, later))


def test_a_first_pull_fetches_everything(lock: VoiceLock, store: LocalStore, into: Path) -> None:
    report = pull(lock, store, into)
    assert report == PullReport(fetched=3, kept=0, removed=0, bytes=39)
    assert _files(into) == {
        "en-US/halt_01.ogg": b"halt_01 en-US",
        "en-US/halt_02.ogg": b"halt_02 en-US",
        "de-DE/halt_01.ogg": b"halt_01 de-DE",
    }


def test_a_second_pull_asks_the_store_nothing(
    lock: VoiceLock, store: LocalStore, into: Path
) -> None:
    pull(lock, store, into)
    counting = Counting(store)
    assert pull(lock, counting, into) == PullReport(0, 3, 0, 0)
    assert counting.asked == []


def test_a_settled_folder_is_not_even_hashed(
    lock: VoiceLock, store: LocalStore, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(lock, store, into)
    _settle(into)
    monkeypatch.setattr("renderer.pull.folder.hash_file", lambda _p: pytest.fail("hashed"))
    assert pull(lock, store, into).kept == 3


def test_only_what_changed_is_fetched(lock: VoiceLock, store: LocalStore, into: Path) -> None:
    pull(lock, store, into)
    changed = entry(store, "halt_01", "en-US", b"another take")
    new = _lock([changed, *(e for e in lock.entries if e.path != changed.path)])
    counting = Counting(store)
    assert pull(new, counting, into) == PullReport(1, 2, 0, 12)
    assert counting.asked == [changed.key]
    assert (into / changed.path).read_bytes() == b"another take"


@pytest.mark.parametrize("damage", [b"", b"HALT_01 EN-US", b"longer than it was"])
def test_a_damaged_file_is_fetched_again(
    lock: VoiceLock, store: LocalStore, into: Path, damage: bytes
) -> None:
    pull(lock, store, into)
    (into / "en-US/halt_01.ogg").write_bytes(damage)
    assert pull(lock, store, into).fetched == 1
    assert (into / "en-US/halt_01.ogg").read_bytes() == b"halt_01 en-US"


def test_a_change_in_the_same_tick_and_size_is_seen(
    lock: VoiceLock, store: LocalStore, into: Path
) -> None:
    """A coarse clock may give a change made right after a pull the same time stamp."""
    pull(lock, store, into)
    file = into / "en-US/halt_01.ogg"
    status, record = file.stat(), into / RECORD
    file.write_bytes(b"HALT_01 EN-US")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    os.utime(record, ns=(status.st_mtime_ns, status.st_mtime_ns))
    assert pull(lock, store, into).fetched == 1


@pytest.mark.parametrize("record", ["", "[]", "{", "[" * 99999, '{"format": "barkline-pull-1"}'])
def test_a_damaged_record_costs_time_and_nothing_else(
    lock: VoiceLock, store: LocalStore, into: Path, record: str
) -> None:
    pull(lock, store, into)
    (into / RECORD).write_text(record)
    assert pull(lock, store, into) == PullReport(0, 3, 0, 0)


def test_only_the_locales_asked_for(lock: VoiceLock, store: LocalStore, into: Path) -> None:
    assert pull(lock, store, into, locales=["de-de"]).fetched == 1
    assert list(_files(into)) == ["de-DE/halt_01.ogg"]


def test_an_unknown_locale_is_named_with_those_there_are(
    lock: VoiceLock, store: LocalStore, into: Path
) -> None:
    with pytest.raises(InputError, match="no fr-FR; it has de-DE, en-US"):
        pull(lock, store, into, locales=["fr-FR"])


def test_metadata_is_written_beside_the_sound(
    lock: VoiceLock, store: LocalStore, into: Path
) -> None:
    assert pull(lock, store, into, metadata=True).fetched == 6
    assert json.loads((into / "de-DE/halt_01.json").read_text()) == ["halt_01", "de-DE"]
    assert pull(lock, store, into, remove_orphans=True).removed == 3


def test_every_failure_is_told_and_the_rest_is_there(
    lock: VoiceLock, store: LocalStore, into: Path
) -> None:
    missing, corrupt = lock.entries[0], lock.entries[2]
    store.delete(missing.key)
    (store.root / corrupt.key).write_bytes(b"garbage")
    with pytest.raises(PullError, match="2 of 3") as caught:
        pull(lock, store, into)
    assert [path for path, _ in caught.value.failures] == sorted([missing.path, corrupt.path])
    assert list(_files(into)) == [lock.entries[1].path]


def test_a_store_that_lies_is_caught(lock: VoiceLock, into: Path) -> None:
    class Liar:
        def get(self, _key: str) -> bytes:
            return b"#!/bin/sh"

    with pytest.raises(PullError):
        pull(lock, Liar(), into)
    assert _files(into) == {}


def test_after_a_failure_nothing_is_removed(lock: VoiceLock, store: LocalStore, into: Path) -> None:
    pull(lock, store, into)
    smaller = _lock(lock.entries[:2])
    changed = replace(smaller.entries[0], sha256="00" * 32, key=f"objects/00/{'00' * 32}.ogg")
    with pytest.raises(PullError):
        pull(_lock([changed, smaller.entries[1]]), store, into, remove_orphans=True)
    assert len(_files(into)) == 3


def test_a_store_that_is_down_is_not_asked_for_every_file(store: LocalStore, into: Path) -> None:
    lock = _lock(entry(store, f"l{i:03}", "en-US", bytes([i])) for i in range(200))

    def down(_key: str) -> None:
        raise StorageError("the server does not answer.")

    counting = Counting(store, down)
    with pytest.raises(PullError) as caught:
        pull(lock, counting, into, jobs=2)
    assert len(caught.value.failures) == 200
    assert len(counting.asked) < 20


def test_missing_objects_do_not_stop_the_others(store: LocalStore, into: Path) -> None:
    lock = _lock(entry(store, f"l{i:03}", "en-US", bytes([i])) for i in range(100))
    gone = {e.key for e in lock.entries[:90]}

    def missing(key: str) -> None:
        if key in gone:
            raise ObjectMissingError(key)

    with pytest.raises(PullError) as caught:
        pull(lock, Counting(store, missing), into, jobs=1)
    assert len(caught.value.failures) == 90
    assert len(_files(into)) == 10


def test_orphans_stay_until_somebody_asks(lock: VoiceLock, store: LocalStore, into: Path) -> None:
    pull(lock, store, into)
    smaller = _lock(e for e in lock.entries if e.line_id != "halt_02")
    assert pull(smaller, store, into).removed == 0
    assert "en-US/halt_02.ogg" in _files(into)
    assert pull(smaller, store, into, remove_orphans=True).removed == 1
    assert "en-US/halt_02.ogg" not in _files(into)


def test_removing_orphans_touches_only_sounds_in_locale_folders(
    lock: VoiceLock, store: LocalStore, into: Path
) -> None:
    pull(lock, store, into)
    kept = ["music.ogg", "sfx/boom.ogg", "en-US/README.md", "en-US/table.json", "en-US/x/y.ogg"]
    for name in kept:
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        (into / name).write_bytes(b"mine")
    (into / "en-US/old.wav").write_bytes(b"of another codec")
    assert pull(lock, store, into, remove_orphans=True).removed == 1
    assert set(kept) <= set(_files(into))


def test_a_dropped_locale_disappears_with_its_folder(
    lock: VoiceLock, store: LocalStore, into: Path
) -> None:
    pull(lock, store, into)
    english = _lock(e for e in lock.entries if e.locale == "en-US")
    assert pull(english, store, into, remove_orphans=True).removed == 1
    assert not (into / "de-DE").exists()


def test_orphans_of_other_locales_are_not_this_pull_s_business(
    lock: VoiceLock, store: LocalStore, into: Path
) -> None:
    pull(lock, store, into)
    smaller = _lock(e for e in lock.entries if e.line_id != "halt_02")
    report = pull(smaller, store, into, locales=["de-DE"], remove_orphans=True)
    assert report.removed == 0
    assert "en-US/halt_02.ogg" in _files(into)


def test_a_hostile_record_cannot_aim_the_removal(
    lock: VoiceLock, store: LocalStore, into: Path
) -> None:
    outside = into.parent / "precious.ogg"
    pull(lock, store, into)
    outside.write_bytes(b"precious")
    files = {"../precious.ogg": [8, 1, "x"], "en-US/../../precious.ogg": [8, 1, "x"]}
    (into / RECORD).write_text(json.dumps({"format": "barkline-pull-1", "files": files}))
    pull(lock, store, into, remove_orphans=True)
    assert outside.read_bytes() == b"precious"


posix = pytest.mark.skipif(os.name != "posix", reason="needs symbolic links")


@posix
def test_a_link_is_replaced_and_never_written_through(
    lock: VoiceLock, store: LocalStore, into: Path, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"halt_01 en-US")
    (into / "en-US").mkdir(parents=True)
    (into / "en-US/halt_01.ogg").symlink_to(precious)
    assert pull(lock, store, into).fetched == 3
    assert not (into / "en-US/halt_01.ogg").is_symlink()
    assert precious.read_bytes() == b"halt_01 en-US"


@posix
def test_a_linked_locale_folder_is_refused(
    lock: VoiceLock, store: LocalStore, into: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    into.mkdir(parents=True)
    (into / "en-US").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PullError) as caught:
        pull(lock, store, into)
    assert "is a link" in caught.value.failures[0][1]
    assert list((tmp_path / "elsewhere").iterdir()) == []


@posix
def test_linked_orphans_are_left_alone(
    lock: VoiceLock, store: LocalStore, into: Path, tmp_path: Path
) -> None:
    pull(lock, store, into)
    (tmp_path / "target.ogg").write_bytes(b"x")
    (into / "en-US/linked.ogg").symlink_to(tmp_path / "target.ogg")
    assert pull(lock, store, into, remove_orphans=True).removed == 0


def test_a_file_where_a_folder_has_to_be_is_explained(
    lock: VoiceLock, store: LocalStore, into: Path
) -> None:
    into.mkdir(parents=True)
    (into / "en-US").write_text("oops")
    with pytest.raises(PullError) as caught:
        pull(lock, store, into)
    assert caught.value.failures[0][0] == "en-US"
    (into.parent / "blocked").write_text("oops")
    with pytest.raises(PullError, match="cannot be made"):
        pull(lock, store, into.parent / "blocked")


def test_an_interrupted_pull_leaves_no_partial_file_and_goes_on_later(
    lock: VoiceLock, store: LocalStore, into: Path
) -> None:
    def interrupt(done: int, _total: int, _bytes: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(lock, store, into, jobs=1, progress=interrupt)
    assert all(name.endswith(".ogg") for name in _files(into))
    assert pull(lock, store, into).kept >= 1


def test_a_full_disk_leaves_no_partial_file(
    lock: VoiceLock, store: LocalStore, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(PullError) as caught:
        pull(lock, store, into)
    assert "disk is full" in caught.value.failures[0][1]
    assert _files(into) == {}


def test_what_a_killed_pull_left_goes_and_a_running_one_s_stays(
    lock: VoiceLock, store: LocalStore, into: Path
) -> None:
    pull(lock, store, into)
    old, young = into / "en-US/.a.1-x.partial", into / "en-US/.b.2-y.partial"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    pull(lock, store, into)
    assert not old.exists()
    assert young.exists()


def _ignores_case(folder: Path) -> bool:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "CaSe").touch()
    return (folder / "cAsE").exists()


def test_another_spelling_is_an_orphan_only_where_it_is_another_file(
    lock: VoiceLock, store: LocalStore, into: Path, tmp_path: Path
) -> None:
    (into / "en-US").mkdir(parents=True)
    (into / "en-US/HALT_01.ogg").write_bytes(b"halt_01 en-US")
    report = pull(lock, store, into, remove_orphans=True)
    names = {p.name for p in (into / "en-US").iterdir()}
    assert names == {"halt_01.ogg", "halt_02.ogg"}
    assert report.removed == (0 if _ignores_case(tmp_path / "probe") else 1)


def test_on_a_file_system_that_ignores_case_a_respelt_file_is_renamed_not_removed(
    lock: VoiceLock, store: LocalStore, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux plays macOS: two spellings of one name are one file."""
    pull(lock, store, into)
    real = Path.samefile

    def samefile(self: Path, other: Any) -> bool:
        return str(self).casefold() == str(other).casefold() or real(self, other)

    monkeypatch.setattr(Path, "samefile", samefile)
    (into / "en-US/halt_01.ogg").rename(into / "en-US/HALT_01.ogg")
    report = pull(lock, store, into, remove_orphans=True)
    assert report == PullReport(fetched=0, kept=3, removed=0, bytes=0)
    assert (into / "en-US/halt_01.ogg").is_file()


def test_progress_ends_at_all_files(lock: VoiceLock, store: LocalStore, into: Path) -> None:
    seen: list[tuple[int, int, int]] = []
    pull(lock, store, into, progress=lambda *step: seen.append(step))
    assert [s[:2] for s in seen] == [(1, 3), (2, 3), (3, 3)]
    assert seen[-1][2] == 39


def test_an_empty_lock_is_fine(store: LocalStore, into: Path) -> None:
    assert pull(_lock([]), store, into, remove_orphans=True) == PullReport(0, 0, 0, 0)


def test_a_lock_file_is_read(lock: VoiceLock, tmp_path: Path) -> None:
    path = tmp_path / "voice.lock"
    path.write_text(dump(lock.project, lock.entries), encoding="utf-8")
    assert read_lock(path) == lock


@pytest.mark.parametrize(
    ("content", "says"), [(None, "barkline publish"), (b"\xff\xfe", "not UTF-8"), (b"", "no voice")]
)
def test_a_lock_file_that_cannot_be_read_says_why(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "voice.lock"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LockError, match=says):
        read_lock(path)


def test_a_lock_that_is_a_folder_says_why(tmp_path: Path) -> None:
    with pytest.raises(LockError, match="cannot be read"):
        read_lock(tmp_path)
