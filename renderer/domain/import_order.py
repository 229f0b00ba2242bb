"""Who asks for an import, from what commit, and how its takes are queued."""

from __future__ import annotations

from dataclasses import dataclass

from renderer.domain.route import Priority


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """Where an import comes from; recorded with it, and no part of any render key.

    Attributes:
        project: The project's name; its limits judge the takes, and it is charged for them.
        who: The committer, or who ran the command.
        revision: The commit that is imported, or "".
        trace_id: 32 hex digits that every log line and take of this import carries, or "".
        priority: What goes first; None: a few lines are urgent, many are not.
    """

    project: str = ""
    who: str = ""
    revision: str = ""
    trace_id: str = ""
    priority: Priority | None = None
