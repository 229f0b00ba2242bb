"""Reads a file of the gate's limits; every fault in it is named with its line."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from renderer.domain.direction import Delivery
from renderer.errors import Fault, InputError
from renderer.quality.limits import EXACT, FULL, NAMES, TABLES, TABLES_OF_SHORT, GateLimits, Row

MAX_BYTES = 256 * 1024  # room for a row per speaker and language of a large cast
EXTENTS = ("default", FULL, EXACT)
_DELIVERIES = tuple(d.value for d in Delivery)
_NAME = r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,79}"
_VOICE_KEY = re.compile(rf"{_NAME}(#{_NAME})?(@[A-Za-z]{{2,3}}(-[A-Za-z0-9]{{1,8}})*)?")
_SHORT_AT = ("most_words", "most_s")
_SHORT_PARTS = tuple(table.removeprefix("short.") for table in TABLES_OF_SHORT)


def read_limits(path: Path) -> GateLimits:
    """Read a limits file.

    Raises:
        InputError: The file cannot be read, or holds anything that is no limit; every fault is
            named with its line.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > MAX_BYTES:
        raise InputError(f"{path} is larger than {MAX_BYTES} bytes; it is no limits file.")
    try:
        node = yaml.compose(data.decode("utf-8"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path} is no YAML: {error}") from error
    reader = _Reader(path.name)
    limits = reader.limits(node)
    if reader.faults:
        raise InputError(f"{path} has {len(reader.faults)} faults", reader.faults)
    return limits


class _Reader:
    """Turns YAML nodes into limits and keeps every fault with its line."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.faults: list[Fault] = []

    def limits(self, node: yaml.Node | None) -> GateLimits:
        known = ("version", "metrics", "defaults", "full", "short", *TABLES)
        parts = dict(self._pairs(node, "", known)) if node is not None else {}
        short = parts.get("short")
        at = (
            dict(self._pairs(short, "short", (*_SHORT_AT, "limits", *_SHORT_PARTS)))
            if short
            else {}
        )
        return GateLimits(
            defaults=self._row(parts.get("defaults"), "defaults"),
            tables={t: self._table(parts[t], t) for t in TABLES if t in parts}
            | {f"short.{t}": self._table(at[t], f"short.{t}") for t in _SHORT_PARTS if t in at},
            short=self._row(at.get("limits"), "short.limits"),
            short_words=self._number(at.get("most_words"), "short.most_words"),
            short_s=self._number(at.get("most_s"), "short.most_s"),
            full=self._row(parts.get("full"), "full"),
            metrics=self._extent(parts.get("metrics")),
        )

    def _extent(self, node: yaml.Node | None) -> str:
        if node is None:
            return ""
        if isinstance(node, yaml.ScalarNode) and node.value in EXTENTS:
            return str(node.value)
        self._fault(node, "metrics", "is not known.", f"Write {' or '.join(EXTENTS)}.")
        return ""

    def _table(self, node: yaml.Node, where: str) -> dict[str, Row]:
        known = _DELIVERIES if where.endswith("deliveries") else ()
        rows: dict[str, Row] = {}
        for name, value in self._pairs(node, where, known):
            if where == "voices" and not _VOICE_KEY.fullmatch(name):
                fix = "Write name, name#speaker, name@de, name@de-DE or name#speaker@de."
                self._fault(value, f"{where}.{name}", "is no voice.", fix)
            rows[name] = self._row(value, f"{where}.{name}")
        return rows

    def _row(self, node: yaml.Node | None, where: str) -> Row:
        if node is None:
            return {}
        return {
            name: self._number(value, f"{where}.{name}")
            for name, value in self._pairs(node, where, NAMES)
        }

    def _number(self, node: yaml.Node | None, where: str) -> float | None:
        if node is None or (isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")):
            return None
        try:
            number = float(node.value) if isinstance(node, yaml.ScalarNode) else math.nan
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self._fault(node, where, "is no number.", "Write a number, or null to switch it off.")
            return None
        return number

    def _pairs(
        self, node: yaml.Node | None, where: str, known: tuple[str, ...] = ()
    ) -> Iterator[tuple[str, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode) or not node.tag.endswith(":map"):
            if node is not None and not node.tag.endswith(":null"):
                self._fault(node, where, "is no mapping.", "Write `name: value` lines under it.")
            return
        seen = set()
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            if not name or name in seen:
                self._fault(key, where, "is written twice or has no name.", "Keep one of them.")
            elif known and name not in known:
                near = difflib.get_close_matches(name, known, 3) or known
                self._fault(key, name, "is not known.", f"Use one of {', '.join(near)}.")
            else:
                yield name, value
            seen.add(name)

    def _fault(self, node: yaml.Node, where: str, problem: str, fix: str) -> None:
        line = node.start_mark.line + 1
        self.faults.append(Fault(self._name, line, where, problem, fix, "gate-limit"))
