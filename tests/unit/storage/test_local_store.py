"""The folder store: atomic, verified, healing."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.domain.object_key import content_hash, is_key, object_key, pointer_key, sha256_hex
from renderer.errors import ObjectCorruptError, ObjectMissingError, StorageError
from renderer.storage.local import LocalStore

RENDER_KEY = "c0" * 32


def _files(root: Path) -> list[Path]:
    return [p for p in root.rglob("*") if p.is_file()]


def test_what_is_put_comes_back_under_its_hash(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "not" / "yet" / "there")
    key = store.put(b"sound", ".ogg", "audio/ogg")
    sha = sha256_hex(b"sound")
    assert key == f"objects/{sha[:2]}/{sha}.ogg"
    assert store.has(key)
    assert store.get(key) == b"sound"
    assert (store.root / key).read_bytes() == b"sound"


def test_putting_twice_writes_once(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    key = store.put(b"sound", ".ogg", "audio/ogg")
    before = (tmp_path / key).stat()
    assert store.put(b"sound", ".ogg", "audio/ogg") == key
    assert before.st_ino == (tmp_path / key).stat().st_ino


def test_what_is_put_again_is_young_again(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    key = store.put(b"sound", ".ogg", "audio/ogg")
    os.utime(tmp_path / key, (1_000_000_000, 1_000_000_000))
    old = store.look_up(key)
    assert old is not None
    assert old.modified_at.isoformat() == "2001-09-09T01:46:40+00:00"
    store.put(b"sound", ".ogg", "audio/ogg")
    young = store.look_up(key)
    assert young is not None
    assert young.modified_at > old.modified_at
    assert list(store.stored()) == [young]
    assert store.look_up(object_key("cd" * 32, ".ogg")) is None
    assert len(_files(tmp_path)) == 1


@pytest.mark.parametrize("damage", [b"", b"soun", b"sounD", b"sound and more"])
def test_a_damaged_object_is_refused_on_get_and_healed_on_put(
    tmp_path: Path, damage: bytes
) -> None:
    store = LocalStore(tmp_path)
    key = store.put(b"sound", ".ogg", "audio/ogg")
    (tmp_path / key).write_bytes(damage)
    with pytest.raises(ObjectCorruptError, match="damaged"):
        store.get(key)
    assert store.put(b"sound", ".ogg", "audio/ogg") == key
    assert store.get(key) == b"sound"


@pytest.mark.parametrize(
    "key",
    [
        "../../etc/passwd",
        "objects/ab/../../../etc/passwd",
        f"objects/ab/{'cd' * 32}.ogg",
        f"objects/ab/{'ab' * 32}.ogg/../x",
        f"objects/ab/{'ab' * 32}.ogg\n",
        f"objects\\ab\\{'ab' * 32}.ogg",
        f"objects/AB/{'AB' * 32}.ogg",
        f"keys/ab/{'ab' * 32}",
        "/etc/passwd",
        "",
    ],
)
def test_no_key_leads_out_of_the_store(tmp_path: Path, key: str) -> None:
    store = LocalStore(tmp_path)
    for call in (store.get, store.has, store.delete):
        with pytest.raises(StorageError, match="no object key"):
            call(key)


@pytest.mark.parametrize("suffix", ["/../x", ".OGG", ".o/g", "ogg", ".a.b.c", ".", ".ogg\x00"])
def test_no_suffix_leads_out_of_the_store(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(ValueError, match="suffix"):
        LocalStore(tmp_path).put(b"x", suffix, "audio/ogg")
    assert _files(tmp_path) == []


@given(st.text(max_size=90))
def test_content_hash_accepts_only_its_own_form(text: str) -> None:
    if content_hash(text):
        assert text.startswith("objects/")
        assert is_key(text)


@given(st.binary(max_size=64), st.sampled_from(["", ".ogg", ".meta.json"]))
def test_object_keys_round_trip(data: bytes, suffix: str) -> None:
    sha = sha256_hex(data)
    assert content_hash(object_key(sha, suffix)) == sha


def test_a_missing_object_is_its_own_error(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    with pytest.raises(ObjectMissingError):
        store.get(object_key("ab" * 32, ".ogg"))
    assert not store.has(object_key("ab" * 32, ".ogg"))


def test_a_render_key_points_at_its_last_document(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    assert store.pointed(RENDER_KEY) is None
    store.point(RENDER_KEY, b"{}")
    store.point(RENDER_KEY, b'{"take": 2}')
    assert store.pointed(RENDER_KEY) == b'{"take": 2}'
    assert (tmp_path / pointer_key(RENDER_KEY)).is_file()


@pytest.mark.parametrize("render_key", ["", "x", "../" + "a" * 61, "AB" * 32])
def test_a_render_key_is_checked(tmp_path: Path, render_key: str) -> None:
    with pytest.raises(ValueError, match="render key"):
        LocalStore(tmp_path).point(render_key, b"{}")


def test_a_full_disk_says_so_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStore(tmp_path)

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="no room for 5 bytes") as caught:
        store.put(b"sound", ".ogg", "audio/ogg")
    assert "Free some space" in str(caught.value)
    assert _files(tmp_path) == []


def test_an_interrupted_write_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        LocalStore(tmp_path).put(b"sound", ".ogg", "audio/ogg")
    assert _files(tmp_path) == []


def test_a_folder_that_is_a_file_is_explained(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("oops")
    with pytest.raises(StorageError, match="cannot write"):
        LocalStore(tmp_path / "store").put(b"x", ".ogg", "audio/ogg")


def test_eight_writers_and_a_reader_never_see_half_an_object(tmp_path: Path) -> None:
    store = LocalStore(tmp_path, durable=False)
    data = [bytes([i]) * 200_000 for i in range(4)]
    keys = [object_key(sha256_hex(d), ".wav") for d in data]

    def write() -> None:
        for one in data * 5:
            store.put(one, ".wav", "audio/wav")
            store.point(RENDER_KEY, one)

    def read() -> None:
        for one, key in zip(data * 5, keys * 5, strict=True):
            assert not store.has(key) or store.get(key) == one

    with ThreadPoolExecutor(9) as pool:
        for done in [pool.submit(write) for _ in range(8)] + [pool.submit(read)]:
            done.result()
    assert sorted(store.keys()) == sorted(keys)
    assert store.pointed(RENDER_KEY) in data
    assert not [p for p in _files(tmp_path) if p.name.endswith(".partial")]


def test_keys_lists_objects_or_pointers_and_nothing_else(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    assert list(store.keys()) == []
    keys = sorted(store.put(bytes([i]), ".ogg", "audio/ogg") for i in range(20))
    store.point(RENDER_KEY, b"{}")
    (tmp_path / keys[0]).with_name(".x.partial").write_bytes(b"")
    (tmp_path / "objects" / "notes.txt").write_text("by hand")
    assert list(store.keys()) == keys
    assert list(store.keys(keys[3][:11])) == [k for k in keys if k.startswith(keys[3][:11])]
    assert list(store.keys("keys/")) == [pointer_key(RENDER_KEY)]


def test_delete_is_harmless_twice(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    key = store.put(b"x", ".ogg", "audio/ogg")
    store.delete(key)
    store.delete(key)
    assert not store.has(key)


@pytest.mark.skipif(os.name != "posix", reason="permissions of a shared folder")
def test_objects_get_the_permissions_of_ordinary_files(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    key = LocalStore(tmp_path).put(b"x", ".ogg", "audio/ogg")
    assert (tmp_path / key).stat().st_mode == (tmp_path / "plain").stat().st_mode
