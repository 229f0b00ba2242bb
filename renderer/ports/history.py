"""What has happened in a project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from renderer.domain.events import CharacterRecast, ManifestImported


@dataclass(frozen=True, slots=True)
class PastImport:
    """An import, and when it was (UTC)."""

    at: datetime
    told: ManifestImported


class History(Protocol):
    """The audit trail of this transaction's project."""

    def imports(self, limit: int) -> Sequence[PastImport]:
        """Return the last imports that found something to do, the newest first."""
        ...

    def recasts(self, character: str) -> Sequence[CharacterRecast]:
        """Return every change of a character's voice by promotion or rollback, oldest first."""
        ...
