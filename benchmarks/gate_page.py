"""The page of gate_errors.py: how often the gate is wrong, beside what was aimed at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gate_rates import ALL, CUT, RECORDINGS, VOICES
from gate_spec import CLASSES

from renderer.quality.defect.catalogue import KINDS

Row = Mapping[str, Any]
LEAST_FOUND, MOST_FALSE, MOST_OPEN = 0.95, 0.02, 0.10
LEAST_LINES = 300  # of real speech, clean
# (kind, length class or "all") to why the goal cannot be reached there.
FLOORS: Mapping[tuple[str, str], str] = {
    ("dropped_word", "1"): "a line without its only word is silence",
}
STRENGTHS = ("faint", "audible", "severe")


def page(figures: Mapping[str, Any]) -> str:
    """Return the page in Markdown."""
    about = figures["about"]
    parts = [
        "# How often the gate is wrong",
        "",
        f"`{_command(about)}` writes this page. It plants known defects "
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
        "## The default gate",
        "",
        *_tables(figures, about),
        "## The full gate",
        "",
        "With `metrics: full` the gate also tells speakers apart. Defects are counted on the clean "
        "lines it approves.",
        "",
        *_tables(figures["full"], about),
        *_kinds(),
    ]
    return "\n".join(parts) + "\n"


def _command(about: Mapping[str, Any]) -> str:
    """Return what repeats the run."""
    parts = ["python benchmarks/gate_errors.py", f"--clips {about['clips']}"]
    parts += [f"--lines {about['lines']}"]
    parts += ["--side tuning"] if about["side"] == "tuning" else []
    parts += [f"--voice {name}" for name in about["voices"]]
    parts += ["--audible-only"] if about["audible_only"] else []
    return " ".join([*parts, "--write"])


def _tables(figures: Mapping[str, Any], about: Mapping[str, Any]) -> list[str]:
    real, whole = (figures["clean"][f"real speech{rest}"] for rest in ("", f" but {CUT}"))
    return [
        "### Clean lines that were not approved",
        "",
        f"Goal: at most {MOST_FALSE:.0%} of lines of real speech. "
        f"{_holds(real)} ({real['of']} lines). Many clips of {CUT} end within their last sound, as "
        "its makers cut them: the checks of cut ends are right about those, and yet they are "
        f"counted. Without {CUT}: {_holds(whole)} ({whole['of']} lines).",
        "",
        *_alarm_table(figures["clean"], "lines of"),
        "",
        *_alarm_table(figures["clean by length"], "words"),
        "",
        "### No answer on clean lines",
        "",
        f"Goal: at most {MOST_OPEN:.0%} per check, on lines whose text is known. Checks that are "
        "not listed always had an answer.",
        "",
        *_open_table(figures["inconclusive"]),
        "",
        "### Defects, clearly audible",
        "",
        f"Found by any check, of those planted; goal {LEAST_FOUND:.0%} per length class. In "
        "brackets: the interval; found by the checks that should; missed because a check had no "
        "answer (counted as missed).",
        "",
        "**In lines of voices:**",
        "",
        *_audible_table(_of(figures["defects"], VOICES)),
        "",
        "**In recordings.** They have no voice of their own to say the line plainly, so nothing "
        "holds their pitch, rate and timbre (`line_*`), and of their words only whether they are "
        "of the line at all (`other_text`): the floor of what can be found in them.",
        "",
        *_audible_table(_of(figures["defects"], RECORDINGS)),
        "",
        *_strengths(figures["defects"], is_audible_only=about["audible_only"]),
        "",
    ]


def _holds(alarms: Mapping[str, Any]) -> str:
    return _met(alarms["share"] <= MOST_FALSE and alarms["of"] >= LEAST_LINES)


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


def _of(rows: Sequence[Row], hosts: str) -> list[Row]:
    return [row for row in rows if row["hosts"] == hosts]


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


def _strengths(rows: Sequence[Row], *, is_audible_only: bool) -> list[str]:
    if is_audible_only:
        return ["### What found them", "", *_found_by(_of(rows, ALL))]
    return ["### Fainter and stronger, in lines of voices", "", *_strength_table(_of(rows, VOICES))]


def _found_by(rows: Sequence[Row]) -> list[str]:
    found = {r["kind"]: r for r in rows if r["length"] == ALL and r["strength"] == "audible"}
    return _table(
        "defect | amount | found by",
        [
            (f"`{kind}`", f"{KINDS[kind].amounts[1]:g} {KINDS[kind].unit}", _blamed(row))
            for kind, row in found.items()
        ],
    )


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
