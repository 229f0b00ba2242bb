"""Reads a file of the gate's limits; every fault in it is named with its line."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from renderer.domain.direction import Delivery
from renderer.errors import Fault, InputError, Level
from renderer.quality.limit_names import Known, Wrong, look_at, use_one
from renderer.quality.limits import (
    EXACT,
    FULL,
    NAMES,
    NO_LINE,
    TABLES,
    TABLES_OF_SHORT,
    GateLimits,
    Row,
)

__all__ = ["Known", "read_limits"]

VERSION = "1"
MAX_BYTES = 256 * 1024  # room for a row per speaker and language of a large cast
EXTENTS = ("default", FULL, EXACT)
_DELIVERIES = tuple(d.value for d in Delivery)
_SHORT_AT = ("most_words", "most_s")
_SHORT_PARTS = tuple(table.removeprefix("short.") for table in TABLES_OF_SHORT)


def read_limits(
    path: Path, known: Known | None = None, warnings: list[Fault] | None = None
) -> GateLimits:
    """Read a limits file.

    Args:
        path: The file.
        known: What its rows may be named after, where somebody knows; None for nobody.
        warnings: Is given what may be right elsewhere: rows of voices that are not known here.

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
    reader = _Reader(path.name, known or Known())
    limits = reader.limits(node)
    if warnings is not None:
        warnings += [f for f in reader.faults if f.level is Level.WARNING]
    if errors := [f for f in reader.faults if f.level is Level.ERROR]:
        raise InputError(f"{path} has {len(errors)} faults", errors)
    return limits


class _Reader:
    """Turns YAML nodes into limits and keeps every fault with its line."""

    def __init__(self, name: str, known: Known) -> None:
        self._name = name
        self._known = known
        self.faults: list[Fault] = []

    def limits(self, node: yaml.Node | None) -> GateLimits:
        known = ("version", "metrics", "defaults", "full", "short", *TABLES)
        parts = dict(self._pairs(node, "", known)) if node is not None else {}
        self._look_at_version(parts.get("version"))
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
            short_words=self._most(at.get("most_words"), "short.most_words"),
            short_s=self._most(at.get("most_s"), "short.most_s"),
            full=self._row(parts.get("full"), "full"),
            metrics=self._extent(parts.get("metrics")),
        )

    def _look_at_version(self, node: yaml.Node | None) -> None:
        if node is None or (isinstance(node, yaml.ScalarNode) and node.value == VERSION):
            return
        fix = f"Write version: {VERSION}, or use the barkline that the file was written for."
        self._fault(node, "version", Wrong("is not one that this barkline reads.", fix))

    def _extent(self, node: yaml.Node | None) -> str:
        if node is None:
            return ""
        if isinstance(node, yaml.ScalarNode) and node.value in EXTENTS:
            return str(node.value)
        self._fault(node, "metrics", Wrong("is not known.", f"Write {' or '.join(EXTENTS)}."))
        return ""

    def _table(self, node: yaml.Node, where: str) -> dict[str, Row]:
        known = _DELIVERIES if where.endswith("deliveries") else ()
        return {
            name: self._row(value, f"{where}.{name}")
            for name, value in self._pairs(
                node, where, known, lambda name: look_at(where, name, self._known)
            )
        }

    def _row(self, node: yaml.Node | None, where: str) -> Row:
        if node is None:
            return {}
        return {
            name: self._number(value, f"{where}.{name}")
            for name, value in self._pairs(node, where, NAMES)
        }

    def _most(self, node: yaml.Node | None, where: str) -> float | None:
        """Return up to where a line is short: None when nobody says, `NO_LINE` for null."""
        number = self._number(node, where)
        return NO_LINE if number is None and node is not None else number

    def _number(self, node: yaml.Node | None, where: str) -> float | None:
        if node is None or (isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")):
            return None
        try:
            number = float(node.value) if isinstance(node, yaml.ScalarNode) else math.nan
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            fix = "Write a number, or null to switch it off."
            self._fault(node, where, Wrong("is no number.", fix))
            return None
        return number

    def _pairs(
        self,
        node: yaml.Node | None,
        where: str,
        known: tuple[str, ...] = (),
        look: Callable[[str], Wrong | None] = lambda _name: None,
    ) -> Iterator[tuple[str, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode) or not node.tag.endswith(":map"):
            if node is not None and not node.tag.endswith(":null"):
                fix = "Write `name: value` lines under it."
                self._fault(node, where, Wrong("is no mapping.", fix))
            return
        seen = set()
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            if not name or name in seen:
                fix = "Keep one of them."
                self._fault(key, where, Wrong("is written twice or has no name.", fix))
            elif known and name not in known:
                self._fault(key, name, Wrong("is not known.", use_one(name, known)))
            else:
                if wrong := look(name):
                    self._fault(key, f"{where}.{name}", wrong)
                yield name, value
            seen.add(name)

    def _fault(self, node: yaml.Node, where: str, wrong: Wrong) -> None:
        line = node.start_mark.line + 1
        about = (wrong.problem, wrong.fix, "gate-limit", wrong.level)
        self.faults.append(Fault(self._name, line, where, *about))
