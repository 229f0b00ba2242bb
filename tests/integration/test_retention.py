"""Forgetting and accounts, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text

from renderer import config
from renderer.db.engine import open_database
from renderer.db.migrate import migrate
from renderer.db.retention import SqlRetention
from renderer.db.unit_of_work import SqlUnitOfWork
from renderer.db.usage import usage
from renderer.domain.events import ManifestImported, TakeRequested
from renderer.domain.render_key import Part, RenderKey
from renderer.domain.request import RenderRequest
from renderer.domain.take import RenderResult, SoundObject, TakeStatus
from renderer.domain.utterance import Origin, Utterance
from renderer.domain.voice_lock import LockEntry, VoiceLock
from renderer.errors import ConfigError
from renderer.ports import LineWrite, TakeWrite
from renderer.services.forget import Forgetter, Wish
from tests.unit.conftest import FakeClock

DAY_S = 86_400.0


class World:
    """A database with projects in it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.clock = FakeClock()

    def unit(self, project: str = "tiny") -> SqlUnitOfWork:
        return SqlUnitOfWork(self.engine, project, self.clock)

    def say(self, *texts: str, project: str = "tiny", generation: int = 1) -> list[int]:
        """Import lines; the text is the line's id and its take's key. Returns the takes."""
        keys = {t: RenderKey({Part.TEXT: f"{t:0>16}"}) for t in texts}
        said = {
            t: Utterance(
                t, "en-US", "guard", "gate", t, t, "formant", origin=Origin("gate.yaml", 1)
            )
            for t in texts
        }
        with self.unit(project) as unit:
            ids = unit.takes.add(
                [TakeWrite(keys[t], RenderRequest(said[t]), 4, asked_by=project) for t in texts]
            )
            writes = [
                LineWrite(None, said[t], keys[t].hex, keys[t].input_digest, ids[keys[t].hex])
                for t in texts
            ]
            unit.lines.save(writes, generation)
            unit.commit()
        return [ids[keys[t].hex] for t in texts]

    def drop_all(self, project: str = "tiny") -> None:
        """Import a file that has no lines any more."""
        with self.unit(project) as unit:
            unit.lines.orphan(["gate.yaml"], 99)
            unit.commit()

    def finish(self, pk: int, spent_s: float, duration_s: float) -> None:
        sound = SoundObject(f"objects/ab/{'ab' * 32}.ogg", "ab" * 32, 9, duration_s, "audio/ogg")
        result = RenderResult(TakeStatus.APPROVED, None, 1, delivery=sound, spent_s=spent_s)
        with self.unit() as unit:
            assert unit.takes.lease([pk], "worker", 15)
            unit.takes.finish(pk, "worker", result)
            unit.commit()

    def forgetter(self, *locks: VoiceLock) -> Forgetter:
        return Forgetter(SqlRetention(self.engine), self.clock, locks)

    def count(self, table: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    engine = open_database(database_url)
    migrate(engine, config.migrations_dir())
    yield World(engine)
    engine.dispose()


def lock_of(line_id: str, project: str = "tiny") -> VoiceLock:
    entry: Any = LockEntry(
        line_id=line_id,
        locale="en-US",
        character="guard",
        key="",
        sha256="",
        size=1,
        duration_s=1.0,
        extension=".ogg",
        metadata_key="",
        metadata_sha256="",
        render_key=RenderKey({Part.TEXT: f"{line_id:0>16}"}).hex,
        input_digest="",
        voice="formant",
        publishable=True,
    )
    return VoiceLock(project, (entry,))


def test_only_what_is_gone_for_long_enough_goes_with_its_takes(world: World) -> None:
    world.say("old", "older")
    world.drop_all()
    world.clock.pass_(10 * DAY_S)
    world.say("young")
    world.drop_all()
    world.say("living")
    world.clock.pass_(DAY_S)
    wish = Wish(gone_s=5 * DAY_S)

    seen = world.forgetter().look(wish)
    assert (seen.lines, seen.takes) == (2, 2)
    assert world.count("line") == 4  # a look changes nothing

    done = world.forgetter().run(wish)
    assert (done.lines, done.takes) == (2, 2)
    assert world.count("line") == world.count("take") == 2
    assert world.forgetter().run(wish).lines == 0


def test_a_take_that_another_project_uses_stays(world: World) -> None:
    world.say("shared", "own")
    world.say("shared", project="other")
    world.drop_all()
    world.clock.pass_(DAY_S)

    done = world.forgetter().run(Wish(gone_s=0.0))

    assert (done.lines, done.takes) == (2, 1)
    with world.unit("other") as unit:
        assert [row.utterance.line_id for row in unit.lines.iterate()] == ["shared"]


def test_a_take_of_an_earlier_text_stays_with_its_line(world: World) -> None:
    """The page shows what a line was before: its history is no rubbish."""
    before, now = world.say("before", "now")
    with world.unit() as unit:
        line = unit.lines.find([("now", "en-US")])["now", "en-US"]
        write = LineWrite(line.pk, line.utterance, line.render_key, line.input_digest, before)
        unit.lines.save([write], 1)
        unit.commit()

    world.forgetter().run(Wish(gone_s=0.0))

    with world.unit() as unit:
        assert len(unit.takes.get([before, now])) == 2


def test_what_a_lock_names_stays(world: World) -> None:
    world.say("shipped", "other")
    world.drop_all()
    world.clock.pass_(DAY_S)
    lock = lock_of("shipped")

    seen = world.forgetter(lock).look(Wish(gone_s=0.0))
    done = world.forgetter(lock).run(Wish(gone_s=0.0))

    assert (seen.lines, seen.kept, seen.takes) == (done.lines, done.kept, done.takes) == (1, 1, 1)
    with world.unit() as unit:
        assert list(unit.lines.find([("shipped", "en-US")])) == [("shipped", "en-US")]

    of_another_project = lock_of("shipped", project="released")
    done = world.forgetter(of_another_project).run(Wish(gone_s=0.0))
    assert (done.lines, done.takes) == (1, 0)  # the line goes, the take the lock names stays


def test_a_line_that_comes_back_in_time_stays(world: World) -> None:
    world.say("back")
    world.drop_all()
    world.clock.pass_(DAY_S)
    forgetter = world.forgetter()
    chosen = forgetter.look(Wish(gone_s=0.0)).going
    with world.unit() as unit:
        line = unit.lines.find([("back", "en-US")])["back", "en-US"]
        write = LineWrite(line.pk, line.utterance, line.render_key, line.input_digest, line.take_id)
        unit.lines.save([write], 100)
        unit.commit()

    assert SqlRetention(world.engine).remove(chosen, ()) == (0, 0)
    assert world.count("line") == world.count("take") == 1


def test_a_take_a_worker_holds_stays_and_what_is_owed_goes_along(world: World) -> None:
    held, waiting = world.say("held", "waiting")
    with world.unit() as unit:
        unit.outbox.add([TakeRequested(waiting, "formant", 4)])
        assert unit.takes.lease([held], "worker", 15)
        unit.commit()

    done = world.forgetter().run(Wish(project="tiny"))

    assert (done.lines, done.takes) == (2, 1)
    assert world.count("outbox") == 0
    with world.unit("") as unit:
        assert [take.id for take in unit.takes.get([held, waiting])] == [held]


def test_a_whole_project_goes_and_others_stay(world: World) -> None:
    world.say("a", "b")
    world.say("a", project="other")
    with world.unit() as unit:
        unit.outbox.add([ManifestImported("wren", "abc", "", 2, 2, 0)])
        unit.commit()

    done = world.forgetter().run(Wish(project="tiny"))

    assert done.is_project_gone
    assert (done.lines, done.takes) == (2, 1)
    assert (world.count("project"), world.count("event"), world.count("line")) == (1, 0, 1)
    with pytest.raises(ConfigError, match="no project 'tiny'"):
        world.forgetter().look(Wish(project="tiny"))


def test_a_project_with_a_shipped_line_stays_until_the_lock_is_left_out(world: World) -> None:
    world.say("shipped", "other")

    done = world.forgetter(lock_of("shipped")).run(Wish(project="tiny"))

    assert not done.is_project_gone
    assert (done.lines, done.kept) == (1, 1)
    assert world.forgetter().run(Wish(project="tiny")).is_project_gone


def test_lines_gone_since_an_unknown_time_are_counted_from_now_on(world: World) -> None:
    """Those that an older release has marked have no time."""
    world.say("old")
    world.drop_all()
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE line SET orphaned_at = NULL"))
    wish = Wish(gone_s=DAY_S)

    assert world.forgetter().run(wish).begun == 1
    world.clock.pass_(2 * DAY_S)
    assert world.forgetter().run(wish).lines == 1


def test_old_history_goes_and_nothing_else(world: World) -> None:
    for who in ("wren", "guard"):
        with world.unit() as unit:
            unit.outbox.add([ManifestImported(who, "abc", "", 2, 2, 0)])
            unit.dead_letters.add(who, "render_cpu", [1], "worn out")
            unit.commit()
        world.clock.pass_(10 * DAY_S)
    wish = Wish(events_s=15 * DAY_S, dead_letters_s=5 * DAY_S)

    seen = world.forgetter().look(wish)
    done = world.forgetter().run(wish)

    assert (seen.events, seen.dead_letters) == (done.events, done.dead_letters) == (1, 2)
    with world.unit() as unit:
        assert [past.told.who for past in unit.history.imports(5)] == ["guard"]


def test_the_last_imports_come_newest_first(world: World) -> None:
    for number in range(3):
        with world.unit() as unit:
            unit.outbox.add([ManifestImported("wren", f"rev{number}", "", number, 0, 0)])
            unit.commit()
        world.clock.pass_(60)

    with world.unit() as unit:
        past = unit.history.imports(2)
    assert [p.told.revision for p in past] == ["rev2", "rev1"]
    assert past[0].at > past[1].at
    with world.unit("other") as unit:
        assert unit.history.imports(2) == []


def test_who_asked_first_pays_and_others_share(world: World) -> None:
    first, second = world.say("first", "second")
    world.finish(first, spent_s=6.0, duration_s=12.0)
    world.finish(second, spent_s=4.0, duration_s=8.0)
    world.say("first", "mine", project="other")  # `mine` is not rendered yet

    tiny, other = {a.project: a for a in usage(world.engine)}["tiny"], usage(world.engine)[0]

    assert (tiny.lines, tiny.rendered, tiny.work_s, tiny.work_audio_s) == (2, 2, 10.0, 20.0)
    assert (tiny.shared, tiny.line_audio_s, tiny.work_per_minute_s) == (0, 20.0, 30.0)
    assert (other.project, other.lines, other.rendered) == ("other", 2, 0)
    assert (other.shared, other.saved_s, other.line_audio_s) == (1, 6.0, 12.0)


def test_an_import_that_runs_is_waited_for(postgres_url: str) -> None:
    """It has found a take that nobody else needs, and is about to name it."""
    engine = open_database(postgres_url)
    migrate(engine, config.migrations_dir())
    world = World(engine)
    (take_id,) = world.say("shared")
    world.drop_all()
    world.clock.pass_(DAY_S)
    forgetting = threading.Thread(target=lambda: world.forgetter().run(Wish(gone_s=0.0)))
    key = RenderKey({Part.TEXT: f"{'shared':0>16}"})
    with world.unit("other") as unit:
        unit.lines.next_generation()
        assert unit.takes.find([key.hex])[key.hex][0] == take_id
        forgetting.start()
        forgetting.join(1.0)
        assert forgetting.is_alive()
        said = Utterance("mine", "en-US", "guard", "gate", "shared", "shared", "formant")
        unit.lines.save([LineWrite(None, said, key.hex, key.input_digest, take_id)], 1)
        unit.commit()
    forgetting.join(30.0)

    assert not forgetting.is_alive()
    with world.unit("other") as unit:
        assert [line.take_id for line in unit.lines.iterate()] == [take_id]
    assert (world.count("line"), world.count("take")) == (1, 1)
    engine.dispose()
