"""A picture of who sounds like whom: the matrix of cosines, and a map in two dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

CELL, LABEL, MAP, GAP, TITLE = 34, 110, 560, 40, 40
LOW, HIGH = 0.4, 1.0
STYLE = "font-family='system-ui, sans-serif' font-size='12' fill='#1b2733'"


def flat(cosines: np.ndarray) -> np.ndarray:
    """Place points so that their distances are those of the vectors: classical scaling.

    Args:
        cosines: (V, V) of unit vectors.

    Returns:
        (V, 2). The distance of unit vectors is the root of 2 − 2 cosine (Torgerson 1952).
    """
    count = len(cosines)
    centring = np.eye(count) - 1 / count
    gram = -0.5 * centring @ (2 - 2 * cosines) @ centring
    values, vectors = np.linalg.eigh(gram)
    top = np.argsort(values)[::-1][:2]
    return vectors[:, top] * np.sqrt(np.maximum(values[top], 0.0))


def draw(names: Sequence[str], cosines: np.ndarray, f0_hz: Sequence[float]) -> str:
    """Return the picture as SVG; a dot's colour is the voice's F0, its name is beside it."""
    count = len(names)
    matrix_width = LABEL + CELL * count
    width = matrix_width + GAP + MAP + GAP
    height = max(TITLE + LABEL + CELL * count, TITLE + MAP) + 20
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' "
        f"viewBox='0 0 {width} {height}' role='img'>",
        "<title>How alike the voices sound</title>",
        f"<rect width='{width}' height='{height}' fill='#ffffff'/>",
        f"<text x='8' y='22' {STYLE} font-weight='600'>Cosine of speaker embeddings</text>",
        *_matrix(names, cosines),
        f"<text x='{matrix_width + GAP}' y='22' {STYLE} font-weight='600'>"
        "The same in two dimensions; colour: mean F0</text>",
        *_map(names, flat(cosines), f0_hz, matrix_width + GAP),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _matrix(names: Sequence[str], cosines: np.ndarray) -> list[str]:
    top = TITLE + LABEL
    parts = []
    for i, name in enumerate(names):
        y = top + CELL * i + CELL // 2 + 4
        parts.append(
            f"<text x='{LABEL - 6}' y='{y}' text-anchor='end' {STYLE}>{escape(name)}</text>"
        )
        x = LABEL + CELL * i + CELL // 2 + 4
        parts.append(
            f"<text transform='translate({x} {top - 6}) rotate(-60)' {STYLE}>{escape(name)}</text>"
        )
        for j, value in enumerate(cosines[i]):
            share = float(np.clip((value - LOW) / (HIGH - LOW), 0, 1))
            ink = "#ffffff" if share > 0.55 else "#1b2733"
            left, row = LABEL + CELL * j, top + CELL * i
            parts.append(
                f"<rect x='{left}' y='{row}' width='{CELL - 1}' height='{CELL - 1}' "
                f"fill='{_mix((239, 243, 248), (20, 70, 120), share)}'/>"
                f"<text x='{left + CELL / 2}' y='{row + CELL / 2 + 4}' text-anchor='middle' "
                f"font-family='system-ui, sans-serif' font-size='10' fill='{ink}'>"
                f"{value:.2f}</text>"
            )
    return parts


def _map(names: Sequence[str], places: np.ndarray, f0_hz: Sequence[float], left: int) -> list[str]:
    inset = 50
    span = float(np.ptp(places, axis=0).max()) or 1.0
    middle = (places.max(axis=0) + places.min(axis=0)) / 2
    spots = (places - middle) / span * (MAP - 2 * inset) + MAP / 2
    tones = np.log2(np.maximum(np.asarray(f0_hz), 1.0))
    reach = float(np.ptp(tones)) or 1.0
    parts = [
        f"<rect x='{left}' y='{TITLE}' width='{MAP}' height='{MAP}' fill='#f6f8fa' "
        "stroke='#d5dce4'/>"
    ]
    for name, (x, y), tone in zip(names, spots, tones, strict=True):
        colour = _mix((32, 84, 147), (201, 84, 30), float((tone - tones.min()) / reach))
        cx, cy = left + x, TITLE + y
        anchor, dx = ("end", -10) if x > MAP - 2 * inset else ("start", 10)
        parts.append(
            f"<circle cx='{cx:.1f}' cy='{cy:.1f}' r='6' fill='{colour}'/>"
            f"<text x='{cx + dx:.1f}' y='{cy + 4:.1f}' text-anchor='{anchor}' {STYLE}>"
            f"{escape(name)}</text>"
        )
    return parts


def _mix(low: tuple[int, ...], high: tuple[int, ...], share: float) -> str:
    return "#" + "".join(
        f"{round(a + (b - a) * share):02x}" for a, b in zip(low, high, strict=True)
    )
