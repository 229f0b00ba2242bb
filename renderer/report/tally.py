"""Counts for the overview: by locale, character and emotion, by check and by flag."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from renderer.domain.reading import LineReading, ProjectReading
from renderer.domain.take import TakeStatus
from renderer.domain.verdict import Outcome

NOT_RENDERED = "not rendered"
GROUPS = ("rejected", "failed", "pending", "approved")
_GROUP = {
    TakeStatus.APPROVED: "approved",
    TakeStatus.REJECTED: "rejected",
    TakeStatus.FAILED: "failed",
    TakeStatus.QUARANTINED: "failed",
}
FLAGS = ("stale translation", "unpublishable", "frozen", "recorded")


def status_of(line: LineReading) -> str:
    """Return the status of a line's current take, or `NOT_RENDERED`."""
    return line.take.status if line.take else NOT_RENDERED


def group_of(line: LineReading) -> str:
    """Return which of the four `GROUPS` a line counts to; an unknown status is `failed`."""
    status = status_of(line)
    if status in (NOT_RENDERED, TakeStatus.PENDING, TakeStatus.LEASED):
        return "pending"
    return _GROUP.get(TakeStatus(status), "failed") if status in list(TakeStatus) else "failed"


def flags_of(line: LineReading) -> tuple[str, ...]:
    """Return the flags of a line, in the order of `FLAGS`."""
    raised = (
        line.is_stale_translation,
        bool(line.unpublishable),
        line.is_frozen,
        line.is_recorded,
    )
    return tuple(flag for flag, is_up in zip(FLAGS, raised, strict=True) if is_up)


def failed_checks_of(line: LineReading) -> tuple[str, ...]:
    """Return the checks that speak against the current take, each once, in their order."""
    findings = line.take.findings if line.take else ()
    bad = (f.check for f in findings if f.outcome in (Outcome.FAIL, Outcome.ERROR))
    return tuple(dict.fromkeys(bad))


def order(lines: Iterable[LineReading]) -> list[LineReading]:
    """Put rejected lines first, then failed, unfinished, flagged and last approved ones.

    Within each the order of the manifests stays.
    """

    def place(line: LineReading) -> tuple[int, bool]:
        blocked = line.is_stale_translation or bool(line.unpublishable)
        return GROUPS.index(group_of(line)), not blocked

    return sorted(lines, key=place)


@dataclass(slots=True)
class Row:
    """Counts of one slice of the project.

    Attributes:
        value: What the filter is set to.
        name: As shown to people.
        counts: Group of `GROUPS` to number of lines.
        duration_s: Seconds of all takes that have sound.
        approved_s: Seconds of the approved ones.
    """

    value: str
    name: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(GROUPS, 0))
    duration_s: float = 0.0
    approved_s: float = 0.0

    @property
    def total(self) -> int:
        """Number of lines."""
        return sum(self.counts.values())

    @property
    def share(self) -> float:
        """Approved lines of all lines, 0..1."""
        return self.counts["approved"] / self.total if self.total else 0.0

    @property
    def minutes(self) -> float:
        """Minutes of all takes that have sound."""
        return self.duration_s / 60.0

    def add(self, line: LineReading) -> None:
        """Count one line."""
        group = group_of(line)
        self.counts[group] += 1
        seconds = line.take.duration_s if line.take else 0.0
        self.duration_s += seconds
        self.approved_s += seconds if group == "approved" else 0.0


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the overview shows.

    Attributes:
        total: The whole project.
        by: Facet (`locale`, `character`, `emotion`) to its rows, most lines first.
        checks: Check to number of lines it speaks against, most first.
        flags: Flag to number of lines, none left out.
        unpublishable: Reason to number of lines, most first.
    """

    total: Row
    by: dict[str, list[Row]]
    checks: list[tuple[str, int]]
    flags: list[tuple[str, int]]
    unpublishable: list[tuple[str, int]]


_FACETS: dict[str, Callable[[LineReading], tuple[str, str]]] = {
    "locale": lambda line: (line.utterance.locale, line.utterance.locale),
    "character": lambda line: (line.utterance.character, line.character_name),
    "emotion": lambda line: (
        line.utterance.direction.emotion.value,
        line.utterance.direction.emotion.value,
    ),
}


def overview(reading: ProjectReading) -> Overview:
    """Count a whole project once."""
    total = Row("", reading.project)
    by: dict[str, dict[str, Row]] = {facet: {} for facet in _FACETS}
    checks: Counter[str] = Counter()
    flags: Counter[str] = Counter(dict.fromkeys(FLAGS, 0))
    reasons: Counter[str] = Counter()
    for line in reading.lines:
        total.add(line)
        for facet, name_of in _FACETS.items():
            value, name = name_of(line)
            by[facet].setdefault(value, Row(value, name or value)).add(line)
        checks.update(failed_checks_of(line))
        flags.update(flags_of(line))
        reasons.update([line.unpublishable] if line.unpublishable else ())
    return Overview(
        total,
        {f: sorted(rows.values(), key=lambda r: (-r.total, r.name)) for f, rows in by.items()},
        checks.most_common(),
        [(flag, flags[flag]) for flag in FLAGS],
        reasons.most_common(),
    )
