"""SVG to PNG by resvg: wheels without system libraries, nothing is fetched, no script is run."""

from __future__ import annotations

import zlib
from functools import cache

from renderer.errors import ConfigError

ZOOM = 2.0  # readable on a dense display and when a document scales it down
_SANS = ("Liberation Sans", "DejaVu Sans", "Noto Sans", "Arial", "Helvetica")
_PROBE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 20">'
    '<text x="2" y="16" font-size="16" font-family="sans-serif">mmm</text></svg>'
)
MISSING = "Pictures as PNG need resvg-py: pip install 'barkline[analysis]'."


def to_png(svg: str, zoom: float = ZOOM) -> bytes:
    """Return a drawing as PNG.

    Args:
        svg: A whole document without media queries (`Canvas.for_raster`).
        zoom: Pixels per unit.

    Raises:
        ConfigError: resvg-py is not installed.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise ConfigError(MISSING) from error
    return bytes(svg_to_bytes(svg_string=svg, zoom=zoom, sans_serif_family=sans_serif()))


def sans_serif() -> str:
    """Return a family without serifs that this machine has, or a name that it lacks."""
    return next((name for name in _SANS if _draws(name)), "sans-serif")


def has_letters() -> bool:
    """Whether this machine has a font; without one a PNG has no words."""
    return any(_draws(name) for name in _SANS)


@cache
def _draws(family: str) -> bool:
    from resvg_py import svg_to_bytes

    drawn = svg_to_bytes(svg_string=_PROBE, sans_serif_family=family)
    return len(set(_pixels(bytes(drawn)))) > 1


def _pixels(png: bytes) -> bytes:
    """Return the filtered rows of a PNG: enough to tell an empty picture from another."""
    data, at = b"", 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += 12 + length
    return zlib.decompress(data)
