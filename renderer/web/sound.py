"""Sounds in parts, as players ask for them: they seek in what they have not loaded yet.

References:
    RFC 9110, section 14 (range requests).
"""

from __future__ import annotations

import re

from starlette.responses import Response

from renderer.web.problem import Problem

# Only what a content hash can be: no path, no other file of the store.
_NAME = re.compile(r"[0-9a-f]{64}(\.[a-z0-9]{2,5})")
_MEDIA = {".ogg": "audio/ogg", ".opus": "audio/ogg", ".wav": "audio/wav", ".flac": "audio/flac"}
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
FOREVER = "private, max-age=31536000, immutable"


def object_key(name: str) -> tuple[str, str]:
    """Return the store's key and the media type behind a sound's name.

    Raises:
        Problem: It is no sound's name.
    """
    match = _NAME.fullmatch(name)
    media = _MEDIA.get(match.group(1)) if match else None
    if media is None:
        raise Problem(404, "no-sound", "There is no such sound.")
    return f"objects/{name[:2]}/{name}", media


def asked_part(header: str, size: int) -> tuple[int, int] | None:
    """Return the bytes a Range header asks for, first and one past the last; None for all of them.

    >>> [asked_part(h, 10) for h in ("bytes=2-4", "bytes=7-", "bytes=-3", "", "bytes=0-1,4-5")]
    [(2, 5), (7, 10), (7, 10), None, None]

    Raises:
        Problem: There are no such bytes.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first and last and int(last) < int(first):
        return None
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if start >= end:
        raise Problem(416, "range", "The sound has no such part.", size=size)
    return start, end


def sound_response(data: bytes, media: str, asked: str) -> Response:
    """Answer with a sound, or with the part of it that is asked for."""
    part = asked_part(asked, len(data))
    headers = {"Accept-Ranges": "bytes", "Cache-Control": FOREVER}
    if part is None:
        return Response(data, media_type=media, headers=headers)
    start, end = part
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
    return Response(data[start:end], 206, media_type=media, headers=headers)
