"""The protobuf wire format, as far as an ONNX file needs it.

A model is a hostile file, and onnxruntime is handed nothing that was not walked here first. The
`onnx` package is no dependency: it would bring protobuf's runtime for a handful of edits.

References:
    https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

Bytes = bytes | memoryview
VARINT, FIXED64, DELIMITED, FIXED32 = 0, 1, 2, 5
_WIDTHS = {FIXED64: 8, FIXED32: 4}
_LONGEST_VARINT = 10
_MOST_FIELD = (1 << 29) - 1


class WireError(ValueError):
    """Bytes that are no protobuf message."""


def read_varint(data: Bytes, at: int) -> tuple[int, int]:
    """Return (value, index after it).

    Raises:
        WireError: The number is cut off or too long.
    """
    value = 0
    for count in range(_LONGEST_VARINT):
        if at + count >= len(data):
            raise WireError("the file ends in the middle of a number (truncated?)")
        byte = data[at + count]
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:  # noqa: PLR2004 - the continuation bit
            return value, at + count + 1
    raise WireError("a number is longer than ten bytes")


def write_varint(value: int) -> bytes:
    """Return a non-negative number of at most 64 bits as a varint.

    >>> write_varint(300).hex()
    'ac02'
    """
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


@dataclass(slots=True)
class Message:
    """A message as its fields, in the order of the file.

    Attributes:
        fields: (number, wire type, value); a value is an int or the bytes of the field.
    """

    fields: list[tuple[int, int, int | Bytes]] = field(default_factory=list)

    @classmethod
    def parse(cls, data: Bytes) -> Message:
        """Read one message; messages inside it stay bytes.

        Raises:
            WireError: The bytes are no message.
        """
        view, at, message = memoryview(data), 0, cls()
        while at < len(view):
            key, at = read_varint(view, at)
            number, wire = key >> 3, key & 7
            if not 0 < number <= _MOST_FIELD:
                raise WireError(f"a field has the number {number}")
            if wire == VARINT:
                value, at = read_varint(view, at)
                message.fields.append((number, wire, value))
                continue
            if wire == DELIMITED:
                width, at = read_varint(view, at)
            elif wire in _WIDTHS:
                width = _WIDTHS[wire]
            else:
                raise WireError(f"a field has the wire type {wire}")
            if width > len(view) - at:
                raise WireError("the file ends in the middle of a field (truncated?)")
            message.fields.append((number, wire, view[at : at + width]))
            at += width
        return message

    def encode(self) -> bytes:
        """Return the message's bytes."""
        out: list[Bytes] = []
        for number, wire, value in self.fields:
            out.append(write_varint(number << 3 | wire))
            if isinstance(value, int):
                out.append(write_varint(value))
                continue
            if wire == DELIMITED:
                out.append(write_varint(len(value)))
            out.append(value)
        return b"".join(out)

    def each(self, number: int) -> Iterator[Bytes]:
        """Yield the bytes of every delimited field of a number."""
        for n, wire, value in self.fields:
            if n == number and wire == DELIMITED and not isinstance(value, int):
                yield value

    def texts(self, number: int) -> list[str]:
        """Return every text of a number.

        Raises:
            WireError: One is no UTF-8.
        """
        try:
            return [bytes(value).decode() for value in self.each(number)]
        except UnicodeDecodeError as error:
            raise WireError("a name is no UTF-8") from error

    def text(self, number: int) -> str:
        """Return the last text of a number, or ""."""
        return (self.texts(number) or [""])[-1]

    def number(self, number: int, default: int = 0) -> int:
        """Return the last varint of a number."""
        values = [v for n, _, v in self.fields if n == number and isinstance(v, int)]
        return values[-1] if values else default

    def numbers(self, number: int) -> list[int]:
        """Return every varint of a repeated field, packed or not.

        Raises:
            WireError: A packed field is cut off.
        """
        found: list[int] = []
        for n, wire, value in self.fields:
            if n != number:
                continue
            if isinstance(value, int):
                found.append(value)
            elif wire == DELIMITED:
                at = 0
                while at < len(value):
                    one, at = read_varint(value, at)
                    found.append(one)
        return found

    def add(self, number: int, value: int | Bytes | str | Message) -> Message:
        """Append a field and return the message."""
        if isinstance(value, int):
            self.fields.append((number, VARINT, value))
            return self
        if isinstance(value, Message):
            value = value.encode()
        data = value.encode() if isinstance(value, str) else value
        self.fields.append((number, DELIMITED, data))
        return self
