"""One line with a new voice or profile beside the old, and by how much it is worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from renderer.analysis.cast import f0_percentiles
from renderer.analysis.sound_print import SoundPrint

# What counts as one step for the worse: a difference that listeners notice.
STEP = {"score": 0.3, "level_db": 2.0, "length_log2": 0.25, "f0_st": 3.0}
REJECTED, NOT_SPOKEN = 10.0, 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One rendering of a line.

    Attributes:
        decision: The gate's, or `error`.
        sound: What it sounds like, or None where there is none.
        audio: Path beside the page, or "".
        duration_s: Seconds.
        loudness_lufs: Integrated loudness, or None.
        scores: Learned scores by check.
        failed: What the gate found, in words.
        error: Why it could not be spoken, or "".
    """

    decision: str
    sound: SoundPrint | None = None
    audio: str = ""
    duration_s: float = 0.0
    loudness_lufs: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    error: str = ""

    @property
    def f0_hz(self) -> float | None:
        """Median F0, Hz."""
        if self.sound is None:
            return None
        found = f0_percentiles(self.sound.f0_counts.astype(np.float64))
        return None if found is None else found[1]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """A line, old beside new.

    Attributes:
        line_id: The line.
        locale: BCP 47 tag.
        character: Its character's id.
        text: What is said.
        emotion: What is asked for.
        old: As approved.
        new: As it would be.
    """

    line_id: str
    locale: str
    character: str
    text: str
    emotion: str
    old: Side
    new: Side

    @property
    def deltas(self) -> dict[str, float]:
        """New less old: scores, `level_db`, `length_s`, `f0_st`; `cosine` of the two voices."""
        found = {
            name: self.new.scores[name] - value
            for name, value in self.old.scores.items()
            if name in self.new.scores
        }
        if self.old.loudness_lufs is not None and self.new.loudness_lufs is not None:
            found["level_db"] = self.new.loudness_lufs - self.old.loudness_lufs
        if self.new.duration_s and self.old.duration_s:
            found["length_s"] = self.new.duration_s - self.old.duration_s
        if self.old.f0_hz and self.new.f0_hz:
            found["f0_st"] = float(12 * np.log2(self.new.f0_hz / self.old.f0_hz))
        cosine = _cosine(self.old.sound, self.new.sound)
        return found if cosine is None else found | {"cosine": cosine}

    @property
    def badness(self) -> float:
        """How much worse the new one is, in steps a listener notices; 0 for no worse.

        Lower scores count, and so do jumps of level, length and pitch against the median of all
        lines only through `rank`: a new voice has a pitch of its own.
        """
        if self.new.error:
            return NOT_SPOKEN
        rejected = REJECTED if self.new.failed and not self.old.failed else 0.0
        drops = [max(0.0, -d) for name, d in self.deltas.items() if name in self.old.scores]
        return rejected + max(drops, default=0.0) / STEP["score"]


def rank(lines: Sequence[Comparison]) -> list[tuple[Comparison, float]]:
    """Return lines with how much worse they are, the worst first.

    To `Comparison.badness` comes how far level, length and pitch moved beside how far the line's
    character moved as a whole (the median), so that one line that came out odd stands out.
    """
    usual = {who: _usual([c for c in lines if c.character == who]) for who in
             {c.character for c in lines}}  # fmt: skip
    scored = [(c, c.badness + _oddness(c, usual[c.character])) for c in lines]
    return sorted(scored, key=lambda pair: (-pair[1], pair[0].line_id, pair[0].locale))


def _moves(line: Comparison) -> dict[str, float]:
    found, deltas = {}, line.deltas
    if "level_db" in deltas:
        found["level_db"] = deltas["level_db"]
    if "length_s" in deltas:
        found["length_log2"] = float(np.log2(line.new.duration_s / line.old.duration_s))
    if "f0_st" in deltas:
        found["f0_st"] = deltas["f0_st"]
    return found


def _usual(lines: Sequence[Comparison]) -> dict[str, float]:
    moves = [_moves(line) for line in lines]
    return {
        name: float(np.median([m[name] for m in moves if name in m]))
        for name in {n for m in moves for n in m}
    }


def _oddness(line: Comparison, usual: Mapping[str, float]) -> float:
    """Return the largest move beside the usual one, in steps; what is below one step is 0."""
    odd = [abs(value - usual[name]) / STEP[name] for name, value in _moves(line).items()]
    largest = max(odd, default=0.0)
    return largest if largest >= 1.0 else 0.0


def _cosine(one: SoundPrint | None, other: SoundPrint | None) -> float | None:
    if one is None or other is None or one.embedding is None or other.embedding is None:
        return None
    return float(one.embedding @ other.embedding)


def plain(lines: Sequence[tuple[Comparison, float]]) -> list[dict[str, object]]:
    """Return compared lines ready for JSON."""
    return [
        {
            "line_id": c.line_id,
            "locale": c.locale,
            "character": c.character,
            "text": c.text,
            "emotion": c.emotion,
            "worse_by": round(worse, 3),
            "deltas": {name: round(value, 4) for name, value in c.deltas.items()},
            "old": _side(c.old),
            "new": _side(c.new),
        }
        for c, worse in lines
    ]


def _side(side: Side) -> dict[str, object]:
    return {
        "decision": side.decision,
        "audio": side.audio,
        "duration_s": round(side.duration_s, 3),
        "loudness_lufs": None if side.loudness_lufs is None else round(side.loudness_lufs, 2),
        "f0_hz": None if side.f0_hz is None else round(side.f0_hz, 1),
        "scores": {name: round(value, 3) for name, value in side.scores.items()},
        "failed": list(side.failed),
        "error": side.error,
    }
