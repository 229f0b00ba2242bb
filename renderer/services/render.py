"""Step 5 of the walk: takes become sound. Read this file first.

    (a) a short transaction: skip what is finished, lease the rest, count the delivery
    (b) no transaction open: speak and direct (perform.py), master, encode, measure and judge
        (finish.py); what the gate rejects is tried again with something changed (attempt.py)
    (c) objects into the store under their hash, before anything names them (keep.py)
    (d) a second transaction, fenced by the lease: the result and the event

A crash anywhere leaves an expired lease and harmless objects, never a row without its sound. One
bad take never fails its batch. A take that was begun before goes alone, so that what kills workers
takes no neighbour along; when workers died on it too often it is quarantined.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence

from renderer.domain.events import TakeFinished
from renderer.domain.render_key import Part, RenderKey
from renderer.domain.request import RenderRequest
from renderer.domain.take import RenderResult, Take, TakeStatus
from renderer.domain.verdict import Decision
from renderer.errors import (
    BarklineError,
    DatabaseError,
    LeaseLostError,
    MisfitError,
    StorageError,
)
from renderer.ports import SILENT, UNTRACED, Clock, Meter, Tracer, UnitOfWork
from renderer.services.failpoint import Failpoint, nothing
from renderer.services.finish import Finished, Finisher
from renderer.services.fitness import explain
from renderer.services.keep import Keeper, failed, is_outage
from renderer.services.lease import LeaseKeeper
from renderer.services.perform import Performance, Performer
from renderer.services.tally import fields_of, tell_attempt, tell_line, tell_quarantine, traces_of

EMBEDDED_LEASE_S = 15 * 60.0
# Between tries to store a result, seconds; all together less than a lease.
PAUSES_S = (0.1, 0.3, 1.0, 3.0, 5.0)
log = logging.getLogger(__name__)


class Render:
    """Renders batches of takes.

    Args:
        unit: Begins a transaction.
        performer: Speaks and directs.
        finisher: Masters, encodes and judges.
        keeper: Stores objects and makes the result.
        clock: Measures the work, for estimates.
        leases: Renews leases; None for long ones that nobody renews (one process, one worker).
        worker: Name of this worker.
        is_patient: Whether a store that is away is waited for, and no reason to fail a take.

    Attributes:
        failpoint: Called with the name of each step; fault tests put theirs here.
        told: Called with every result that was stored, for progress displays.
        misfits: Names what of a take's key this process does not honour; such takes are left to
            others.
        meter, tracer: Told what became of takes and what is at work; see `watch`.
    """

    def __init__(
        self,
        unit: Callable[[], UnitOfWork],
        performer: Performer,
        finisher: Finisher,
        keeper: Keeper,
        clock: Clock,
        leases: LeaseKeeper | None = None,
        worker: str = "worker",
        *,
        is_patient: bool = False,
    ) -> None:
        self._unit = unit
        self._performer = performer
        self._finisher = finisher
        self._keeper = keeper
        self._clock = clock
        self._leases = leases or LeaseKeeper(unit, clock, EMBEDDED_LEASE_S)
        self._worker = worker
        self._is_patient = is_patient
        self._stopping = threading.Event()
        self.failpoint: Failpoint = nothing
        self.told: Callable[[RenderResult], None] = lambda _result: None
        self.misfits: Callable[[Take], tuple[Part, ...]] = lambda _take: ()
        self.meter: Meter = SILENT
        self.tracer: Tracer = UNTRACED

    def watch(self, meter: Meter, tracer: Tracer) -> None:
        """Tell a meter and a tracer of everything from now on."""
        self.meter = self._performer.meter = self._finisher.meter = self._keeper.meter = meter
        self.tracer = tracer

    def arm(self, failpoint: Failpoint) -> None:
        """Call a failpoint at every step, those of the parts as well."""
        self.failpoint = self._keeper.failpoint = self._leases.failpoint = failpoint

    def stop(self) -> None:
        """Begin no further batch: what is queued is given back to the database."""
        self._stopping.set()

    def batch(self, take_ids: Sequence[int]) -> None:
        """Render what is neither finished nor leased by another worker.

        Raises:
            StorageError: The store is away; what could not be stored was given back.
            MisfitError: This process is not what takes were planned for; they were given back.
            DatabaseError: The database is away; leases run out by themselves.
        """
        for some in self._portions(take_ids):
            if self._stopping.is_set():
                return
            self._portion(some)

    def _portions(self, take_ids: Sequence[int]) -> list[list[int]]:
        """Split a batch into what is fresh, together, and what was begun before, one by one.

        Of those the least suspect come first. What is worn out is quarantined.
        """
        with self._unit() as unit:
            worn_out = unit.leases.quarantine(take_ids)
            lost = unit.takes.get(worn_out) if worn_out else []
            unit.outbox.add(
                [TakeFinished(t.id, TakeStatus.QUARANTINED.value, t.trace_id) for t in lost]
            )
            begun = unit.leases.deliveries(take_ids)
            unit.commit()
        tell_quarantine(self.meter, lost)
        fresh = [pk for pk in take_ids if begun.get(pk) == 0]
        suspect = sorted((count, pk) for pk, count in begun.items() if count)
        return ([fresh] if fresh else []) + [[pk] for _, pk in suspect]

    def _portion(self, take_ids: Sequence[int]) -> None:
        owner = f"{self._worker}:{uuid.uuid4().hex}"
        takes = self._lease(take_ids, owner)
        self._leases.hold(owner, takes)
        open_ids = {take.id for take in takes}
        try:
            self.failpoint("leased")
            with self.tracer.span("render batch", traces_of(takes), batch=owner, lines=len(takes)):
                away = self._work(takes, owner, open_ids)
        except BaseException as error:
            is_innocent = isinstance(error, DatabaseError)
            self._release(sorted(open_ids), owner, is_innocent=is_innocent)
            raise
        finally:
            self._leases.drop(owner)
        if away is not None:
            self._release(sorted(open_ids), owner, is_innocent=True)
            raise away

    def _work(self, takes: Sequence[Take], owner: str, open_ids: set[int]) -> BarklineError | None:
        """Render and store takes; returns why some are to be given back, and nobody is at fault.

        Args:
            takes: Leased.
            owner: Who holds them.
            open_ids: Their row ids; those that are done are taken out.
        """
        away: BarklineError | None = None
        misfits = {take.id: found for take in takes if (found := self.misfits(take))}
        if misfits:
            away = MisfitError(explain(next(iter(misfits.values()))))
            takes = [take for take in takes if take.id not in misfits]
        began = self._clock.monotonic_s()
        results = self._render(takes)
        spent = (self._clock.monotonic_s() - began) / max(1, len(takes))
        for take in takes:
            with self.tracer.span("take", [take.trace_id], **fields_of(take)):
                result = self._keep(take, results[take.id], spent)
                if isinstance(result, StorageError):
                    away = result
                    continue
                self._store(take, owner, result)
            open_ids.discard(take.id)
        return away

    def preview(self, key: RenderKey, request: RenderRequest) -> Finished:
        """Render one request through the same stages, first attempt only; nothing is stored.

        Raises:
            BarklineError: The line cannot be spoken.
        """
        take = Take(0, key, request)
        made = self._finisher.finish([take], self._performer.perform([take], 1), 1)[0]
        if isinstance(made, BarklineError):
            raise made
        return made

    def _lease(self, take_ids: Sequence[int], owner: str) -> list[Take]:
        with self._unit() as unit:
            takes = unit.takes.lease(take_ids, owner, self._leases.seconds)
            unit.commit()
        return takes

    def _release(self, take_ids: Sequence[int], owner: str, *, is_innocent: bool = False) -> None:
        """Give leases back; unless the world failed the delivery stays counted, for quarantine."""
        if not take_ids:
            return
        with self._unit() as unit:
            unit.takes.release(take_ids, owner, is_innocent=is_innocent)
            unit.commit()

    def _render(self, takes: Sequence[Take]) -> dict[int, list[Finished] | BarklineError]:
        """Render a batch; when that breaks in an unforeseen way, take by take."""
        try:
            return self._attempts(takes)
        except DatabaseError:  # the world's fault, and no line's
            raise
        except Exception as error:  # a bug or a broken model must not take its neighbours along
            if len(takes) == 1 and isinstance(error, StorageError):
                return {takes[0].id: error}
            if len(takes) == 1:
                with self.tracer.span("failure", [takes[0].trace_id], **fields_of(takes[0])):
                    log.exception("take %d failed", takes[0].id)
                return {takes[0].id: BarklineError(f"{type(error).__name__}: {error}")}
            log.warning("batch of %d failed, going on take by take", len(takes))
            return {take.id: self._render([take])[take.id] for take in takes}

    def _attempts(self, takes: Sequence[Take]) -> dict[int, list[Finished] | BarklineError]:
        """Try each take until the gate approves it or its attempts are used up."""
        tried: dict[int, list[Finished] | BarklineError] = {}
        open_ = list(takes)
        number = 0
        while open_:
            number += 1
            performed = self._performer.perform(open_, number)
            self.failpoint("performed")
            finished = self._finisher.finish(open_, performed, number)
            self.failpoint("judged")
            tell_attempt(self.meter, open_, number, finished)
            again = []
            for take in open_:
                if self._is_open(take, finished[take.id], performed[take.id], tried):
                    again.append(take)
            open_ = again
        return tried

    def _keep(
        self, take: Take, made: list[Finished] | BarklineError, spent_s: float
    ) -> RenderResult | StorageError:
        """Store the objects of one take; what cannot be kept fails that take, not its batch."""
        if self._is_patient and is_outage(made):
            return made
        try:
            return self._keeper.keep(take, made, spent_s)
        except BarklineError as error:  # a full disk, a store that is away: said, not lost
            if self._is_patient and is_outage(error):
                return error
            return failed(f"it could not be stored: {error}", spent_s)
        except Exception as error:  # a bug
            log.exception("take %d could not be kept", take.id)
            return failed(f"it could not be stored: {error}", spent_s)

    @staticmethod
    def _is_open(
        take: Take,
        made: Finished | BarklineError,
        performed: Performance | BarklineError,
        tried: dict[int, list[Finished] | BarklineError],
    ) -> bool:
        """Record an attempt; return whether another one is due."""
        if isinstance(made, BarklineError):
            tried.setdefault(take.id, made)
            return False
        before = tried.setdefault(take.id, [])
        if isinstance(before, list):
            before.append(made)
        may_change = isinstance(performed, Performance) and performed.may_retry
        return (
            may_change
            and made.verdict.decision is Decision.REJECTED
            and made.number < take.request.max_attempts
        )

    def _store(self, take: Take, owner: str, result: RenderResult) -> None:
        """Store a result in the second transaction; a late one of a lost lease is dropped."""
        self.failpoint("kept")
        try:
            self._finish(take, owner, result)
        except LeaseLostError as error:
            log.warning("%s; the result is dropped", error)
            self.meter.count("barkline_lease_lost_total")
        else:
            tell_line(self.meter, take, result)
            log.info("take %d is %s", take.id, result.status.value)
            self.told(result)
        self.failpoint("finished")

    def _finish(self, take: Take, owner: str, result: RenderResult) -> None:
        """Store a result; a patient worker does not throw work away for a database that blinks."""
        for pause_s in (*(PAUSES_S if self._is_patient else ()), None):
            try:
                with self._unit() as unit:
                    unit.takes.finish(take.id, owner, result)
                    unit.outbox.add([TakeFinished(take.id, result.status.value, take.trace_id)])
                    self.failpoint("finishing")
                    unit.commit()
            except DatabaseError as error:
                if pause_s is None or not error.is_transient:
                    raise
                log.warning("take %d could not be stored, trying again: %s", take.id, error)
                time.sleep(pause_s)
            else:
                return
