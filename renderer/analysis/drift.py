"""How far a character's voice has moved from one version of its model to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from renderer.analysis.cast import centre

Floats = npt.NDArray[np.float64]
_SPLITS = 21
_SEED = 5
_LEAST = 4
Key = tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """What a character sounded like with one voice, model and engine.

    Attributes:
        name: For people: the voice and a short form of model and engine.
        clips: Unit vectors (D,) by line.
    """

    name: str
    clips: Mapping[Key, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Rendition:
    """One approved take of a line, old or in force.

    Attributes:
        character: Its id.
        line: Line id and locale (BCP 47 tag).
        version: What its voice was made of; one name per version.
        clip: Unit vector (D,), or None where no voice can be told.
        is_in_force: Whether the line has this take now.
    """

    character: str
    line: Key
    version: str
    clip: Floats | None
    is_in_force: bool = False


@dataclass(frozen=True, slots=True)
class Drift:
    """From one version to the next.

    Attributes:
        character: Its id.
        locale: BCP 47 tag of the lines.
        before: The older version.
        after: The newer version; after a roll back this is the one that was given back.
        lines: Lines that both versions spoke.
        angle_deg: Between the mean embeddings of those lines, degrees.
        own_deg: Between two halves of the older version's lines, the median of 21 random splits;
            None for fewer than four lines. What moves less has not audibly moved.
        cosine: Mean cosine of one line before and after.
    """

    character: str
    locale: str
    before: str
    after: str
    lines: int
    angle_deg: float
    own_deg: float | None
    cosine: float

    @property
    def has_moved(self) -> bool:
        """Whether the voice moved further than its own lines differ."""
        return self.own_deg is not None and self.angle_deg > self.own_deg


def sort_versions(takes: Sequence[Rendition]) -> dict[Key, list[Version]]:
    """Sort takes by what their voice was made of, in order of appearance.

    A character may have a voice per locale: each locale is a history of its own. Where the newest
    version is in force nowhere, it was taken back: then the one that most lines have stands again
    at the end.

    Args:
        takes: From the oldest to the newest.

    Returns:
        By character id and locale; only those of more than one version.
    """
    found: dict[Key, dict[str, dict[Key, Floats]]] = {}
    standing: dict[Key, Counter[str]] = {}
    for take in takes:
        whose = take.character, take.line[1]
        clips = found.setdefault(whose, {}).setdefault(take.version, {})
        if take.clip is not None:
            clips[take.line] = take.clip
        if take.is_in_force:
            standing.setdefault(whose, Counter())[take.version] += 1
    return {
        whose: [Version(name, some[name]) for name in _steps(list(some), standing.get(whose))]
        for whose, some in found.items()
        if len(some) > 1
    }


def _steps(names: list[str], standing: Counter[str] | None) -> list[str]:
    if not standing or names[-1] in standing:
        return names
    return [*names, standing.most_common(1)[0][0]]


def find_drift(whose: Key, versions: Sequence[Version]) -> list[Drift]:
    """Compare each version with the one before it, on the lines that both spoke.

    Args:
        whose: Character id and locale.
        versions: From the oldest to the newest.
    """
    found = []
    for before, after in pairwise(versions):
        both = sorted(before.clips.keys() & after.clips.keys())
        if both:
            old = np.stack([before.clips[key] for key in both])
            new = np.stack([after.clips[key] for key in both])
            found.append(_compare((*whose, before.name, after.name), old, new))
    return found


def _compare(named: tuple[str, str, str, str], old: Floats, new: Floats) -> Drift:
    angle, cosine = _angle_deg(old, new), float(np.sum(old * new, axis=1).mean())
    return Drift(*named, len(old), angle, _own_deg(old), cosine)


def _angle_deg(one: Floats, other: Floats) -> float:
    a, b = centre(one), centre(other)
    if a is None or b is None:
        return 90.0
    # By the half chord: the arc cosine is blunt near 0.
    return float(np.degrees(2 * np.arcsin(np.clip(np.linalg.norm(a - b) / 2, 0.0, 1.0))))


def _own_deg(clips: Floats) -> float | None:
    if len(clips) < _LEAST:
        return None
    random = np.random.default_rng(_SEED)
    angles = []
    for _ in range(_SPLITS):
        order = random.permutation(len(clips))
        angles.append(_angle_deg(clips[order[::2]], clips[order[1::2]]))
    return float(np.median(angles))
