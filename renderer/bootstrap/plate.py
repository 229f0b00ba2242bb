"""The plates of an analysis: each picture with its words, its table and its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from renderer.report.analysis_page import Plate

if TYPE_CHECKING:
    from renderer.analysis.canvas import Canvas
    from renderer.analysis.study import Study

Drawn = list[tuple[Plate, "Canvas | None"]]
_WARNED = 12


def draw_plates(found: Study, no_emotion: str) -> Drawn:
    """Draw every picture of a study.

    Args:
        found: The study.
        no_emotion: Why nobody listened for emotions, or "".
    """
    from renderer.analysis.ridge_picture import draw_f0, draw_rate
    from renderer.analysis.table import member_rows

    groups = found.hues
    members = member_rows(found)
    f0, rate = draw_f0(found.cast, groups), draw_rate(found.cast, groups)
    return [
        _map(found),
        _pairs(found),
        *_matrices(found),
        _plate("f0", "Pitch", "How much each character speaks at each pitch, the lowest voice "
               "first.", f0, members),
        _plate("rate", "Pace", "How fast each character speaks, the slowest first.", rate, members),
        _drift(found),
        *_emotions(found, no_emotion),
    ]  # fmt: skip


def write_pictures(drawn: Drawn, into: Path) -> None:
    """Write SVG, PNG and CSV of every plate."""
    from renderer.analysis.raster import to_png
    from renderer.analysis.table import to_csv
    from renderer.whole_file import write_whole

    for plate, canvas in drawn:
        if canvas is not None:
            svg = canvas.document()
            write_whole(into / f"{plate.name}.svg", svg.encode("utf-8", "replace"))
            write_whole(into / f"{plate.name}.png", to_png(canvas.for_raster()))
        if plate.rows:
            text = to_csv(plate.head, plate.rows)
            write_whole(into / f"{plate.name}.csv", text.encode("utf-8", "replace"))


def _plate(
    name: str,
    title: str,
    lead: str,
    canvas: Canvas | None,
    rows: tuple[tuple[str, ...], tuple[tuple[str, ...], ...]] = ((), ()),
    *,
    warnings: tuple[str, ...] = (),
    why: str = "",
    is_narrow: bool = False,
) -> tuple[Plate, Canvas | None]:
    svg = canvas.fragment() if canvas else ""
    head, body = rows
    return Plate(name, title, lead, svg, why, head, body, warnings, is_narrow), canvas


def _map(found: Study) -> tuple[Plate, Canvas | None]:
    from renderer.analysis.map_picture import Legend, draw_map
    from renderer.analysis.table import member_rows

    groups = found.groups
    told = (
        f"They fall into {groups.count} groups (mean silhouette {groups.silhouette:.2f}), told by "
        "colour."
        if groups.count > 1
        else "No grouping of them holds: every one stands alone or all are alike."
    )
    lead = f"The characters by how they sound to the speaker encoder. {told}"
    if found.layout is None:
        return _plate("map", "Cast map", lead, None, why="No line is long enough to tell a voice.")
    legend = Legend(
        names=found.names,
        beneath={m.id: ", ".join(m.voices) for m in found.cast},
        groups=found.hues,
        clouds=found.clouds,
        pairs=found.confused,
    )
    canvas = draw_map(found.layout, "Cast map", legend)
    return _plate("map", "Cast map", lead, canvas, member_rows(found))


def _pairs(found: Study) -> tuple[Plate, Canvas | None]:
    from renderer.analysis.bar_picture import draw_pairs
    from renderer.analysis.table import pair_rows

    if not found.pairs:
        why = "There are no two characters to be confused."
        return _plate("pairs", "Who will be taken for whom", "", None, why=why)
    names = found.names
    warnings = tuple(
        f"{names[p.one]} and {names[p.other]} will be confused: {'; '.join(p.reasons)}."
        for p in found.confused[:_WARNED]
    )
    lead = (
        "Give these another voice, or a direction that sets them apart:"
        if warnings
        else "No two characters are likely to be confused; the nearest are shown."
    )
    canvas = draw_pairs(found.pairs, names)
    title = "Who will be taken for whom"
    return _plate("pairs", title, lead, canvas, pair_rows(found), warnings=warnings)


def _matrices(found: Study) -> Drawn:
    from renderer.analysis.matrix_picture import draw_matrix
    from renderer.analysis.table import matrix_rows

    marked = [frozenset((p.one, p.other)) for p in found.confused]
    drawn = []
    for matrix in found.matrices:
        canvas = draw_matrix(matrix, found.groups.order, found.names, marked)
        lead = "Stronger colour is more alike; framed in red are pairs that will be confused."
        rows = matrix_rows(matrix)
        title = f"{matrix.title} ({matrix.kind})"
        drawn.append(_plate(matrix.kind, title, lead, canvas, rows))
    return drawn


def _drift(found: Study) -> tuple[Plate, Canvas | None]:
    from renderer.analysis.bar_picture import draw_drift
    from renderer.analysis.table import drift_rows

    title = "Drift over versions"
    if not found.drifts:
        why = "Every character has spoken with one version of its voice only."
        return _plate("drift", title, "", None, why=why)
    lead = "How far a character moved when its voice, its model or its engine changed."
    return _plate("drift", title, lead, draw_drift(found.drifts, found.names), drift_rows(found))


def _emotions(found: Study, why: str) -> Drawn:
    from renderer.analysis.emotion_picture import draw_confusion, draw_recall
    from renderer.analysis.table import emotion_rows

    table = found.emotions
    if table is None or not table.emotions:
        return [_plate("emotion", "Emotion by character", "", None, why=why)]
    rows = emotion_rows(table)
    lead = "Which emotions a classifier hears as they were asked for."
    return [
        _plate("emotion-voice", "Emotion by character", lead, draw_recall(table, found.names), rows,
               is_narrow=True),
        _plate("emotion-confusion", "Asked for and heard", lead, draw_confusion(table), rows,
               is_narrow=True),
    ]  # fmt: skip
