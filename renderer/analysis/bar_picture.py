"""Bars: who will be taken for whom, and how far voices have moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from renderer.analysis.canvas import SMALL_PX, TEXT_PX, Canvas, shorten, text_width
from renderer.analysis.drift import Drift
from renderer.analysis.pair import MOST_MISTAKEN, Pair

WIDTH = 1120.0
_ROW, _TOP, _FOOT = 44.0, 24.0, 52.0
_MOST = 12
_NAME_MOST = 24


def draw_pairs(pairs: Sequence[Pair], names: Mapping[str, str]) -> Canvas:
    """Draw the pairs that are nearest to being confused, at most twelve."""
    shown = pairs[:_MOST]
    rows = [
        (
            f"{shorten(names.get(p.one, p.one), _NAME_MOST)} · "
            f"{shorten(names.get(p.other, p.other), _NAME_MOST)}",
            f"cosine {p.cosine:.2f}",
            p.mistaken or 0.0,
            "too few lines" if p.mistaken is None else f"{p.mistaken:.0%} of {p.lines} lines",
            p.will_be_confused,
        )
        for p in shown
    ]
    note = (
        f"Share of lines nearer to the other character; the line marks {MOST_MISTAKEN:.0%}. "
        "Red: these two will be confused."
    )
    limit = dict.fromkeys(range(len(rows)), MOST_MISTAKEN)
    return _draw(("pairs", "Pairs most likely to be confused", note), rows, limit, 0.2)


def draw_drift(drifts: Sequence[Drift], names: Mapping[str, str]) -> Canvas:
    """Draw how far each voice moved, the furthest first, at most twelve."""
    shown = sorted(drifts, key=lambda d: -d.angle_deg)[:_MOST]
    rows = [
        (
            shorten(names.get(d.character, d.character), _NAME_MOST),
            shorten(f"{d.locale}: {_step(d)}", 44),
            d.angle_deg,
            f"{d.angle_deg:.0f}°, {d.lines} lines",
            d.has_moved,
        )
        for d in shown
    ]
    note = (
        "Angle between the mean embeddings of the same lines. Mark: how far two halves of the "
        "older version lie apart. Red: moved."
    )
    limit = {i: d.own_deg for i, d in enumerate(shown) if d.own_deg is not None}
    return _draw(("drift", "How far voices moved between versions", note), rows, limit, 10.0)


def _step(drift: Drift) -> str:
    """Return what changed: the voice, or with the same voice its model and engine."""
    before, after = drift.before.partition(" ")[0], drift.after.partition(" ")[0]
    if before == after:
        return f"{drift.before} → {drift.after.partition(' ')[2]}"
    return f"{before} → {after}"


def _draw(
    words: tuple[str, str, str],
    rows: Sequence[tuple[str, str, float, str, bool]],
    limit: Mapping[int, float],
    least: float,
) -> Canvas:
    name, title, note = words
    height = _TOP + _ROW * max(1, len(rows)) + _FOOT
    told = "; ".join(f"{label}: {value}" for label, _, _, value, _ in rows)
    canvas = Canvas(WIDTH, height, name, title, f"{note} {told}")
    left = 30 + max(
        (max(text_width(a, TEXT_PX) * 1.08, text_width(b, SMALL_PX)) for a, b, *_ in rows),
        default=0,
    )
    right = WIDTH - 140
    top = max([least, *[value for _, _, value, _, _ in rows], *limit.values()])
    for row, (label, under, value, figure, is_warned) in enumerate(rows):
        y = _TOP + _ROW * row
        length = (right - left) * value / top
        canvas.text((14, y + 15), label, is_bold=True)
        canvas.text((14, y + 31), under, "muted", size=SMALL_PX)
        canvas.rect((left, y + 8, right - left, 18), "band", opacity=0.5, round_px=5)
        canvas.rect((left, y + 8, max(2.0, length), 18), "warn" if is_warned else "heat",
                    opacity=0.85, round_px=5, tip=f"{label}: {figure}")  # fmt: skip
        canvas.text((right + 12, y + 22), figure, "ink", size=SMALL_PX)
        if row in limit:
            x = left + (right - left) * limit[row] / top
            canvas.line((x, y + 3), (x, y + 31), "ink-line", width=2)
    canvas.text((14, height - 16), note, "muted", size=SMALL_PX)
    return canvas
