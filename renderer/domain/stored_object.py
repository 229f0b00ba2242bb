"""An object as a listing of the store shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

# How long an object that is put once more may keep the time of its first putting, in seconds.
FRESH_S = 15 * 60.0


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing shows it.

    Attributes:
        key: Its key (`objects/…` or `keys/…`).
        size: Bytes.
        modified_at: When it was last stored, by the store's clock, in UTC.
    """

    key: str
    size: int
    modified_at: datetime
