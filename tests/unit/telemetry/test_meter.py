"""The meter: zeros from the start, children that die and come back, and values nobody bounded."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from renderer.ports import SILENT
from renderer.telemetry import meter as module
from renderer.telemetry.catalogue import Place
from renderer.telemetry.family import Family
from renderer.telemetry.meter import PrometheusMeter

CHILD = """\
import os, signal, sys
from renderer.telemetry.meter import child_meter
meter = child_meter(int(sys.argv[1]))
meter.count("barkline_lines_total", 2, status="approved", voice="amy")
meter.set("barkline_model_cache_bytes", 1000)
with meter.time("barkline_stage_seconds", stage="speak"):
    pass
os.kill(os.getpid(), signal.SIGKILL)  # nothing is tidied up
"""


def value(text: bytes, series: str) -> float | None:
    found = re.search(rf"^{re.escape(series)} (\S+)$", text.decode(), re.MULTILINE)
    return float(found[1]) if found else None


def test_what_is_known_from_the_start_has_its_zero() -> None:
    text = PrometheusMeter(Place.WORKER).text()
    assert value(text, 'barkline_store_errors_total{operation="put"}') == 0
    assert value(text, 'barkline_stage_seconds_count{stage="judge"}') == 0
    assert value(text, "barkline_quarantined_total") == 0


def test_a_voice_begins_with_every_end_a_line_can_have() -> None:
    meter = PrometheusMeter(Place.WORKER)
    meter.count("barkline_lines_total", status="approved", voice="amy")
    assert value(meter.text(), 'barkline_lines_total{status="approved",voice="amy"}') == 1
    assert value(meter.text(), 'barkline_lines_total{status="rejected",voice="amy"}') == 0


def test_labels_that_nobody_bounded_do_not_grow_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_SERIES", 3)
    meter = PrometheusMeter(Place.WORKER)
    for number in range(10):
        meter.count("barkline_audio_seconds_total", voice=f"voice{number}")
    found = re.findall(
        r'barkline_audio_seconds_total\{voice="(\w+)"\} (\S+)', meter.text().decode()
    )
    assert dict(found) == {"voice0": "1.0", "voice1": "1.0", "voice2": "1.0", "other": "7.0"}


def test_a_wrong_name_or_label_is_a_bug() -> None:
    meter = PrometheusMeter(Place.RELAY)
    with pytest.raises(KeyError):
        meter.count("barkline_lines_total", status="approved", voice="amy")  # a worker's
    with pytest.raises(KeyError):
        meter.count("barkline_relay_events_total", queue="render_gpu", line="halt")


def test_a_child_that_is_started_again_goes_on_counting(repository: Path) -> None:
    family = Family("1.2.3")
    try:
        for slot in (0, 1, 0):
            subprocess.run(
                [sys.executable, "-c", CHILD, str(slot)],
                env={"PYTHONPATH": str(repository), **family.environment(slot)},
                check=False,
            )
        text = family.text()
        assert value(text, 'barkline_lines_total{status="approved",voice="amy"}') == 6
        assert value(text, 'barkline_stage_seconds_count{stage="speak"}') == 3
        assert value(text, "barkline_model_cache_bytes") == 1000
        assert value(text, 'barkline_build_info{version="1.2.3"}') == 1
        assert b"# TYPE barkline_gpu_memory_bytes gauge" in text

        family.died(0)
        family.died(1)
        text = family.text()
        assert value(text, "barkline_model_cache_bytes") is None
        assert value(text, "barkline_worker_restarts_total") == 2
        assert value(text, 'barkline_lines_total{status="approved",voice="amy"}') == 6
    finally:
        family.close()


def test_the_folder_is_private_and_gone_afterwards() -> None:
    family = Family("1")
    folder = Path(family.environment(0)["PROMETHEUS_MULTIPROC_DIR"])
    assert folder.stat().st_mode & 0o077 == 0
    family.close()
    assert not folder.exists()


def test_the_silent_meter_lets_what_it_times_raise() -> None:
    with pytest.raises(ValueError, match="boom"), SILENT.time("barkline_stage_seconds", stage="x"):
        raise ValueError("boom")


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from renderer.errors import ConfigError

    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(ConfigError, match=r"barkline\[service\]"):
        PrometheusMeter(Place.RELAY)
