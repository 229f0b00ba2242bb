"""What every file format is turned into first: tables and rows that know where they were written.

A YAML scalar without quotes becomes `Plain`: its type is decided by the field it stands in, so that
`text: No` stays the word "No" and `seed: 7` is a number.
"""

from __future__ import annotations

from typing import Any

from renderer.errors import Fault, Level

Place = tuple[int, int]
"""1-based line and column; column 0 when unknown."""

MAX_DEPTH = 12
MAX_NODES = 500_000
MAX_FAULTS_PER_FILE = 1_000


class Plain(str):
    """A scalar written without quotes; the field decides its type."""

    __slots__ = ()


class Table(dict[str, Any]):
    """A mapping and where its keys stand.

    Attributes:
        place: Where it begins.
        places: Key to where the key is written.
        is_broken: Whether a fault was reported while it was built; then it is no sound line.
    """

    __slots__ = ("is_broken", "place", "places")

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.places: dict[str, Place] = {}
        self.is_broken = False

    def where(self, key: str) -> Place:
        """Return where a key is written, or where the table begins."""
        return self.places.get(key, self.place)


class Row(list[Any]):
    """A sequence and where its items stand."""

    __slots__ = ("place", "places")

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.places: list[Place] = []

    def where(self, index: int) -> Place:
        """Return where an item is written, or where the row begins."""
        return self.places[index] if index < len(self.places) else self.place


class Unreadable(Exception):  # noqa: N818 - control flow inside this package, never seen outside
    """The file cannot be read any further; the fault is already in the log."""


class FaultLog:
    """Collects the faults of one file, at most `MAX_FAULTS_PER_FILE` of them.

    Attributes:
        path: The file, relative to the project folder.
        faults: Where the faults go.
        errors: How many errors were reported, including those left off.
        bytes_read: How far the file has been read, for a progress bar.
    """

    def __init__(self, path: str, faults: list[Fault]) -> None:
        self.path = path
        self.faults = faults
        self.errors = 0
        self.bytes_read = 0
        self._count = 0

    def error(self, place: Place, field: str, code: str, problem: str, fix: str) -> None:
        """Report something that stops the import."""
        self.errors += 1
        self._add(Fault(self.path, place[0], field, problem, fix, code, Level.ERROR, place[1]))

    def warning(self, place: Place, field: str, code: str, problem: str, fix: str) -> None:
        """Report something people should look at."""
        self._add(Fault(self.path, place[0], field, problem, fix, code, Level.WARNING, place[1]))

    def fatal(self, place: Place, code: str, problem: str, fix: str) -> Unreadable:
        """Report an error after which the file cannot be read on; raise what is returned."""
        self.error(place, "", code, problem, fix)
        return Unreadable(problem)

    def too_many(self, place: Place) -> Unreadable:
        """Report a file with more than `MAX_NODES` values; raise what is returned."""
        return self.fatal(
            place,
            "file-too-large",
            f"The file holds more than {MAX_NODES:,} values.",
            "Split it into several, or write the lines as JSONL (one JSON object per line).",
        )

    def close(self) -> None:
        """Say how many faults were left off, if any."""
        left = self._count - MAX_FAULTS_PER_FILE
        if left > 0:
            self.faults.append(
                Fault(
                    self.path,
                    0,
                    "",
                    f"{left} more faults in this file are not listed.",
                    "Fix those above and check again.",
                    "too-many-faults",
                    Level.ERROR if self.errors else Level.WARNING,
                )
            )

    def _add(self, fault: Fault) -> None:
        self._count += 1
        if self._count <= MAX_FAULTS_PER_FILE:
            self.faults.append(fault)
