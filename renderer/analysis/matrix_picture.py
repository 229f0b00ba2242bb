"""Matrices as pictures: how alike two voices are, or which emotion was heard for which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renderer.analysis.canvas import SMALL_PX, TEXT_PX, Canvas, shorten, text_width
from renderer.analysis.likeness import Matrix

Floats = npt.NDArray[np.float64]
_MOST_NUMBERS = 24  # more rows than that are too small for figures
_NAME_MOST = 22
_DARK_FROM = 0.76  # where both colours of figures have about the same contrast
_LOW_QUANTILE = 0.02
_TURN = -50.0


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Cells ready to be drawn.

    Attributes:
        rows: Names down the side.
        columns: Names along the top.
        values: (rows, columns), 0 (empty) to 1 (full); NaN for a cell that is left open.
        words: What is written in each cell.
        tips: What is told of each cell.
    """

    rows: Sequence[str]
    columns: Sequence[str]
    values: Floats
    words: Sequence[Sequence[str]]
    tips: Sequence[Sequence[str]]


def draw_matrix(
    matrix: Matrix,
    order: Sequence[int],
    names: Mapping[str, str],
    marked: Sequence[frozenset[str]] = (),
) -> Canvas:
    """Draw a matrix of likeness.

    Args:
        matrix: The matrix.
        order: Rows and columns in this order.
        names: Character id to the name shown.
        marked: Pairs of ids that get a red frame.
    """
    ids = [matrix.names[i] for i in order]
    values = matrix.values[np.ix_(order, order)]
    finite = values[np.isfinite(values)]
    low = float(np.quantile(finite, _LOW_QUANTILE)) if finite.size else 0.0
    high = float(finite.max()) if finite.size else 1.0
    shown = [shorten(names.get(one, one), _NAME_MOST) for one in ids]
    words = [[_figure(float(v)) for v in row] for row in values]
    tips = [
        [f"{shown[i]} and {shown[j]}: {values[i, j]:.3f}" for j in range(len(ids))]
        for i in range(len(ids))
    ]
    grid = Grid(shown, shown, np.clip((values - low) / max(high - low, 1e-9), 0, 1), words, tips)
    frames = [
        (i, j)
        for i, one in enumerate(ids)
        for j, other in enumerate(ids)
        if i != j and frozenset((one, other)) in marked
    ]
    note = f"{matrix.title}: {matrix.note}"
    return draw_grid(grid, f"{matrix.kind}", matrix.title, note, frames)


def _figure(value: float) -> str:
    """Return a likeness without its leading 0.

    >>> [_figure(v) for v in (0.876, 0.999, float("nan"))]
    ['.88', '1.0', '–']
    """
    if not np.isfinite(value):
        return "–"
    words = f"{value:.2f}"
    return words[:3] if words.startswith("1") else words.replace("0.", ".")


def draw_grid(
    grid: Grid,
    name: str,
    title: str,
    note: str,
    frames: Sequence[tuple[int, int]] = (),
) -> Canvas:
    """Draw cells whose depth of colour is their value.

    Args:
        grid: The cells.
        name: Of the drawing, for its ids.
        title: For those who cannot see it.
        note: Written below.
        frames: Cells that get a red frame.
    """
    count = max(len(grid.rows), len(grid.columns))
    cell = float(np.clip(760 / max(count, 1), 18, 46))
    has_words = count <= _MOST_NUMBERS
    left = 24 + max((text_width(row, TEXT_PX) for row in grid.rows), default=0)
    longest = max((text_width(column, TEXT_PX) for column in grid.columns), default=0)
    top = 16 + longest * 0.8
    slant = longest * 0.66
    width = max(left + cell * len(grid.columns) + slant, text_width(note, SMALL_PX) + 20)
    canvas = Canvas(width, top + cell * len(grid.rows) + 40, name, title, note)
    for j, column in enumerate(grid.columns):
        canvas.text((left + cell * (j + 0.6), top - 8), column, turn=_TURN)
    for i, row in enumerate(grid.rows):
        y = top + cell * i
        canvas.text((left - 10, y + cell / 2 + 5), row, anchor="end")
        for j in range(len(grid.columns)):
            _draw_cell(canvas, grid, (i, j), (left + cell * j, y, cell), has_words=has_words)
    for i, j in frames:
        _frame(canvas, left + cell * j, top + cell * i, cell)
    canvas.text((left, top + cell * len(grid.rows) + 26), note, "muted", size=SMALL_PX)
    return canvas


def _draw_cell(
    canvas: Canvas,
    grid: Grid,
    at: tuple[int, int],
    box: tuple[float, float, float],
    *,
    has_words: bool,
) -> None:
    i, j = at
    x, y, cell = box
    value = float(grid.values[i, j])
    inside = (x + 1, y + 1, cell - 2, cell - 2)
    canvas.rect(inside, "band", opacity=0.45, round_px=4, tip=grid.tips[i][j])
    if not np.isfinite(value):
        return
    canvas.rect(inside, "heat", opacity=0.04 + 0.96 * value, round_px=4, tip=grid.tips[i][j])
    if has_words and grid.words[i][j]:
        kind = "inverse" if value > _DARK_FROM else "ink"
        size = SMALL_PX if cell > 30 else 11  # noqa: PLR2004 - room for figures
        canvas.text((x + cell / 2, y + cell / 2 + 4.5), grid.words[i][j], kind, anchor="middle",
                    size=size)  # fmt: skip


def _frame(canvas: Canvas, x: float, y: float, cell: float) -> None:
    corners = [(x, y), (x + cell, y), (x + cell, y + cell), (x, y + cell), (x, y)]
    canvas.path(corners, "warn-line", width=2.5)
