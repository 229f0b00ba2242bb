"""JSON to a tree: whole files with the place of every field, and single lines of JSONL fast."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import Any, cast

from renderer.manifest.tree import MAX_DEPTH, MAX_NODES, FaultLog, Place, Row, Table

_scan_string: Any = json.decoder.scanstring  # type: ignore[attr-defined]  # C code, not in the stubs
_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_WORDS = (("true", True), ("false", False), ("null", None))
_MAX_DIGITS = 40
_COMMAS = "Check quotes, commas and brackets here and just above."


def load_json(text: str, log: FaultLog) -> Any:  # noqa: ANN401 - Table, Row, str, number, bool, None
    """Read one JSON document (RFC 8259), remembering where each field stands.

    Raises:
        Unreadable: The file is no JSON or nested too deep; the reason is in the log.
    """
    return _Parser(text, log).document()


class _Parser:
    def __init__(self, text: str, log: FaultLog) -> None:
        self._text = text
        self._log = log
        self._breaks = [m.start() for m in re.finditer("\n", text)]
        self._depth = 0
        self._nodes = 0

    def document(self) -> Any:  # noqa: ANN401 - see load_json
        if not self._text.strip():
            return None
        value, at = self._value(self._skip(0))
        at = self._skip(at)
        if at != len(self._text):
            raise self._broken(at, "there is something after the end of the document")
        return value

    def _value(self, at: int) -> tuple[Any, int]:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._log.too_many(self._place(at))
        char = self._text[at : at + 1]
        if char == '"':
            return self._string(at)
        if char in ("{", "["):
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise self._log.fatal(
                    self._place(at),
                    "too-deep",
                    f"Values are nested more than {MAX_DEPTH} levels deep.",
                    "A manifest is flat; delete what does not belong here.",
                )
            tree = self._table(at) if char == "{" else self._row(at)
            self._depth -= 1
            return tree
        for word, value in _WORDS:
            if self._text.startswith(word, at):
                return value, at + len(word)
        return self._number(at)

    def _number(self, at: int) -> tuple[Any, int]:
        match = _NUMBER.match(self._text, at)
        if match is None or match.end() - at > _MAX_DIGITS:
            raise self._broken(at, "a value is missing" if match is None else "endless number")
        kind = float if match.group(1) or match.group(2) else int
        return kind(match.group()), match.end()

    def _string(self, at: int) -> tuple[str, int]:
        try:
            return cast("tuple[str, int]", _scan_string(self._text, at + 1, True))
        except json.JSONDecodeError as error:
            raise self._broken(error.pos, error.msg) from None

    def _table(self, start: int) -> tuple[Table, int]:
        table = Table(self._place(start))
        at = self._skip(start + 1)
        if self._text[at : at + 1] == "}":
            return table, at + 1
        while True:
            at = self._member(table, at)
            char = self._text[at : at + 1]
            if char == "}":
                return table, at + 1
            if char != ",":
                raise self._broken(at, "a comma or } is missing")
            at = self._skip(at + 1)

    def _member(self, table: Table, at: int) -> int:
        if self._text[at : at + 1] != '"':
            raise self._broken(at, 'a field name in "quotes" is missing')
        place = self._place(at)
        key, at = self._string(at)
        at = self._skip(at)
        if self._text[at : at + 1] != ":":
            raise self._broken(at, "a colon is missing")
        value, at = self._value(self._skip(at + 1))
        if key in table:
            _report_duplicate(self._log, place, key)
            table.is_broken = True
        else:
            table[key] = value
            table.places[key] = place
        return self._skip(at)

    def _row(self, start: int) -> tuple[Row, int]:
        row = Row(self._place(start))
        at = self._skip(start + 1)
        if self._text[at : at + 1] == "]":
            return row, at + 1
        while True:
            row.places.append(self._place(at))
            value, at = self._value(at)
            row.append(value)
            at = self._skip(at)
            char = self._text[at : at + 1]
            if char == "]":
                return row, at + 1
            if char != ",":
                raise self._broken(at, "a comma or ] is missing")
            at = self._skip(at + 1)

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return match.end() if match else at

    def _place(self, at: int) -> Place:
        line = bisect_right(self._breaks, at - 1)
        return line + 1, at - (self._breaks[line - 1] if line else -1)

    def _broken(self, at: int, what: str) -> Exception:
        return self._log.fatal(self._place(at), "json-syntax", f"This is no JSON: {what}.", _COMMAS)


def _as_row(items: list[Any], place: Place) -> Row:
    row = Row(place)
    row.extend(items)
    return row


def load_json_line(text: str, number: int, log: FaultLog) -> Table | None:
    """Read one line of a JSONL file.

    Args:
        text: The line.
        number: Its 1-based number.
        log: Where faults go.

    Returns:
        The object, or None when the line is no JSON object (the reason is in the log).
    """
    place = (number, 0)
    twice: list[str] = []

    def table(pairs: list[tuple[str, Any]]) -> Table:
        made = Table(place)
        for key, value in pairs:
            if key in made:
                twice.append(key)
            made[key] = _as_row(value, place) if type(value) is list else value
        return made

    try:
        value = json.loads(text, object_pairs_hook=table, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        _report_broken(error, number, log)
        return None
    for key in twice:
        _report_duplicate(log, place, key)
    if isinstance(value, Table):
        value.is_broken = bool(twice)
        return value
    fix = 'Write one line of dialogue as {"id": …, "character": …, "text": …}.'
    log.error(place, "", "wrong-type", "This line is no JSON object.", fix)
    return None


def _report_broken(error: Exception, number: int, log: FaultLog) -> None:
    what, column = "not readable", 0
    if isinstance(error, json.JSONDecodeError):
        what, column = error.msg, error.colno
    problem = f"This line is no JSON: {what}."
    log.error((number, column), "", "json-syntax", problem, f"{_COMMAS} One object per line.")


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _report_duplicate(log: FaultLog, place: Place, key: str) -> None:
    problem = f"The field {key!r} is given twice."
    log.error(place, key, "duplicate-key", problem, "Keep one of them.")
