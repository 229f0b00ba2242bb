"""Counts what gate_errors.py judged."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from gate_spec import CLASSES

from renderer.quality.defect.catalogue import DEFECTS, KINDS
from renderer.quality.heard_checks import HEARD_CHECKS
from renderer.quality.rule import name_of

Row = Mapping[str, Any]
ALL = "all"
VOICES, RECORDINGS = "voices", "recordings"
HOSTS = (ALL, VOICES, RECORDINGS)  # of a defect
Z = 1.959964  # 95 %
CUT = "EmoDB"  # its makers cut its clips, many of them within the last sound


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927, without continuity correction).

    >>> [round(x, 3) for x in wilson(10, 10)]
    [0.722, 1.0]
    """
    if of == 0:
        return 0.0, 1.0
    share, square = hits / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def rate(hits: int, of: int) -> dict[str, float | int]:
    """Return a share with its interval."""
    low, high = wilson(hits, of)
    return {"hits": hits, "of": of, "share": hits / of if of else 0.0, "low": low, "high": high}


# -- what the default gate would have said ---------------------------------------------------------

FULL_ONLY = {name_of(check) for check in HEARD_CHECKS}


def as_default(row: Row) -> dict[str, Any]:
    """Return a decision of the full gate as the default one makes it: it hears nothing."""
    kept = {
        part: [check for check in row.get(part, ()) if check not in FULL_ONLY]
        for part in ("checks", "inconclusive", "error")
    }
    fail = {check: value for check, value in row["fail"].items() if check not in FULL_ONLY}
    decision = "error" if kept["error"] else "rejected" if fail else "approved"
    return {**row, **kept, "fail": fail, "decision": decision}


# -- counting --------------------------------------------------------------------------------------


def count(clean: Sequence[Row], planted: Sequence[Row], about: Mapping[str, Any]) -> dict[str, Any]:
    """Return all figures of a run."""
    groups = sorted({row["group"] for row in clean}, key=lambda g: (_is_voice(clean, g), g))
    real = [row for row in clean if row["is_real"]]
    voices = [row for row in clean if not row["is_real"]]
    return {
        "about": about,
        "clean": {
            "real speech": false_alarms(real),
            f"real speech but {CUT}": false_alarms([r for r in real if r["group"] != CUT]),
            "voices": false_alarms(voices),
            **{g: false_alarms([r for r in clean if r["group"] == g]) for g in groups},
        },
        "clean by length": {
            f"{name}, {length}": false_alarms([r for r in rows if r["length"] == length])
            for name, rows in (("real speech", real), ("voices", voices))
            for length in CLASSES
        },
        "inconclusive": inconclusive(clean),
        "defects": [
            {"hosts": hosts, **found}
            for hosts in HOSTS
            for spoilt in [_in(planted, hosts)]
            for defect in DEFECTS
            for length in (*CLASSES, ALL)
            if (found := detection(spoilt, defect.kind, defect.strength.value, length))["n"]
        ],
    }


def _in(planted: Sequence[Row], hosts: str) -> Sequence[Row]:
    if hosts == ALL:
        return planted
    return [row for row in planted if row["is_real"] is (hosts == RECORDINGS)]


def _is_voice(clean: Sequence[Row], group: str) -> bool:
    return not any(row["is_real"] for row in clean if row["group"] == group)


def false_alarms(rows: Sequence[Row]) -> dict[str, Any]:
    """Return how many clean lines were not approved, and by what."""
    wrong = [row for row in rows if row["decision"] != "approved"]
    blame = Counter(check for row in wrong for check in (*row["fail"], *row["error"]))
    alone = Counter(next(iter(row["fail"])) for row in wrong if len(row["fail"]) == 1)
    return {
        **rate(len(wrong), len(rows)),
        "errors": sum(row["decision"] == "error" for row in rows),
        "checks": dict(blame.most_common()),
        "alone": dict(alone.most_common()),
    }


def inconclusive(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return per check and length class how often a clean line of known text gave no answer.

    Recordings whose words nobody knows are left out: in a project every line has its text.
    """
    known = [row for row in rows if row["has_text"]]
    checks = sorted({check for row in known for check in row.get("checks", ())})
    return [
        {"check": check, "length": length, **rate(hits, len(some))}
        for check in checks
        for length in (*CLASSES, ALL)
        for some in [[r for r in known if length in (r["length"], ALL)]]
        for hits in [sum(check in r["inconclusive"] for r in some)]
        if hits
    ]


def detection(rows: Sequence[Row], kind: str, strength: str, length: str) -> dict[str, Any]:
    """Return how often a defect was found: by the checks that should, by any, or not at all."""
    mine = [
        r
        for r in rows
        if r["kind"] == kind and r["strength"] == strength and length in (r["length"], ALL)
    ]
    named = KINDS[kind].checks
    found = [r for r in mine if r["decision"] == "rejected"]
    missed = [r for r in mine if r["decision"] != "rejected"]
    return {
        "kind": kind,
        "strength": strength,
        "length": length,
        "n": len(mine),
        "any": rate(len(found), len(mine)),
        "named": rate(sum(any(c in r["fail"] for c in named) for r in mine), len(mine)),
        "missed": len(missed),
        "inconclusive": sum(any(c in r["inconclusive"] for c in named) for r in missed),
        "errors": sum(r["decision"] == "error" for r in mine),
        "by": dict(Counter(c for r in found for c in r["fail"]).most_common()),
    }
