"""What has happened, in the past tense; stored in one transaction with its cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from renderer.domain.route import Priority, Queue


@dataclass(frozen=True, slots=True)
class TakeRequested:
    """A take was created or asked for again and has to be rendered.

    Attributes:
        take_id: Row id of the take.
        voice: Voice reference, for grouping into batches.
        phonemes: Estimated length, for grouping by length.
        queue: What renders it.
        priority: What goes first: the smaller number.
    """

    take_id: int
    voice: str
    phonemes: int
    queue: Queue = Queue.CPU
    priority: Priority = Priority.NORMAL


@dataclass(frozen=True, slots=True)
class TakeFinished:
    """A take reached a finished status.

    Attributes:
        take_id: Row id of the take.
        status: Which.
        trace_id: Of the import that asked for it, or "".
    """

    take_id: int
    status: str
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class ManifestImported:
    """A project's manifests were imported.

    Attributes:
        who: The committer, or who ran the command.
        revision: The commit that was imported, or "".
        trace_id: 32 hex digits that every take of this import carries.
        lines: Lines read.
        requested: New takes.
        cached: Lines whose take was known already.
    """

    who: str
    revision: str
    trace_id: str
    lines: int
    requested: int
    cached: int


@dataclass(frozen=True, slots=True)
class LineFrozen:
    """A line was pinned to its current take."""

    line_id: str
    locale: str
    take_id: int
    who: str


@dataclass(frozen=True, slots=True)
class LineThawed:
    """A pinned line follows its inputs again."""

    line_id: str
    locale: str
    who: str


@dataclass(frozen=True, slots=True)
class LineRenamed:
    """A line got another id; its takes and decisions came along."""

    line_id: str
    locale: str
    was: str


@dataclass(frozen=True, slots=True)
class TakeJudgedAgain:
    """A finished take got another status because limits changed; nothing was rendered.

    Attributes:
        take_id: Row id of the take.
        was: Its status before.
        status: Its status now.
        checks: What speaks against it now, or spoke against it before.
        who: Who asked for it.
    """

    take_id: int
    was: str
    status: str
    checks: tuple[str, ...]
    who: str


@dataclass(frozen=True, slots=True)
class GateReplayed:
    """Stored metrics were decided about again under a project's limits of now.

    Attributes:
        who: Who asked for it.
        takes: Takes decided about.
        rewritten: Takes whose verdict says anything else now.
        changed: Takes whose status changed; each has an event of its own.
    """

    who: str
    takes: int
    rewritten: int
    changed: int


@dataclass(frozen=True, slots=True)
class CharacterRecast:
    """A character got another voice, or its former one back; stored with the import of its lines.

    Attributes:
        character: Its id.
        was: Voice references it had.
        now: Those it has instead, in the same order.
        who: Who decided it.
        is_rollback: Whether this takes an earlier one back.
        fields: The character's fields in the project file that were changed (`voice`,
            `voices.de-DE`): others may have had a new voice before, and keep it when this is
            taken back.
    """

    character: str
    was: tuple[str, ...]
    now: tuple[str, ...]
    who: str
    is_rollback: bool = False
    fields: tuple[str, ...] = ()


def standing_recast(past: Sequence[CharacterRecast]) -> CharacterRecast | None:
    """Return the last promotion that was not rolled back, or None.

    Args:
        past: Of one character, from the oldest.
    """
    open_: list[CharacterRecast] = []
    for one in past:
        if not one.is_rollback:
            open_.append(one)
        elif open_:
            open_.pop()
    return open_[-1] if open_ else None


@dataclass(frozen=True, slots=True)
class LineReviewed:
    """Somebody decided about the take of a line.

    Attributes:
        line_id: The line.
        locale: Its locale.
        decision: Id of the decision.
        choice: What was decided, or what the undone decision had decided.
        who: Who decided.
        undoes: Id of the decision it undoes, or "".
    """

    line_id: str
    locale: str
    decision: str
    choice: str
    who: str
    undoes: str = ""


Event = (
    TakeRequested
    | TakeFinished
    | ManifestImported
    | LineFrozen
    | LineThawed
    | LineRenamed
    | TakeJudgedAgain
    | GateReplayed
    | CharacterRecast
    | LineReviewed
)
