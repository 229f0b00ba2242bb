"""Faults in the forms people and CI systems read: text, GitHub, SARIF, JUnit, JSON.

Whatever stands in a fault may come from a hostile file, so control characters are made visible
(no escape sequence reaches a terminal, no forbidden character an XML file) and every format is
escaped by its own rules.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from renderer.errors import Fault, Level

FORMATS = ("text", "github", "sarif", "junit", "json")
_CLEAN = """  <testsuite name="manifests" tests="1" failures="0">
    <testcase classname="manifests" name="check"/>
  </testsuite>
"""
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def annotate(faults: Sequence[Fault], form: str, *, prefix: str = "", version: str = "") -> str:
    """Return faults in one of the `FORMATS`, sorted by file and line.

    Args:
        faults: The faults.
        form: One of `FORMATS`.
        prefix: Put before every path, so that a CI system finds the file from the root of the
            repository (`game/dialogue`); "" when the project folder is the root.
        version: Version of this program, for SARIF.

    Raises:
        ValueError: There is no such format.
    """
    placed = sorted((_placed(f, prefix) for f in faults), key=_order)
    if form == "text":
        return to_text(placed)
    if form == "github":
        return to_github(placed)
    if form == "sarif":
        return to_sarif(placed, version)
    if form == "junit":
        return to_junit(placed)
    if form == "json":
        return to_json(placed)
    raise ValueError(f"no format {form!r}; there are {', '.join(FORMATS)}")


def _order(fault: Fault) -> tuple[str, int, int, str]:
    return fault.path, fault.line, fault.column, fault.code


def _placed(fault: Fault, prefix: str) -> Fault:
    path = f"{prefix}/{fault.path}" if prefix else fault.path
    return Fault(
        visible(path),
        fault.line,
        visible(fault.field),
        visible(fault.problem),
        visible(fault.fix),
        fault.code,
        fault.level,
        fault.column,
    )


def visible(text: str) -> str:
    r"""Return text with every character that cannot be seen written as an escape.

    >>> visible("a\x1b[31m\u202e")
    'a\\x1b[31m\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def to_text(faults: Sequence[Fault]) -> str:
    """Return one paragraph per fault, and a line that counts them."""
    rows = [
        f"{_where(f)}: {f.level}: {_what(f)}{f.problem}\n    {f.fix} [{f.code}]\n" for f in faults
    ]
    return "".join(rows) + summary(faults) + "\n"


def summary(faults: Sequence[Fault]) -> str:
    """Return how many errors and warnings there are, as a sentence.

    >>> summary([])
    'No faults found.'
    """
    errors = sum(f.level is Level.ERROR for f in faults)
    warnings = len(faults) - errors
    parts = [
        f"{count} {name}{'s' if count != 1 else ''}"
        for count, name in ((errors, "error"), (warnings, "warning"))
        if count
    ]
    return f"{' and '.join(parts)} found." if parts else "No faults found."


def _where(fault: Fault) -> str:
    if not fault.line:
        return fault.path
    return f"{fault.path}:{fault.line}:{fault.column}" if fault.column else _line(fault)


def _line(fault: Fault) -> str:
    return f"{fault.path}:{fault.line}"


def _what(fault: Fault) -> str:
    return f"{fault.field}: " if fault.field else ""


def to_github(faults: Sequence[Fault]) -> str:
    """Return workflow commands that GitHub shows at the line of a pull request."""
    rows = []
    for fault in faults:
        properties = [f"file={_property(fault.path)}"]
        if fault.line:
            properties.append(f"line={fault.line}")
        if fault.column:
            properties.append(f"col={fault.column}")
        properties.append(f"title={_property(fault.code)}")
        message = _data(f"{_what(fault)}{fault.problem}\n{fault.fix}")
        rows.append(f"::{fault.level.value} {','.join(properties)}::{message}\n")
    return "".join(rows)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def to_sarif(faults: Sequence[Fault], version: str = "") -> str:
    """Return a SARIF 2.1.0 log (OASIS, 2020) with one run."""
    codes = sorted({f.code for f in faults})
    driver: dict[str, Any] = {
        "name": "Barkline",
        "rules": [
            {"id": c, "shortDescription": {"text": c.replace("-", " ").capitalize()}} for c in codes
        ],
    }
    if version:
        driver["semanticVersion"] = version
    results = [_result(f, codes.index(f.code)) for f in faults]
    log = {
        "$schema": _SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
        ],
    }
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _result(fault: Fault, rule: int) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": quote(fault.path)}}
    if fault.line:
        location["region"] = {"startLine": fault.line}
        if fault.column:
            location["region"]["startColumn"] = fault.column
    return {
        "ruleId": fault.code,
        "ruleIndex": rule,
        "level": fault.level.value,
        "message": {"text": f"{_what(fault)}{fault.problem} {fault.fix}"},
        "locations": [{"physicalLocation": location}],
    }


def to_junit(faults: Sequence[Fault]) -> str:
    """Return JUnit XML: a suite per file, a failed case per error; warnings are output."""
    suites = [_suite(path, list(group)) for path, group in groupby(faults, lambda f: f.path)]
    if not suites:
        suites = [_CLEAN]
    errors = sum(f.level is Level.ERROR for f in faults)
    total = len(faults) or 1
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="barkline check" tests="{total}" failures="{errors}">\n'
        f"{''.join(suites)}</testsuites>\n"
    )


def _suite(path: str, faults: Sequence[Fault]) -> str:
    errors = sum(f.level is Level.ERROR for f in faults)
    cases = "".join(_case(f) for f in faults)
    head = f'  <testsuite name={quoteattr(path)} tests="{len(faults)}" failures="{errors}">\n'
    return f"{head}{cases}  </testsuite>\n"


def _case(fault: Fault) -> str:
    name = quoteattr(f"{_line(fault)} {fault.code}")
    where = f'classname={quoteattr(fault.path)} name={name} line="{fault.line}"'
    head = f"    <testcase {where}>\n"
    body = escape(f"{_where(fault)}: {_what(fault)}{fault.problem}\n{fault.fix}")
    if fault.level is Level.ERROR:
        message = quoteattr(fault.problem)
        inner = f"      <failure type={quoteattr(fault.code)} message={message}>{body}</failure>\n"
    else:
        inner = f"      <system-out>{body}</system-out>\n"
    return f"{head}{inner}    </testcase>\n"


def to_json(faults: Sequence[Fault]) -> str:
    """Return a JSON document with the counts and one object per fault."""
    document = {
        "errors": sum(f.level is Level.ERROR for f in faults),
        "warnings": sum(f.level is Level.WARNING for f in faults),
        "faults": [
            {
                "path": f.path,
                "line": f.line,
                "column": f.column,
                "field": f.field,
                "level": f.level.value,
                "code": f.code,
                "problem": f.problem,
                "fix": f.fix,
            }
            for f in faults
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
