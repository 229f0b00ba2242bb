"""Asked against heard as a picture: one row per character, one column per emotion."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from renderer.analysis.canvas import Canvas, shorten
from renderer.analysis.emotion_table import EmotionTable
from renderer.analysis.matrix_picture import Grid, draw_grid

_NAME_MOST = 22


def draw_recall(table: EmotionTable, names: Mapping[str, str]) -> Canvas:
    """Draw how often each emotion was heard as it was asked for, by character."""
    rows = ["all", *table.characters]
    asked = [e for e in table.emotions if table.recall("", e)[1]]
    found = [[table.recall("" if who == "all" else who, e) for e in asked] for who in rows]
    values = np.array([[r / n if n else np.nan for r, n in row] for row in found])
    shown = ["All", *(shorten(names.get(w, w), _NAME_MOST) for w in table.characters)]
    words = [[f"{100 * r / n:.0f}" if n else "" for r, n in row] for row in found]
    tips = [
        [f"{who}, {e}: heard so on {r} of {n} lines" for (r, n), e in zip(row, asked, strict=True)]
        for who, row in zip(shown, found, strict=True)
    ]
    note = "Per cent of lines whose emotion was heard as asked for"
    grid = Grid(shown, asked, values.reshape(len(rows), len(asked)), words, tips)
    return draw_grid(grid, "emotion-voice", "Emotion by character", note)


def draw_confusion(table: EmotionTable) -> Canvas:
    """Draw which emotion was heard for which that was asked for, over all characters."""
    asked = [e for e in table.emotions if table.recall("", e)[1]]
    counts = np.array([[table.confusion(a, h) for h in table.emotions] for a in asked], float)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    words = [[f"{100 * v:.0f}" if v >= 0.005 else "" for v in row] for row in share]  # noqa: PLR2004
    tips = [
        [f"{a} heard as {h}: {counts[i, j]:.0f} lines" for j, h in enumerate(table.emotions)]
        for i, a in enumerate(asked)
    ]
    note = "Rows: asked for. Columns: heard. Per cent of each row"
    grid = Grid(asked, table.emotions, share, words, tips)
    return draw_grid(grid, "emotion-confusion", "Asked for and heard", note)
