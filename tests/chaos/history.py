"""What a run leaves behind, as plain values: from a simulation or from real servers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, select

from renderer.db.plain import result_of
from renderer.db.tables import dead_letter, event, line, outbox, take
from renderer.domain.object_key import sha256_hex
from renderer.domain.verdict import Outcome


@dataclass(frozen=True)
class TakeRow:
    """One take as the database has it.

    Attributes:
        pk: Row id.
        text: What it says.
        status: Where it is.
        deliveries: How often workers have begun it.
        owner: Who holds it, or "".
        keys: The objects it names.
        sound: The delivery object, or "".
        render_key: Of what it was made.
        checks: Check to outcome, of its verdict.
    """

    pk: int
    text: str
    status: str
    deliveries: int = 1
    owner: str = ""
    keys: tuple[str, ...] = ()
    sound: str = ""
    render_key: str = ""
    checks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Expected:
    """What a line comes to where nothing goes wrong."""

    status: str
    sound: str = ""
    checks: frozenset[str] = frozenset()


@dataclass
class History:
    """One run.

    Attributes:
        accepted: Text of every line the service has accepted, by (line_id, locale).
        expected: Text to what it comes to.
        lines: (line_id, locale) to its take.
        takes: Every take.
        outbox: Takes that are still owed.
        finished: Takes that a finished event tells of, once per event.
        objects: Key to the hash of what is really stored under it.
        locks: Every lock that was written, in order; the last one after the end.
        renders: Take to how many batches began to speak it.
        hits: Take to how many faults hit it.
        letters: Dead letters.
        is_over: Whether the run came to its end by itself.
    """

    accepted: dict[tuple[str, str], str] = field(default_factory=dict)
    expected: Mapping[str, Expected] = field(default_factory=dict)
    lines: dict[tuple[str, str], int] = field(default_factory=dict)
    takes: dict[int, TakeRow] = field(default_factory=dict)
    outbox: list[int] = field(default_factory=list)
    finished: list[tuple[int, str]] = field(default_factory=list)
    objects: dict[str, str] = field(default_factory=dict)
    locks: list[str] = field(default_factory=list)
    renders: dict[int, int] = field(default_factory=Counter)
    hits: dict[int, int] = field(default_factory=Counter)
    letters: int = 0
    is_over: bool = True


def read_history(
    engine: Engine, keys: Sequence[str], get: Callable[[str], bytes], into: History
) -> History:
    """Read what a database and a store hold.

    Args:
        engine: The database.
        keys: Of the objects in the store.
        get: Reads one, unchecked.
        into: Receives it.
    """
    with engine.connect() as connection:
        for row in connection.execute(select(line).where(~line.c.is_orphaned)):
            into.lines[row.line_id, row.locale] = row.take_id
        into.takes = {row.id: _take(row) for row in connection.execute(select(take))}
        into.outbox = sorted(connection.scalars(select(outbox.c.take_id)))
        told = select(event.c.payload).where(event.c.kind == "take_finished")
        into.finished = [(p["take_id"], p["status"]) for p in connection.scalars(told)]
        into.letters = len(list(connection.scalars(select(dead_letter.c.id))))
    into.objects = {key: sha256_hex(get(key)) for key in keys if key.startswith("objects/")}
    return into


def _take(row: Any) -> TakeRow:
    result = None if row.result is None else result_of(row.result)
    verdict = result.verdict if result else None
    sounds = (result.delivery, result.master, result.raw) if result else ()
    keys = [sound.key for sound in sounds if sound]
    keys += [key for key in (row.metadata_key, row.raw_key, row.delivery_key) if key]
    return TakeRow(
        pk=row.id,
        text=row.request["utterance"]["text"],
        status=row.status,
        deliveries=row.deliveries,
        owner=row.owner,
        keys=tuple(sorted(set(keys))),
        sound=row.delivery_key,
        render_key=row.render_key,
        checks={f.check: f.outcome.value for f in verdict.findings} if verdict else {},
    )


def expectations(history: History) -> dict[str, Expected]:
    """Return what each line came to in a run where nothing went wrong."""
    return {
        row.text: Expected(row.status, row.sound, frozenset(row.checks))
        for row in history.takes.values()
    }


ERROR = Outcome.ERROR.value
