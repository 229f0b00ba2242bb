"""What a committed lock vouches for holds here too: takes are finished, waivers recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from renderer.domain.events import Event, LineReviewed
from renderer.domain.render_key import RenderKey
from renderer.domain.review import Decision, Standing, follow, holding
from renderer.domain.take import TakeStatus
from renderer.ports import UnitOfWork
from renderer.services.adopt import Adopter
from renderer.services.asked import Asked

_OWNER, _LEASE_S = "import", 60.0


def settle(
    unit: UnitOfWork,
    lock: Adopter,
    asked: Sequence[Asked],
    frozen: set[tuple[str, str]],
    known: Mapping[str, tuple[int, TakeStatus]],
) -> None:
    """Finish known takes that are not approved here, but in the lock."""
    open_: dict[int, tuple[RenderKey, TakeStatus]] = {}
    for line in asked:
        if line.stored is not None and line.utterance.key in frozen:
            key = RenderKey.from_plain(line.stored.parts)
            open_[line.stored.take_id] = key, line.stored.status
        elif line.take_key.hex in known:
            pk, status = known[line.take_key.hex]
            open_[pk] = line.take_key, status
    for pk, (key, status) in open_.items():
        result = None if status is TakeStatus.APPROVED else lock.vouched(key)
        if result is None or (status is TakeStatus.REJECTED and lock.is_waived(key)):
            continue  # of a waived take, what the gate found stays to be seen
        unit.takes.reopen([status], [pk])
        if unit.takes.lease([pk], _OWNER, _LEASE_S):  # else a worker is at it
            unit.takes.finish(pk, _OWNER, result)


def take_over_waivers(unit: UnitOfWork, lock: Adopter, asked: Sequence[Asked]) -> list[Event]:
    """Record the waivers of a lock for stored lines about which no decision holds here.

    One whose sound is not that of the take here is recorded as well: it lapses, and says why.

    Returns:
        What has happened.
    """
    waivers = {a.utterance.key: lock.waiver(a.utterance, a.take_key) for a in asked}
    wanted = {key: waiver for key, waiver in waivers.items() if waiver is not None}
    if not wanted:
        return []
    rows = unit.lines.find(list(wanted))
    histories = unit.decisions.of([row.pk for row in rows.values()])
    takes = {t.id: t for t in unit.takes.get(sorted({row.take_id for row in rows.values()}))}
    known = unit.decisions.find([waiver.id for waiver in wanted.values()])
    new: list[tuple[int, Decision]] = []
    for key, row in rows.items():
        history, waiver = histories.get(row.pk, []), wanted[key]
        held = holding(history, Standing.of(takes[row.take_id]))
        if held is None and waiver.id not in known:  # what was undone here stays undone
            new.append((row.pk, follow(history, waiver)))
    # One by one: who decides about a line just now goes before, and the other waivers stay.
    done = [d for pk, d in sorted(new, key=lambda pair: pair[0]) if unit.decisions.add([(pk, d)])]
    return [LineReviewed(*d.key, d.id, d.choice.value, d.who) for d in done]
