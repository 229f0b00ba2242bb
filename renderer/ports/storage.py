"""Object stores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from renderer.domain.stored_object import StoredObject


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

        Whoever puts an object is about to name it: one that lay there for more than `FRESH_S`
        is young again afterwards, so that no sweep takes it before its row is written.

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


@runtime_checkable
class SweptStore(ObjectReader, Protocol):
    """A store that can be listed and swept; a web server cannot."""

    def stored(self, prefix: str = "objects/") -> Iterator[StoredObject]:
        """Yield what lies below `objects/` or `keys/`, in order of the keys, in bounded memory.

        Raises:
            StorageError: The store failed.
        """
        ...

    def look_up(self, key: str) -> StoredObject | None:
        """Return one object as a listing would show it now, or None."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine.

        Raises:
            StorageError: The store failed or does not allow it.
        """
        ...
