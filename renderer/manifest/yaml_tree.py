"""YAML to a tree, event by event: nothing is built from an alias, a tag or an endless nesting.

Only the plain part of YAML is read: mappings, sequences and scalars of one document. Anchors,
aliases, merge keys, tags, complex keys and duplicate keys are faults (they are how YAML bombs and
silent overwrites are made), and size, depth and number of nodes are bounded.
"""

from __future__ import annotations

from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from renderer.manifest.tree import MAX_DEPTH, MAX_NODES, FaultLog, Place, Plain, Row, Table

_Event = Any  # the C and the Python parser make different classes of the same shape
_MAX_MESSAGE = 160
TOO_DEEP = (
    "too-deep",
    f"Values are nested more than {MAX_DEPTH} levels deep.",
    "A manifest is flat; delete what does not belong here.",
)
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(text: str, log: FaultLog) -> Any:  # noqa: ANN401 - Table, Row, str, Plain or None
    """Read one YAML document.

    Args:
        text: The whole file.
        log: Where faults go; problems that leave the rest readable do not stop the reading.

    Returns:
        A Table, a Row, a str, a Plain, or None for an empty file.

    Raises:
        Unreadable: The file is no YAML or is refused; the reason is in the log.
    """
    try:
        return _Composer(text, log).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        if "nesting depth" in str(error.problem):  # libyaml's own bound, since PyYAML 6.0.4
            raise log.fatal(place, *TOO_DEEP) from None
        raise log.fatal(place, "yaml-syntax", _syntax_problem(error), _syntax_fix(error)) from None
    except (yaml.YAMLError, ValueError) as error:  # a character YAML does not allow, as a rule
        raise log.fatal(
            _control_place(text),
            "control-character",
            f"This is no YAML: {str(error).splitlines()[0][:_MAX_MESSAGE]}.",
            "Delete the character that cannot be seen; text copied from elsewhere often has some.",
        ) from None


def _syntax_problem(error: yaml.MarkedYAMLError) -> str:
    parts = [str(p) for p in (error.context, error.problem) if p]
    return f"This is no YAML: {', '.join(parts)[:_MAX_MESSAGE]}."


def _syntax_fix(error: yaml.MarkedYAMLError) -> str:
    text = str(error.problem)
    if "mapping values are not allowed" in text:
        return 'Put quotes around a text that holds ": ".'
    if "cannot start any token" in text and "\\t" in text:
        return "Indent with spaces, never with tabs."
    if "alias" in text or "anchor" in text:
        return "Put quotes around a text that begins with * or &."
    return "Check indentation, quotes and colons here and just above; quote the text when in doubt."


def _control_place(text: str) -> Place:
    for number, line in enumerate(text.split("\n"), start=1):
        for column, char in enumerate(line, start=1):
            if not (char.isprintable() or char in "\t\r\x85\ufeff"):
                return number, column
    return 0, 0


class _Composer:
    """Builds the tree of one document from the parser's events."""

    def __init__(self, text: str, log: FaultLog) -> None:
        self._get = _Loader(text).get_event
        self._log = log
        self._nodes = 0
        self._depth = 0

    def document(self) -> Any:  # noqa: ANN401 - see load_yaml
        root: Any = None
        documents = 0
        while not isinstance(event := self._get(), StreamEndEvent):
            if isinstance(event, (StreamStartEvent, DocumentEndEvent)):
                continue
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._log.fatal(
                        _place(event),
                        "several-documents",
                        "The file holds more than one YAML document.",
                        "Delete the line '---' or split the file.",
                    )
                continue
            root = self._value(event)
        return None if isinstance(root, Plain) and root == "" else root

    def _value(self, event: _Event) -> Any:  # noqa: ANN401 - see load_yaml
        self._count(event)
        kind = type(event)
        if kind is AliasEvent:
            self._refuse_alias(event)
            return None
        if event.anchor is not None or event.tag is not None:
            self._refuse_mark(event)
        if kind is ScalarEvent:
            return event.value if event.style else Plain(event.value)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._log.fatal(_place(event), *TOO_DEEP)
        tree = self._table(event) if kind is MappingStartEvent else self._row(event)
        self._depth -= 1
        return tree

    def _table(self, start: _Event) -> Table:
        table = Table(_place(start))
        places = table.places
        get = self._get
        while type(event := get()) is not MappingEndEvent:
            key = self._key(event)
            value = self._value(get())
            if key in table:
                line = places[key][0]
                self._log.error(
                    _place(event),
                    str(key),
                    "duplicate-key",
                    f"The field {key!r} is given twice (first in line {line}).",
                    "Keep one of them.",
                )
                table.is_broken = True
                continue
            places[key] = _place(event)
            table[key] = value
        return table

    def _row(self, start: _Event) -> Row:
        row = Row(_place(start))
        get = self._get
        while type(event := get()) is not SequenceEndEvent:
            row.places.append(_place(event))
            row.append(self._value(event))
        return row

    def _key(self, event: _Event) -> str:
        self._count(event)
        if type(event) is ScalarEvent:
            if event.anchor is not None or event.tag is not None:
                self._refuse_mark(event)
            return str(event.value)
        raise self._log.fatal(
            _place(event),
            "complex-key",
            "A field's name must be a word, not an alias, a list or another mapping.",
            "Write the name of the field before the colon.",
        )

    def _count(self, event: _Event) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._log.too_many(_place(event))

    def _refuse_alias(self, event: _Event) -> None:
        self._log.error(
            _place(event),
            "",
            "yaml-alias",
            f"The alias *{event.anchor} is not allowed in a manifest.",
            "Write the value out; put quotes around a text that begins with a star.",
        )

    def _refuse_mark(self, event: _Event) -> None:
        if event.anchor is not None:
            self._log.error(
                _place(event),
                "",
                "yaml-anchor",
                f"The anchor &{event.anchor} is not allowed in a manifest.",
                "Delete it; put quotes around a text that begins with an ampersand.",
            )
        if event.tag is not None:
            self._log.error(
                _place(event),
                "",
                "yaml-tag",
                f"The tag {event.tag!r} is not allowed in a manifest.",
                "Delete it; put quotes around a text that begins with an exclamation mark.",
            )


def _place(event: _Event) -> Place:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1
