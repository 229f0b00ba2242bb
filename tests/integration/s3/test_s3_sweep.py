"""A sweep of a bucket that fails: nothing that is named ever goes, and the next sweep ends it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import botocore.retries.standard
import pytest

from renderer.errors import StorageError
from renderer.services.gc import GarbageCollector
from renderer.storage.s3 import S3Store
from tests.servers.fault_proxy import Fault, FaultProxy

Through = Callable[..., S3Store]


class Later:
    """Implements `ports.Clock`: two days on."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=2)

    def monotonic_s(self) -> float:
        return 0.0


class Rows:
    """Implements `ports.References` for one take."""

    def __init__(self, *keys: str) -> None:
        self._keys = keys

    def takes(self) -> int:
        return 1

    def named(self, since: datetime | None = None) -> Iterator[str]:
        return iter(self._keys)

    def known(self, render_keys: Sequence[str]) -> set[str]:
        return set()

    def settled(self) -> int:
        return 0

    def purge(self) -> int:
        return 0


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    backoff = botocore.retries.standard.ExponentialBackoff
    monkeypatch.setattr(backoff, "delay_amount", lambda *_: 0.01)


@pytest.fixture
def orphans(store: S3Store) -> list[str]:
    return sorted(store.put(f"orphan {i}".encode(), ".wav", "audio/wav") for i in range(4))


@pytest.fixture
def kept(store: S3Store) -> str:
    return store.put(b"kept", ".ogg", "audio/ogg")


@pytest.fixture
def pointed(store: S3Store) -> str:
    key = store.put(b"pointed", ".ogg", "audio/ogg")
    store.point("cd" * 32, json.dumps({"delivery": {"key": key}}).encode())
    return key


def test_a_bucket_is_swept_through_passing_faults(
    through: Through, proxy: FaultProxy, store: S3Store, orphans: list[str], kept: str, pointed: str
) -> None:
    for method in ("GET", "HEAD", "DELETE"):
        proxy.add(Fault.answer(503), method=method, times=2)
        proxy.add(Fault.cut_after(), method=method, times=1)
    collector = GarbageCollector(through(), Rows(kept), Later(), jobs=2)
    sweep = collector.look([])
    assert [item.key for item in sweep.orphans] == orphans
    collector.apply(sweep, most_share=1)
    assert sweep.deleted == 4
    assert list(store.keys()) == sorted([kept, pointed])


def test_a_sweep_that_may_not_delete_says_so_and_the_next_one_ends_it(
    through: Through, proxy: FaultProxy, store: S3Store, orphans: list[str], kept: str
) -> None:
    collector = GarbageCollector(through(attempts=1), Rows(kept), Later(), jobs=1)
    sweep = collector.look([])
    proxy.add(Fault.answer(403), method="DELETE", skip=1)
    with pytest.raises(StorageError, match="access refused"):
        collector.apply(sweep, most_share=1)
    assert kept in list(store.keys())
    collector.apply(collector.look([]), most_share=1)
    assert list(store.keys()) == [kept]


def test_a_listing_that_breaks_off_deletes_nothing(
    through: Through, proxy: FaultProxy, store: S3Store, orphans: list[str], kept: str
) -> None:
    collector = GarbageCollector(through(attempts=1), Rows(kept), Later())
    proxy.add(Fault.answer(500), path="list-type=2", skip=1, times=None)
    with pytest.raises(StorageError):
        collector.look([])  # the pointers cannot be listed
    assert proxy.seen("DELETE") == []


def test_what_a_worker_puts_again_is_spared(
    through: Through, store: S3Store, orphans: list[str], kept: str
) -> None:
    """By the time of the last look the object is young: here a clock that has not moved."""

    class Now(Later):
        def now(self) -> datetime:
            return datetime.now(UTC)

    looking = GarbageCollector(through(), Rows(kept), Later())
    sweep = looking.look([])
    assert len(sweep.orphans) == 4
    GarbageCollector(through(), Rows(kept), Now()).apply(sweep, most_share=1)
    assert (sweep.deleted, sweep.spared) == (0, 4)
    assert len(list(store.keys())) == 5
