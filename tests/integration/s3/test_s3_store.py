"""The S3 store against a real server over HTTP (moto on a free loopback port)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from renderer.domain.object_key import object_key, sha256_hex
from renderer.errors import ConfigError, ObjectCorruptError, ObjectMissingError, StorageError
from renderer.storage import open_store
from renderer.storage.s3 import S3Store
from renderer.storage.s3_bucket import S3Server

SECRET, REGION = "wJalrXUtnFEMI-not-for-logs", "us-east-1"
RENDER_KEY = "ab" * 32


def _calls(store: S3Store) -> list[str]:
    seen: list[str] = []
    store._s3.meta.events.register(
        "before-call.s3", lambda model, **_: seen.append(model.name), unique_id="seen"
    )
    return seen


def test_what_is_put_comes_back_under_its_hash(store: S3Store, client: Any, prefix: str) -> None:
    key = store.put(b"sound", ".ogg", "audio/ogg")
    assert key == object_key(sha256_hex(b"sound"), ".ogg")
    assert store.get(key) == b"sound"
    assert store.has(key)
    stored = client.head_object(Bucket="voice", Key=f"{prefix}/{key}")
    assert stored["ContentType"] == "audio/ogg"


def test_what_is_there_is_not_sent_again(store: S3Store) -> None:
    store.put(b"sound", ".ogg", "audio/ogg")
    calls = _calls(store)
    store.put(b"sound", ".ogg", "audio/ogg")
    assert calls == ["HeadObject"]


def test_the_put_is_conditional(store: S3Store) -> None:
    sent: list[dict[str, str]] = []
    store._s3.meta.events.register(
        "before-call.s3.PutObject", lambda params, **_: sent.append(dict(params["headers"]))
    )
    store.put(b"sound", ".ogg", "audio/ogg")
    assert [h.get("If-None-Match") for h in sent] == ["*"]
    assert not any(name.lower().startswith("x-amz-checksum") for h in sent for name in h)


def test_eight_racing_writers_all_succeed(store: S3Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _i: store.put(b"race", ".ogg", "audio/ogg"), range(16)))
    assert len(keys) == 1
    assert store.get(keys.pop()) == b"race"


def test_losing_the_race_is_success(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    key = store.put(b"sound", ".ogg", "audio/ogg")
    looks = [(None, timedelta()), store._head(key)]
    monkeypatch.setattr(store, "_head", lambda _key: looks.pop(0))
    assert store.put(b"sound", ".ogg", "audio/ogg") == key
    assert looks == []


def test_losing_the_race_to_damaged_bytes_heals_them(
    store: S3Store, client: Any, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = object_key(sha256_hex(b"sound"), ".ogg")
    client.put_object(Bucket="voice", Key=f"{prefix}/{key}", Body=b"sou")
    looks = [(None, timedelta()), store._head(key)]
    monkeypatch.setattr(store, "_head", lambda _key: looks.pop(0))
    store.put(b"sound", ".ogg", "audio/ogg")
    assert store.get(key) == b"sound"


def test_an_old_object_that_is_put_again_is_young_again(
    store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = store.put(b"sound", ".ogg", "audio/ogg")
    there, _ = store._head(key)
    monkeypatch.setattr(store, "_head", lambda _key: (there, timedelta(hours=1)))
    calls = _calls(store)
    store.put(b"sound", ".ogg", "audio/ogg")
    assert calls == ["PutObject"]


def _answer(store: S3Store, codes: list[str]) -> list[dict[str, Any]]:
    """Let the next puts fail with these codes, then work."""
    from botocore.exceptions import ClientError

    real = store._s3.put_object
    requests: list[dict[str, Any]] = []

    def put_object(**request: Any) -> Any:
        requests.append(request)
        if codes:
            raise ClientError({"Error": {"Code": codes.pop(0)}}, "PutObject")
        return real(**request)

    store._s3.put_object = put_object
    return requests


def test_a_conflicting_write_is_tried_again(store: S3Store) -> None:
    requests = _answer(store, ["ConditionalRequestConflict", "ConditionalRequestConflict"])
    key = store.put(b"sound", ".ogg", "audio/ogg")
    assert len(requests) == 3
    assert store.get(key) == b"sound"


def test_a_server_without_conditional_puts_still_works(store: S3Store) -> None:
    requests = _answer(store, ["NotImplemented"])
    key = store.put(b"sound", ".ogg", "audio/ogg")
    assert ["IfNoneMatch" in r for r in requests] == [True, False]
    assert store.get(key) == b"sound"


def test_a_truncated_object_is_refused_and_healed(store: S3Store, client: Any, prefix: str) -> None:
    key = store.put(b"sound", ".ogg", "audio/ogg")
    client.put_object(Bucket="voice", Key=f"{prefix}/{key}", Body=b"sou")
    with pytest.raises(ObjectCorruptError):
        store.get(key)
    store.put(b"sound", ".ogg", "audio/ogg")
    assert store.get(key) == b"sound"


def test_a_broken_transfer_is_read_again(store: S3Store) -> None:
    from botocore.exceptions import IncompleteReadError

    key = store.put(b"sound", ".ogg", "audio/ogg")
    real = store._s3.get_object
    broken = [False, True]

    class Body:
        def read(self) -> bytes:
            raise IncompleteReadError(actual_bytes=1, expected_bytes=5)

    store._s3.get_object = lambda **name: {"Body": Body()} if broken.pop() else real(**name)
    assert store.get(key) == b"sound"


def test_missing_objects_and_pointers(store: S3Store) -> None:
    absent = object_key("cd" * 32, ".ogg")
    assert not store.has(absent)
    with pytest.raises(ObjectMissingError):
        store.get(absent)
    assert store.pointed(RENDER_KEY) is None
    store.point(RENDER_KEY, b"{}")
    store.point(RENDER_KEY, b'{"take": 2}')
    assert store.pointed(RENDER_KEY) == b'{"take": 2}'


def test_a_listing_holds_one_page_at_a_time(
    store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = sorted(store.put(bytes([i]), ".ogg", "audio/ogg") for i in range(5))
    real = store._s3.get_paginator("list_objects_v2")
    pages = real.paginate

    class Lister:
        def paginate(self, **asked: Any) -> Any:
            return pages(**asked, PaginationConfig={"PageSize": 2})

    store._s3.get_paginator = lambda _name: Lister()
    calls = _calls(store)
    listing = store.stored()
    first = next(listing)
    assert (first.key, first.size, len(calls)) == (keys[0], 1, 1)
    assert store.look_up(first.key) == first
    assert [item.key for item in listing] == keys[1:]
    assert calls.count("ListObjectsV2") == 3


def test_keys_are_listed_page_by_page_and_deleted(store: S3Store) -> None:
    keys = sorted(store.put(bytes([i]), ".ogg", "audio/ogg") for i in range(5))
    store.point(RENDER_KEY, b"{}")
    assert list(store.keys()) == keys
    assert list(store.keys("keys/")) == [f"keys/ab/{RENDER_KEY}.json"]
    store.delete(keys[0])
    store.delete(keys[0])
    assert list(store.keys()) == keys[1:]


@pytest.mark.parametrize("key", ["../x", "objects/ab/../../x", ""])
def test_no_key_leads_out_of_the_prefix(store: S3Store, key: str) -> None:
    with pytest.raises(StorageError, match="no object key"):
        store.get(key)


def test_an_address_opens_the_same_store(store: S3Store, endpoint: str, prefix: str) -> None:
    key = store.put(b"sound", ".ogg", "audio/ogg")
    url = f"s3://voice/{prefix}?endpoint={endpoint}&region=us-east-1&style=path"
    assert open_store(url).get(key) == b"sound"


def test_a_missing_bucket_is_named(endpoint: str, client: Any) -> None:
    store = S3Store("absent-bucket", "", S3Server(endpoint, REGION))
    with pytest.raises(StorageError, match="'absent-bucket' does not exist"):
        store.put(b"x", ".ogg", "audio/ogg")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("AccessDenied", "s3:GetObject"),
        ("SignatureDoesNotMatch", "clock of this machine"),
        ("InvalidAccessKeyId", "not accepted"),
        ("PermanentRedirect", "another region"),
        ("SlowDown", "overloaded"),
        ("ExpiredToken", "have expired"),
        ("400", "Expired credentials"),
        ("BadDigest", "not what was sent"),
    ],
)
def test_each_refusal_says_what_to_do(store: S3Store, code: str, says: str) -> None:
    from botocore.exceptions import ClientError

    def refuse(**_name: str) -> None:
        text = f"denied for {SECRET}"
        raise ClientError({"Error": {"Code": code, "Message": text}}, "GetObject")

    store._s3.get_object = refuse
    with pytest.raises(StorageError, match=says) as caught:
        store.get(object_key("ab" * 32, ".ogg"))
    assert SECRET not in str(caught.value)
    assert "AKIATEST" not in str(caught.value)


def test_a_server_that_is_not_there_is_named_without_secrets() -> None:
    store = S3Store("voice", "", S3Server("http://127.0.0.1:9", REGION))
    with pytest.raises(StorageError, match="cannot be reached") as caught:
        store.has(object_key("ab" * 32, ".ogg"))
    assert SECRET not in str(caught.value)


def test_no_credentials_are_asked_for(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises((StorageError, ConfigError), match="no credentials found"):
        S3Store("voice", "", S3Server(endpoint, REGION)).has(object_key("ab" * 32, ".ogg"))


def test_an_unknown_profile_is_a_setting_to_correct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ConfigError, match="AWS_PROFILE"):
        S3Store("voice")


def test_a_name_no_bucket_can_have_is_explained(endpoint: str) -> None:
    with pytest.raises(StorageError, match="name is none"):
        S3Store("a/b", "", S3Server(endpoint, REGION)).has(object_key("ab" * 32, ".ogg"))
