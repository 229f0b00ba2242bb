"""Counts what gate_errors.py judged, and writes the page."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from gate_material import CLASSES

from renderer.quality.defect.catalogue import DEFECTS, KINDS

Row = Mapping[str, Any]
ALL = "all"
Z = 1.959964  # 95 %
LEAST_FOUND, MOST_FALSE, MOST_OPEN = 0.95, 0.02, 0.10
# (kind, length class or "all") to why the goal cannot be reached there.
FLOORS: Mapping[tuple[str, str], str] = {
    ("dropped_word", "1"): "a line without its only word is silence",
}
STRENGTHS = ("faint", "audible", "severe")


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
            found
            for defect in DEFECTS
            for length in (*CLASSES, ALL)
            if (found := detection(planted, defect.kind, defect.strength.value, length))["n"]
        ],
    }


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
        "real": rate(sum(r["is_real"] for r in found), sum(r["is_real"] for r in mine)),
        "by": dict(Counter(c for r in found for c in r["fail"]).most_common()),
    }


# -- the page --------------------------------------------------------------------------------------


def page(figures: Mapping[str, Any]) -> str:
    """Return the page in Markdown."""
    about = figures["about"]
    real = figures["clean"]["real speech"]
    parts = [
        "# How often the gate is wrong",
        "",
        "`python benchmarks/gate_errors.py --write` writes this page. It plants known defects "
        "(`renderer/quality/defect`) into clean lines of real recordings and real voices, sends "
        "every line through mastering, encoder and the whole gate, and counts. "
        f"Side: {about['side']} of `benchmarks/gate_split.yaml`, seed {about['seed']}, "
        f"{about['clips']} lines per defect, state {about['state']}. Shares have 95 % intervals "
        "(Wilson). No speaker, voice, sentence or seed is on both sides of the split; the limits "
        "that were in force before it was drawn (recordings: LJSpeech and RAVDESS; eight "
        "speakers of hearth) had seen some of what is on this side.",
        "",
        "LibriSpeech has no transcripts here: its lines count by their estimated number of words, "
        "and what needs the text is inconclusive there.",
        "",
        "## Clean lines that were not approved",
        "",
        f"Goal: at most {MOST_FALSE:.0%} of lines of real speech. "
        f"{_met(real['share'] <= MOST_FALSE and real['of'] >= 300)} ({real['of']} lines).",
        "",
        *_alarm_table(figures["clean"], "lines of"),
        "",
        *_alarm_table(figures["clean by length"], "words"),
        "",
        "## No answer on clean lines",
        "",
        f"Goal: at most {MOST_OPEN:.0%} per check, on lines whose text is known. Checks that are "
        "not listed always had an answer.",
        "",
        *_open_table(figures["inconclusive"]),
        "",
        "## Defects, clearly audible",
        "",
        f"Found by any check, of those planted; goal {LEAST_FOUND:.0%} per length class. In "
        "brackets: the interval; found by the checks that should; missed because a check had no "
        "answer (counted as missed).",
        "",
        *_audible_table(figures["defects"]),
        "",
        "## Fainter and stronger",
        "",
        *_strength_table(figures["defects"]),
        "",
        *_kinds(),
    ]
    return "\n".join(parts) + "\n"


def _met(is_met: bool) -> str:
    return "**Met**" if is_met else "**Not met**"


def _share(of: Mapping[str, Any]) -> str:
    return f"{of['share']:.1%}" if of["of"] else "–"


def _span(of: Mapping[str, Any]) -> str:
    return f"{of['low']:.0%}–{of['high']:.0%}"


def _table(head: str, rows: Sequence[Sequence[object]]) -> list[str]:
    columns = [c.strip() for c in head.split("|")]
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    return [*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)]


def _alarm_table(alarms: Mapping[str, Row], what: str) -> list[str]:
    return _table(
        f"{what} | lines | false alarms | 95 % | by check",
        [
            (
                name,
                a["of"],
                f"{a['hits']} ({_share(a)})",
                _span(a),
                ", ".join(f"{check} {n}" for check, n in a["checks"].items()) or "–",
            )
            for name, a in alarms.items()
            if a["of"]
        ],
    )


def _open_table(rows: Sequence[Row]) -> list[str]:
    by_check: dict[str, dict[str, Row]] = {}
    for row in rows:
        by_check.setdefault(row["check"], {})[row["length"]] = row
    columns = (*CLASSES, ALL)
    return _table(
        f"check | {' | '.join(columns)} | goal",
        [
            (
                f"`{check}`",
                *(_share(some[c]) if c in some else "0.0%" for c in columns),
                _met(some[ALL]["share"] <= MOST_OPEN),
            )
            for check, some in by_check.items()
        ],
    )


def _audible_table(rows: Sequence[Row]) -> list[str]:
    found = {(r["kind"], r["length"]): r for r in rows if r["strength"] == "audible"}
    kinds = list(dict.fromkeys(kind for kind, _ in found))
    return _table(
        f"defect | {' | '.join(CLASSES)} | all | goal",
        [
            (
                f"`{kind}`",
                *(_cell(found.get((kind, c)), FLOORS.get((kind, c))) for c in (*CLASSES, ALL)),
                _verdict(kind, found),
            )
            for kind in kinds
        ],
    )


def _cell(row: Row | None, floor: str | None) -> str:
    if row is None:
        return f"– ({floor})" if floor else "–"
    text = f"{row['any']['share']:.0%} of {row['n']} [{_span(row['any'])}; {_share(row['named'])}"
    return f"{text}; {row['inconclusive']}]" + (f" floor: {floor}" if floor else "")


def _verdict(kind: str, found: Mapping[tuple[str, str], Row]) -> str:
    below = [
        c
        for c in CLASSES
        if (kind, c) in found
        and found[kind, c]["any"]["share"] < LEAST_FOUND
        and (kind, c) not in FLOORS
    ]
    return "**Met**" if not below else f"**Not met**: {', '.join(below)}"


def _strength_table(rows: Sequence[Row]) -> list[str]:
    found = {(r["kind"], r["strength"]): r for r in rows if r["length"] == ALL}
    kinds = list(dict.fromkeys(kind for kind, _ in found))
    return _table(
        "defect | amounts | faint | audible | severe | found by",
        [
            (
                f"`{kind}`",
                _amounts(kind),
                *(_brief(found.get((kind, s))) for s in STRENGTHS),
                _blamed(found.get((kind, "audible"))),
            )
            for kind in kinds
        ],
    )


def _blamed(row: Row | None) -> str:
    return ", ".join(f"{check} {n}" for check, n in row["by"].items()) or "–" if row else "–"


def _amounts(kind: str) -> str:
    amounts = " / ".join("–" if a is None else f"{a:g}" for a in KINDS[kind].amounts)
    return f"{amounts} {KINDS[kind].unit}"


def _brief(row: Row | None) -> str:
    return "–" if row is None else f"{row['any']['share']:.0%} of {row['n']}"


def _kinds() -> list[str]:
    return [
        "## What is planted",
        "",
        *_table(
            "defect | what it does | where | checks that should notice",
            [
                (
                    f"`{name}`",
                    kind.summary,
                    kind.stage.value,
                    ", ".join(f"`{c}`" for c in kind.checks) or "none yet",
                )
                for name, kind in KINDS.items()
            ],
        ),
    ]
