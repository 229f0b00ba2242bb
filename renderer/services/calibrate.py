"""Proposes limits per voice, and per voice and language, from what approved takes measure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from renderer.domain.direction import Delivery
from renderer.domain.take import TakeStatus
from renderer.ports import UnitOfWork
from renderer.quality.calibration import LEAST_TAKES, PROPOSED, propose, reached
from renderer.quality.gate import read_metrics
from renderer.quality.limits import GateLimits, merge, rows_of
from renderer.quality.metrics import Metrics
from renderer.services.scope import Scope

PIECE = 500


@dataclass(frozen=True, slots=True)
class Proposal:
    """One limit of one voice.

    Attributes:
        row: Name of the row in `voices` (`name`, `name#speaker`, with `@locale` or without).
        limit: Which limit.
        takes: How many takes it rests on.
        current: What holds now.
        proposed: What is proposed.
    """

    row: str
    limit: str
    takes: int
    current: float
    proposed: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What approved takes say about limits.

    Attributes:
        proposals: Limits that are not as the voice is.
        refused: Row → takes, of those that have too few.
        rows: How many rows have takes enough.
    """

    proposals: tuple[Proposal, ...]
    refused: Mapping[str, int]
    rows: int

    @property
    def limits(self) -> GateLimits:
        """The proposals as limits, to be laid over others."""
        rows: dict[str, dict[str, float | None]] = {}
        for one in self.proposals:
            rows.setdefault(one.row, {})[one.limit] = one.proposed
        return GateLimits(tables={"voices": rows})

    def over(self, limits: GateLimits) -> GateLimits:
        """Return limits with the proposals laid over them."""
        return merge(limits, self.limits)

    def fragment(self) -> str:
        """Return the proposals as a `gate.yaml`, or as a part of one."""
        text = [
            f"# Proposed from approved takes, {LEAST_TAKES} or more for each limit; the number is",
            "# behind it. Listen to what a replay would change before you take them over.",
            "voices:",
        ]
        for row in self.limits.tables["voices"]:
            text.append(f"  {json.dumps(row)}:")
            text += [
                f"    {p.limit}: {p.proposed!r}  # {p.takes} takes; was {p.current!r}"
                for p in self.proposals
                if p.row == row
            ]
        return "\n".join(text) + "\n"


def calibrate(
    unit: UnitOfWork, limits: GateLimits, scope: Scope, voices: Sequence[str] = ()
) -> Calibration:
    """Propose limits.

    A voice that speaks one locale gets a row for it; one that speaks several, a row for each and
    one for all, without the limits that a row of one of its locales decides. Limits that are off
    are not proposed.

    Sentences in normal delivery count, each take once: short lines, whispers and shouts have
    limits of their own, which go before those of a voice.

    Args:
        unit: A transaction, for reading.
        limits: What holds now.
        scope: Of which lines.
        voices: Shell patterns of voice references; empty for all.
    """
    groups: dict[str, dict[str, list[Metrics]]] = {}
    for metrics in _approved(unit, scope):
        line = metrics.line
        is_short = limits.is_short(line.word_count, metrics.sound_s or 0.0)
        if is_short or line.delivery != Delivery.NORMAL.value:
            continue
        if not voices or any(fnmatchcase(line.voice, pattern) for pattern in voices):
            groups.setdefault(line.voice, {}).setdefault(line.locale, []).append(metrics)
    proposals: list[Proposal] = []
    refused: dict[str, int] = {}
    enough = 0
    for voice, by_locale in sorted(groups.items()):
        rows = {f"{voice}@{locale}": some for locale, some in sorted(by_locale.items())}
        if len(by_locale) > 1:
            rows = {voice: [m for some in by_locale.values() for m in some], **rows}
        for row, some in rows.items():
            if len(some) < LEAST_TAKES:
                refused[row] = len(some)
                continue
            enough += 1
            proposals += _proposals(row, some, limits)
    return Calibration(tuple(proposals), refused, enough)


def _approved(unit: UnitOfWork, scope: Scope) -> Iterator[Metrics]:
    """Yield what was measured of each approved take in scope, once."""
    lines = unit.lines.iterate((TakeStatus.APPROVED,))
    ids = sorted({line.take_id for line in lines if scope.holds(line.utterance)})
    for start in range(0, len(ids), PIECE):
        for take in unit.takes.get(ids[start : start + PIECE]):
            metrics = read_metrics(take.result.metrics) if take.result else None
            if metrics is not None:
                yield metrics


def _proposals(row: str, takes: Sequence[Metrics], limits: GateLimits) -> Iterable[Proposal]:
    line = takes[0].line
    held = limits.limits_for(
        engine=line.engine,
        locale=line.locale,
        voice=line.voice,
        delivery=line.delivery,
        is_short=False,
    )
    elsewhere = _decided_elsewhere(row, takes, limits)
    for limit in PROPOSED:
        current: float | None = getattr(held, limit)
        values = [v for metrics in takes if (v := reached(limit, metrics)) is not None]
        if current is None or limit in elsewhere or len(values) < LEAST_TAKES:
            continue
        proposed = propose(limit, values, current)
        if proposed != current:
            yield Proposal(row, limit, len(values), current, proposed)


def _decided_elsewhere(row: str, takes: Sequence[Metrics], limits: GateLimits) -> set[str]:
    """Return the limits that a row has no say in: a later one decides them, or one of a locale.

    Args:
        row: Name of the row in `voices`.
        takes: All takes it is for.
        limits: What holds now.
    """
    decided: set[str] = set()
    for locale in {metrics.line.locale for metrics in takes}:
        line = takes[0].line
        names = rows_of(line.engine, locale, line.voice, line.delivery)
        theirs = names[names.index(("voices", row)) + 1 :]
        if "@" not in row:  # it would lie over what holds in one of its locales
            theirs += [(table, name) for table, name in names if table == "locales"]
        for table, name in theirs:
            decided |= limits.tables.get(table, {}).get(name, {}).keys()
    return decided
