"""What the doctor makes of facts, and that no check keeps another from running."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from renderer.domain.diagnosis import Health, well
from renderer.errors import QueueError
from renderer.ports import DatabaseFacts, GpuFacts, OwedFacts, QueueFacts, StoreFacts, VoiceFacts
from renderer.services import diagnose
from renderer.services.doctor import examine

DATABASE = DatabaseFacts("PostgreSQL 17", True, "0003", "0003")
QUEUE = QueueFacts("Redis 7.2", "noeviction", 10_000_000, 100_000_000, 0.1)
NOTHING_OWED = OwedFacts(0, 0.0, 0, 0, 0)


def healths(found) -> dict[str, str]:
    return {one.check: one.health.value for one in found}


def test_a_check_that_breaks_hangs_or_is_away_keeps_no_other_from_running() -> None:
    never = threading.Event()

    def away():
        raise QueueError("the queue does not answer")

    def bug():
        raise ValueError("redis://:secret@host")

    found = examine(
        {
            "hangs": lambda: [well("hangs", "")] if never.wait(60) else [],
            "away": away,
            "bug": bug,
            "fine": lambda: [well("fine", "all is well")],
        },
        patience_s=0.5,
    )
    never.set()

    assert healths(found) == {"hangs": "failed", "away": "failed", "bug": "failed", "fine": "ok"}
    assert "no answer within 0.5 s" in found[0].found
    assert found[1].found == "the queue does not answer"
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("revision", "is_server", "health", "fix"),
    [
        ("0003", True, "ok", ""),
        ("", True, "failed", "barkline migrate"),
        ("0002", True, "failed", "barkline migrate"),
        ("0002", False, "warning", "brings it up to date"),
        ("9999", True, "failed", "newer Barkline"),
    ],
)
def test_the_schema(revision: str, is_server: bool, health: str, fix: str) -> None:
    facts = replace(DATABASE, revision=revision, is_server=is_server)
    schema = next(one for one in diagnose.database(facts) if one.check == "schema")
    assert schema.health.value == health
    assert fix in schema.fix


@pytest.mark.parametrize(("skew_s", "health"), [(1.9, "ok"), (-2.5, "warning"), (None, "ok")])
def test_a_clock_that_is_off_by_more_than_two_seconds(skew_s: float | None, health: str) -> None:
    found = diagnose.clock("clock", skew_s)
    assert found.health.value == health
    if skew_s == -2.5:
        assert "2.5 s behind" in found.found


def test_the_queue() -> None:
    assert set(healths(diagnose.queue(QUEUE)).values()) == {"ok"}
    full = healths(diagnose.queue(replace(QUEUE, used_bytes=95_000_000)))
    assert full["queue memory"] == "warning"
    evicting = replace(QUEUE, policy="allkeys-lru")
    assert healths(diagnose.queue(evicting))["queue policy"] == "failed"
    boundless = replace(evicting, most_bytes=0)
    assert healths(diagnose.queue(boundless))["queue policy"] == "warning"


def test_the_store() -> None:
    left = list(diagnose.store(StoreFacts("objects/ab/c", is_deleted=False, keeps_first=False)))
    assert "objects/ab/c is left" in left[0].found
    assert left[1].health is Health.WARNING
    assert "If-None-Match" in left[1].found
    folder = StoreFacts("objects/ab/c", is_deleted=True, keeps_first=None)
    assert healths(diagnose.store(folder)) == {"store": "ok"}


def test_the_gpu() -> None:
    processor = GpuFacts("1.31", ("CPUExecutionProvider",), has_cuda=False, cards=())
    assert diagnose.gpu(processor, None).health is Health.OK
    assert diagnose.gpu(processor, True).health is Health.FAILED
    idle = replace(processor, cards=("H100, 580, 80 GB",))
    assert "barkline[gpu]" in diagnose.gpu(idle, None).fix
    broken = replace(idle, has_cuda=True)
    assert "cuDNN" in diagnose.gpu(broken, None).fix
    assert diagnose.gpu(broken, False).health is Health.OK
    used = replace(broken, obtained=("CUDAExecutionProvider", "CPUExecutionProvider"))
    assert diagnose.gpu(used, True).health is Health.OK


def test_voices_disk_and_phonemes() -> None:
    assert diagnose.voices([VoiceFacts("formant")]).health is Health.OK
    bad = diagnose.voices([VoiceFacts("formant"), VoiceFacts("wren", "model.onnx is missing")])
    assert bad.health is Health.FAILED
    assert "1 of 2: wren: model.onnx is missing" in bad.found
    assert [diagnose.disk("disk", size).health.value for size in (10**10, 10**9, 10**8)] == [
        *("ok", "warning", "failed")
    ]
    assert diagnose.phonemes("1.52", {"xx": "unknown"}).health is Health.FAILED


def test_what_a_service_owes() -> None:
    assert set(healths(diagnose.owed(NOTHING_OWED)).values()) == {"ok"}
    assert healths(diagnose.owed(OwedFacts(3, 61.0, 1, 1, 1))) == {
        "outbox": "warning",
        "leases": "warning",
        "dead letters": "warning",
        "quarantined takes": "warning",
    }
