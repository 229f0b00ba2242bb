"""Says for every line what `render` would do with it, and which input made it stale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from renderer.domain.render_key import Part
from renderer.domain.take import TakeStatus
from renderer.domain.utterance import Utterance
from renderer.domain.voice_lock import LockEntry, VoiceLock
from renderer.errors import Fault, Level, ManifestError
from renderer.ports import ManifestFile, ManifestSource, UnitOfWork
from renderer.services.adopt import key_of
from renderer.services.asked import Asked, changed_files, find_stored, known_of, outcome
from renderer.services.compare import Change, Comparison, Known, compare, standing
from renderer.services.render_key import KeyBuilder
from renderer.services.scope import Scope

PIECE = 500
# Seconds of work per written character where nothing was measured yet.
SECONDS_PER_CHARACTER = 0.02


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """One line of a plan.

    Attributes:
        line_id: The line.
        locale: Its locale.
        character: Who speaks; "" for an orphan known from a lock alone.
        path: Manifest file, "" for an orphan.
        line: Line number in it.
        change: What has to happen.
        because: The inputs that differ from the take in force.
        lapses: Whether its freeze ends.
        size: Written characters.
    """

    line_id: str
    locale: str
    character: str
    path: str
    line: int
    change: Change
    because: tuple[Part, ...] = ()
    lapses: bool = False
    size: int = 0


@dataclass(slots=True)
class Plan:
    """What a render would do.

    Attributes:
        counts: Lines per change, over the whole scope.
        lines: Every line that is not simply cached.
        faults: Warnings of the manifests.
        seconds_per_character: Measured cost of earlier renders, or the default.
    """

    counts: Counter[Change] = field(default_factory=Counter)
    lines: list[PlannedLine] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    seconds_per_character: float = SECONDS_PER_CHARACTER

    @property
    def work(self) -> int:
        """How many lines would be rendered."""
        return sum(n for change, n in self.counts.items() if change.is_work)

    @property
    def estimated_s(self) -> float:
        """Estimated seconds of work."""
        return self.seconds_per_character * sum(p.size for p in self.lines if p.change.is_work)

    def add(self, said: Utterance, verdict: Comparison) -> None:
        """Count a line, and list it unless it is simply cached."""
        self.counts[verdict.change] += 1
        if verdict.change is Change.CACHED and not verdict.lapses:
            return
        self.lines.append(
            PlannedLine(
                *said.key,
                said.character,
                said.origin.path,
                said.origin.line,
                verdict.change,
                verdict.because,
                verdict.lapses,
                len(said.text),
            )
        )

    def add_orphan(self, line_id: str, locale: str, character: str) -> None:
        """Count and list a line that is gone from the manifests."""
        self.counts[Change.ORPHANED] += 1
        self.lines.append(PlannedLine(line_id, locale, character, "", 0, Change.ORPHANED))

    def only(self, parts: Sequence[Part]) -> Plan:
        """Return the plan of the lines that are stale because of some inputs alone."""
        kept = [p for p in self.lines if set(p.because) & set(parts)]
        counts = Counter(p.change for p in kept)
        return Plan(counts, kept, self.faults, self.seconds_per_character)


class Planner:
    """Plans a project.

    Args:
        source: The manifests.
        keys: Composes render keys.
    """

    def __init__(self, source: ManifestSource, keys: KeyBuilder) -> None:
        self._source = source
        self._keys = keys

    def against_database(self, unit: UnitOfWork, scope: Scope, *, reads_all: bool = False) -> Plan:
        """Compare the manifests with the database; changes nothing.

        Files of unchanged digest are not read: what is stored of them is counted.

        Args:
            unit: A transaction, for reading.
            scope: Which lines.
            reads_all: Read every file, so that frozen lines say what they would become.

        Raises:
            ManifestError: Some lines have faults.
        """
        plan = Plan(seconds_per_character=unit.takes.cost() or SECONDS_PER_CHARACTER)
        files = self._source.files()
        changed, gone = changed_files(unit, files, self._source.context, reads_all=reads_all)
        unread = {*(f.path for f in changed), *gone}
        _count_unread(unit, {f.path for f in files} - unread, scope, plan)
        taken: dict[str, str] = {}
        seen: set[int] = set()
        if changed:
            taken = {
                self._source.form(line_id, locale): path
                for line_id, locale, path in unit.lines.ids(unread)
            }
        for piece in self._pieces(changed, taken, plan):
            stored, _ = find_stored(unit, piece)
            seen.update(s.pk for s in stored.values())
            asked = [Asked(u, self._keys.key(u), stored.get(u.key)) for u in piece]
            known = unit.takes.find(sorted({a.key.hex for a in asked}))
            for line in asked:
                if scope.holds(line.utterance):
                    plan.add(line.utterance, outcome(line, known))
        if unread:
            for row in unit.lines.iterate(paths=unread):
                if row.pk not in seen and scope.holds(row.utterance):
                    plan.add_orphan(*row.utterance.key, row.utterance.character)
        return plan

    def against_lock(self, lock: VoiceLock, scope: Scope) -> Plan:
        """Compare the manifests with a committed lock: what CI does, with no database.

        Raises:
            ManifestError: Some lines have faults.
        """
        plan = Plan()
        entries = lock.by_key()
        approved = dict.fromkeys((e.render_key for e in lock.entries), TakeStatus.APPROVED)
        for piece in self._pieces(self._source.files(), {}, plan):
            for said in piece:
                entry = _entry(entries, said)
                if scope.holds(said):
                    plan.add(said, self._against(entry, said, approved))
        for entry in entries.values():
            if scope.may_hold(entry.line_id, entry.locale, entry.character):
                plan.add_orphan(entry.line_id, entry.locale, entry.character)
        return plan

    def _against(
        self, entry: LockEntry | None, said: Utterance, approved: Mapping[str, TakeStatus]
    ) -> Comparison:
        key = self._keys.key(said)
        if entry is None:
            return compare(key, None, approved.get(key.hex))
        is_frozen = entry.frozen and key_of(entry) is not None
        known = Known(entry.render_key, entry.parts, TakeStatus.APPROVED, is_frozen)
        return compare(key, known, approved.get(key.hex))

    def _pieces(
        self, files: Sequence[ManifestFile], taken: Mapping[str, str], plan: Plan
    ) -> Iterator[Sequence[Utterance]]:
        """Yield the lines in bounded pieces; raises at the end when any has a fault."""
        faults: list[Fault] = []
        for _, utterances in self._source.read(files, faults, taken):
            for start in range(0, len(utterances), PIECE):
                yield utterances[start : start + PIECE]
        plan.faults = faults
        errors = sum(1 for f in faults if f.level is Level.ERROR)
        if errors:
            raise ManifestError(f"{errors} faults; nothing can be planned", faults)


def _entry(entries: dict[tuple[str, str], LockEntry], said: Utterance) -> LockEntry | None:
    """Take a line's entry out of the lock, following its earlier ids."""
    for line_id in (said.line_id, *said.was):
        if (line_id, said.locale) in entries:
            return entries.pop((line_id, said.locale))
    return None


def _count_unread(unit: UnitOfWork, paths: set[str], scope: Scope, plan: Plan) -> None:
    """Count the lines of files that need not be read; list those that are not simply cached."""
    others: list[TakeStatus] = list(TakeStatus)
    if scope.is_everything:
        others = []
        for (status, is_frozen), number in unit.lines.count_by_status(paths).items():
            if status is TakeStatus.APPROVED:
                plan.counts[Change.FROZEN if is_frozen else Change.CACHED] += number
            else:
                others.append(status)
    if others:
        for row in unit.lines.iterate(sorted(set(others)), paths=paths):
            if scope.holds(row.utterance):
                plan.add(row.utterance, standing(known_of(row)))
