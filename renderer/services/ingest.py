"""Step 2 of the walk: manifests into the database, takes and outbox rows in one transaction.

Only files whose digest changed are read, unless something outside them changed that a line may
depend on (a lexicon, a voice, a stage's revision, the project file: `ManifestSource.context`).
When any line has a fault, nothing is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from renderer.domain.events import (
    Event,
    LineFrozen,
    LineRenamed,
    LineThawed,
    ManifestImported,
    TakeRequested,
)
from renderer.domain.import_order import ImportOrder
from renderer.domain.render_key import RenderKey
from renderer.domain.request import RenderRequest
from renderer.domain.route import Priority, Queue
from renderer.domain.take import RenderResult, TakeStatus
from renderer.domain.utterance import Utterance
from renderer.errors import DatabaseError, Fault, Level, ManifestError
from renderer.ports import (
    UNTRACED,
    LineWrite,
    ManifestFile,
    ManifestSource,
    StoredLine,
    TakeWrite,
    Tracer,
    UnitOfWork,
)
from renderer.services.adopt import Adopter
from renderer.services.asked import Asked, changed_files, find_stored, keeps, outcome
from renderer.services.compare import lapses
from renderer.services.failpoint import Failpoint, nothing
from renderer.services.render_key import KeyBuilder
from renderer.services.settle import settle, take_over_waivers

PIECE = 500
TRIES = 5
FEW = 8  # new lines of one import that a person is likely to wait for
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class IngestReport:
    """What an import did.

    Attributes:
        files: Files read.
        skipped: Files whose digest had not changed.
        lines: Lines read.
        requested: New takes that have to be rendered, now or later.
        cached: Lines whose take was known.
        orphaned: Lines that are gone.
        renamed: Lines that got another id.
        lapsed: (line_id, locale) of frozen lines that changed themselves.
        warnings: What is odd but no error.
        wanted: Row ids of the new takes that are to be rendered now.
    """

    files: int = 0
    skipped: int = 0
    lines: int = 0
    requested: int = 0
    cached: int = 0
    orphaned: int = 0
    renamed: int = 0
    lapsed: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    wanted: list[int] = field(default_factory=list)


class Ingest:
    """Imports a project.

    Args:
        unit: Begins a transaction.
        source: The manifests.
        keys: Composes render keys.
        request: Resolves everything a worker needs for a line.
        hydrate: Returns what an earlier run stored under a render key, or None.
        lock: A committed lock, whose freezes and approvals hold here too; then every file is read.
        wanted: Whether a line's new take is to be rendered now; others wait in the database.
        order: Who asks, and how its takes are queued.

    Attributes:
        failpoint: Called with the name of each step; fault tests put theirs here.
        queue_of: What renders a request.
        gate: The limits the project lays over the shipped ones, as plain values.
        tracer: Told of the import, under its trace id.
    """

    def __init__(
        self,
        unit: Callable[[], UnitOfWork],
        source: ManifestSource,
        keys: KeyBuilder,
        request: Callable[[Utterance], RenderRequest],
        hydrate: Callable[[RenderKey], RenderResult | None],
        lock: Adopter | None = None,
        wanted: Callable[[Utterance], bool] = lambda _said: True,
        order: ImportOrder | None = None,
    ) -> None:
        self._unit = unit
        self._source = source
        self._keys = keys
        self._request = request
        self._hydrate = hydrate
        self._lock = lock
        self._wanted = wanted
        self._order = order or ImportOrder()
        self.failpoint: Failpoint = nothing
        self.queue_of: Callable[[RenderRequest], Queue] = lambda _request: Queue.CPU
        self.gate: Mapping[str, Any] = {}
        self.tracer: Tracer = UNTRACED

    def run(self, progress: Progress | None = None) -> IngestReport:
        """Import what changed.

        Args:
            progress: Called with (files read, files to read).

        Two imports that meet in the same takes step aside for each other: one begins anew.

        Raises:
            ManifestError: Some lines have faults; nothing was imported.
            DatabaseError: The database is away, or others were in the way too often.
        """
        for _ in range(TRIES - 1):
            try:
                return self._run(progress)
            except DatabaseError as error:
                if not error.is_transient:
                    raise
        return self._run(progress)

    def _run(self, progress: Progress | None) -> IngestReport:
        report = IngestReport()
        files = self._source.files()
        asked = self._order
        span = self.tracer.span("import", [asked.trace_id], project=asked.project)
        with span, self._unit() as unit:
            reads_all = self._lock is not None
            context = self._source.context
            changed, gone = changed_files(unit, files, context, reads_all=reads_all)
            report.skipped = len(files) - len(changed)
            unit.gates.put(self.gate)
            if changed or gone:
                self._import(unit, changed, gone, report, progress)
                self._finish(unit, report)
                self.failpoint("importing")
            unit.commit()
        if changed or gone:
            self.failpoint("imported")
        return report

    def _finish(self, unit: UnitOfWork, report: IngestReport) -> None:
        """Let few lines overtake, and record who imported what."""
        asked = self._order
        if asked.priority is None and 0 < len(report.wanted) <= FEW:
            unit.takes.enqueue(report.wanted, Priority.URGENT, again=False)
        told = ManifestImported(
            who=asked.who,
            revision=asked.revision,
            trace_id=asked.trace_id,
            lines=report.lines,
            requested=report.requested,
            cached=report.cached,
        )
        unit.outbox.add([told])

    def _import(
        self,
        unit: UnitOfWork,
        changed: Sequence[ManifestFile],
        gone: Sequence[str],
        report: IngestReport,
        progress: Progress | None,
    ) -> None:
        faults: list[Fault] = []
        generation = unit.lines.next_generation()
        unread = {*(f.path for f in changed), *gone}
        taken = {
            self._source.form(line_id, locale): path
            for line_id, locale, path in unit.lines.ids(unread)
        }
        done: set[str] = set()
        for path, utterances in self._source.read(changed, faults, taken):
            for start in range(0, len(utterances), PIECE):
                self._store(unit, utterances[start : start + PIECE], generation, report)
            done.add(path)
            if progress is not None:
                progress(len(done), len(changed))
        report.warnings = [f for f in faults if f.level is Level.WARNING]
        errors = [f for f in faults if f.level is Level.ERROR]
        if errors:
            raise ManifestError(f"{len(errors)} faults; nothing was imported", faults)
        report.files = len(changed)
        report.orphaned = unit.lines.orphan(sorted(unread), generation)
        context = self._source.context
        unit.lines.save_files({f.path: (f.sha256, context) for f in changed}, gone)

    def _store(
        self,
        unit: UnitOfWork,
        utterances: Sequence[Utterance],
        generation: int,
        report: IngestReport,
    ) -> None:
        """Store one piece of lines, their takes and their outbox rows."""
        asked = self._ask(unit, utterances, report)
        known = unit.takes.find(sorted({k.hex for a in asked for k in (a.key, a.take_key)}))
        outcomes = [outcome(a, known) for a in asked]
        frozen = {a.utterance.key for a, o in zip(asked, outcomes, strict=True) if keeps(a, o)}
        before = report.requested
        takes, events = self._requests(unit, asked, frozen, known, report)
        if self._lock is not None:
            settle(unit, self._lock, asked, frozen, known)
        writes = []
        for line, verdict in zip(asked, outcomes, strict=True):
            stored = line.stored
            take_id = takes.get(line.take_key.hex, 0)
            if stored is not None and line.utterance.key in frozen:
                take_id = stored.take_id
            elif line.pin and stored is not None:
                events.append(LineFrozen(*line.utterance.key, take_id, who="import: the lock"))
            elif verdict.lapses:
                report.lapsed.append(line.utterance.key)
                events.append(LineThawed(*line.utterance.key, who="import: the line changed"))
            writes.append(
                LineWrite(
                    pk=stored.pk if stored else None,
                    utterance=line.utterance,
                    render_key=line.key.hex,
                    input_digest=line.key.input_digest,
                    take_id=take_id,
                    frozen_take_id=take_id if line.utterance.key in frozen or line.pin else None,
                )
            )
        report.lines += len(asked)
        report.cached += len(asked) - (report.requested - before)
        unit.lines.save(writes, generation)
        if self._lock is not None:
            events += take_over_waivers(unit, self._lock, asked)
        unit.outbox.add(events)

    def _ask(
        self, unit: UnitOfWork, utterances: Sequence[Utterance], report: IngestReport
    ) -> list[Asked]:
        """Compose keys and find what is stored, following renames."""
        stored, renames = find_stored(unit, utterances)
        held = unit.lines.find([said.key for said, _ in renames]).values()
        for orphan in held:
            unit.lines.free(orphan.pk)
        for said, before in renames:
            unit.lines.rename(before.pk, said.line_id)
            unit.outbox.add([LineRenamed(*said.key, was=before.utterance.line_id)])
        report.renamed += len(renames)
        return [self._asked(u, stored.get(u.key)) for u in utterances]

    def _asked(self, said: Utterance, stored: StoredLine | None) -> Asked:
        key = self._keys.key(said)
        is_held = stored is not None and stored.is_frozen and not lapses(key, stored.parts)
        pin = None if is_held or self._lock is None else self._lock.pin(said, key)
        return Asked(said, key, stored, pin)

    def _requests(
        self,
        unit: UnitOfWork,
        asked: Sequence[Asked],
        frozen: set[tuple[str, str]],
        known: Mapping[str, tuple[int, TakeStatus]],
        report: IngestReport,
    ) -> tuple[dict[str, int], list[Event]]:
        """Create the takes that no key is known for; returns key to row id, and the events."""
        new: dict[str, TakeWrite] = {}
        for line in asked:
            key = line.take_key.hex
            if key in known or key in new or line.utterance.key in frozen:
                continue
            new[key] = self._write(line)
        ids = {key: pk for key, (pk, _) in known.items()} | unit.takes.add(list(new.values()))
        open_ = {key: write for key, write in new.items() if write.result is None}
        report.requested += len(open_)
        wanted = {k: w for k, w in open_.items() if self._wanted(w.request.utterance)}
        report.wanted += [ids[key] for key in wanted]
        events: list[Event] = [
            TakeRequested(ids[key], w.request.utterance.voice, w.phonemes, w.queue, w.priority)
            for key, w in wanted.items()
        ]
        return ids, events

    def _write(self, line: Asked) -> TakeWrite:
        request = self._request(line.utterance)
        return TakeWrite(
            render_key=line.take_key,
            request=request,
            phonemes=len(line.utterance.text),
            result=self._hydrate(line.take_key),
            queue=self.queue_of(request),
            priority=Priority.NORMAL if self._order.priority is None else self._order.priority,
            asked_by=self._order.project,
            trace_id=self._order.trace_id,
        )
