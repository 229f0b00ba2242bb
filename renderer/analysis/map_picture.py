"""The cast map: characters on a plane, near is alike, each with the cloud of its lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from renderer.analysis.canvas import SMALL_PX, TEXT_PX, Canvas, series, shorten, text_width
from renderer.analysis.label import Place, place_names
from renderer.analysis.pair import Pair
from renderer.analysis.speaker_map import SpeakerMap

Floats = npt.NDArray[np.float64]
WIDTH, HEIGHT, EDGE, FOOT = 1120.0, 680.0, 84.0, 40.0
_DOT = 8.0
_CLOUD_MOST = 3_000
_NAME_MOST = 26
_RIM = 4.0
ToPage = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Legend:
    """What stands beside the dots.

    Attributes:
        names: Character id to the name shown; ids without one are shown as they are.
        beneath: Character id to a second, smaller line.
        groups: Character id to its group, from 0.
        clouds: Character id to its lines on the plane, (N, 2).
        pairs: Pairs that will be confused, drawn as a warning.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    beneath: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, int] = field(default_factory=dict)
    clouds: Mapping[str, Floats] = field(default_factory=dict)
    pairs: Sequence[Pair] = ()


def draw_map(found: SpeakerMap, title: str, legend: Legend | None = None) -> Canvas:
    """Draw a map of speakers.

    Args:
        found: The map.
        title: For those who cannot see it.
        legend: What stands beside the dots; None for bare names.
    """
    told = legend or Legend()
    nearest = [(name, *found.nearest(name)) for name in found.names]
    canvas = Canvas(WIDTH, HEIGHT, "map", title, _describe(found, told))
    to_page = _scale(found, told)
    dots = [(float(x), float(y)) for x, y in to_page(found.points)]
    at = dict(zip(found.names, dots, strict=True))
    _draw_clouds(canvas, found, told, to_page)
    risky = {frozenset((p.one, p.other)) for p in told.pairs}
    for name, other, cosine in nearest:
        if other and frozenset((name, other)) not in risky:
            canvas.line(at[name], at[other], "grid-line", width=0.8 + 1.6 * max(0.0, cosine))
    for pair in told.pairs:
        if pair.one in at and pair.other in at:
            canvas.line(at[pair.one], at[pair.other], "warn-line", width=2.2, dash="6 5")
    for name, other, cosine in nearest:
        tip = f"{told.names.get(name, name)}; most alike: {other} {cosine:.2f}" if other else name
        canvas.circle(at[name], _DOT + 2.5, "surface")
        canvas.circle(at[name], _DOT, f"f{series(told.groups.get(name, 0))}", tip=tip)
    _draw_names(canvas, found.names, dots, told)
    _draw_foot(canvas, found, told)
    return canvas


def _describe(found: SpeakerMap, told: Legend) -> str:
    pairs = "; ".join(f"{p.one} and {p.other} will be confused" for p in told.pairs)
    near = "; ".join(f"{n} is most like {found.nearest(n)[0]}" for n in found.names[:40])
    return f"{len(found.names)} speakers. {near}. {pairs}"


def _scale(found: SpeakerMap, told: Legend) -> ToPage:
    """Return a function from the plane to the page, the same in both directions."""
    shown = np.concatenate([found.points, *[c for c in told.clouds.values() if len(c)]])
    low, high = np.quantile(shown, 0.01, axis=0), np.quantile(shown, 0.99, axis=0)
    low, high = np.minimum(low, found.points.min(0)), np.maximum(high, found.points.max(0))
    room = np.array([WIDTH - 2 * EDGE, HEIGHT - 1.4 * EDGE - FOOT])
    span = np.maximum(high - low, max(float((high - low).max()), 1e-9) / 1e3)
    scale = float((room / span).min())
    middle = (low + high) / 2
    centre = np.array([WIDTH / 2, (HEIGHT - FOOT) / 2])
    return lambda points: (points - middle) * scale * np.array([1.0, -1.0]) + centre


def _draw_clouds(canvas: Canvas, found: SpeakerMap, told: Legend, to_page: ToPage) -> None:
    total = sum(len(cloud) for cloud in told.clouds.values())
    step = max(1, -(-total // _CLOUD_MOST))
    for name in found.names:
        cloud = told.clouds.get(name)
        if cloud is None or not len(cloud):
            continue
        kind = f"f{series(told.groups.get(name, 0))}"
        for x, y in to_page(cloud[::step]):
            if _RIM < x < WIDTH - _RIM and _RIM < y < HEIGHT - FOOT:
                canvas.circle((float(x), float(y)), 2.6, kind, opacity=0.3)


def _draw_names(
    canvas: Canvas, ids: Sequence[str], dots: Sequence[tuple[float, float]], told: Legend
) -> None:
    names = [shorten(told.names.get(one, one), _NAME_MOST) for one in ids]
    below = [shorten(told.beneath.get(one, ""), _NAME_MOST) for one in ids]
    sizes = [
        (
            max(text_width(name, TEXT_PX) * 1.06, text_width(under, SMALL_PX)),
            18.0 + (15.0 if under else 0.0),
        )
        for name, under in zip(names, below, strict=True)
    ]
    bounds = (8.0, 8.0, WIDTH - 8, HEIGHT - FOOT)
    places = place_names(dots, sizes, bounds, _DOT + 2)
    for dot, place in zip(dots, places, strict=True):
        if place.is_far:
            canvas.line(dot, _edge_of(place, dot), "edge-line", width=1)
    for dot, place, name, under in zip(dots, places, names, below, strict=True):
        _write(canvas, dot, place, name, under)


def _edge_of(place: Place, dot: tuple[float, float]) -> tuple[float, float]:
    left, top, right, bottom = place.box
    return min(max(dot[0], left), right), min(max(dot[1], top), bottom)


def _write(canvas: Canvas, dot: tuple[float, float], place: Place, name: str, under: str) -> None:
    left, top, right, _ = place.box
    middle = (left + right) / 2
    if abs(middle - dot[0]) < 1:
        at, anchor = middle, "middle"
    else:
        at, anchor = (left, "start") if middle > dot[0] else (right, "end")
    canvas.halo((at, top + 14), name, anchor=anchor, size=TEXT_PX)
    canvas.text((at, top + 14), name, anchor=anchor, is_bold=True)
    if under:
        canvas.text((at, top + 29), under, "muted", anchor=anchor, size=SMALL_PX)


def _draw_foot(canvas: Canvas, found: SpeakerMap, told: Legend) -> None:
    words = f"Near is alike: {found.share:.0%} of the differences are shown. "
    words += "A grey line leads to the most alike voice"
    if any(len(cloud) for cloud in told.clouds.values()):
        words += "; small dots are lines"
    if told.pairs:
        words += "; a dashed red line joins two that will be confused"
    canvas.text((WIDTH / 2, HEIGHT - 14), words + ".", "muted", anchor="middle", size=SMALL_PX)
