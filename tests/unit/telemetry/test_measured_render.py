"""What a render, a store, voices and a relay tell the meter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from renderer.errors import ObjectMissingError, StorageError
from renderer.ports import UNTRACED
from renderer.telemetry.gpu import GpuWatch
from renderer.telemetry.store import MeteredStore
from renderer.telemetry.voices import MeteredVoices


class Heard:
    """Implements `ports.Meter`: remembers."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.gauges: dict[tuple[str, ...], float] = {}
        self.times: Counter[str] = Counter()

    def count(self, name: str, by: float = 1.0, /, **labels: str) -> None:
        self.counts[name, *labels.values()] += by  # type: ignore[assignment]

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        self.times[name] += 1

    def set(self, name: str, value: float, /, **labels: str) -> None:
        self.gauges[name, *labels.values()] = value

    def time(self, name: str, /, **labels: str) -> AbstractContextManager[None]:
        @contextmanager
        def timed() -> Iterator[None]:
            self.times[labels["stage"]] += 1
            yield

        return timed()


@pytest.fixture
def heard(studio: Any) -> Heard:
    heard = Heard()
    studio.render.watch(heard, UNTRACED)
    return heard


def test_lines_attempts_and_rejects_are_counted(studio: Any, heard: Heard) -> None:
    studio.voice.is_long = lambda attempt: True
    studio.render.batch(studio.ask("one", "long two", "mute three"))
    assert heard.counts["barkline_lines_total", "approved", "fake"] == 1
    assert heard.counts["barkline_lines_total", "rejected", "fake"] == 1
    assert heard.counts["barkline_lines_total", "failed", "fake"] == 1
    numbers = [heard.counts["barkline_attempts_total", str(n)] for n in (1, 2, 3)]
    assert numbers == [3, 1, 1]
    rejects = {k: n for k, n in heard.counts.items() if k[0] == "barkline_rejects_total"}
    assert rejects[("barkline_rejects_total", "duration", "fake", "guard")] == 3
    assert heard.counts["barkline_audio_seconds_total", "fake"] > 8
    stages = {"transcribe", "speak", "direct", "master", "encode", "measure", "hear", "judge"}
    assert set(heard.times) == stages


def test_a_raw_take_that_is_kept_is_a_hit(studio: Any, heard: Heard) -> None:
    studio.render.batch(studio.ask("one"))
    studio.render.batch(studio.ask("one", mastering="louder"))
    assert heard.counts["barkline_cache_misses_total", "raw"] == 1
    assert heard.counts["barkline_cache_hits_total", "raw"] == 1


def test_a_lease_that_is_lost_is_counted_and_its_line_is_not(studio: Any, heard: Heard) -> None:
    pks = studio.ask("one")

    def lose(step: str) -> None:
        if step == "kept":
            studio.clock.pass_(3600)
            with studio.unit() as unit:
                assert unit.takes.lease(pks, "another", 60)
                unit.commit()

    studio.render.failpoint = lose
    studio.render.batch(pks)
    assert heard.counts["barkline_lease_lost_total",] == 1
    assert not [key for key in heard.counts if key[0] == "barkline_lines_total"]


class Store:
    """Implements `ports.ObjectStore`, badly."""

    def get(self, key: str) -> bytes:
        if key == "gone":
            raise ObjectMissingError("gone")
        return b"12345"

    def has(self, key: str) -> bool:
        raise StorageError("away")

    def put(self, data: bytes, suffix: str, media_type: str) -> str:
        return "objects/aa/aa.ogg"

    def point(self, render_key: str, document: bytes) -> None:
        raise StorageError("away")

    def pointed(self, render_key: str) -> bytes | None:
        return None


def test_a_store_tells_bytes_and_failures_and_passes_both_on() -> None:
    heard = Heard()
    store = MeteredStore(Store(), heard)
    assert store.get("x") == b"12345"
    assert store.put(b"123", ".ogg", "audio/ogg") == "objects/aa/aa.ogg"
    assert store.pointed("k") is None
    with pytest.raises(ObjectMissingError):
        store.get("gone")
    with pytest.raises(StorageError):
        store.has("x")
    with pytest.raises(StorageError):
        store.point("k", b"{}")
    errors = {k[1]: n for k, n in heard.counts.items() if k[0] == "barkline_store_errors_total"}
    assert errors == {"has": 1, "point": 1}
    assert heard.counts["barkline_store_bytes_total", "get"] == 5
    assert heard.counts["barkline_store_bytes_total", "put"] == 3
    assert heard.times["store"] == 2


def test_voices_tell_what_was_loaded_already(studio: Any) -> None:
    class Voices:
        loaded: tuple[str, ...] = ()
        cached_bytes = 0

        def cards(self) -> Mapping[str, Any]:
            return {}

        def card(self, name: str) -> Any:
            raise NotImplementedError

        def engine_revision(self, name: str) -> str:
            return "1"

        def open(self, name: str) -> Any:
            self.loaded, self.cached_bytes = (name,), 4096
            return studio.voice

    heard = Heard()
    voices = MeteredVoices(Voices(), heard)
    voices.open("fake")
    voices.open("fake")
    assert heard.counts["barkline_cache_misses_total", "model"] == 1
    assert heard.counts["barkline_cache_hits_total", "model"] == 1
    assert heard.gauges["barkline_model_cache_bytes",] == 4096


def test_the_driver_is_asked_now_and_then(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = tmp_path / "asked"
    program = tmp_path / "nvidia-smi"
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {asked}\necho "0, 512, 81559"\necho "1, 0, 81559"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    heard = Heard()
    watch = GpuWatch(heard)
    watch.look()
    watch.look()
    assert len(asked.read_text().splitlines()) == 1
    assert heard.gauges["barkline_gpu_memory_bytes", "0", "used"] == 512 * 2**20
    assert heard.gauges["barkline_gpu_memory_bytes", "1", "total"] == 81559 * 2**20


def test_a_machine_without_a_driver_has_no_gpu(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    heard = Heard()
    GpuWatch(heard).look()
    assert heard.gauges == {}
