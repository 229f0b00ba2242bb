"""Decisions as a file: what the static report exports and `barkline review apply` imports.

{"format": "barkline-decisions", "version": 1, "project": "emberfall", "decisions": [
  {"id": "…", "line_id": "halt_01", "locale": "en-US", "render_key": "…", "seen": 0,
   "choice": "waive", "who": "Ada", "at": "2026-05-04T09:30:00Z", "note": "meant to clip",
   "change": {}, "undoes": ""}]}
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from renderer.domain.decision_field import faults_of
from renderer.domain.review import Choice, Decision
from renderer.errors import Fault, ReviewError

FORMAT = "barkline-decisions"
VERSION = 1
MAX_BYTES = 64 * 1024 * 1024
MAX_DECISIONS = 100_000
_HEAD = ("format", "version", "project", "decisions", "written_at")
_TEXTS = ("id", "line_id", "locale", "render_key", "choice", "who", "at")
_OPTIONAL = ("note", "undoes", "sound")
_FIELDS = (*_TEXTS, *_OPTIONAL, "checks", "seen", "change")
_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class DecisionFile:
    """A file of decisions, read.

    Attributes:
        project: Whose.
        decisions: In the order they were made.
        seen: For each of them the sequence of the last decision about its line that the author
            had seen.
    """

    project: str
    decisions: tuple[Decision, ...]
    seen: tuple[int, ...]


def load_decisions(data: bytes, name: str) -> DecisionFile:
    """Read a file of decisions; every fault at once.

    Args:
        data: Its bytes.
        name: How messages call it.

    Raises:
        ReviewError: It is none, or decisions are wrong; each fault names index and field.
    """
    document = _parse(data, name)
    faults: list[Fault] = []
    for field in sorted(document.keys() - set(_HEAD)):
        faults.append(_fault(name, str(field)[:60], "There is no such field.", "Delete it."))
    project = document.get("project")
    if not isinstance(project, str) or not project:
        fix = "Export the decisions again."
        faults.append(_fault(name, "project", "The project is not named.", fix))
    rows = document.get("decisions")
    if not isinstance(rows, list) or len(rows) > MAX_DECISIONS:
        fix = f"Write a list of at most {MAX_DECISIONS:,} decisions."
        faults.append(_fault(name, "decisions", "There is no list of decisions.", fix))
        rows = []
    read = [_Row(row, f"decisions.{n}", name, faults).decision() for n, row in enumerate(rows)]
    if faults:
        raise ReviewError(f"{name} has {len(faults)} faults; nothing was recorded", faults)
    made = [pair for pair in read if pair is not None]
    decisions, seen = tuple(d for d, _ in made), tuple(last for _, last in made)
    return DecisionFile(str(project), decisions, seen)


def _parse(data: bytes, name: str) -> dict[str, Any]:
    """Read the JSON and hold that it is of this format and version."""
    fix = "Export the decisions again, from the report or the review page."
    if len(data) > MAX_BYTES:
        raise ReviewError(f"{name} has {len(data):,} bytes; at most {MAX_BYTES:,} are read.")
    try:
        document = json.loads(
            data.decode("utf-8-sig"),
            parse_constant=_refuse_constant,
            object_pairs_hook=_once,
        )
    except (ValueError, RecursionError) as error:
        raise ReviewError(f"{name} is no JSON: {error}. {fix}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ReviewError(f"{name} holds no decisions of Barkline. {fix}")
    version = document.get("version")
    if version != VERSION or isinstance(version, bool):
        raise ReviewError(
            f"{name} has version {str(version)[:20]}, this Barkline reads {VERSION}; install the "
            "Barkline that wrote it."
        )
    return document


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a field is given twice")
    return made


def _fault(path: str, field: str, problem: str, fix: str, code: str = "bad-field") -> Fault:
    return Fault(path, 0, field, problem, fix, code)


class _Row:
    """One decision of a file.

    Args:
        value: Whatever stands in its place.
        place: `decisions.<index>`.
        path: The file.
        faults: Receives what is wrong.
    """

    def __init__(self, value: Any, place: str, path: str, faults: list[Fault]) -> None:  # noqa: ANN401 - JSON
        self._value = value
        self._place = place
        self._path = path
        self._faults = faults

    def decision(self) -> tuple[Decision, int] | None:
        """Return the decision and what its author had seen; None when anything is wrong."""
        if not isinstance(self._value, dict):
            self._report("", "It is no object.", "Write {…} with the fields of a decision.")
            return None
        before = len(self._faults)
        for field in sorted(self._value.keys() - set(_FIELDS)):
            self._report(
                str(field)[:60], "There is no such field.", f"Known: {', '.join(_FIELDS)}."
            )
        texts = {name: self._text(name) for name in (*_TEXTS, *_OPTIONAL)}
        choice, at = self._choice(texts["choice"]), self._time(texts["at"])
        change, seen, checks = self._change(), self._seen(), self._checks()
        if choice is Choice.REPLACE and not texts["undoes"]:
            self._report("choice", "A file cannot replace a take.", "Upload it on the review page.")
        if len(self._faults) != before or choice is None or at is None:
            return None
        made = Decision(
            id=texts["id"],
            line_id=texts["line_id"],
            locale=texts["locale"],
            render_key=texts["render_key"],
            choice=choice,
            who=texts["who"],
            at=at,
            note=texts["note"],
            change=change,
            undoes=texts["undoes"],
            sound=texts["sound"],
            checks=checks,
        )
        self._faults += faults_of(made, self._place, self._path)
        return (made, seen) if len(self._faults) == before else None

    def _text(self, name: str) -> str:
        value = self._value.get(name, "" if name in _OPTIONAL else None)
        if isinstance(value, str):
            return value
        problem = "It is missing." if name not in self._value else "It is no text."
        self._report(name, problem, 'Write a text in "quotes".')
        return ""

    def _choice(self, text: str) -> Choice | None:
        try:
            return Choice(text)
        except ValueError:
            known = ", ".join(choice.value for choice in Choice)
            self._report("choice", f"{text[:40]!r} is no choice.", f"Use one of {known}.")
            return None

    def _time(self, text: str) -> datetime | None:
        try:
            at = datetime.fromisoformat(text)
            return at.astimezone(UTC) if at.tzinfo else at
        except (ValueError, OverflowError):
            fix = "Write it as ISO 8601 with a zone: 2026-05-04T09:30:00Z."
            self._report("at", f"{text[:40]!r} is no time.", fix)
            return None

    def _seen(self) -> int:
        value = self._value.get("seen", 0)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST:
            return value
        self._report("seen", "It is no whole number.", "Write the last sequence that was seen.")
        return 0

    def _change(self) -> dict[str, object]:
        value = self._value.get("change", {})
        if isinstance(value, dict):
            return value
        self._report("change", "It is no object.", "Write the fields that change, or {}.")
        return {}

    def _checks(self) -> tuple[str, ...]:
        value = self._value.get("checks", [])
        if isinstance(value, list) and all(isinstance(name, str) for name in value):
            return tuple(value)
        self._report("checks", "It is no list of names.", "Write the checks that failed, or [].")
        return ()

    def _report(self, name: str, problem: str, fix: str) -> None:
        field = f"{self._place}.{name}" if name else self._place
        self._faults.append(_fault(self._path, field, problem, fix))
