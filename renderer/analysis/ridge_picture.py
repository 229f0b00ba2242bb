"""Ridges: one hill per character over a shared axis, for pitch and for pace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from renderer.analysis.canvas import SMALL_PX, TEXT_PX, Canvas, series, shorten, text_width
from renderer.analysis.cast import Member, smooth_counts
from renderer.analysis.sound_print import bin_hz

Floats = npt.NDArray[np.float64]
WIDTH = 1120.0
_ROW, _RISE, _TOP, _FOOT = 46.0, 62.0, 40.0, 62.0
_F0_TICKS = (60, 80, 100, 130, 170, 220, 300, 400, 550, 700)
_RATE_STEPS = 200
_LEAST_WIDTH = 0.35  # phones per second: no hill is sharper than that
_NAME_MOST = 26
_FAINT = 0.02  # of the highest point: the foot of a hill is not drawn out to the edges


def draw_f0(cast: Sequence[Member], groups: Mapping[str, int]) -> Canvas:
    """Draw how much each character speaks at each pitch; the lowest voice comes first."""
    heard = sorted((m for m in cast if m.f0_hz), key=lambda m: m.f0_hz[1] if m.f0_hz else 0.0)
    hills = [smooth_counts(member.f0_counts) for member in heard]
    middles = [m.f0_hz[1] if m.f0_hz else 0.0 for m in heard]
    labels = [
        (shorten(m.name, _NAME_MOST), f"{mid:.0f} Hz, {m.range_st or 0:.0f} st wide")
        for m, mid in zip(heard, middles, strict=True)
    ]
    ticks = [(float(hz), f"{hz}") for hz in _F0_TICKS]
    return _draw(
        "f0",
        ("Pitch of each character", "fundamental frequency, Hz (logarithmic); the line is the "
         "median, width is the 10th to the 90th percentile"),
        (np.log2(bin_hz()), [np.log2(m) for m in middles], [(np.log2(t), w) for t, w in ticks]),
        hills,
        labels,
        [groups.get(member.id, 0) for member in heard],
    )  # fmt: skip


def draw_rate(cast: Sequence[Member], groups: Mapping[str, int]) -> Canvas:
    """Draw how fast each character speaks; the slowest comes first."""
    heard = sorted((m for m in cast if m.rates), key=lambda m: m.rate or 0.0)
    every = np.concatenate([np.asarray(m.rates) for m in heard]) if heard else np.array([10.0])
    low, high = float(np.quantile(every, 0.005)) - 1, float(np.quantile(every, 0.995)) + 1
    axis = np.linspace(max(0.0, low), high, _RATE_STEPS)
    hills = [_density(np.asarray(m.rates), axis) for m in heard]
    labels = [
        (shorten(m.name, _NAME_MOST), f"{m.rate or 0:.1f} phones/s, {len(m.rates)} lines")
        for m in heard
    ]
    step = 1 if high - low < 14 else 2  # noqa: PLR2004 - at most 14 ticks
    ticks = [(float(t), f"{t}") for t in range(int(np.ceil(axis[0])), int(high) + 1, step)]
    return _draw(
        "rate",
        ("Pace of each character", "phones per second of speech, pauses left out; the line is the "
         "median"),
        (axis, [m.rate or 0.0 for m in heard], ticks),
        hills,
        labels,
        [groups.get(member.id, 0) for member in heard],
    )  # fmt: skip


def _density(values: Floats, axis: Floats) -> Floats:
    """Return a Gaussian kernel density by Silverman's rule, at least `_LEAST_WIDTH` wide."""
    spread = float(np.std(values)) if values.size > 1 else 0.0
    width = max(_LEAST_WIDTH, 1.06 * spread * values.size**-0.2)
    bumps = np.exp(-0.5 * ((axis[:, None] - values[None]) / width) ** 2)
    return np.asarray(bumps.sum(axis=1))


def _draw(
    name: str,
    words: tuple[str, str],
    scale: tuple[Floats, Sequence[float], Sequence[tuple[float, str]]],
    hills: Sequence[Floats],
    labels: Sequence[tuple[str, str]],
    groups: Sequence[int],
) -> Canvas:
    title, note = words
    axis, middles, ticks = scale
    height = _TOP + _RISE + _ROW * max(1, len(hills)) + _FOOT - 20
    told = "; ".join(f"{label}: {under}" for label, under in labels)
    canvas = Canvas(WIDTH, height, name, title, f"{title}, {note}. {told}")
    left = 30 + max(
        (max(text_width(n, TEXT_PX) * 1.08, text_width(u, SMALL_PX)) for n, u in labels), default=0
    )
    low, high = float(axis[0]), float(axis[-1])
    bottom = height - _FOOT

    def across(value: float) -> float:
        return left + (value - low) / (high - low) * (WIDTH - left - 24)

    for tick, label in ticks:
        if low <= tick <= high:
            canvas.line((across(tick), _TOP - 10), (across(tick), bottom + 6))
            canvas.text((across(tick), bottom + 24), label, "muted", anchor="middle", size=SMALL_PX)
    xs = [across(float(value)) for value in axis]
    for row, hill in enumerate(hills):
        base = _TOP + _RISE + _ROW * row
        peak = float(hill.max()) or 1.0
        seen = np.flatnonzero(hill > _FAINT * peak)
        shown = range(int(seen[0]), int(seen[-1]) + 1) if seen.size else range(0)
        points = [(xs[i], base - _RISE * float(hill[i]) / peak) for i in shown]
        _draw_hill(canvas, points, base, across(float(middles[row])), series(groups[row]))
        canvas.text((14, base - 16), labels[row][0], is_bold=True)
        canvas.text((14, base), labels[row][1], "muted", size=SMALL_PX)
    canvas.text((left, height - 12), note, "muted", size=SMALL_PX)
    return canvas


def _draw_hill(
    canvas: Canvas, points: list[tuple[float, float]], base: float, middle: float, hue: int
) -> None:
    if not points:
        return
    closed = [(points[0][0], base), *points, (points[-1][0], base)]
    canvas.path(closed, "surface", opacity=0.75)
    canvas.path(closed, f"f{hue}", opacity=0.42)
    canvas.path(points, f"l{hue}", width=2)
    inside = [y for x, y in points if abs(x - middle) < 8]  # noqa: PLR2004 - the hill's height there
    canvas.line((middle, base), (middle, min(inside, default=base - 12)), f"l{hue}", width=2.5)
