"""Import and plan over a fake source: the same lines, the same answers, nothing by halves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from renderer.domain.project import Project
from renderer.domain.render_key import Part, RenderKey, digest
from renderer.domain.request import RenderRequest
from renderer.domain.route import Priority
from renderer.domain.take import RenderResult, TakeStatus
from renderer.domain.utterance import Origin, Utterance
from renderer.errors import DatabaseError, Fault, Level, ManifestError
from renderer.services.compare import Change
from renderer.services.ingest import PIECE, Ingest, IngestReport
from renderer.services.plan import Plan, Planner
from renderer.services.queue import request
from renderer.services.render_key import KeyBuilder
from renderer.services.scope import Scope

PROJECT = Project("tiny", Path(), Path(), "en-US", ("en-US",), {})


@dataclass(frozen=True)
class File:
    path: str
    sha256: str


@dataclass
class FakeSource:
    """Implements `ports.ManifestSource` over lists of lines."""

    scenes: dict[str, list[Utterance]]
    context: str = "context"
    faults: list[Fault] = field(default_factory=list)
    project: Project = PROJECT
    was_read: list[str] = field(default_factory=list)

    def files(self) -> Sequence[File]:
        return [File(p, digest([str(u) for u in lines])) for p, lines in self.scenes.items()]

    def read(
        self, files: Sequence[Any], faults: list[Fault], taken: Mapping[str, str]
    ) -> Iterator[tuple[str, Sequence[Utterance]]]:
        for file in files:
            self.was_read.append(file.path)
            yield file.path, self.scenes[file.path]
        faults += self.faults

    def form(self, line_id: str, locale: str) -> str:
        return f"{locale}/{line_id}".casefold()


def say(line_id: str, text: str = "", path: str = "a.yaml", **more: Any) -> Utterance:
    text = text or line_id
    said = Utterance(line_id, "en-US", "guard", path[0], text, text, "fake")
    return replace(said, origin=Origin(path, 1), **more)


class World:
    """A source, a database and the two services."""

    def __init__(self, studio: Any, *lines: Utterance) -> None:
        self.studio = studio
        self.engine = "1"
        self.results: dict[str, RenderResult] = {}
        self.source = FakeSource({})
        self.write(*lines)

    def write(self, *lines: Utterance) -> None:
        self.source.scenes = {}
        for said in lines:
            self.source.scenes.setdefault(said.origin.path, []).append(said)

    def _keys(self) -> KeyBuilder:
        def parts(said: Utterance) -> dict[Part, str]:
            return {Part.TEXT: digest(said.text), Part.VOICE: digest(said.voice)}

        card, engine = self.studio.voice.card, self.engine
        voices = SimpleNamespace(card=lambda _: card, engine_revision=lambda _: engine)
        self.source.context = f"context {self.engine}"
        return KeyBuilder(parts, voices, {Part.ENCODER: "e"})  # type: ignore[arg-type]

    def ingest(
        self, wanted: Any = lambda _said: True, failpoint: Any = print, **lock: Any
    ) -> IngestReport:
        def hydrate(key: RenderKey) -> RenderResult | None:
            return self.results.get(key.hex)

        keys = self._keys()
        ingest = Ingest(
            *(self.studio.unit, self.source, keys, RenderRequest, hydrate),
            wanted=wanted,
            **lock,
        )
        ingest.failpoint = failpoint
        return ingest.run()

    def plan(self, scope: Scope | None = None, **options: Any) -> Plan:
        keys = self._keys()
        with self.studio.unit() as unit:
            return Planner(self.source, keys).against_database(unit, scope or Scope(), **options)

    def changes(self, scope: Scope | None = None) -> dict[str, Change]:
        return {line.line_id: line.change for line in self.plan(scope).lines}

    def rows(self) -> dict[str, Any]:
        with self.studio.unit() as unit:
            return {r.utterance.line_id: r for r in unit.lines.iterate()}

    def waiting(self) -> list[int]:
        with self.studio.unit() as unit:
            return [row.take_id for row in unit.outbox.claim(10_000)]

    def finish(self) -> None:
        """Approve everything."""
        with self.studio.unit() as unit:
            pks = sorted({r.take_id for r in unit.lines.iterate()})
            for take in unit.takes.lease(pks, "me", 60):
                unit.takes.finish(take.id, "me", RenderResult(TakeStatus.APPROVED, None, 1))
            rows = unit.outbox.claim(10_000)
            unit.outbox.mark_sent([row.id for row in rows])
            unit.commit()


@pytest.fixture
def world(studio: Any) -> World:
    return World(studio, say("one"), say("two"), say("three", path="b.yaml"))


def test_a_plan_foretells_what_an_import_does(world: World) -> None:
    assert world.changes() == dict.fromkeys(("one", "two", "three"), Change.NEW)
    report = world.ingest()
    assert (report.files, report.lines, report.requested, report.cached) == (2, 3, 3, 0)
    assert len(world.waiting()) == 3
    assert set(world.changes().values()) == {Change.PENDING}
    world.finish()
    assert world.changes() == {}


def test_unchanged_files_are_not_read(world: World) -> None:
    world.ingest()
    world.source.was_read.clear()
    world.write(say("one"), say("two", "two!"), say("three", path="b.yaml"))
    report = world.ingest()
    assert world.source.was_read == ["a.yaml"]
    assert (report.skipped, report.requested, report.cached) == (1, 1, 1)


def test_a_new_engine_has_every_file_read(world: World) -> None:
    world.ingest()
    world.finish()
    world.engine = "2"
    plan = world.plan()
    assert {line.because for line in plan.lines} == {(Part.ENGINE,)}
    assert plan.work == 3
    assert world.ingest().requested == 3


def test_going_back_to_an_older_text_is_a_cache_hit(world: World) -> None:
    world.ingest()
    world.finish()
    world.write(say("one", "other"), say("two"), say("three", path="b.yaml"))
    world.ingest()
    world.finish()
    world.write(say("one"), say("two"), say("three", path="b.yaml"))
    assert world.plan().work == 0
    assert world.ingest().requested == 0
    assert world.waiting() == []


def test_lines_with_one_text_ask_once_over_pieces(studio: Any) -> None:
    lines = [say(f"l{i}", "the same") for i in range(PIECE + 20)]
    world = World(studio, *lines)
    report = world.ingest()
    assert (report.lines, report.requested, report.cached) == (PIECE + 20, 1, PIECE + 19)
    assert len({row.take_id for row in world.rows().values()}) == 1


def test_with_a_fault_at_the_end_nothing_was_imported(world: World) -> None:
    world.source.faults = [Fault("b.yaml", 9, "text", "is bad.", "Fix it.", "bad")]
    with pytest.raises(ManifestError, match="nothing was imported") as caught:
        world.ingest()
    assert len(caught.value.faults) == 1
    assert world.rows() == {}
    assert world.waiting() == []
    with pytest.raises(ManifestError):
        world.plan()


def test_a_warning_stops_nothing(world: World) -> None:
    world.source.faults = [Fault("b.yaml", 9, "text", "odd.", "Look.", "odd", Level.WARNING)]
    assert world.ingest().warnings == world.source.faults
    assert len(world.rows()) == 3


@pytest.mark.parametrize("step", ["importing", "imported"])
def test_a_crash_in_an_import_leaves_all_or_nothing(world: World, step: str) -> None:
    def crash(reached: str) -> None:
        if reached == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.ingest(failpoint=crash)
    assert len(world.rows()) == len(world.waiting()) == (0 if step == "importing" else 3)


def test_an_import_that_met_another_one_begins_anew(world: World) -> None:
    met = [DatabaseError("deadlock detected", is_transient=True)] * 2

    def meet(step: str) -> None:
        if step == "importing" and met:
            raise met.pop()

    report = world.ingest(failpoint=meet)
    assert (report.lines, report.requested, len(world.waiting())) == (3, 3, 3)

    def always(_step: str) -> None:
        raise DatabaseError("deadlock detected", is_transient=True)

    world.engine = "another"
    with pytest.raises(DatabaseError, match="deadlock"):
        world.ingest(failpoint=always)


def test_few_new_lines_overtake(world: World) -> None:
    world.ingest()
    with world.studio.unit() as unit:
        assert {row.priority for row in unit.outbox.claim(10)} == {Priority.URGENT}


def test_what_is_not_wanted_now_waits_in_the_database(world: World) -> None:
    report = world.ingest(wanted=lambda said: said.line_id == "two")
    assert report.requested == 3
    assert world.waiting() == [world.rows()["two"].take_id]
    assert set(world.changes().values()) == {Change.PENDING}


def test_known_results_are_taken_over(world: World) -> None:
    keys = world._keys()
    for line_id, status in (("one", TakeStatus.APPROVED), ("two", TakeStatus.REJECTED)):
        world.results[keys.key(say(line_id)).hex] = RenderResult(status, None, 1)
    assert world.ingest().requested == 1
    assert {k: r.status for k, r in world.rows().items()} == {
        "one": TakeStatus.APPROVED,
        "two": TakeStatus.REJECTED,
        "three": TakeStatus.PENDING,
    }
    assert world.changes() == {"two": Change.REJECTED, "three": Change.PENDING}


def test_renames_moves_and_deletions_at_once(world: World) -> None:
    world.ingest()
    world.finish()
    before = world.rows()
    world.write(
        say("uno", "one", was=("one",), path="b.yaml"),
        say("two", path="c.yaml"),
    )
    assert world.changes() == {"three": Change.ORPHANED}
    report = world.ingest()
    assert (report.renamed, report.orphaned, report.requested) == (1, 1, 0)
    after = world.rows()
    assert set(after) == {"uno", "two"}
    assert after["uno"].pk == before["one"].pk
    assert after["two"].pk == before["two"].pk
    assert world.changes() == {}
    assert world.ingest().renamed == 0


def test_a_plan_counts_and_lists_what_is_in_scope(world: World) -> None:
    world.ingest()
    world.finish()
    assert world.plan().counts == {Change.CACHED: 3}
    assert world.plan(Scope(scenes=("b",))).counts == {Change.CACHED: 1}
    world.write(say("one", "1"), say("two"))
    assert world.changes(Scope(lines=("two",))) == {}
    assert world.changes(Scope(lines=("t*",))) == {"three": Change.ORPHANED}
    plan = world.plan()
    assert plan.counts == {Change.CHANGED: 1, Change.CACHED: 1, Change.ORPHANED: 1}
    assert plan.work == 1
    assert plan.estimated_s > 0
    assert [p.line_id for p in plan.only([Part.TEXT]).lines] == ["one"]


def test_reading_all_tells_of_frozen_lines_in_unchanged_files(world: World) -> None:
    world.ingest()
    world.finish()
    with world.studio.unit() as unit:
        row = next(r for r in unit.lines.iterate() if r.utterance.line_id == "one")
        unit.lines.freeze(row.pk, row.take_id)
        unit.commit()
    assert world.plan().counts == {Change.CACHED: 2, Change.FROZEN: 1}
    world.source.was_read.clear()
    plan = world.plan(reads_all=True)
    assert sorted(world.source.was_read) == ["a.yaml", "b.yaml"]
    assert [(p.line_id, p.change) for p in plan.lines] == [("one", Change.FROZEN)]


def test_a_deleted_line_that_returns_is_the_line_it_was(world: World) -> None:
    world.ingest()
    world.finish()
    pk = world.rows()["three"].pk
    world.write(say("one"), say("two"))
    assert world.ingest().orphaned == 1
    world.write(say("one"), say("two"), say("three", path="z.yaml"))
    assert world.ingest().requested == 0
    assert world.rows()["three"].pk == pk


def lock_of(*pinned: str, key: RenderKey) -> dict[str, Any]:
    """A lock that has some lines frozen at a key, and vouches for that key's sound."""
    approved = RenderResult(TakeStatus.APPROVED, None, 7)
    lock = SimpleNamespace(
        pin=lambda said, _key: key if said.line_id in pinned else None,
        vouched=lambda asked: approved if asked.hex == key.hex else None,
        waiver=lambda _said, _key: None,
        is_waived=lambda _key: False,
    )
    return {"lock": lock}


def test_a_committed_freeze_reaches_lines_the_database_knows(world: World) -> None:
    world.ingest()
    world.finish()
    old = world._keys().key(say("one"))
    take = world.rows()["one"].take_id
    world.engine = "2"
    report = world.ingest(**lock_of("one", key=old))
    assert report.requested == 2
    rows = world.rows()
    assert (rows["one"].is_frozen, rows["one"].take_id) == (True, take)
    assert not rows["two"].is_frozen
    with world.studio.unit() as unit:
        assert unit.lines.count_by_status(["a.yaml", "b.yaml"])[TakeStatus.APPROVED, True] == 1


def test_with_a_lock_unchanged_files_are_read_too(world: World) -> None:
    world.ingest()
    world.finish()
    key = world._keys().key(say("three", path="b.yaml"))
    assert world.ingest(**lock_of("three", key=key)).skipped == 0
    assert world.rows()["three"].is_frozen
    assert world.ingest().skipped == 2
    assert world.rows()["three"].is_frozen


def test_a_freeze_of_our_own_goes_before_the_committed_one(world: World) -> None:
    world.ingest()
    world.finish()
    freeze(world, "one")
    mine = world.rows()["one"].take_id
    world.engine = "2"
    world.ingest(**lock_of("one", key=world._keys().key(say("one"))))
    assert world.rows()["one"].take_id == mine


def test_a_freeze_that_lapsed_may_be_pinned_anew(world: World) -> None:
    world.ingest()
    world.finish()
    freeze(world, "one")
    world.write(say("one", "one!"), say("two"), say("three", path="b.yaml"))
    key = world._keys().key(say("one", "one!"))
    world.results[key.hex] = RenderResult(TakeStatus.APPROVED, None, 7)
    report = world.ingest(**lock_of("one", key=key))
    assert report.lapsed == []
    row = world.rows()["one"]
    assert (row.is_frozen, row.status) == (True, TakeStatus.APPROVED)


@pytest.mark.parametrize("status", [TakeStatus.PENDING, TakeStatus.REJECTED, TakeStatus.FAILED])
def test_what_a_lock_vouches_for_settles_a_take_that_is_not_approved(
    world: World, status: TakeStatus
) -> None:
    world.ingest()
    take = world.rows()["one"].take_id
    if status.is_finished:
        settle(world, take, RenderResult(status, None, 1))
    world.ingest(**lock_of(key=world._keys().key(say("one"))))
    assert world.rows()["one"].status is TakeStatus.APPROVED
    result = world.studio.take(take).result
    assert result is not None
    assert result.attempt == 7
    assert world.rows()["two"].status is TakeStatus.PENDING


def test_a_take_that_a_worker_is_at_is_left_to_it(world: World) -> None:
    world.ingest()
    take = world.rows()["one"].take_id
    with world.studio.unit() as unit:
        unit.takes.lease([take], "worker", 60)
        unit.commit()
    world.ingest(**lock_of(key=world._keys().key(say("one"))))
    assert world.rows()["one"].status is TakeStatus.LEASED


def freeze(world: World, line_id: str) -> None:
    with world.studio.unit() as unit:
        row = next(r for r in unit.lines.iterate() if r.utterance.line_id == line_id)
        unit.lines.freeze(row.pk, row.take_id)
        unit.commit()


def settle(world: World, take: int, result: RenderResult) -> None:
    with world.studio.unit() as unit:
        unit.takes.lease([take], "me", 60)
        unit.takes.finish(take, "me", result)
        unit.commit()


def test_a_rename_onto_an_id_that_was_deleted_keeps_freeze_and_history(world: World) -> None:
    world.ingest()
    world.finish()
    freeze(world, "one")
    before = world.rows()
    world.write(say("one"), say("two"))
    assert world.ingest().orphaned == 1
    renamed = say("three", "one", was=("one",))
    world.write(renamed, say("two"))
    assert [p.change for p in world.plan().lines if p.line_id == "three"] == [Change.FROZEN]
    assert world.ingest().renamed == 1
    after = world.rows()
    assert after["three"].pk == before["one"].pk
    assert after["three"].is_frozen
    assert world.ingest().renamed == 0


def test_of_several_earlier_ids_the_line_that_lives_is_followed(world: World) -> None:
    world.ingest()
    world.finish()
    before = world.rows()
    world.write(say("two"), say("three", path="b.yaml"))
    world.ingest()
    world.write(say("new", "two", was=("one", "two")), say("three", path="b.yaml"))
    assert world.ingest().renamed == 1
    assert world.rows()["new"].pk == before["two"].pk


def test_a_rename_follows_a_deleted_line_when_none_lives(world: World) -> None:
    world.ingest()
    pk = world.rows()["one"].pk
    world.write(say("two"), say("three", path="b.yaml"))
    world.ingest()
    world.write(say("new", "one", was=("one",)), say("two"), say("three", path="b.yaml"))
    world.ingest()
    assert world.rows()["new"].pk == pk


def test_a_rename_that_changes_only_case_keeps_the_line(world: World) -> None:
    world.ingest()
    pk = world.rows()["one"].pk
    world.write(say("ONE", "one", was=("one",)), say("two"), say("three", path="b.yaml"))
    assert world.ingest().renamed == 1
    assert {k: r.pk for k, r in world.rows().items() if k.lower() == "one"} == {"ONE": pk}
    assert world.ingest().renamed == 0


def test_a_frozen_line_without_its_sound_is_work(world: World) -> None:
    world.ingest()
    freeze(world, "one")
    assert world.changes()["one"] is Change.PENDING
    assert world.plan(reads_all=True).work == 3
    assert world.plan().work == 3


def test_a_cached_line_whose_freeze_ends_is_listed(world: World) -> None:
    world.ingest()
    world.finish()
    freeze(world, "one")
    world.write(say("one", "two"), say("two"), say("three", path="b.yaml"))
    plan = world.plan()
    assert [(p.line_id, p.change, p.lapses) for p in plan.lines] == [("one", Change.CACHED, True)]


@pytest.mark.parametrize(
    ("few", "asked", "is_now"),
    [
        (8, None, Priority.URGENT),
        (2, None, Priority.NORMAL),
        (8, Priority.NIGHTLY, Priority.NIGHTLY),
    ],
)
def test_what_is_asked_of_workers_overtakes_or_waits(
    world: World, few: int, asked: Priority | None, is_now: Priority
) -> None:
    world.ingest(wanted=lambda _said: False)
    assert world.waiting() == []

    ids = request(world.studio.unit, Scope(), few, asked)

    with world.studio.unit() as unit:
        assert {row.priority for row in unit.outbox.claim(10)} == {is_now}
    assert sorted(world.waiting()) == ids
    assert request(world.studio.unit, Scope(), few, asked) == ids, "asked again, not queued again"
    assert sorted(world.waiting()) == ids
