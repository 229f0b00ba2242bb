"""What a supervisor answers for: itself, its GPUs and its children."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from renderer.telemetry.gpu import GpuWatch
from renderer.telemetry.meter import FamilyMeter


class Family:
    """The metrics of a supervisor and its children, which share a private folder.

    Args:
        version: Of this release.
    """

    def __init__(self, version: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="barkline-metrics-"))  # mode 0700
        self._meter = FamilyMeter(self._folder)
        self._meter.set("barkline_build_info", 1, version=version)
        self._gpus = GpuWatch(self._meter)

    def environment(self, slot: int) -> dict[str, str]:
        """Return what tells a child where and as whom to write, before it loads the library."""
        return {"PROMETHEUS_MULTIPROC_DIR": str(self._folder), "BARKLINE_METRICS_SLOT": str(slot)}

    def died(self, slot: int) -> None:
        """Count a child that died; it is started again."""
        self._meter.count("barkline_worker_restarts_total")
        self._meter.forget(slot)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        self._gpus.look()
        return self._meter.text()

    def close(self) -> None:
        """Remove the folder: the children are gone."""
        shutil.rmtree(self._folder, ignore_errors=True)
