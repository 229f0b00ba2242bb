"""Holds a run against what the service promises. Each rule is a function that lists what breaks it.

python -m pytest tests/chaos/test_checker.py      breaks each rule once
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from renderer.db.take_repository import MAX_DELIVERIES
from renderer.domain.object_key import content_hash
from renderer.domain.take import TakeStatus
from renderer.domain.voice_lock import load
from renderer.errors import LockError
from tests.chaos.history import ERROR, History, TakeRow

Rule = Callable[[History], Iterator[str]]
FINISHED = {status.value for status in TakeStatus if status.is_finished}
APPROVED, QUARANTINED = TakeStatus.APPROVED.value, TakeStatus.QUARANTINED.value


def no_hand_is_needed(history: History) -> Iterator[str]:
    """The run comes to its end by itself once the faults are over."""
    if not history.is_over:
        open_ = sorted(t.pk for t in history.takes.values() if t.status not in FINISHED)
        yield f"it stands still with takes {open_} open and {history.outbox} owed"


def every_line_ends_once(history: History) -> Iterator[str]:
    """Every accepted line has a take in one finished status, told once."""
    for key, text in history.accepted.items():
        found = history.takes.get(history.lines.get(key, 0))
        if found is None or found.text != text:
            yield f"line {key} is lost"
        elif found.status not in FINISHED or found.owner:
            yield f"line {key} is {found.status}, held by {found.owner!r}"
    if len(history.lines) != len(history.accepted):
        yield f"{len(history.lines)} lines for {len(history.accepted)} accepted"
    told = Counter(history.finished)
    for row in history.takes.values():
        if row.status in FINISHED and told.pop((row.pk, row.status), 0) != 1:
            yield f"take {row.pk} is {row.status}, told other than once"
    if told:
        yield f"told and not so: {sorted(told)}"


def every_take_is_one(history: History) -> Iterator[str]:
    """No render key has two takes."""
    keys = Counter(row.render_key for row in history.takes.values())
    yield from (f"render key {key} has {n} takes" for key, n in keys.items() if n > 1)


def no_row_without_its_object(history: History) -> Iterator[str]:
    """What a take names is in the store."""
    for row in history.takes.values():
        yield from (
            f"take {row.pk} names {key}, which is not stored"
            for key in row.keys
            if key not in history.objects
        )
        if row.status == APPROVED and not row.sound:
            yield f"take {row.pk} is approved and has no sound"


def every_object_is_whole(history: History) -> Iterator[str]:
    """What is stored is what its key says."""
    for key, sha256 in history.objects.items():
        if content_hash(key) != sha256:
            yield f"{key} holds other bytes"


def the_lock_is_whole(history: History) -> Iterator[str]:
    """Every lock can be read and names sounds that are there; the last one has all approved."""
    for text in history.locks:
        yield from _lock(text, history)
    if not history.locks:
        yield "no lock was written"
        return
    try:
        listed = {(e.line_id, e.locale): e.key for e in load(history.locks[-1]).entries}
    except LockError:
        return
    wanted = {
        key: history.takes[pk].sound
        for key, pk in history.lines.items()
        if pk in history.takes and history.takes[pk].status == APPROVED
    }
    if listed != wanted:
        yield f"the last lock has {sorted(listed)}, approved are {sorted(wanted)}"


def _lock(text: str, history: History) -> Iterator[str]:
    try:
        entries = load(text).entries
    except LockError as error:
        yield f"a lock cannot be read: {error}"
        return
    approved = {row.sound for row in history.takes.values() if row.status == APPROVED}
    for entry in entries:
        if entry.key not in history.objects or entry.metadata_key not in history.objects:
            yield f"a lock names {entry.line_id}, whose objects are not stored"
        if entry.key not in approved:
            yield f"a lock names {entry.line_id}, whose take is not approved"


def nothing_is_rendered_for_nothing(history: History) -> Iterator[str]:
    """A take is begun once, and once more for each fault that hit it."""
    for pk, count in history.renders.items():
        if count > 1 + history.hits.get(pk, 0):
            yield f"take {pk} was rendered {count} times, {history.hits.get(pk, 0)} faults hit it"


def the_outbox_empties(history: History) -> Iterator[str]:
    """Nothing is owed in the end."""
    if history.outbox:
        yield f"still owed: {history.outbox}"


def two_runs_give_the_same(history: History) -> Iterator[str]:
    """A take that is finished is what a run without faults made of it, byte for byte."""
    for row in history.takes.values():
        expected = history.expected.get(row.text)
        if expected is None:
            yield f"take {row.pk} says what nobody wrote"
        elif row.status in FINISHED - {QUARANTINED} and row.sound != expected.sound:
            yield f"take {row.pk} sounds otherwise than in a run without faults"


def approved_is_measured(history: History) -> Iterator[str]:
    """No take is approved with a metric missing or in error."""
    for row in history.takes.values():
        if row.status != APPROVED:
            continue
        expected = history.expected.get(row.text)
        missing = (expected.checks if expected else frozenset()) - row.checks.keys()
        if missing or not row.checks or ERROR in row.checks.values():
            yield f"take {row.pk} is approved without {sorted(missing) or 'its metrics'}"


def poison_ends_alone(history: History) -> Iterator[str]:
    """Poison is quarantined; nothing else ends otherwise than without faults."""
    for row in history.takes.values():
        expected = history.expected.get(row.text)
        if expected is None or row.status not in FINISHED or row.status == expected.status:
            continue
        if row.status == QUARANTINED and _is_worn(row, history):
            continue
        yield f"take {row.pk} ({row.text!r}) is {row.status}, not {expected.status}"


def _is_worn(row: TakeRow, history: History) -> bool:
    """Whether workers really died on an innocent take that often."""
    return history.hits.get(row.pk, 0) >= MAX_DELIVERIES


RULES: tuple[Rule, ...] = (
    no_hand_is_needed,
    every_line_ends_once,
    every_take_is_one,
    no_row_without_its_object,
    every_object_is_whole,
    the_lock_is_whole,
    nothing_is_rendered_for_nothing,
    the_outbox_empties,
    two_runs_give_the_same,
    approved_is_measured,
    poison_ends_alone,
)


def check(history: History) -> list[str]:
    """Return everything that is not as promised, each with its rule."""
    return [f"{rule.__name__}: {what}" for rule in RULES for what in rule(history)]
