"""Object stores."""

from __future__ import annotations

from typing import Protocol


class ObjectReader(Protocol):
    """Reading half of an object store; all the game build needs."""

    def get(self, key: str) -> bytes:
        """Return an object's bytes.

        Raises:
            ObjectMissingError: No such object.
            StorageError: The store failed.
        """
        ...

    def has(self, key: str) -> bool:
        """Whether an object is stored under the key."""
        ...


class ObjectStore(ObjectReader, Protocol):
    """A content-addressed object store."""

    def put(self, data: bytes, suffix: str, media_type: str) -> str:
        """Store bytes under their own hash; storing twice is harmless.

        Returns:
            The key: `objects/<first two hex digits>/<sha256><suffix>`.
        """
        ...

    def point(self, render_key: str, document: bytes) -> None:
        """Record under a render key what came out of it (`keys/<aa>/<render_key>.json`).

        Written after the objects it names; the last writer wins.
        """
        ...

    def pointed(self, render_key: str) -> bytes | None:
        """Return the document stored under a render key, or None."""
        ...
