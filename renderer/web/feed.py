"""Tells every open page what changed, as server-sent events.

References:
    HTML Living Standard, section 9.2 (server-sent events).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

HEARTBEAT_S = 15.0
MOST_WAITING = 500


class Feed:
    """One stream to many pages; may be told from any thread."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[bytes | None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._number = 0
        self._is_closed = False

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say which loop serves the pages."""
        self._loop = loop

    def tell(self, kind: str, payload: Any) -> None:  # noqa: ANN401 - JSON
        """Tell every page of an event; without a loop there is nobody to tell."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._send, kind, payload)

    def close(self) -> None:
        """End every stream: the server is about to stop."""
        self._is_closed = True
        for queue in self._listeners:
            _offer(queue, None)

    def _send(self, kind: str, payload: Any) -> None:  # noqa: ANN401 - JSON
        self._number += 1
        event = _event(kind, payload, self._number)
        for queue in list(self._listeners):
            if not _offer(queue, event):
                self._listeners.discard(queue)  # a page that reads nothing: it will connect again
                _drain(queue)

    async def listen(self, state: Any) -> AsyncIterator[bytes]:  # noqa: ANN401 - JSON
        """Yield events as they come, and a sign of life from time to time.

        Args:
            state: What a page is told first, beside the number of the last event: from the number
                it sees whether it missed anything.
        """
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(MOST_WAITING)
        self._listeners.add(queue)
        try:
            yield _event("hello", {"number": self._number, **state}, self._number)
            while not self._is_closed:
                try:
                    event = await asyncio.wait_for(queue.get(), HEARTBEAT_S)
                except TimeoutError:
                    yield b": here\n\n"
                    continue
                if event is None:
                    return
                yield event
        finally:
            self._listeners.discard(queue)


def _event(kind: str, payload: Any, number: int) -> bytes:  # noqa: ANN401 - JSON
    text = json.dumps(payload, ensure_ascii=True, separators=(",", ":"))
    return f"id: {number}\nevent: {kind}\ndata: {text}\n\n".encode("ascii")


def _offer(queue: asyncio.Queue[bytes | None], event: bytes | None) -> bool:
    try:
        queue.put_nowait(event)
    except asyncio.QueueFull:
        return False
    return True


def _drain(queue: asyncio.Queue[bytes | None]) -> None:
    while not queue.empty():
        queue.get_nowait()
    _offer(queue, None)
