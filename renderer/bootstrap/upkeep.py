"""What keeps a database in order and tells what it cost; with a project, or without one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from renderer.bootstrap.clock import SystemClock
from renderer.bootstrap.garbage import Grounds, open_engine
from renderer.domain.voice_lock import VoiceLock

if TYPE_CHECKING:
    from renderer.domain.usage import Usage
    from renderer.services.forget import Forgetter


def open_forgetter(grounds: Grounds, locks: Sequence[VoiceLock]) -> Forgetter:
    """Compose what forgets lines, projects and history.

    Args:
        grounds: Whose database.
        locks: Voice locks that are in use.

    Raises:
        ConfigError: The service's database has not the tables of this release.
    """
    from renderer.db.retention import SqlRetention
    from renderer.services.forget import Forgetter

    return Forgetter(SqlRetention(open_engine(grounds.database_url)), SystemClock(), locks)


def read_usage(grounds: Grounds) -> list[Usage]:
    """Return what each project of a database cost and saved.

    Raises:
        ConfigError: The service's database has not the tables of this release.
    """
    from renderer.db.usage import usage

    return usage(open_engine(grounds.database_url))
