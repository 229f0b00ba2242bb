"""Writes `retakes.yaml`: sorted, whole or not at all, and never over somebody else's change."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import yaml

from renderer.domain.decision_field import CHANGE_FIELDS, STAMP
from renderer.domain.project import Project
from renderer.domain.review import Decision
from renderer.domain.utterance import Utterance
from renderer.errors import Fault, Level, ManifestError, ReviewError
from renderer.manifest.charset import decode
from renderer.manifest.identifier import id_form
from renderer.manifest.reader import find_files, read_scenes
from renderer.manifest.retake import (
    RETAKES_FILE,
    UNKNOWN_LINE,
    Retakes,
    parse_retakes,
)
from renderer.manifest.source import read_bytes
from renderer.manifest.tree import FaultLog, Plain, Row, Table, Unreadable
from renderer.ports import LineKey, RetakeEdit
from renderer.whole_file import write_whole

HEAD = """\
# What QA wants to be said another way, laid over the scene files (docs/manifest.md).
# Commit it. Written anew by `barkline review`, sorted; comments of yours get lost: use 'note'.
"""
LOCK_PATIENCE_S = 20.0
_WIDTH = 10_000
_WORD = re.compile(r"[\w+.~-]*")


class CommittedRetakes:
    """Implements `ports.RetakeBook` over a project folder.

    Args:
        project: The project.
        lock: A file that processes hold while they change the retakes.
    """

    def __init__(self, project: Project, lock: Path) -> None:
        self._project = project
        self._lock = lock

    @contextmanager
    def edit(
        self,
        wanted: Mapping[LineKey, Decision | None],
        lines: Mapping[LineKey, Utterance],
        fresh: Collection[LineKey],
    ) -> Iterator[RetakeEdit]:
        """Begin to change entries; other processes wait until the block ends.

        Raises:
            ManifestError: The file cannot be read; its faults are listed.
            ReviewError: Another process holds it for too long.
        """
        from filelock import FileLock, Timeout

        self._lock.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self._lock, timeout=LOCK_PATIENCE_S):
                yield _Edit(self._project, wanted, lines, fresh)
        except Timeout as error:
            raise ReviewError(
                f"another barkline changes {RETAKES_FILE}; try again in a moment."
            ) from error


class _Edit:
    """Implements `ports.RetakeEdit`."""

    def __init__(
        self,
        project: Project,
        wanted: Mapping[LineKey, Decision | None],
        lines: Mapping[LineKey, Utterance],
        fresh: Collection[LineKey],
    ) -> None:
        self._project = project
        self._wanted = wanted
        self._lines = lines
        self._path = project.root / RETAKES_FILE
        self._before = _read(self._path)
        entries = dict(_entries(self._before, project))
        for key, decision in wanted.items():
            there = [e for form in self._forms(key) if (e := entries.pop(form, None))]
            if decision is not None:
                kept = _kept(decision.change, there[0]) if key in fresh and there else {}
                entries[id_form(*key)] = _entry(decision, kept)
        ordered = sorted(entries.values(), key=lambda e: (str(e["line"]), str(e["locale"])))
        self._after = _text(ordered) if ordered else ""

    def _forms(self, key: LineKey) -> list[str]:
        """Return what a line's entry may stand under: its id, then its earlier ones."""
        was = self._lines[key].was if key in self._lines else ()
        return [id_form(name, key[1]) for name in (key[0], *was)]

    def try_out(self) -> tuple[dict[LineKey, list[Fault]], dict[LineKey, Utterance]]:
        """Return what would be wrong with the file as it would be, and how its lines were said."""
        found: list[Fault] = []
        log = FaultLog(RETAKES_FILE, found)
        try:
            retakes = parse_retakes(self._after, self._project, log)
        except Unreadable:
            raise ManifestError(f"{RETAKES_FILE} could not be read again", found) from None
        paths = {line.origin.path for line in self._lines.values()}
        files = [f for f in find_files(self._project) if f.path in paths]
        scenes = read_scenes(self._project, files, found, retakes=retakes)
        said = {u.key: u for scene in scenes for u in scene.utterances if u.key in self._wanted}
        ours = [f for f in found if f.path == RETAKES_FILE and f.code != UNKNOWN_LINE]
        return self._by_line([f for f in ours if f.level is Level.ERROR], retakes), said

    def _by_line(self, faults: Sequence[Fault], retakes: Retakes) -> dict[LineKey, list[Fault]]:
        """Return the faults of the entries that change, named as fields of a decision."""
        starts = sorted((e.place[0], form) for form, e in retakes.entries.items())
        keys = {id_form(*key): key for key in self._wanted}
        found: dict[LineKey, list[Fault]] = {}
        for fault in faults:
            at = bisect_right([line for line, _ in starts], fault.line) - 1
            key = keys.get(starts[at][1]) if at >= 0 else None
            if key is not None:
                told = replace(fault, path="decisions", line=0, field=f"change.{fault.field}")
                found.setdefault(key, []).append(told)
        return found

    def write(self) -> None:
        """Write the file whole or not at all.

        Raises:
            ReviewError: It has changed since it was read.
        """
        if _read(self._path) != self._before:
            raise ReviewError(
                f"{RETAKES_FILE} has just been changed by somebody else; nothing was recorded. "
                "Try again."
            )
        if not self._after:
            self._path.unlink(missing_ok=True)
        elif self._after.encode() != self._before:
            write_whole(self._path, self._after.encode(), is_durable=True)


def _read(path: Path) -> bytes:
    """Return a file's bytes, b"" when it is not there."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _entries(data: bytes, project: Project) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the entries of a file as they are written, by `id_form`.

    Raises:
        ManifestError: It is no such file, or entries of it are wrong.
    """
    if not data:
        return
    faults: list[Fault] = []
    log = FaultLog(RETAKES_FILE, faults)
    try:
        read_bytes(project.root / RETAKES_FILE, log)  # its size is bounded
        retakes = parse_retakes(decode(data, log), project, log)
    except Unreadable:
        retakes = Retakes({}, log)
    errors = [f for f in faults if f.level is Level.ERROR]
    if errors:
        raise ManifestError(f"{RETAKES_FILE} has {len(errors)} faults: correct it first", errors)
    for form, table in retakes.entries.items():
        yield form, _plain(table)


def _plain(node: Any) -> Any:  # noqa: ANN401 - any node
    """Return a tree as plain containers; scalars stay as they were written."""
    if isinstance(node, Table):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, Row):
        return [_plain(value) for value in node]
    return node


def _entry(decision: Decision, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return a retake as it stands in the file, with what is kept of the entry before it."""
    change = {**kept, **decision.change}
    entry: dict[str, Any] = {"line": decision.line_id, "locale": decision.locale}
    entry |= {name: change[name] for name in (STAMP, *CHANGE_FIELDS) if name in change}
    entry["who"] = decision.who
    entry["at"] = decision.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if decision.note:
        entry["note"] = decision.note
    return entry | {"decision": decision.id}


def _kept(change: Mapping[str, object], there: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stays of an entry: where only the take number changes, all it asks for.

    An entry that was asked for another text is stale, and stays so.
    """
    if change.keys() - {STAMP} != {"seed"}:
        return {}
    now, then = change.get(STAMP), str(there.get(STAMP, "")).strip().lower()
    if now and then and now != then:
        return {}
    return {name: there[name] for name in CHANGE_FIELDS if name in there}


class _Dumper(yaml.SafeDumper):
    """Writes texts without quotes as they were, and no aliases."""

    def ignore_aliases(self, _data: object) -> bool:
        """Write the same value twice rather than by an alias, which the reader refuses."""
        return True


class _Entry(dict[str, Any]):
    """An entry, whose fields stand one in a line."""


def _as_written(dumper: yaml.SafeDumper, text: Plain) -> yaml.ScalarNode:
    plain: Any = dumper
    tag = "tag:yaml.org,2002:str"
    if _WORD.fullmatch(text):  # others may need quotes
        tag = plain.resolve(yaml.ScalarNode, str(text), (True, False))
    node: yaml.ScalarNode = plain.represent_scalar(tag, str(text))
    return node


def _in_lines(dumper: yaml.SafeDumper, entry: _Entry) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", entry.items(), flow_style=False)


_Dumper.add_representer(Plain, _as_written)
_Dumper.add_representer(_Entry, _in_lines)


def _text(entries: Sequence[Mapping[str, Any]]) -> str:
    body = yaml.dump(
        {"retakes": [_Entry(entry) for entry in entries]},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,
        width=_WIDTH,
    )
    return HEAD + body
