"""A process of the simulation: its clock, its transactions, its death, and what it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

from renderer.db.plain import dump_result
from renderer.db.unit_of_work import SqlUnitOfWork
from renderer.errors import DatabaseError, QueueError
from renderer.messaging.broker import MESSAGE_VERSION
from renderer.services.finish import Finisher
from renderer.services.keep import Keeper
from renderer.services.lease import LeaseKeeper
from renderer.services.level import VoiceLevel
from renderer.services.perform import Performer
from renderer.services.reap import Reaper
from renderer.services.relay import Pace, Relay
from renderer.services.render import Render
from tests.chaos.lossy import FlakyStore, Letter
from tests.chaos.scheduler import Crash, SkewedClock
from tests.chaos.stage import LIMITS, FakeJudge, FakeTranscriber, FakeVoices
from workers.actors import MAX_RETRIES, UnknownVersionError

if TYPE_CHECKING:
    from tests.chaos.simulation import Case

LEASE_S = 15.0
LOST_AFTER_S = 5.0
REAP_EVERY_S = 2.0
LINGER_S = 0.2
POLL_S = 10.0
# Seconds of work before a step, at most; others go on meanwhile.
WORK_S = {"performed": 2.0, "judged": 3.0, "storing": 0.3, "kept": 0.2, "leased": 0.2}


class ShakyUnit(SqlUnitOfWork):
    """The real unit of work, of a process that may die, on a database that may be away."""

    def __init__(self, process: Process, project: str, *, is_read_only: bool = False) -> None:
        case = process.case
        super().__init__(case.engine, project, process.clock, is_read_only=is_read_only)
        self._process = process

    def __enter__(self) -> Self:
        self._process.check()
        assert self._process.depth == 0, "a transaction within a transaction"
        self._process.case.fault("database", self._process)
        super().__enter__()
        self._process.depth += 1
        return self

    def __exit__(self, *about: Any) -> None:
        self._process.depth -= 1
        super().__exit__(*about)

    def commit(self) -> None:
        self._process.case.fault("database", self._process)
        super().commit()
        self._process.case.fault("database", self._process)  # kept, and nobody is told


class Process:
    """One process. It begins anew after its death, as a supervisor has it.

    Args:
        case: What it is part of.
        name: What it is.
        body: What it runs.
    """

    def __init__(self, case: Case, name: str, body: Callable[[Process], None]) -> None:
        self.case = case
        self.name = name
        self.clock = SkewedClock(case.scheduler)
        self.depth = 0
        self.batch = 0
        self.holding: Sequence[int] = ()
        self.is_dead = False
        self._silent_since = 0.0
        self._stands_until = 0.0
        self._body = body

    def run(self) -> None:
        """Run until death; the next one is born a little later."""
        try:
            self._body(self)
        except Crash:
            self.case.log(f"{self.name} is gone")
            self.case.replace(self, self._body)

    def unit(self) -> ShakyUnit:
        return ShakyUnit(self, "")

    def reading(self) -> ShakyUnit:
        return ShakyUnit(self, "", is_read_only=True)

    def store(self) -> FlakyStore:
        return FlakyStore(lambda what: self.case.fault("store", self), self.case.objects)

    def is_silent(self, seconds: float) -> bool:
        """Whether nobody has heard of it for that long."""
        now = self.case.scheduler.now_s
        is_still = self.is_dead or now < self._stands_until
        return is_still and now - self._silent_since >= seconds

    def check(self) -> None:
        """Hold that it lives."""
        if self.is_dead:
            raise Crash

    def sleep(self, seconds: float) -> None:
        """Let others go on."""
        self.check()
        scheduler = self.case.scheduler
        scheduler.sleep(seconds)
        while not self.is_dead and scheduler.now_s < self._stands_until:
            scheduler.sleep(self._stands_until - scheduler.now_s)
        self.check()

    def kill(self, why: str) -> None:
        """End it, as SIGKILL does: whatever it is at."""
        if not self.is_dead:
            self.case.log(f"{self.name} is killed: {why}, holding {list(self.holding)}")
            self.case.hit(self.holding)
            self.is_dead = True
            self._silent_since = self.case.scheduler.now_s

    def stop(self, seconds: float) -> None:
        """Let it stand still, as SIGSTOP does."""
        self.case.log(f"{self.name} stands still for {seconds:.0f} s")
        self.case.hit(self.holding)
        self._silent_since = self.case.scheduler.now_s
        self._stands_until = max(self._stands_until, self._silent_since + seconds)

    def point(self, step: str) -> None:
        """Pass a step of the walk; the failpoint of everything it runs."""
        self.check()
        case = self.case
        if case.may("crash"):
            self.kill(f"at {step}")
            raise Crash
        if step == "leased":
            self.batch = case.next_batch()
        if self.depth:
            return
        if case.may("stop"):
            self.stop(case.random.uniform(1.0, 60.0))
        self.sleep(case.random.random() * WORK_S.get(step, 0.05))

    def told(self, words: tuple[str, ...]) -> None:
        """Hear what its voices are asked to say."""
        text = " ".join(words)
        self.case.renders.setdefault(text, set()).add(self.batch)
        if "poison" in words:
            self.kill(f"{text} crashes in native code")
            raise Crash
        while "hang" in words:
            self.sleep(3.0)


def work(process: Process) -> None:
    """Be a worker process: the real render, its heartbeat, and Dramatiq's ways with messages."""
    case, voices = process.case, FakeVoices(process.told)
    leases = LeaseKeeper(process.unit, process.clock, LEASE_S)
    store, transcriber = process.store(), FakeTranscriber()
    level = VoiceLevel(process.unit, transcriber, voices.engine_revision, process.reading)
    render = Render(
        process.unit,
        Performer(process.reading, store, voices, lambda _entries: transcriber),
        Finisher(voices, level, [FakeJudge()], lambda _project: LIMITS),
        Keeper(store, voices, lambda _codec: {"barkline": "test"}, dump_result),
        process.clock,
        leases,
        process.name,
        is_patient=True,
    )
    render.arm(process.point)
    leases.failpoint = lambda _step: None
    case.scheduler.start(lambda: beat(process, leases), leases.interval_s)
    while True:
        process.sleep(case.random.uniform(0.05, 0.5))
        letter = _next(process)
        if letter is None:
            process.sleep(case.random.uniform(0.2, 3.0))
            continue
        process.holding = letter.take_ids
        try:
            process.point("received")
            if letter.version != MESSAGE_VERSION:
                raise UnknownVersionError(str(letter.version))
            render.batch(letter.take_ids)
        except Exception as error:
            case.log(f"{process.name} failed on {letter}: {type(error).__name__} {error}")
            _give_up(process, letter)
        _acknowledge(process, letter)
        process.holding = ()


def _next(process: Process) -> Letter | None:
    try:
        return process.case.queue.take(process)
    except QueueError:
        return None


def _give_up(process: Process, letter: Letter) -> None:
    """Try a message again later, or bury it, as Dramatiq does; failures of that are swallowed."""
    try:
        if letter.retries < MAX_RETRIES:
            process.case.queue.again(letter, 0.2 * 2**letter.retries)
            return
        process.point("burying")
        with process.unit() as unit:
            unit.dead_letters.add(str(letter.number), letter.lane, letter.take_ids, "failed")
            unit.commit()
    except (QueueError, DatabaseError):
        pass


def _acknowledge(process: Process, letter: Letter) -> None:
    while True:
        try:
            process.case.queue.done(letter)
        except QueueError:
            process.sleep(1.0)
        else:
            return


def beat(process: Process, leases: LeaseKeeper) -> None:
    """Renew leases while the process lives; a batch that hangs ends it."""
    while True:
        try:
            overdue = leases.beat()
        except DatabaseError:
            overdue = []
        if overdue:
            process.kill("a batch hangs")
        process.sleep(leases.interval_s)


def relay(process: Process) -> None:
    """Be a relay process: the real relay and the real reaper."""
    case = process.case
    pace = Pace(case.batch_size, case.bound, LINGER_S)
    mover = Relay(process.unit, case.queue, pace, process.clock, process.point)
    reaper = Reaper(process.unit, case.queue, process.clock, LOST_AFTER_S, process.point)
    reaped, polled, seen = 0.0, 0.0, -1
    while True:
        moved = 0
        now, changes = case.scheduler.now_s, case.changes()
        try:
            # Where nothing was written there is nothing to move: what a notification says.
            if changes != seen or now - polled > POLL_S:
                polled = now
                moved = mover.run_once()
                is_young = now - case.changed_s < LINGER_S
                seen = -1 if moved or is_young else changes
            if case.scheduler.now_s - reaped >= REAP_EVERY_S:
                reaped = case.scheduler.now_s
                reaper.run_once()
        except (DatabaseError, QueueError):
            process.sleep(case.random.uniform(0.25, 5.0))
        process.sleep(case.random.uniform(0.1, 0.5 if moved else 6.0))
