"""Memory of the machine's GPUs, as the driver says."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass

from renderer.ports import Meter

QUERY = ("--query-gpu=index,memory.used,memory.total", "--format=csv,noheader,nounits")
MIB = 1024 * 1024
TIMEOUT_S = 5.0
FRESH_S = 10.0


@dataclass(frozen=True, slots=True)
class GpuMemory:
    """Memory of one GPU, bytes."""

    gpu: str
    used: int
    total: int


def read_gpus() -> list[GpuMemory]:
    """Ask `nvidia-smi`; no GPU, no driver or no answer is an empty list."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        done = subprocess.run(  # noqa: S603 - the driver's own program
            [program, *QUERY], capture_output=True, text=True, timeout=TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return parse_gpus(done.stdout)


def parse_gpus(text: str) -> list[GpuMemory]:
    """Read `index, used, total` in MiB, a GPU a line; a line that says something else is no GPU.

    >>> parse_gpus("0, 512, 81559")
    [GpuMemory(gpu='0', used=536870912, total=85520809984)]
    >>> parse_gpus("0, [N/A], [N/A]")
    []
    """
    found = []
    for line in text.splitlines():
        fields = [part.strip() for part in line.split(",")]
        if len(fields) == 3 and all(part.isdigit() for part in fields):  # noqa: PLR2004 - columns
            found.append(GpuMemory(fields[0], int(fields[1]) * MIB, int(fields[2]) * MIB))
    return found


class GpuWatch:
    """Tells a meter the memory of all GPUs, when asked and not too often.

    Args:
        meter: Which is told.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._due = 0.0

    def look(self) -> None:
        """Ask the driver, unless it was asked a moment ago."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + FRESH_S
        for gpu in read_gpus():
            self._meter.set("barkline_gpu_memory_bytes", gpu.used, gpu=gpu.gpu, kind="used")
            self._meter.set("barkline_gpu_memory_bytes", gpu.total, gpu=gpu.gpu, kind="total")
