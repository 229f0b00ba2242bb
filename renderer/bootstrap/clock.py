"""The one clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """Implements `ports.Clock`."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the one clock

    def monotonic_s(self) -> float:
        """Return seconds from some fixed point."""
        return time.monotonic()
