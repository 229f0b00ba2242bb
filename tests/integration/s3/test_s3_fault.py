"""A store behind a network and a server that fail: what is retried, what is said, what is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import botocore.retries.standard
import pytest

from renderer.domain.object_key import object_key, sha256_hex
from renderer.errors import ObjectCorruptError, StorageError
from renderer.storage.s3 import S3Store
from renderer.storage.s3_bucket import S3Server
from tests.servers.fault_proxy import Fault, FaultProxy

SOUND = b"sound" * 100
KEY = object_key(sha256_hex(SOUND), ".ogg")
Through = Callable[..., S3Store]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pauses between tries be short; how often it is tried stays."""
    backoff = botocore.retries.standard.ExponentialBackoff
    monkeypatch.setattr(backoff, "delay_amount", lambda *_: 0.01)


def put(store: S3Store) -> str:
    return store.put(SOUND, ".ogg", "audio/ogg")


def stored(client: Any, prefix: str, key: str = KEY) -> bytes:
    return bytes(client.get_object(Bucket="voice", Key=f"{prefix}/{key}")["Body"].read())


@pytest.mark.parametrize(
    ("status", "code"),
    [(500, "InternalError"), (503, "SlowDown"), (503, "ServiceUnavailable"), (502, ""), (504, "")],
)
def test_a_passing_failure_is_outlived(
    proxy: FaultProxy, through: Through, client: Any, prefix: str, status: int, code: str
) -> None:
    for method in ("HEAD", "PUT", "GET"):
        proxy.add(Fault.answer(status, code), method=method, times=2)
    store = through()
    assert put(store) == KEY
    assert store.get(KEY) == SOUND
    assert stored(client, prefix) == SOUND
    assert [s.method for s in proxy.log] == ["HEAD"] * 3 + ["PUT"] * 3 + ["GET"] * 3


def test_a_store_that_stays_overloaded_is_given_up(proxy: FaultProxy, through: Through) -> None:
    proxy.add(Fault.answer(503, "SlowDown"), method="PUT", times=None)
    with pytest.raises(StorageError, match="overloaded"):
        put(through(attempts=3))
    assert len(proxy.seen("PUT")) == 3


def test_credentials_that_expire_are_named_and_not_retried(
    proxy: FaultProxy, through: Through
) -> None:
    store = through()
    proxy.add(Fault.expired(), method="PUT", times=None)
    proxy.add(Fault.expired(), method="HEAD", times=None, skip=1)
    with pytest.raises(StorageError, match="have expired"):
        put(store)
    with pytest.raises(StorageError, match="Expired credentials"):  # a HEAD's answer has no body
        store.has(KEY)
    assert len(proxy.seen("PUT")) == 1
    assert len(proxy.seen("HEAD", KEY)) == 2


def test_credentials_that_are_renewed_work_again(proxy: FaultProxy, through: Through) -> None:
    store = through()
    proxy.add(Fault.expired(), method="PUT")
    with pytest.raises(StorageError):
        put(store)
    assert put(store) == KEY


@pytest.mark.parametrize("fault", [Fault.cut_before(), Fault.cut_after()], ids=lambda f: f.kind)
def test_a_connection_that_breaks_while_storing(
    proxy: FaultProxy, through: Through, client: Any, prefix: str, fault: Fault
) -> None:
    """After the server has stored it, the retry finds its own bytes (412): that is success."""
    proxy.add(fault, method="PUT", times=2)
    store = through()
    assert put(store) == KEY
    assert stored(client, prefix) == SOUND
    answers = [s.status for s in proxy.seen("PUT")]
    assert answers == ([0, 0, 200] if fault.kind == "cut_before" else [200, 412, 412])


def test_an_answer_that_comes_too_late_after_storing(
    proxy: FaultProxy, through: Through, client: Any, prefix: str
) -> None:
    proxy.add(Fault.late(2.0), method="PUT")
    assert put(through(read_timeout_s=0.5)) == KEY
    assert stored(client, prefix) == SOUND
    assert len(proxy.seen("PUT")) >= 1


def test_a_pointer_is_written_again_after_a_lost_answer(
    proxy: FaultProxy, through: Through
) -> None:
    proxy.add(Fault.cut_after(), method="PUT")
    store = through()
    store.point("ab" * 32, b'{"take": 1}')
    assert store.pointed("ab" * 32) == b'{"take": 1}'
    assert [s.status for s in proxy.seen("PUT")] == [200, 200]


def test_a_server_that_says_nothing_is_given_up(proxy: FaultProxy, through: Through) -> None:
    proxy.add(Fault.delay(5), method="HEAD", times=None)
    with pytest.raises(StorageError, match="stopped answering"):
        through(attempts=2, read_timeout_s=0.2).has(KEY)


def test_bytes_damaged_on_the_way_are_fetched_again(proxy: FaultProxy, through: Through) -> None:
    store = through()
    put(store)
    proxy.add(Fault.corrupt(), method="GET")
    assert store.get(KEY) == SOUND
    assert len(proxy.seen("GET")) == 2


def test_bytes_that_stay_damaged_are_never_returned(proxy: FaultProxy, through: Through) -> None:
    store = through()
    put(store)
    proxy.add(Fault.corrupt(), method="GET", times=None)
    with pytest.raises(ObjectCorruptError):
        store.get(KEY)


def test_a_body_cut_short_is_fetched_again(proxy: FaultProxy, through: Through) -> None:
    store = through()
    put(store)
    proxy.add(Fault.truncate(), method="GET", times=3)
    assert store.get(KEY) == SOUND
    proxy.add(Fault.truncate(), method="GET", times=None)
    with pytest.raises(StorageError, match="broke 4 times"):
        store.get(KEY)


def test_a_listing_that_fails_halfway_is_an_error_not_an_end(
    proxy: FaultProxy, through: Through
) -> None:
    store = through(attempts=1)
    put(store)
    proxy.add(Fault.answer(500), path="list-type=2", times=None)
    with pytest.raises(StorageError):
        list(store.stored())


def test_a_storm_of_faults_loses_nothing(endpoint: str, client: Any, prefix: str) -> None:
    with FaultProxy(endpoint, seed=11) as proxy:
        for fault in (Fault.answer(503, "SlowDown"), Fault.cut_before(), Fault.cut_after()):
            proxy.add(fault, times=None, chance=0.12)
        proxy.add(Fault.truncate(), method="GET", times=None, chance=0.2)
        server = S3Server(proxy.url, "us-east-1", "path", attempts=10)
        store = S3Store("voice", prefix, server)
        sounds = [f"line {i}".encode() * 50 for i in range(25)]
        keys = [store.put(sound, ".ogg", "audio/ogg") for sound in sounds]
        assert [store.get(key) for key in keys] == sounds
        assert sum(bool(s.fault) for s in proxy.log) > 20
    assert [stored(client, prefix, key) for key in keys] == sounds


def test_a_bucket_in_its_host_name(
    endpoint: str, client: Any, prefix: str, local_names: None
) -> None:
    """Path and virtual-host names lead to the same object, through the proxy as well."""
    with FaultProxy(endpoint) as proxy:
        server = S3Server(f"http://localhost:{proxy.port}", "us-east-1", "virtual")
        assert put(S3Store("voice", prefix, server)) == KEY
        asked = proxy.seen("PUT")[0]
    assert asked.headers["host"] == f"voice.localhost:{proxy.port}"
    assert asked.path == f"/{prefix}/{KEY}"
    assert S3Store("voice", prefix, S3Server(endpoint, "us-east-1", "path")).get(KEY) == SOUND
