"""Waking a relay: NOTIFY says that there may be work; only the outbox says what.

A wake-up that is lost costs one poll, never a line.
"""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, text

CHANNEL = "barkline_outbox"
log = logging.getLogger(__name__)


def announce(connection: Connection) -> None:
    """Tell the relays, once this transaction commits, that rows wait."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"NOTIFY {CHANNEL}"))


class Wake:
    """Sleeps until rows may wait, or a time has passed.

    Args:
        engine: The database; on SQLite this only sleeps.
        stopping: Ends a sleep at once.
    """

    def __init__(self, engine: Engine, stopping: threading.Event) -> None:
        self._engine = engine
        self._stopping = stopping
        self._listener: Any = None

    def wait(self, seconds: float) -> None:
        """Sleep; whatever goes wrong with listening, this returns in time.

        Args:
            seconds: At most.
        """
        if self._engine.dialect.name != "postgresql":
            self._stopping.wait(seconds)
            return
        try:
            self._listen()
            for _ in self._listener.notifies(timeout=seconds, stop_after=1):
                return
        except Exception as error:  # polling goes on without
            log.debug("listening failed, polling goes on: %s", type(error).__name__)
            self.close()
            self._stopping.wait(seconds)

    def _listen(self) -> None:
        if self._listener is not None:
            return
        import psycopg

        url = self._engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._listener = psycopg.connect(url, autocommit=True, connect_timeout=5)
        self._listener.execute(f"LISTEN {CHANNEL}")

    def close(self) -> None:
        """Close the connection that listens."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(Exception):
                listener.close()
