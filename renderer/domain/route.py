"""Which queue a take waits in, and what overtakes what.

Takes whose engine can use a GPU wait in the queue `gpu`, the others in `cpu`. Each has a lane for
what is urgent, so that a writer's single line overtakes a nightly rebuild that is already queued.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Queue(StrEnum):
    """What renders a take."""

    GPU = "gpu"
    CPU = "cpu"


class Priority(IntEnum):
    """What goes first: the smaller number."""

    URGENT = 0
    NORMAL = 10
    NIGHTLY = 20


@dataclass(frozen=True, slots=True)
class Route:
    """One lane of one queue.

    Attributes:
        queue: What renders it.
        is_urgent: Whether it is the lane that overtakes.

    >>> Route(Queue.GPU, is_urgent=True).name
    'render_gpu_urgent'
    """

    queue: Queue
    is_urgent: bool

    @property
    def name(self) -> str:
        """The queue's name in the broker."""
        return f"render_{self.queue.value}" + ("_urgent" if self.is_urgent else "")


# In the order in which a relay serves them.
ROUTES = tuple(Route(queue, urgent) for urgent in (True, False) for queue in Queue)


def routes_of(queues: tuple[Queue, ...]) -> tuple[Route, ...]:
    """Return the lanes of some queues."""
    return tuple(route for route in ROUTES if route.queue in queues)
