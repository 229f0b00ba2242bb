"""Drawing in SVG: shapes by class, so that one drawing serves light and dark pages and PNG.

A drawing holds no colours of its own. Colours come from `style_sheet`: a page includes it once, a
file of its own carries it inside. Whatever people wrote is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

FONT = "'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', 'DejaVu Sans', Arial, sans-serif"
TEXT_PX = 14
SMALL_PX = 12.5
# Told apart by hue and by lightness, at 3 : 1 or more against both surfaces.
SERIES = (
    *("#3f7fd6", "#cf6a14", "#2b9468", "#c0508a", "#8a6be0"),
    *("#9a7b00", "#1d92a8", "#d0524a", "#6a8a2f", "#8a7264"),
)
_LIGHT = {
    "surface": "#ffffff", "ink": "#18202b", "muted": "#566171", "grid": "#d9dee5",
    "edge": "#7d8896", "heat": "#1d5bb8", "warn": "#b3261e", "band": "#dfe5ec",
    "inverse": "#ffffff",
}  # fmt: skip
_DARK = {
    "surface": "#191e25", "ink": "#e7ebf0", "muted": "#a0acb9", "grid": "#303944",
    "edge": "#76828f", "heat": "#5590f0", "warn": "#ff938a", "band": "#2a323c",
    "inverse": "#10151b",
}  # fmt: skip


def style_sheet(*, is_dark_too: bool = True) -> str:
    """Return the colours of every drawing; without the dark half for PNG."""
    hues = "".join(
        f".k-f{n}{{fill:{hue}}}.k-l{n}{{stroke:{hue};fill:none}}" for n, hue in enumerate(SERIES)
    )
    light = _rules(_LIGHT) + hues
    return light + (f"@media (prefers-color-scheme:dark){{{_rules(_DARK)}}}" if is_dark_too else "")


def _rules(colours: Mapping[str, str]) -> str:
    fills = "".join(f".k-{name}{{fill:{value}}}" for name, value in colours.items())
    lines = "".join(
        f".k-{name}-line{{stroke:{colours[name]};fill:none}}"
        for name in ("grid", "edge", "warn", "muted", "heat", "surface", "ink")
    )
    return fills + lines


def series(number: int) -> int:
    """Return a colour's number for any group."""
    return number % len(SERIES)


class Canvas:
    """A drawing under way.

    Args:
        width: Units, about one pixel each.
        height: Units.
        name: Makes the ids of title and description unlike those of other drawings of a page.
        title: What it is, for those who cannot see it.
        description: What it shows.
    """

    def __init__(
        self, width: float, height: float, name: str, title: str, description: str
    ) -> None:
        self.width, self.height = width, height
        self._name = name
        self._head = (
            f'<title id="{name}-title">{_clean(title)}</title>'
            f'<desc id="{name}-desc">{_clean(description)}</desc>'
        )
        self._parts: list[str] = []

    def rect(
        self,
        box: tuple[float, float, float, float],
        kind: str,
        *,
        opacity: float = 1.0,
        round_px: float = 0.0,
        tip: str = "",
    ) -> None:
        """Draw a filled box (x, y, width, height)."""
        x, y, width, height = box
        self._shape(
            f'rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
            + (f' rx="{round_px:g}"' if round_px else ""),
            kind,
            opacity,
            tip,
        )

    def circle(
        self, at: tuple[float, float], radius: float, kind: str, *, opacity: float = 1.0,
        tip: str = "",
    ) -> None:  # fmt: skip
        """Draw a dot."""
        self._shape(f'circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{radius:g}"', kind, opacity, tip)

    def line(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        kind: str = "grid-line",
        *,
        width: float = 1.0,
        dash: str = "",
    ) -> None:
        """Draw a straight line."""
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._shape(
            f'line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" '
            f'stroke-width="{width:g}"{dashes}',
            kind,
        )

    def path(
        self,
        points: Sequence[tuple[float, float]],
        kind: str,
        *,
        opacity: float = 1.0,
        width: float = 0.0,
        tip: str = "",
    ) -> None:
        """Draw a polygon (filled kinds) or a line through points (line kinds)."""
        way = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        stroke = f' stroke-width="{width:g}" stroke-linejoin="round"' if width else ""
        self._shape(f'path d="M{way}"{stroke}', kind, opacity, tip)

    def text(
        self,
        at: tuple[float, float],
        words: str,
        kind: str = "ink",
        *,
        anchor: str = "start",
        size: float = TEXT_PX,
        is_bold: bool = False,
        turn: float = 0.0,
    ) -> None:
        """Write words; `at` is the start, middle or end of their base line."""
        x, y = at
        turned = f' transform="rotate({turn:g} {x:.1f} {y:.1f})"' if turn else ""
        weight = ' font-weight="600"' if is_bold else ""
        anchored = f' text-anchor="{anchor}"' if anchor != "start" else ""
        self._parts.append(
            f'<text class="k-{kind}" x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"'
            f"{anchored}{weight}{turned}>{_clean(words)}</text>"
        )

    def halo(self, at: tuple[float, float], words: str, *, anchor: str, size: float) -> None:
        """Write words in the colour of the ground, broadly: a halo for the same words above."""
        self._parts.append(
            f'<text class="k-surface k-surface-line" x="{at[0]:.1f}" y="{at[1]:.1f}" '
            f'font-size="{size:g}" text-anchor="{anchor}" stroke-width="4" stroke-linejoin="round" '
            f'font-weight="600" aria-hidden="true">{_clean(words)}</text>'
        )

    def _shape(self, shape: str, kind: str, opacity: float = 1.0, tip: str = "") -> None:
        faded = f' opacity="{opacity:.2f}"' if opacity < 1 else ""
        inside = f"<title>{_clean(tip)}</title>" if tip else ""
        name = shape.partition(" ")[0]
        self._parts.append(f'<{shape} class="k-{kind}"{faded}>{inside}</{name}>')

    def fragment(self) -> str:
        """Return the drawing for a page that has the style sheet."""
        return self._svg("", "")

    def document(self) -> str:
        """Return the drawing as a file of its own, light or dark as its viewer likes."""
        return self._svg(_NAMESPACE, f"<style>{style_sheet()}</style>")

    def for_raster(self) -> str:
        """Return the drawing as a light file for `raster`."""
        return self._svg(_NAMESPACE, f"<style>{style_sheet(is_dark_too=False)}</style>")

    def _svg(self, namespace: str, style: str) -> str:
        ground = (
            f'<rect class="k-surface" width="{self.width:g}" height="{self.height:g}"/>'
            if style
            else ""
        )
        return (
            f'<svg{namespace} viewBox="0 0 {self.width:.0f} {self.height:.0f}" '
            f'width="{self.width * _SHOWN:.0f}" role="img" '
            f'aria-labelledby="{self._name}-title" aria-describedby="{self._name}-desc" '
            f"font-family={quoteattr(FONT)}>{self._head}{style}{ground}\n"
            + "\n".join(self._parts)
            + "\n</svg>\n"
        )


_SHOWN = 1.2  # pixels per unit where there is room
_NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'


def _clean(words: str) -> str:
    """Escape; characters that no XML can hold become a replacement mark."""
    return escape("".join(c if c.isprintable() else "�" for c in words))


def text_width(words: str, size: float) -> float:
    """Return about how wide words are, units: 0.58 of their size per letter, wide ones more."""
    return size * sum(1.0 if ord(c) > 0x2E80 else 0.58 for c in words)  # noqa: PLR2004 - CJK on


def shorten(words: str, most: int) -> str:
    """Return at most so many letters, cut with an ellipsis.

    >>> shorten("Ysolde, Keeper of the Hearth", 16)
    'Ysolde, Keeper …'
    """
    return words if len(words) <= most else words[: most - 2].rstrip(" ,;:") + " …"
