"""Decisions about takes, and the committed files that retakes and replacements change."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from renderer.domain.review import Decision
from renderer.domain.utterance import Utterance
from renderer.errors import Fault

LineKey = tuple[str, str]
"""What names a line: (line_id, locale)."""


class Decisions(Protocol):
    """Decisions about the lines of one project; rows are only ever added."""

    def of(self, pks: Sequence[int]) -> dict[int, list[Decision]]:
        """Return row id of a line to its decisions, oldest first; absent when there are none."""
        ...

    def find(self, ids: Sequence[str]) -> dict[str, Decision]:
        """Return the recorded ones of some ids, whichever project's line they are about."""
        ...

    def add(self, decisions: Sequence[tuple[int, Decision]]) -> bool:
        """Record decisions, each with the row id of its line.

        Waits for another transaction that is just deciding about the same lines.

        Returns:
            Whether all of them could be recorded. If not, another transaction has decided about
            one of the lines meanwhile: leave without a commit, and look again.
        """
        ...

    def log(self, limit: int | None = None) -> list[Decision]:
        """Return the project's decisions, the newest first."""
        ...


class RetakeEdit(Protocol):
    """A change of `retakes.yaml` under way."""

    def try_out(self) -> tuple[dict[LineKey, list[Fault]], dict[LineKey, Utterance]]:
        """Return what would be wrong with the file as it would be, and how its lines were said.

        Returns:
            Line to its faults, and line to how it would be said; absent where it cannot be read.
        """
        ...

    def write(self) -> None:
        """Write the file whole or not at all.

        Raises:
            ReviewError: It has changed since it was read.
        """
        ...


class RetakeBook(Protocol):
    """The committed file that holds what QA wants to be said another way."""

    def edit(
        self,
        wanted: Mapping[LineKey, Decision | None],
        lines: Mapping[LineKey, Utterance],
        fresh: Collection[LineKey],
    ) -> AbstractContextManager[RetakeEdit]:
        """Begin to change entries; other processes wait until the block ends.

        Args:
            wanted: Line to the retake it is to have; None for none.
            lines: The same lines as last imported: their files, and their earlier ids.
            fresh: Lines whose retake is new. One that gives a seed alone leaves everything else as
                the entry that is there has it.

        Raises:
            ManifestError: The file cannot be read; its faults are listed.
        """
        ...


class RecordingShelf(Protocol):
    """The committed folder of human recordings."""

    def take_in(self, data: bytes) -> str:
        """Check an upload and store it as the WAV that would lie in the folder.

        Returns:
            Its object key.

        Raises:
            AudioError: It is no sound, or beyond the limits.
        """
        ...

    def current(self, key: LineKey) -> str:
        """Return the object key of a line's recording, which is stored for it; "" for none."""
        ...

    def has(self, object_key: str) -> bool:
        """Whether a recording can be put back."""
        ...

    def put(self, key: LineKey, object_key: str) -> None:
        """Let a line have a stored recording, or none with ""; whole or not at all."""
        ...
