"""Who sounds like whom in the pack: the matrix of cosines, and a map in two dimensions.

The pictures are those of `barkline analyse`. Alone, this draws them again from what was measured:

    python benchmarks/voice_map.py
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from renderer.analysis.cluster import find_groups
from renderer.analysis.likeness import Matrix
from renderer.analysis.map_picture import Legend, draw_map
from renderer.analysis.matrix_picture import draw_matrix
from renderer.analysis.speaker_map import lay_out

DOCS = Path(__file__).parents[1] / "docs" / "benchmarks"
NOTE = "cosine of mean speaker embeddings"


def flat(cosines: np.ndarray) -> np.ndarray:
    """Return unit vectors that have these cosines, (V, V): a root of the Gram matrix."""
    values, vectors = np.linalg.eigh(cosines)
    found = vectors * np.sqrt(np.maximum(values, 0.0))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def draw(names: Sequence[str], cosines: np.ndarray, f0_hz: Sequence[float]) -> tuple[str, str]:
    """Return two pictures as SVG: the matrix, and the map with each voice's F0."""
    groups = find_groups(cosines)
    matrix = Matrix("embedding", "Who sounds like whom", NOTE, tuple(names), cosines)
    vectors = dict(zip(names, flat(cosines).tolist(), strict=True))
    hues = (
        dict(zip(names, groups.of, strict=True))
        if groups.count > 1
        else dict(zip(names, range(len(names)), strict=True))
    )
    legend = Legend(
        beneath={name: f"{hz:.0f} Hz" for name, hz in zip(names, f0_hz, strict=True)}, groups=hues
    )
    picture = draw_map(lay_out(vectors), "How alike the voices sound", legend)
    return draw_matrix(matrix, groups.order, {}).document(), picture.document()


def write(found: dict) -> None:
    """Write both pictures of what was measured."""
    matrix, picture = draw(found["names"], np.array(found["cosines"]), found["f0_hz"])
    (DOCS / "voices.svg").write_text(matrix, "utf-8")
    (DOCS / "voices_map.svg").write_text(picture, "utf-8")


if __name__ == "__main__":
    write(json.loads((DOCS / "voices.json").read_text("utf-8"))["distinct"]["student"])
