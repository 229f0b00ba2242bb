"""A palette PNG from an array of small numbers, with nothing but zlib.

References:
    Portable Network Graphics (PNG) Specification, third edition, W3C 2025: sections 5 (chunks),
    7.2 (scanlines) and 11.2 (IHDR, PLTE, IDAT, IEND).
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PALETTE_COLOURS = 256


def palette_png(
    indices: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8], level: int = 6
) -> bytes:
    r"""Encode a picture whose pixels are indices into a palette.

    Four bits per pixel are used where the palette has at most 16 colours, else eight.

    Args:
        indices: uint8 (height, width), each below `len(palette)`; the first row is the top.
        palette: uint8 (colours, 3), at most 256 colours, sRGB.
        level: zlib effort, 0–9.

    Returns:
        The bytes of a PNG file; the same picture gives the same bytes.

    Raises:
        ValueError: The picture is empty or its numbers do not fit its palette.

    >>> palette_png(np.zeros((1, 1), np.uint8), np.zeros((2, 3), np.uint8))[:4]
    b'\x89PNG'
    """
    colours = len(palette)
    if indices.ndim != 2 or indices.size == 0:  # noqa: PLR2004 - rows and columns
        raise ValueError(f"a picture has rows and columns, not the shape {indices.shape}")
    if not 0 < colours <= _PALETTE_COLOURS or int(indices.max()) >= colours:
        raise ValueError(f"a palette of {colours} colours does not fit the picture")
    height, width = indices.shape
    depth = 4 if colours <= 16 else 8  # noqa: PLR2004 - what four bits can count
    rows = _packed(indices) if depth == 4 else indices  # noqa: PLR2004
    scanlines = np.zeros((height, rows.shape[1] + 1), np.uint8)  # filter type 0 before each row
    scanlines[:, 1:] = rows
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 3, 0, 0, 0)),
            _chunk(b"PLTE", np.ascontiguousarray(palette, np.uint8).tobytes()),
            _chunk(b"IDAT", zlib.compress(scanlines.tobytes(), level)),
            _chunk(b"IEND", b""),
        )
    )


def _packed(indices: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Two pixels per byte, the left one in the high half."""
    height, width = indices.shape
    even = np.zeros((height, width + width % 2), np.uint8)
    even[:, :width] = indices
    return np.asarray((even[:, 0::2] << 4) | even[:, 1::2], np.uint8)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
