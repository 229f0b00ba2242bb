"""Scene files in every format: what they say once, and their lines as tables."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

from renderer.domain.project import Project
from renderer.manifest.field import read_text, refuse_unknown, shown
from renderer.manifest.json_tree import load_json, load_json_line
from renderer.manifest.line import (
    LINE_FIELDS,
    FileDefaults,
    check_character,
    check_locale,
    check_scene,
    read_tags,
)
from renderer.manifest.performance import PROSODY_FIELDS
from renderer.manifest.source import SceneFile, read_lines, read_whole
from renderer.manifest.tree import FaultLog, Plain, Row, Table
from renderer.manifest.yaml_tree import load_yaml

SUFFIXES = (".yaml", ".yml", ".json", ".jsonl", ".ndjson", ".csv", ".tsv")
HEAD_FIELDS = frozenset({"scene", "locale", "character", "tags"})
FILE_FIELDS = HEAD_FIELDS | {"lines", "notes", "$schema"}
COLUMNS = frozenset(
    (LINE_FIELDS - {"emotion", "prosody"})
    | {"emotion", "emotion.name", "emotion.intensity"}
    | {f"prosody.{name}" for name in PROSODY_FIELDS}
)
_LIST_COLUMNS = ("tags", "was")


def open_scene(
    project: Project, file: SceneFile, log: FaultLog
) -> tuple[FileDefaults, Iterator[Table]]:
    """Open a scene file.

    Returns:
        What the file says for all lines, and its lines as tables (read as they are asked for from
        JSONL and CSV).

    Raises:
        Unreadable: The file cannot be read; asking for lines may raise it too.
    """
    suffix = PurePosixPath(file.path).suffix.lower()
    head, lines = _READERS[suffix](project.root, file, log)
    return _defaults(head, file.path, project, log), lines


def _defaults(head: Table, path: str, project: Project, log: FaultLog) -> FileDefaults:
    scene = read_text(head, "scene", log).strip()
    locale = read_text(head, "locale", log).strip()
    character = read_text(head, "character", log).strip()
    if scene:
        check_scene(scene, log, head.where("scene"))
    if locale:
        check_locale(locale, project, log, head.where("locale"))
    if character:
        check_character(character, project, log, head.where("character"))
    tags = read_tags(head, log) if "tags" in head else ()
    found, stem = _from_path(path, project)
    if not scene:
        check_scene(stem, log, head.where("scene"))
    return FileDefaults(scene or stem, locale or found, character, tags)


def _from_path(path: str, project: Project) -> tuple[str, str]:
    """Return the locale and the scene a path suggests: `de-DE/gate.csv`, `gate.de-DE.csv`."""
    parts = PurePosixPath(path)
    stem = parts.stem
    for locale in project.locales:
        if stem.endswith(f".{locale}"):
            return locale, stem.removesuffix(f".{locale}")
    inside = [part for part in parts.parts[:-1] if part in project.locales]
    return (inside[-1] if inside else project.source_locale), stem


# -- YAML and JSON ----------------------------------------


def _whole(root: Path, file: SceneFile, log: FaultLog) -> tuple[Table, Iterator[Table]]:
    text = read_whole(root, file, log)
    tree: Any = load_json(text, log) if file.path.lower().endswith("json") else load_yaml(text, log)
    if tree is None:
        log.warning((0, 0), "", "empty-file", "The file is empty.", "Delete it or add lines.")
        return Table((1, 0)), iter(())
    if not isinstance(tree, Table):
        problem = f"A scene file is a mapping with a list 'lines', not {shown(tree)}."
        fix = "Write 'lines:' in the first line and indent the list below it."
        raise log.fatal((1, 0), "wrong-type", problem, fix)
    refuse_unknown(tree, FILE_FIELDS, log)
    return tree, _tables(tree, log)


def _tables(tree: Table, log: FaultLog) -> Iterator[Table]:
    lines = tree.get("lines")
    if not isinstance(lines, Row):
        problem = "The file has no list of lines." if lines is None else "'lines' is no list."
        fix = "Write 'lines:' and below it one '- id: …' per line."
        log.error(tree.where("lines"), "lines", "missing-field", problem, fix)
        return
    tree["lines"] = None  # so that the tree is freed line by line
    lines.reverse()
    number = 0
    while lines:
        item = lines.pop()
        number += 1
        if isinstance(item, Table):
            yield item
        else:
            problem = f"Line {number} of the list is {shown(item)}, no mapping."
            fix = "Write its fields as 'name: value', beginning with '- id: …'."
            log.error(lines.where(number - 1), "lines", "wrong-type", problem, fix)


# -- JSONL ----------------------------------------


def _jsonl(root: Path, file: SceneFile, log: FaultLog) -> tuple[Table, Iterator[Table]]:
    tables = (
        table
        for number, text in read_lines(root, file, log)
        if text.strip() and (table := load_json_line(text, number, log)) is not None
    )
    first = next(tables, None)
    if first is None:
        return Table((1, 0)), iter(())
    if first and first.keys() <= HEAD_FIELDS:
        return first, tables
    return Table((1, 0)), chain((first,), tables)


def _as_row(items: list[Any], table: Table) -> Row:
    row = Row(table.place)
    row.extend(items)
    return row


# -- CSV ----------------------------------------


def _csv(root: Path, file: SceneFile, log: FaultLog) -> tuple[Table, Iterator[Table]]:
    return Table((1, 0)), _csv_tables(root, file, log)


def _csv_tables(root: Path, file: SceneFile, log: FaultLog) -> Iterator[Table]:
    lines = read_lines(root, file, log)
    first = next(lines, None)
    if first is None:
        log.warning((0, 0), "", "empty-file", "The file is empty.", "Delete it or add lines.")
        return
    columns = _columns(first[1], log)
    reader = csv.reader((text for _, text in lines), columns.dialect, strict=True)
    while True:
        number = reader.line_num + 2
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = f"This is no CSV: {error}."
            fix = 'Close every quote; a quote inside a quoted cell is written twice ("").'
            raise log.fatal((number, 0), "csv-syntax", problem, fix) from None
        if any(cells):
            yield columns.table(cells, number, log)


class _Columns:
    """The header of a CSV file."""

    def __init__(self, names: list[str], dialect: type[csv.Dialect]) -> None:
        self.names = names
        self.dialect = dialect

    def table(self, cells: list[str], number: int, log: FaultLog) -> Table:
        """Return a row as the table it would be in YAML; empty cells are absent."""
        table = Table((number, 0))
        before = log.errors
        if any(cell.strip() for cell in cells[len(self.names) :]):
            problem = f"The row has {len(cells)} cells, the header {len(self.names)}."
            fix = "Put quotes around a text that holds the separator."
            log.error(table.place, "", "too-many-cells", problem, fix)
        for name, cell in zip(self.names, cells, strict=False):
            if cell and name:
                self._put(table, name, cell, log)
        table.is_broken = log.errors != before
        return table

    def _put(self, table: Table, name: str, cell: str, log: FaultLog) -> None:
        outer, _, inner = name.partition(".")
        if inner:
            if not isinstance(table.get(outer), Table):
                table[outer] = Table(table.place)
            table[outer][inner] = Plain(cell)
        elif name in _LIST_COLUMNS:
            table[name] = _as_row([p.strip() for p in cell.replace(";", ",").split(",")], table)
        elif name == "words":
            table[name] = _words_cell(cell, table, log)
        elif name == "hints":
            table[name] = _hints_cell(cell, table)
        else:
            table[name] = Plain(cell)


def _columns(header: str, log: FaultLog) -> _Columns:
    class Dialect(csv.excel):
        delimiter = max(",;\t", key=header.count)

    try:
        names = [n.strip() for n in next(csv.reader([header], Dialect, strict=True), [])]
    except csv.Error as error:
        fix = "The first line names the columns: id,character,text,…"
        raise log.fatal((1, 0), "csv-syntax", f"This is no CSV: {error}.", fix) from None
    known = dict.fromkeys(COLUMNS)
    header_table = Table((1, 0))
    for name in names:
        if name in header_table:
            fix = "Keep one of the two columns."
            problem = f"The column {shown(name)} is there twice."
            log.error((1, 0), name, "duplicate-key", problem, fix)
        if name and not (name.startswith("hints.") and len(name) > len("hints.")):
            header_table[name] = None
    refuse_unknown(header_table, known, log)
    if "id" not in names or "text" not in names:
        problem = "The columns 'id' and 'text' are not both there."
        fix = "The first line names the columns: id,character,text,…"
        raise log.fatal((1, 0), "missing-field", problem, fix)
    return _Columns([n if n in known or n.startswith("hints.") else "" for n in names], Dialect)


def _words_cell(cell: str, table: Table, log: FaultLog) -> Row | None:
    """Read word edits from a cell: a JSON list of objects."""
    parsed = load_json_line(f'{{"words": {cell}}}', table.place[0], log)
    items = parsed.get("words") if parsed else None
    return _as_row(items, table) if isinstance(items, list) else None


def _hints_cell(cell: str, table: Table) -> Table:
    """Read hints from a cell: `lead=metal; wind=air`."""
    hints = Table(table.place)
    for pair in cell.replace(",", ";").split(";"):
        word, _, hint = pair.partition("=")
        if word.strip():
            hints[word.strip()] = hint.strip()
    return hints


_READERS = {
    ".yaml": _whole,
    ".yml": _whole,
    ".json": _whole,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".csv": _csv,
    ".tsv": _csv,
}
