"""Known takes that a committed lock vouches for are finished without being rendered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from renderer.domain.render_key import RenderKey
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
        if result is None:
            continue
        unit.takes.reopen([status], [pk])
        if unit.takes.lease([pk], _OWNER, _LEASE_S):  # else a worker is at it
            unit.takes.finish(pk, _OWNER, result)
