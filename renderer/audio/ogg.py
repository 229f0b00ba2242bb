"""Ogg pages: the same stream serial every time.

libsndfile draws a random serial number for every Ogg stream, which would give the same sound other
bytes, and so another content hash, each time. The serial only tells multiplexed streams apart, and
ours carry one.

References:
    RFC 3533, section 6 (the page header: capture pattern, version, type, granule position at 6,
    serial at 14, page number at 18, checksum at 22, segment count at 26) and its checksum: CRC-32
    of polynomial 0x04C11DB7, not reflected, initial value and final XOR 0.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from renderer.errors import AudioError

SERIAL = 0x4261_726B  # "Bark"
_HEADER = 27
_SERIAL_AT, _CHECKSUM_AT, _SEGMENTS_AT = 14, 22, 26
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def with_fixed_serial(data: bytes, serial: int = SERIAL) -> bytes:
    """Rewrite serial and checksum of every page.

    Raises:
        AudioError: The bytes are no sequence of whole Ogg pages.
    """
    rewritten = bytearray(data)
    for start, end in pages(data):
        struct.pack_into("<I", rewritten, start + _SERIAL_AT, serial)
        struct.pack_into("<I", rewritten, start + _CHECKSUM_AT, 0)
        crc = checksum(bytes(rewritten[start:end]))
        struct.pack_into("<I", rewritten, start + _CHECKSUM_AT, crc)
    return bytes(rewritten)


def pages(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every page, in order.

    Raises:
        AudioError: The bytes are no sequence of whole Ogg pages.
    """
    start = 0
    while start < len(data):
        body = start + _HEADER
        if data[start : start + 4] != b"OggS" or body > len(data):
            raise AudioError(f"byte {start} begins no Ogg page: the encoder's output is damaged")
        table = data[body : body + data[start + _SEGMENTS_AT]]
        end = body + data[start + _SEGMENTS_AT] + sum(table)
        if end > len(data):
            raise AudioError(f"the Ogg page at byte {start} is cut off")
        yield start, end
        start = end


def checksum(page: bytes) -> int:
    """Return the checksum of a page whose own checksum field is zero.

    zlib's CRC-32 is the same polynomial with reflected bits, started and ended by an inversion;
    reversing bits outside and inverting away both makes it Ogg's, in C.
    """
    reflected = zlib.crc32(page.translate(_REVERSED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int(f"{reflected:032b}"[::-1], 2)
