"""What onnxruntime can run on: proved with a model of one node, not read from a list."""

from __future__ import annotations

import shutil
import subprocess

from renderer.ports import GpuFacts

PATIENCE_S = 10.0
CUDA = "CUDAExecutionProvider"
_FLOAT = 1


def facts() -> GpuFacts:
    """Load a tiny model where a voice would be loaded.

    Raises:
        ImportError: onnxruntime is not installed.
    """
    import onnxruntime

    available = onnxruntime.get_available_providers()
    wanted = [name for name in (CUDA, "CPUExecutionProvider") if name in available]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(identity_model(), options, providers=wanted)
    return GpuFacts(
        onnxruntime.__version__, tuple(session.get_providers()), CUDA in available, _cards()
    )


def identity_model() -> bytes:
    """Return a model that gives back one number, as onnx.proto has it."""
    shape = _field(1, _field(1, 1))
    kind = _field(1, _field(1, _FLOAT) + _field(2, shape))
    node = _field(1, b"x") + _field(2, b"y") + _field(4, b"Identity")
    graph = _field(1, node) + _field(2, b"one")
    graph += _field(11, _field(1, b"x") + _field(2, kind))
    graph += _field(12, _field(1, b"y") + _field(2, kind))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(2, 13))


def _field(number: int, value: int | bytes) -> bytes:
    """Encode a field of a protocol buffer: a small number, or under 128 bytes."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value


def _cards() -> tuple[str, ...]:
    """Return what nvidia-smi lists, one text per card; nothing where it is not there."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    words = ("--query-gpu=name,driver_version,memory.total", "--format=csv,noheader")
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            [program, *words], capture_output=True, check=False, text=True, timeout=PATIENCE_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    if done.returncode:
        return ()
    return tuple(line.strip() for line in done.stdout.splitlines() if line.strip())
