"""Lines whose committed files a decision changed: imported and rendered at once."""

from __future__ import annotations

from collections.abc import Sequence

from renderer.bootstrap import House, Named, open_walk, reopen
from renderer.cli import walk
from renderer.domain.route import Priority
from renderer.domain.take import TakeStatus
from renderer.ports import LineKey
from renderer.services.ingest import FEW
from renderer.services.scope import Scope


def say_again(house: House, keys: Sequence[LineKey]) -> House:
    """Import what is committed now and render some lines; prints nothing.

    It goes the way of `barkline render`: in a service the workers are asked, urgently, and this
    does not wait for them; otherwise the lines are rendered here before it returns.

    Args:
        house: The project as it was opened before the files changed.
        keys: The lines.

    Returns:
        The project as it is now.

    Raises:
        ManifestError: What is committed has faults; nothing was imported.
        ConfigError: Another barkline renders into the build folder: try again later.
    """
    from renderer.services.queue import reopen as reopen_takes
    from renderer.services.queue import request, start_alone
    from workers.embedded import render_all

    now = reopen(house)
    scope = Scope(
        lines=tuple(sorted({line_id for line_id, _ in keys})),
        locales=tuple(sorted({locale for _, locale in keys})),
    )
    place = now.workspace
    with walk.alone(place):
        now.ingest(scope, named=Named(priority=Priority.URGENT)).run()
        reopen_takes(now.unit, scope, (TakeStatus.FAILED,), place.project.max_attempts)
        if place.settings.is_service:
            request(now.unit, scope, FEW, Priority.URGENT)
        elif ids := start_alone(now.unit, scope):
            render_all(open_walk(now), ids, lambda _counts: None, place.settings.workers)
    return now
