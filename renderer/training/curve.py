"""A picture of a run's losses, `curve.svg`, drawn from its metrics with nothing but strings.

One panel per loss, over the steps: training as a thin line, validation as a line with dots and its
best value marked.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from renderer.training import metrics
from renderer.training.sound import write_bytes

FILE = "curve.svg"
_WIDTH, _HEIGHT = 460, 240  # of a panel, pixels
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 14, 30, 38  # margins inside of it
_COLUMNS = 2
_POINTS = 600  # more are averaged: nobody sees them
_SKIPPED = frozenset(("kind", "step", "learning_rate", "gradient"))
_LOG_SPAN = 4.0  # a loss that falls by more than this factor has a logarithmic axis
_TICKS = 5
_TRAIN, _VALID = "#8a94a6", "#c2410c"
Point = tuple[float, float]
Line = Sequence[Point]


@dataclass(frozen=True, slots=True)
class Panel:
    """One loss.

    Attributes:
        name: Of the loss.
        train: (step, value), in order.
        valid: Likewise.
        is_log: Whether its axis is logarithmic; only where all values are above 0.
    """

    name: str
    train: Line
    valid: Line
    is_log: bool


@dataclass(frozen=True, slots=True)
class _Scale:
    """From values to pixels.

    Attributes:
        low: Value at `start`.
        high: Value at `end`; above `low`.
        start: Pixel.
        end: Pixel.
        is_log: Whether equal ratios are equally far apart.
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = self.low, self.high, value
        if self.is_log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return self.start + (at - low) / (high - low) * (self.end - self.start)


def write(folder: Path, *, title: str = "", log: bool | None = None) -> Path | None:
    """Draw the metrics of a run into its folder.

    Args:
        folder: Of the run.
        title: Above the panels; the folder's name where empty.
        log: Logarithmic axes for all or none; None decides by how far a loss falls.

    Returns:
        `curve.svg`, or None while there is nothing to draw.

    Raises:
        TrainingError: It cannot be written.
    """
    panels = read_panels(metrics.read(folder / metrics.FILE), log=log)
    if not panels:
        return None
    path = folder / FILE
    write_bytes(path, draw(panels, title or folder.name).encode())
    return path


def read_panels(lines: Iterable[Mapping[str, Any]], log: bool | None = None) -> list[Panel]:
    """Sort the lines of a metrics file by loss: `loss` first, then by name.

    Args:
        lines: Of `metrics.read`.
        log: As of `write`.
    """
    found: dict[str, dict[str, list[Point]]] = {}
    for line in lines:
        for name, value in line.items():
            if name not in _SKIPPED and isinstance(value, int | float) and math.isfinite(value):
                kinds = found.setdefault(name, {"train": [], "valid": []})
                kinds[line["kind"]].append((float(line["step"]), float(value)))
    names = sorted(found, key=lambda name: (name != "loss", "/" in name, name))
    return [_panel(name, found[name]["train"], found[name]["valid"], log) for name in names]


def _panel(name: str, train: Line, valid: Line, log: bool | None) -> Panel:
    values = [value for _, value in (*train, *valid)]
    low, high = min(values), max(values)
    wanted = high > _LOG_SPAN * low if log is None else log
    return Panel(name, _thin(train), _thin(valid), wanted and low > 0 and high > low)


def _thin(points: Line) -> Line:
    """Average neighbours until a picture can show the rest."""
    size = -(-len(points) // _POINTS)
    if size <= 1:
        return points
    runs = [points[start : start + size] for start in range(0, len(points), size)]
    return [(run[-1][0], sum(value for _, value in run) / len(run)) for run in runs]


def draw(panels: Sequence[Panel], title: str) -> str:
    """Return an SVG document of panels, two in a row."""
    rows = -(-len(panels) // _COLUMNS)
    width, height = _WIDTH * min(_COLUMNS, len(panels)), _HEIGHT * rows + 34
    last = max(step for panel in panels for step, _ in (*panel.train, *panel.valid))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="system-ui, sans-serif" font-size="12" fill="#1f2937">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _text(14, 22, title, size=15),
        _text(width - 14, 22, "● validation", anchor="end", fill=_VALID),
        _text(width - 100, 22, "— training", anchor="end", fill=_TRAIN),
    ]
    for number, panel in enumerate(panels):
        x, y = number % _COLUMNS * _WIDTH, number // _COLUMNS * _HEIGHT + 34
        parts.append(f'<g transform="translate({x} {y})">{_drawn(panel, last)}</g>')
    return "\n".join([*parts, "</svg>\n"])


def _drawn(panel: Panel, last: float) -> str:
    """Return one panel up to the last step: axes, grid, lines, the best validation."""
    points = [*panel.train, *panel.valid]
    x = _Scale(0.0, max(1.0, last), _LEFT, _WIDTH - _RIGHT)
    y = _Scale(
        *_bounds([value for _, value in points], panel.is_log),
        _HEIGHT - _BOTTOM,
        _TOP,
        panel.is_log,
    )
    name = f"{panel.name} (log)" if panel.is_log else panel.name
    parts = [_text(_LEFT, _TOP - 10, name, size=13)]
    for value in _log_ticks(y.low, y.high) if panel.is_log else ticks(y.low, y.high):
        parts.append(_rule(x.start, y(value), x.end, y(value)))
        parts.append(_text(_LEFT - 7, y(value) + 4, f"{value:.4g}", anchor="end"))
    for step in ticks(x.low, x.high):
        parts.append(_rule(x(step), y.start, x(step), y.end))
        parts.append(_text(x(step), _HEIGHT - _BOTTOM + 17, f"{step:,.0f}", anchor="middle"))
    parts.append(_text(_WIDTH - _RIGHT, _HEIGHT - 6, "steps", anchor="end"))
    parts += [_path(panel.train, x, y, _TRAIN, 1.2), _path(panel.valid, x, y, _VALID, 1.8)]
    if panel.valid:
        step, best = min(panel.valid, key=lambda point: point[1])
        parts += [_dot(x(s), y(v), 2.2) for s, v in panel.valid]
        parts.append(_dot(x(step), y(best), 4.5))
        said = f"best {best:.4g} at {step:,.0f}"
        parts.append(_text(_WIDTH - _RIGHT, _TOP - 10, said, anchor="end", fill=_VALID))
    return "".join(parts)


def _bounds(values: Sequence[float], is_log: bool) -> tuple[float, float]:
    low, high = min(values), max(values)
    if is_log:
        return low / 1.1, high * 1.1
    room = 0.06 * (high - low) or abs(high) * 0.1 or 1.0
    return low - room, high + room


def ticks(low: float, high: float) -> list[float]:
    """Return about five round numbers between two.

    >>> ticks(0, 1000)
    [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]
    """
    raw = (high - low) / _TICKS
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * m for m in (1, 2, 5, 10) if size * m >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    count = math.floor(high / step + 1e-9) - first + 1
    return [float(f"{(first + i) * step:.10g}") for i in range(count)]


def _log_ticks(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    wide = high / low > 1e4  # noqa: PLR2004 - four decades: the powers of ten are enough
    found = [10.0**p * m for p in powers for m in ((1,) if wide else (1, 2, 5))]
    return [value for value in found if low <= value <= high]


def _path(points: Line, x: _Scale, y: _Scale, colour: str, width: float) -> str:
    if not points:
        return ""
    at = " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in points)
    return f'<polyline points="{at}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="#e5e7eb"/>'


def _dot(x: float, y: float, radius: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{_VALID}"/>'


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", fill: str = "", size: int = 12
) -> str:
    colour = f' fill="{fill}"' if fill else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{colour}>'
        f"{escape(text)}</text>"
    )
