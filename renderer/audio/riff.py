"""RIFF/WAVE files without anything that could differ between two writings of the same sound.

libsndfile puts a PEAK chunk with a time stamp into float files; the header here holds what the
format requires and nothing else.
"""

from __future__ import annotations

import struct

PCM = 1
FLOAT = 3


def wave_file(data: bytes, sample_rate: int, kind: int, bits: int) -> bytes:
    """Return a mono WAV file.

    Args:
        data: Little-endian samples.
        sample_rate: Hz.
        kind: `PCM` or `FLOAT`.
        bits: Per sample: 16, 24 or 32.
    """
    width = bits // 8
    shape = struct.pack("<HHIIHH", kind, 1, sample_rate, sample_rate * width, width, bits)
    chunks = [(b"fmt ", shape)]
    if kind != PCM:
        chunks = [(b"fmt ", shape + b"\0\0"), (b"fact", struct.pack("<I", len(data) // width))]
    body = b"".join(_chunk(name, content) for name, content in [*chunks, (b"data", data)])
    return _chunk(b"RIFF", b"WAVE" + body)


def _chunk(name: bytes, content: bytes) -> bytes:
    """Return one chunk; the content is padded to an even length, its stated length is not."""
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
