"""What a study says, as plain values for JSON and as rows for CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from renderer.analysis.cast import Member
from renderer.analysis.emotion_table import EmotionTable
from renderer.analysis.likeness import Matrix
from renderer.analysis.opinion import Opinion
from renderer.analysis.study import Study

Rows = tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]  # head, body
FORMAT, VERSION = "barkline-analysis", 1


def plain(found: Study) -> dict[str, Any]:
    """Return a study ready for JSON; what cannot be told is null."""
    groups = found.group_of
    return {
        "format": FORMAT,
        "version": VERSION,
        "characters": [_member(member, groups[member.id], found) for member in found.cast],
        "groups": {"count": found.groups.count, "silhouette": _number(found.groups.silhouette)},
        "matrices": {
            m.kind: {
                "note": m.note,
                "names": list(m.names),
                "values": [[_number(float(v)) for v in row] for row in m.values],
            }
            for m in found.matrices
        },
        "pairs": [
            {**asdict(p), "reasons": list(p.reasons), "will_be_confused": p.will_be_confused}
            for p in found.pairs
        ],
        "drift": [{**asdict(d), "has_moved": d.has_moved} for d in found.drifts],
        "emotions": _emotions(found.emotions),
    }


def _member(member: Member, group: int, found: Study) -> dict[str, Any]:
    place = None
    if found.layout and member.id in found.layout.names:
        at = found.layout.points[found.layout.names.index(member.id)]
        place = [_number(float(x)) for x in at]
    f0 = member.f0_hz
    return {
        "id": member.id,
        "name": member.name,
        "voices": list(member.voices),
        "group": group,
        "place": place,
        "lines": member.lines,
        "seconds": _number(member.seconds),
        "f0_hz": None if f0 is None else dict(zip(("p10", "p50", "p90"), map(_number, f0),
                                                  strict=True)),
        "f0_range_st": _number(member.range_st),
        "phones_per_s": _number(member.rate),
        "mos": _opinion(member.opinion),
    }  # fmt: skip


def _opinion(found: Opinion | None) -> dict[str, Any] | None:
    if found is None:
        return None
    ends = {"low": _number(found.low), "high": _number(found.high)}
    return {"mean": _number(found.mos), **ends, "clips": found.clips}


def _emotions(table: EmotionTable | None) -> dict[str, Any] | None:
    if table is None:
        return None
    counts = [
        {"character": who, "asked": asked, "heard": heard, "lines": lines}
        for (who, asked, heard), lines in sorted(table.counts.items())
    ]
    return {"emotions": list(table.emotions), "counts": counts}


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), 5)


def member_rows(found: Study) -> Rows:
    """Return one row per character."""
    head = ("character", "name", "voices", "group", "lines", "seconds", "f0_p10_hz", "f0_p50_hz",
            "f0_p90_hz", "f0_range_st", "phones_per_s", "mos", "mos_low", "mos_high")  # fmt: skip
    groups = found.group_of
    body = []
    for m in found.cast:
        f0 = m.f0_hz or (math.nan,) * 3
        o = m.opinion
        mos = (o.mos, o.low, o.high) if o else (math.nan,) * 3
        body.append((
            m.id, m.name, " ".join(m.voices), str(groups[m.id] + 1), str(m.lines),
            *(_figure(v, 1) for v in (m.seconds, *f0, m.range_st, m.rate)),
            *(_figure(v, 2) for v in mos),
        ))  # fmt: skip
    return head, tuple(body)


def matrix_rows(matrix: Matrix) -> Rows:
    """Return a matrix with its names."""
    body = tuple(
        (name, *(_figure(float(v), 4) for v in row))
        for name, row in zip(matrix.names, matrix.values, strict=True)
    )
    return ("character", *matrix.names), body


def pair_rows(found: Study) -> Rows:
    """Return one row per pair, the most likely to be confused first."""
    head = ("one", "other", "cosine", "mistaken", "lines", "will_be_confused", "reasons")
    body = tuple(
        (p.one, p.other, _figure(p.cosine, 3), _figure(p.mistaken, 3), str(p.lines),
         "yes" if p.will_be_confused else "no", "; ".join(p.reasons))
        for p in found.pairs
    )  # fmt: skip
    return head, body


def drift_rows(found: Study) -> Rows:
    """Return one row per step from version to version."""
    head = ("character", "locale", "before", "after", "lines", "angle_deg", "own_deg", "cosine",
            "has_moved")  # fmt: skip
    body = tuple(
        (d.character, d.locale, d.before, d.after, str(d.lines), _figure(d.angle_deg, 1),
         _figure(d.own_deg, 1), _figure(d.cosine, 3), "yes" if d.has_moved else "no")
        for d in found.drifts
    )  # fmt: skip
    return head, body


def emotion_rows(table: EmotionTable) -> Rows:
    """Return one row per character and emotion asked for."""
    head = ("character", "asked", "lines", "heard_so", *(f"heard_{e}" for e in table.emotions))
    body = []
    for who in table.characters:
        for asked in table.emotions:
            right, lines = table.recall(who, asked)
            if lines:
                heard = (str(table.confusion(asked, e, who)) for e in table.emotions)
                body.append((who, asked, str(lines), str(right), *heard))
    return head, tuple(body)


def _figure(value: float | None, digits: int) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def to_csv(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV; a cell that a spreadsheet would run as a formula is quoted as text."""
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(head)
    for row in body:
        writer.writerow([_defused(cell) for cell in row])
    return held.getvalue()


def _defused(cell: str) -> str:
    """Put an apostrophe before what begins like a formula and is no number.

    >>> [_defused(c) for c in ("-0.5", "=1+1", "@x", "ok")]
    ['-0.5', "'=1+1", "'@x", 'ok']
    """
    if not cell.startswith(("=", "+", "-", "@", "\t")):
        return cell
    try:
        float(cell)
    except ValueError:
        return "'" + cell
    return cell
