"""How objects are named: by the hash of their bytes, or by the render key that led to them.

objects/<first two hex digits>/<sha256><suffix>      bytes, verified on every read
keys/<first two hex digits>/<render key>.json        what came out of a render key
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

_SUFFIX = re.compile(r"(?:\.[a-z0-9]{1,12}){0,2}")
_HASH = re.compile(r"[0-9a-f]{64}")
_OBJECT = re.compile(r"objects/([0-9a-f]{2})/(\1[0-9a-f]{62})((?:\.[a-z0-9]{1,12}){0,2})")
_NAMED = re.compile(
    r"objects/([0-9a-f]{2})/(\1[0-9a-f]{62})(?![0-9a-f])((?:\.[a-z0-9]{1,12}){0,2})"
)
_POINTER = re.compile(r"keys/([0-9a-f]{2})/(\1[0-9a-f]{62})\.json")


def is_hash(text: str) -> bool:
    """Whether a text is a SHA-256 in 64 lower-case hex digits."""
    return _HASH.fullmatch(text) is not None


def object_key(sha256: str, suffix: str) -> str:
    """Return the key of an object.

    Args:
        sha256: Hash of its bytes, 64 lower-case hex digits.
        suffix: File name ending with its dot (`.ogg`, `.meta.json`), or "".

    Raises:
        ValueError: One of them is not of that form.

    >>> object_key("ab" * 32, ".ogg")[:13]
    'objects/ab/ab'
    """
    if not is_hash(sha256):
        raise ValueError(f"{sha256!r} is no SHA-256 in lower-case hex")
    if not _SUFFIX.fullmatch(suffix):
        raise ValueError(f"{suffix!r} is no object suffix; use one like '.ogg'")
    return f"objects/{sha256[:2]}/{sha256}{suffix}"


def pointer_key(render_key: str) -> str:
    """Return the key of the document that tells what came out of a render key.

    Raises:
        ValueError: The render key is not 64 lower-case hex digits.
    """
    if not is_hash(render_key):
        raise ValueError(f"{render_key!r} is no render key")
    return f"keys/{render_key[:2]}/{render_key}.json"


def content_hash(key: str) -> str:
    """Return the SHA-256 an object key promises, or "" when the key is no object key.

    >>> content_hash("objects/ab/../../etc/passwd")
    ''
    """
    match = _OBJECT.fullmatch(key)
    return match.group(2) if match else ""


def object_keys(text: str) -> Iterator[str]:
    """Yield every object key that a text names, whatever the text is.

    >>> list(object_keys('{"raw": {"key": "objects/ab/' + "ab" * 32 + '.wav"}}'))[0][-6:]
    'ab.wav'
    """
    for match in _NAMED.finditer(text):
        yield match.group()


def render_key_of(key: str) -> str:
    """Return the render key a pointer's key holds, or "" when the key is no pointer's.

    >>> render_key_of(pointer_key("ab" * 32)) == "ab" * 32
    True
    """
    match = _POINTER.fullmatch(key)
    return match.group(2) if match else ""


def is_key(key: str) -> bool:
    """Whether a key is one a store may be asked for."""
    return bool(content_hash(key)) or _POINTER.fullmatch(key) is not None


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of bytes, 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()
