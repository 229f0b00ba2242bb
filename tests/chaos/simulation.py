"""One seed, one case: the real services in virtual time, on a world that breaks.

    python -m tests.chaos.campaign --seed 4711        one case, told step by step
    python -m tests.chaos.campaign --cases 10000      many

Writers, relays and workers are the real services (`Ingest`, `Relay`, `Reaper`, `Render`) on the
real tables; what speaks is a fake, and the queue, the store and the clocks misbehave. At every step
a process may die, its transaction undone, or stand still for longer than its lease and go on.
"""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Engine

from renderer import config
from renderer.db.engine import open_database
from renderer.db.migrate import migrate
from renderer.db.tables import metadata
from renderer.domain.import_order import ImportOrder
from renderer.domain.project import Project
from renderer.domain.render_key import Part, digest
from renderer.domain.request import RenderRequest
from renderer.domain.route import Queue, routes_of
from renderer.domain.take import TakeStatus
from renderer.domain.utterance import Origin, Utterance
from renderer.errors import BarklineError, DatabaseError, QueueError
from renderer.services import lease, relay
from renderer.services.ingest import FEW, Ingest
from renderer.services.publish import Publish
from renderer.services.queue import request
from renderer.services.render_key import KeyBuilder
from renderer.services.scope import Scope
from tests.chaos import actor, checker
from tests.chaos.actor import Process, ShakyUnit
from tests.chaos.history import Expected, History, expectations, read_history
from tests.chaos.lossy import LossyQueue, away
from tests.chaos.scheduler import Scheduler
from tests.chaos.stage import CARDS, FakeVoices, keep_sounds
from tests.chaos.weather import WEATHER

PROJECT = "tiny"
WORDS = ("halt", "stay", "road", "gate", "river", "night", "stone", "letter")
APPROVED = TakeStatus.APPROVED.value
GOOD = [f"{a} {b} {c}" for a, b, c in itertools.islice(itertools.permutations(WORDS, 3), 60)]
ODD = ("silent", "mute", "explode", "unspeakable")
POISON = ("poison", "hang")
TEXTS = (*GOOD, *(f"{odd} {word}" for odd in (*ODD, *POISON) for word in WORDS[:3]))
OPEN = """SELECT (SELECT count(*) FROM outbox)
    + (SELECT count(*) FROM take WHERE status IN ('pending', 'leased'))"""
CALM_AFTER_S = 60.0
END_S = 3_600.0
# How often something goes wrong, per opportunity; a case multiplies all of them.
RATES = {"crash": 0.006, "stop": 0.004, "database": 0.006, "store": 0.015, "queue": 0.01}


@dataclass(frozen=True)
class File:
    path: str
    sha256: str


class Source:
    """Implements `ports.ManifestSource` over lists of lines."""

    project = Project(PROJECT, (), (), "en-US", ("en-US",), {})  # type: ignore[arg-type]
    context = "context"

    def __init__(self, scenes: dict[str, list[Utterance]]) -> None:
        self.scenes = scenes

    def files(self) -> list[File]:
        return [File(p, digest([str(u) for u in said])) for p, said in self.scenes.items()]

    def read(self, files: Any, faults: Any, taken: Any) -> Any:
        for file in files:
            yield file.path, self.scenes[file.path]

    def form(self, line_id: str, locale: str) -> str:
        return f"{locale}/{line_id}".casefold()


def say(text: str, path: str) -> Utterance:
    voice = sorted(CARDS)[TEXTS.index(text) % len(CARDS)]
    said = Utterance(text.replace(" ", "_"), "en-US", "guard", "gate", text, text, voice)
    return replace(said, origin=Origin(path, 1))


@cache
def database() -> Engine:
    """Return the one database of this test process, in memory."""
    engine = open_database("sqlite://")
    migrate(engine, config.migrations_dir())
    return engine


class Case:
    """One run of the service.

    Args:
        seed: Decides everything.
        texts: What is said; None: what the seed decides.
        intensity: Multiplies every rate; None: what the seed decides, 0: nothing goes wrong.
        log: Told what happens.
    """

    def __init__(
        self,
        seed: int,
        texts: Sequence[str] | None = None,
        intensity: float | None = None,
        log: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.scheduler = Scheduler(seed)
        self.random = self.scheduler.random
        self.engine = database()
        self.objects: dict[str, bytes] = {}
        self.renders: dict[str, set[int]] = {}
        self.hits: Counter[int] = Counter()
        self.faults: Counter[str] = Counter()
        self.down_until = {"database": 0.0, "store": 0.0}
        self.queue = LossyQueue(lambda: self.scheduler.now_s, lambda _c: self.fault("queue"))
        self.batch_size = self.random.choice((1, 2, 4, 16))
        self.bound = self.random.choice((0, 2, 64))
        self._log = log
        self._batches = itertools.count(1)
        self._intensity = self.random.choice((0.5, 1, 2, 4)) if intensity is None else intensity
        self._is_calm = False
        self._written = 0
        self._plain = self.engine.raw_connection().driver_connection
        self._changes = self._looked = -1
        self.changed_s = 0.0
        self.processes: dict[str, Process] = {}
        self._locks: list[str] = []
        self.texts = list(texts) if texts is not None else self._choose()

    def _choose(self) -> list[str]:
        chosen = self.random.sample(GOOD, self.random.randint(1, 6))
        if self.random.random() < 0.25:
            chosen.append(f"{self.random.choice(ODD)} {WORDS[0]}")
        if self.random.random() < 0.15:
            chosen.append(f"{self.random.choice(POISON)} {WORDS[1]}")
        self.random.shuffle(chosen)
        return chosen

    def log(self, text: str) -> None:
        self._log(f"{self.scheduler.now_s:8.2f} {text}")

    def next_batch(self) -> int:
        return next(self._batches)

    def hit(self, take_ids: Sequence[int]) -> None:
        """Count a fault against what it hits."""
        self.hits.update(take_ids)

    def may(self, kind: str) -> bool:
        """Whether a fault happens now."""
        if self._is_calm or self.random.random() >= RATES[kind] * self._intensity:
            return False
        self.faults[kind] += 1
        return True

    def fault(self, kind: str, process: Process | None = None) -> None:
        """Fail, or not, as the world does."""
        is_down = self.scheduler.now_s < self.down_until.get(kind, 0.0)
        if not is_down and not self.may(kind):
            return
        if process is not None:
            self.hit(process.holding)
            self.log(f"{process.name} finds the {kind} away")
        if kind == "database":
            raise DatabaseError("the database is away")
        raise QueueError("the queue is away") if kind == "queue" else away()

    def replace(self, process: Process, body: Callable[[Process], None]) -> None:
        """Let a process that died be followed by another one."""
        self._spawn(process.name.partition("'")[0] + "'", body, self.random.uniform(0.2, 8.0))

    def _spawn(self, name: str, body: Callable[[Process], None], delay_s: float) -> None:
        process = Process(self, name, body)
        if self.random.random() < 0.1 * self._intensity and not self._is_calm:
            self.skew(process)
        self.processes[name.partition("'")[0]] = process
        self.scheduler.start(process.run, delay_s)

    def skew(self, process: Process) -> None:
        process.clock.skew_s = self.random.uniform(-120.0, 120.0)
        self.faults["clock"] += 1
        self.log(f"the clock of {process.name} is {process.clock.skew_s:+.0f} s off")
        self.hit(range(1, len(TEXTS) + 1))

    def run(self, expected: dict[str, Expected]) -> History:
        """Run to the end; returns what it left behind."""
        with self.engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
        cut = self.random.randint(0, len(self.texts))
        self._scenes = {
            path: [say(text, path) for text in some]
            for path, some in (("a.yaml", self.texts[:cut]), ("b.yaml", self.texts[cut:]))
        }
        for number in range(self.random.randint(1, 2)):
            self._spawn(f"relay {number}", actor.relay, self.random.random())
        for number in range(self.random.randint(1, 3)):
            self._spawn(f"worker {number}", actor.work, self.random.random())
        self._spawn("writer", self._write, 0.0)
        self.scheduler.start(self._weather, 1.0)
        self.scheduler.start(self._calm, CALM_AFTER_S if self._intensity else 0.0)
        for _ in range(self.random.randint(0, 2)):
            self.scheduler.start(self._publish, self.random.uniform(1.0, 60.0))
        is_over = self.scheduler.run(self._is_over, END_S)
        self.down_until.clear()
        self._publish()
        return self._history(expected, is_over=is_over)

    def _is_over(self) -> bool:
        """Whether every line is done; asked of the database only when it may be."""
        if not self._is_calm or self._written < 2:
            return False
        if self.changes() == self._looked:
            return False
        self._looked = self._changes
        return bool(self._plain.execute(OPEN).fetchone()[0] == 0)

    def changes(self) -> int:
        """Return a number that grows with every row that is written."""
        if self._plain.total_changes != self._changes:
            self._changes, self.changed_s = self._plain.total_changes, self.scheduler.now_s
        return self._changes

    def _calm(self) -> None:
        self._is_calm = True
        self.log("the faults are over")

    def _write(self, process: Process) -> None:
        """Be the writers: import, and again when it failed; later import more."""
        while self._written < 2:
            try:
                self._import(process, ("a.yaml", "b.yaml")[: self._written + 1])
            except DatabaseError:
                process.sleep(1.0)
                continue
            self._written += 1
            process.sleep(self.random.uniform(0.0, 20.0))

    def _import(self, process: Process, paths: Sequence[str]) -> None:
        def unit() -> ShakyUnit:
            return ShakyUnit(process, PROJECT)

        voices = FakeVoices()
        keys = KeyBuilder(_parts, voices, {Part.ENCODER: "e"})
        source = Source({path: self._scenes[path] for path in paths})
        ingest = Ingest(
            unit, source, keys, RenderRequest, lambda _k: None, order=ImportOrder(PROJECT)
        )
        ingest.failpoint = process.point
        ingest.run()
        request(unit, Scope(), FEW, failpoint=process.point)

    def _publish(self) -> None:
        """Write a lock of what is approved by now."""
        process = Process(self, "publisher", lambda _process: None)
        try:
            with ShakyUnit(process, PROJECT, is_read_only=True) as unit:
                publish = Publish(process.store(), FakeVoices(), date(2026, 1, 1))
                self._locks.append(publish.run(unit, PROJECT, {}).text)
        except BarklineError as error:
            self.log(f"no lock: {error}")

    def _weather(self) -> None:
        """Do to the world what no process does."""
        while not self._is_calm:
            self.scheduler.sleep(self.random.expovariate(self._intensity / 30.0 + 1e-9))
            if self._is_calm:
                return
            kind = self.random.choice(sorted(WEATHER))
            self.faults[kind] += 1
            self.log(f"weather: {kind}")
            WEATHER[kind](self, self.random)

    def _history(self, expected: dict[str, Expected], *, is_over: bool) -> History:
        said = [line for lines in self._scenes.values() for line in lines]
        history = History(expected=expected, is_over=is_over, locks=self._locks)
        history.accepted = {line.key: line.text for line in said}
        read_history(self.engine, list(self.objects), self.objects.__getitem__, history)
        history.hits = dict(self.hits)
        history.renders = {
            row.pk: len(self.renders.get(row.text, ())) for row in history.takes.values()
        }
        return history


def _parts(said: Utterance) -> dict[Part, str]:
    return {Part.TEXT: digest(said.text), Part.VOICE: digest(said.voice)}


@contextmanager
def staged() -> Iterator[None]:
    """Run cases within: the stages keep their sounds, and hangs are found soon."""
    undo, log = keep_sounds(), logging.getLogger("renderer")
    before = log.level, relay.ROUTES, lease.DEADLINE_S
    log.setLevel(logging.CRITICAL + 1)
    relay.ROUTES, lease.DEADLINE_S = routes_of((Queue.CPU,)), 20.0  # the other lanes are empty
    try:
        yield
    finally:
        level, relay.ROUTES, lease.DEADLINE_S = before
        log.setLevel(level)
        undo()


@cache
def calm() -> dict[str, Expected]:
    """Return what every line comes to where nothing goes wrong.

    Raises:
        RuntimeError: A good line is not approved; then no case would try what it is for.
    """
    expected = expectations(Case(0, TEXTS, 0.0).run({}))
    amiss = {text: expected[text].status for text in GOOD if expected[text].status != APPROVED}
    if amiss:
        raise RuntimeError(f"with no fault, good lines are not approved: {amiss}")
    return expected


def run_case(seed: int, log: Callable[[str], None] = lambda _text: None) -> tuple[Case, list[str]]:
    """Run one case; returns it and what is wrong with it."""
    expected = calm()
    case = Case(seed, log=log)
    return case, checker.check(case.run(expected))
