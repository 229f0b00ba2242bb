"""Random numbers that depend on their seed and their place alone.

References:
    Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3" (Philox).
    Box & Muller 1958, "A Note on the Generation of Random Normal Deviates".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_HALF = 2.0**-32


def stream(seed: int, place: int, count: int, kind: str) -> npt.NDArray[np.float32]:
    """Return the first numbers of a stream.

    Philox's raw bits are part of numpy's promise of stability; its own normal numbers are not, so
    they are made here. A longer stream begins with the shorter one.

    Args:
        seed: 64 bits.
        place: Which stream of that seed.
        count: How many.
        kind: `normal` (mean 0, deviation 1) or `uniform` (0–1).

    Returns:
        float32 (count,).
    """
    words = np.random.Philox(key=[seed, place]).random_raw((count + 1) // 2)
    first = (words >> np.uint64(32)).astype(np.float64)
    second = (words & np.uint64(0xFFFFFFFF)).astype(np.float64)
    first, second = (first + 0.5) * _HALF, (second + 0.5) * _HALF  # inside (0, 1)
    if kind == "normal":
        radius, angle = np.sqrt(-2.0 * np.log(first)), 2.0 * np.pi * second
        first, second = radius * np.cos(angle), radius * np.sin(angle)
    return np.stack([first, second], axis=1).ravel()[:count].astype(np.float32)
