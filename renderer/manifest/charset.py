"""Which characters may stand in a manifest, and how a wrong encoding is recognised."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from renderer.manifest.tree import FaultLog

UTF8_BOM = b"\xef\xbb\xbf"
_BOMS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
# Controls, bidi overrides, invisible marks, private use, surrogates, non-characters and the
# replacement character. Tab and line breaks count as spaces; joiners and direction marks are
# part of some scripts.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2028\u2029\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufeff\ufff0-\uffff"
    "\U000e0000-\U000e00ff\U000e01f0-\U0010ffff]"
)
_MOJIBAKE = re.compile("Ã[\u0080-\u00bf\u2018-\u201e\u0152-\u0178]|â€[\u0080-\u024f\u2018-\u2122]")


class CharacterProblem(NamedTuple):
    """A character that must not stand in a manifest."""

    code: str
    problem: str
    fix: str


def forbidden_character(text: str) -> CharacterProblem | None:
    r"""Return what is wrong with the first character that must not be there, or None.

    >>> forbidden_character("a\u202eb").code
    'bidi-override'
    """
    match = _FORBIDDEN.search(text)
    if match is None:
        return None
    char = match.group()
    code, what, fix = _kind(ord(char))
    name = unicodedata.name(char, "no name")
    near = ascii(text[max(0, match.start() - 10) : match.end() + 10])
    return CharacterProblem(code, f"{what} U+{ord(char):04X} ({name}) stands in {near}.", fix)


def _kind(point: int) -> tuple[str, str, str]:
    delete = "Delete it and type the place again."
    if point == 0:
        return "nul", "The NUL character", delete
    if 0x202A <= point <= 0x202E or 0x2066 <= point <= 0x2069:  # noqa: PLR2004
        return "bidi-override", "A mark that reverses the reading direction", delete
    if 0xD800 <= point <= 0xDFFF:  # noqa: PLR2004
        return "surrogate", "Half of a character", "Write the whole character in UTF-8."
    if 0xE000 <= point <= 0xF8FF or point >= 0xF0000:  # noqa: PLR2004
        return (
            "private-use",
            "A character that only one font knows",
            "Use the standard character instead.",
        )
    if point == 0xFFFD:  # noqa: PLR2004
        return (
            "replacement-character",
            "A character that was lost in a wrong encoding",
            "Type the right character again and save the file as UTF-8.",
        )
    invisible = point == 0xAD or point >= 0x2000  # noqa: PLR2004
    code = "invisible-character" if invisible else "control-character"
    return code, "A character that cannot be seen", delete


def looks_garbled(text: str) -> bool:
    """Whether UTF-8 seems to have been read as Latin-1 or Windows-1252 once.

    >>> looks_garbled("FÃ¼r dich"), looks_garbled("Für dich")
    (True, False)
    """
    return _MOJIBAKE.search(text) is not None


def decode(data: bytes, log: FaultLog) -> str:
    """Decode the bytes of a whole file as UTF-8; a byte order mark is accepted.

    Raises:
        Unreadable: Another encoding; the fault names it.
    """
    refuse_other_marks(data, log)
    try:
        return data.removeprefix(UTF8_BOM).decode("utf-8")
    except UnicodeDecodeError:
        raise not_utf8(data, 1, log) from None


def refuse_other_marks(data: bytes, log: FaultLog) -> None:
    """Refuse UTF-16 and UTF-32, by their mark or by their zero bytes.

    Raises:
        Unreadable: The bytes begin like another encoding.
    """
    name = next((name for mark, name in _BOMS if data.startswith(mark)), "")
    head = data[:200]
    if not name and len(head) > 3 and head.count(0) >= len(head) // 3:  # noqa: PLR2004
        name = "UTF-16"
    if name:
        raise log.fatal(
            (1, 0),
            "wrong-encoding",
            f"The file is encoded as {name}.",
            "Save it as UTF-8 (in a spreadsheet: 'CSV UTF-8').",
        )


def not_utf8(data: bytes, first_line: int, log: FaultLog) -> Exception:
    """Report bytes that are no UTF-8 and name the likely encoding; raise what is returned.

    Args:
        data: The bytes.
        first_line: Number of their first line.
        log: Where the fault goes.
    """
    try:
        data.decode("utf-8")
        start = 0
    except UnicodeDecodeError as error:
        start = error.start
    byte = data[start]
    guess = "Windows-1252" if 0x80 <= byte <= 0x9F else "Latin-1 or Windows-1252"  # noqa: PLR2004
    shown = data[start : start + 1].decode("cp1252", "replace")
    return log.fatal(
        (first_line + data.count(b"\n", 0, start), 0),
        "wrong-encoding",
        f"The file is not UTF-8: byte 0x{byte:02X} looks like {shown!r} in {guess}.",
        f"Open it as {guess} and save it as UTF-8 (in a spreadsheet: 'CSV UTF-8').",
    )
