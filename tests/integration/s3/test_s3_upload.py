"""Large objects in parts, and checksums: what arrives is what was sent, or nothing is left."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import Any

import botocore.retries.standard
import pytest

from renderer.domain.object_key import object_key, sha256_hex
from renderer.errors import ConfigError, StorageError
from renderer.storage import open_store
from renderer.storage.s3 import S3Store
from tests.servers.fault_proxy import Fault, FaultProxy

MEBI = 1 << 20
LARGE = bytes(range(256)) * (12 * MEBI // 256)
KEY = object_key(sha256_hex(LARGE), ".wav")
Through = Callable[..., S3Store]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    backoff = botocore.retries.standard.ExponentialBackoff
    monkeypatch.setattr(backoff, "delay_amount", lambda *_: 0.01)


@pytest.fixture
def parted(through: Through) -> S3Store:
    return through(multipart_bytes=8 * MEBI, part_bytes=5 * MEBI)


def put(store: S3Store) -> str:
    return store.put(LARGE, ".wav", "audio/wav")


def unfinished(client: Any) -> list[str]:
    return [u["UploadId"] for u in client.list_multipart_uploads(Bucket="voice").get("Uploads", ())]


def test_a_large_object_goes_in_parts(
    proxy: FaultProxy, parted: S3Store, client: Any, prefix: str
) -> None:
    assert put(parted) == KEY
    assert parted.get(KEY) == LARGE
    stored = client.head_object(Bucket="voice", Key=f"{prefix}/{KEY}")
    assert stored["ContentType"] == "audio/wav"
    assert [s.size for s in proxy.seen("PUT", "partNumber")] == [5 * MEBI, 5 * MEBI, 2 * MEBI]
    completion = proxy.seen("POST", "uploadId")[0]
    assert completion.headers["if-none-match"] == "*"


def test_a_small_object_does_not(proxy: FaultProxy, parted: S3Store) -> None:
    parted.put(b"small", ".wav", "audio/wav")
    assert proxy.seen("POST") == []


def test_an_upload_that_fails_leaves_nothing(
    proxy: FaultProxy, parted: S3Store, client: Any
) -> None:
    proxy.add(Fault.answer(403, "AccessDenied"), path="partNumber=2", times=None)
    with pytest.raises(StorageError, match="access refused"):
        put(parted)
    assert unfinished(client) == []
    assert not parted.has(KEY)


def test_a_part_that_fails_in_passing_is_sent_again(proxy: FaultProxy, parted: S3Store) -> None:
    proxy.add(Fault.answer(500), path="partNumber=2", times=2)
    proxy.add(Fault.cut_after(), path="partNumber=3")
    put(parted)
    assert parted.get(KEY) == LARGE


def test_a_completion_whose_answer_is_lost_counts(
    proxy: FaultProxy, parted: S3Store, client: Any
) -> None:
    proxy.add(Fault.cut_after(), method="POST", path="uploadId")
    put(parted)
    assert parted.get(KEY) == LARGE
    assert unfinished(client) == []


def test_another_writer_who_was_first_is_success(
    parted: S3Store, client: Any, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(parted)
    assert parted._upload.send(KEY, LARGE, "audio/wav", replace=False) is False
    assert unfinished(client) == []
    assert parted.get(KEY) == LARGE


def test_a_server_without_conditions_is_asked_once(proxy: FaultProxy, parted: S3Store) -> None:
    proxy.add(Fault.answer(501, "NotImplemented"), method="POST", path="uploadId")
    put(parted)
    parted.put(b"small", ".wav", "audio/wav")
    assert parted.get(KEY) == LARGE
    assert "if-none-match" not in proxy.seen("PUT")[-1].headers


def test_checksums_go_along_when_asked_for(
    proxy: FaultProxy, through: Through, client: Any, prefix: str
) -> None:
    store = through(multipart_bytes=8 * MEBI, part_bytes=5 * MEBI, checksums=True)
    small = store.put(b"sound", ".ogg", "audio/ogg")
    put(store)
    uploads = proxy.seen("PUT")
    assert all("x-amz-checksum-sha256" in s.headers for s in uploads)
    sent = b64decode(uploads[0].headers["x-amz-checksum-sha256"])
    assert sent.hex() == sha256_hex(b"sound")
    assert store.get(small) == b"sound"
    assert store.get(KEY) == LARGE


def test_a_server_that_has_other_bytes_is_told_of(
    through: Through, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = through(checksums=True)
    monkeypatch.setattr(store._s3, "put_object", lambda **_: {"ChecksumSHA256": "AAAA"})
    monkeypatch.setattr(store._s3, "head_object", lambda **_: {"ContentLength": 5})
    with pytest.raises(StorageError, match="other bytes"):
        store._upload.send(KEY, b"sound", "audio/wav", replace=True)
    monkeypatch.setattr(store._s3, "put_object", lambda **_: {})
    monkeypatch.setattr(store._s3, "head_object", lambda **_: {"ContentLength": 4})
    with pytest.raises(StorageError, match="other bytes"):
        store._upload.send(KEY, b"sound", "audio/wav", replace=True)


def test_the_address_asks_for_checksums(proxy: FaultProxy, client: Any, prefix: str) -> None:
    address = f"s3://voice/{prefix}?endpoint={proxy.url}&region=us-east-1&style=path"
    open_store(f"{address}&checksum=sha256").put(b"a", ".ogg", "audio/ogg")
    open_store(address).put(b"b", ".ogg", "audio/ogg")
    assert ["x-amz-checksum-sha256" in s.headers for s in proxy.seen("PUT")] == [True, False]
    with pytest.raises(ConfigError, match="checksum is none or sha256"):
        open_store(f"{address}&checksum=md5")


@pytest.mark.parametrize(
    "suffix", ["/../Wren", ".Wren says hello", "?x=1", ".wav/..", " .wav", "é"]
)
def test_no_text_of_a_writer_becomes_a_key(through: Through, suffix: str) -> None:
    with pytest.raises(ValueError, match="no object suffix"):
        through().put(b"sound", suffix, "audio/wav")
    with pytest.raises(ValueError, match="no render key"):
        through().point(f"Wren{suffix}", b"{}")
