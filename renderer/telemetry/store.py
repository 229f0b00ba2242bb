"""An object store whose calls are measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from renderer.errors import ObjectMissingError, StorageError
from renderer.ports import Meter, ObjectStore

_Answer = TypeVar("_Answer")


class MeteredStore:
    """Implements `ports.ObjectStore` with another one, and counts its bytes and failures.

    Args:
        store: Which does the work.
        meter: Which is told.
    """

    def __init__(self, store: ObjectStore, meter: Meter) -> None:
        self._store = store
        self._meter = meter

    def get(self, key: str) -> bytes:
        """Return an object's bytes."""
        data = self._call("get", lambda: self._store.get(key))
        self._bytes("get", data)
        return data

    def has(self, key: str) -> bool:
        """Whether an object is stored under the key."""
        return self._call("has", lambda: self._store.has(key))

    def put(self, data: bytes, suffix: str, media_type: str) -> str:
        """Store bytes under their own hash."""
        with self._meter.time("barkline_stage_seconds", stage="store"):
            key = self._call("put", lambda: self._store.put(data, suffix, media_type))
        self._bytes("put", data)
        return key

    def point(self, render_key: str, document: bytes) -> None:
        """Record under a render key what came out of it."""
        with self._meter.time("barkline_stage_seconds", stage="store"):
            self._call("point", lambda: self._store.point(render_key, document))
        self._bytes("point", document)

    def pointed(self, render_key: str) -> bytes | None:
        """Return the document stored under a render key, or None."""
        document = self._call("pointed", lambda: self._store.pointed(render_key))
        self._bytes("pointed", document or b"")
        return document

    def _call(self, operation: str, call: Callable[[], _Answer]) -> _Answer:
        try:
            return call()
        except ObjectMissingError:
            raise
        except StorageError:
            self._meter.count("barkline_store_errors_total", operation=operation)
            raise

    def _bytes(self, operation: str, data: bytes) -> None:
        self._meter.count("barkline_store_bytes_total", len(data), operation=operation)
