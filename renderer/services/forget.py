"""Forgetting: lines that are gone, whole projects, and the history of a service.

Rows go, objects stay: what no take names any more is swept by `services.gc` afterwards. What a
voice lock names that was given is never forgotten: neither its line nor its take.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from renderer.domain.voice_lock import VoiceLock
from renderer.errors import ConfigError
from renderer.ports import Clock, OldLine, Retention


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be forgotten.

    Attributes:
        gone_s: Lines that are gone for so many seconds; None for none.
        project: A whole project; "" for none.
        events_s: Events older than so many seconds; None for none.
        dead_letters_s: Dead letters older than so many seconds; None for none.
    """

    gone_s: float | None = None
    project: str = ""
    events_s: float | None = None
    dead_letters_s: float | None = None


@dataclass(slots=True)
class Forgotten:
    """What may be forgotten, and was.

    Attributes:
        going: The lines that go.
        lines: How many those are, or went.
        kept: Lines that stay because a lock names them.
        takes: Takes that no line names without them, or that went.
        events: Events.
        dead_letters: Messages that were given up.
        begun: Lines for which the time begins only now: nobody knows since when they are gone.
        is_project_gone: Whether the project itself went.
    """

    going: list[OldLine] = field(default_factory=list)
    lines: int = 0
    kept: int = 0
    takes: int = 0
    events: int = 0
    dead_letters: int = 0
    begun: int = 0
    is_project_gone: bool = False


class Forgetter:
    """Finds and removes what nobody needs.

    Args:
        retention: What the database keeps.
        clock: The time.
        locks: Voice locks that are in use.
    """

    def __init__(self, retention: Retention, clock: Clock, locks: Sequence[VoiceLock] = ()) -> None:
        self._retention = retention
        self._now = clock.now()
        entries = [(lock.project, entry) for lock in locks for entry in lock.entries]
        self._lines = {(project, e.line_id, e.locale) for project, e in entries}
        self._keys = {e.render_key for _, e in entries}

    def look(self, wish: Wish) -> Forgotten:
        """Return what would go; nothing is changed.

        Raises:
            ConfigError: There is no such project.
        """
        found = self._choose(wish)
        found.lines = len(found.going)
        found.takes = self._retention.freed(found.going, self._keys) if _has_lines(wish) else 0
        if wish.events_s is not None:
            found.events = self._retention.old_events(self._before(wish.events_s))
        if wish.dead_letters_s is not None:
            before = self._before(wish.dead_letters_s)
            found.dead_letters = self._retention.old_dead_letters(before)
        return found

    def run(self, wish: Wish) -> Forgotten:
        """Remove it.

        Raises:
            ConfigError: There is no such project.
        """
        found = self._choose(wish)
        if _has_lines(wish):
            found.begun = self._retention.stamp(self._now)
            found.lines, found.takes = self._retention.remove(found.going, self._keys)
        if wish.project:
            found.is_project_gone = self._retention.remove_project(wish.project)
        if wish.events_s is not None:
            found.events = self._retention.remove_events(self._before(wish.events_s))
        if wish.dead_letters_s is not None:
            before = self._before(wish.dead_letters_s)
            found.dead_letters = self._retention.remove_dead_letters(before)
        return found

    def _choose(self, wish: Wish) -> Forgotten:
        old: list[OldLine] = []
        if wish.project:
            if not self._retention.knows(wish.project):
                raise ConfigError(
                    f"there is no project {wish.project!r} in this database; `barkline usage` "
                    "lists those there are."
                )
            old += self._retention.lines_of(wish.project)
        if wish.gone_s is not None:
            known = {line.pk for line in old}
            gone = self._retention.gone(self._before(wish.gone_s))
            old += [line for line in gone if line.pk not in known]
        going = [line for line in old if not self._is_kept(line)]
        return Forgotten(going=going, kept=len(old) - len(going))

    def _is_kept(self, line: OldLine) -> bool:
        return (line.project, line.line_id, line.locale) in self._lines

    def _before(self, seconds: float) -> datetime:
        return self._now - timedelta(seconds=seconds)


def _has_lines(wish: Wish) -> bool:
    return bool(wish.project) or wish.gone_s is not None
