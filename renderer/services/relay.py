"""Step 3 of the walk: outbox rows into batches for the workers.

Rows are grouped by voice model and sorted by length, so that a batch runs through one model and
pads little. Publishing comes before `mark_sent` commits: a crash between sends twice, and a take
that is sent twice is rendered once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from renderer.domain.voice import VoiceRef
from renderer.ports import OutboxRow, Publisher, UnitOfWork
from renderer.services.failpoint import Failpoint, nothing

CLAIM = 4_096


def batches(rows: Sequence[OutboxRow], size: int) -> Iterator[tuple[str, list[int]]]:
    """Group rows into (voice name, take ids) of at most `size`, similar lengths together.

    A take that some worker has begun and not finished goes alone: if it is what killed the worker,
    it takes no neighbour along.
    """
    by_voice: dict[str, list[OutboxRow]] = defaultdict(list)
    for row in rows:
        by_voice[VoiceRef.parse(row.voice).name].append(row)
    for voice, same in sorted(by_voice.items()):
        same.sort(key=lambda r: (r.phonemes, r.take_id))
        fresh = [r.take_id for r in same if not r.deliveries]
        yield from ((voice, [r.take_id]) for r in same if r.deliveries)
        for start in range(0, len(fresh), size):
            yield voice, fresh[start : start + size]


class Relay:
    """Moves outbox rows to the queue.

    Args:
        unit: Begins a transaction.
        publisher: Where batches go.
        batch_size: Takes per batch at most.
        failpoint: Called with the name of each step, for fault tests.
    """

    def __init__(
        self,
        unit: Callable[[], UnitOfWork],
        publisher: Publisher,
        batch_size: int,
        failpoint: Failpoint = nothing,
    ) -> None:
        self._unit = unit
        self._publisher = publisher
        self._batch_size = batch_size
        self._failpoint = failpoint

    def run_once(self, limit: int = CLAIM) -> int:
        """Send what waits, up to `limit` rows; return how many were sent."""
        with self._unit() as unit:
            rows = unit.outbox.claim(limit)
            for voice, take_ids in batches(rows, self._batch_size):
                self._publisher.publish(take_ids, voice)
            if rows:
                self._failpoint("published")
            unit.outbox.mark_sent([r.id for r in rows])
            unit.commit()
        if rows:
            self._failpoint("sent")
        return len(rows)
