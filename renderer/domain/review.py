"""What people decide about takes, and which decision holds.

A decision is bound to the render key of the take it was made on. When any input of the line
changes, its take has another key, and the decision lapses by itself. Decisions are only ever added:
what undoes one is a decision, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from renderer.domain.take import Take, TakeStatus


class Choice(StrEnum):
    """What was decided."""

    APPROVE = "approve"  # heard and good
    WAIVE = "waive"  # shipped in spite of what the gate found; a reason is required
    RETAKE = "retake"  # said again with a changed direction, pronunciation or seed
    RETURN = "return"  # sent to the writer, with a note; leaves the lock until an input changes
    REPLACE = "replace"  # replaced by an uploaded recording


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about one take of one line.

    Attributes:
        id: 32 hex digits (a uuid4) chosen by whoever decides; it is recorded once.
        line_id: The line.
        locale: Its locale.
        render_key: Of the take it is about, 64 hex digits.
        choice: What was decided; of a decision that undoes another one: what that one decided.
        who: Who decided.
        at: When, with a time zone.
        note: Why: required to waive and to return.
        change: For a retake: the fields that change, as in `retakes.yaml` (`emotion`, `delivery`,
            `prosody`, `words`, `seed`), and `text_hash` of the text then. For a replacement:
            `recording` and `before`, object keys of the recording and of the one that was there
            ("" for none).
        undoes: Id of the decision it undoes, or "".
        sequence: Its place among the decisions of its line, from 1; 0 before it is recorded.
    """

    id: str
    line_id: str
    locale: str
    render_key: str
    choice: Choice
    who: str
    at: datetime
    note: str = ""
    change: Mapping[str, object] = field(default_factory=dict)
    undoes: str = ""
    sequence: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """The pair that names the line: (line_id, locale)."""
        return self.line_id, self.locale

    @property
    def is_undo(self) -> bool:
        """Whether it undoes another decision."""
        return self.undoes != ""

    def describe(self) -> str:
        """Return who decided what and when, for people.

        >>> Decision("0" * 32, "halt", "en-US", "1" * 64, Choice.WAIVE, "Ada",
        ...     datetime(2026, 5, 4, 9, 30, tzinfo=UTC), note="meant to clip").describe()
        'Ada waived it on 2026-05-04 09:30 UTC (meant to clip)'
        """
        did = f"undid a decision to {self.choice.value} it" if self.undoes else _DID[self.choice]
        when = self.at.astimezone(UTC)
        note = f" ({self.note})" if self.note else ""
        return f"{self.who} {did} on {when:%Y-%m-%d %H:%M} UTC{note}"


_DID: Mapping[Choice, str] = {
    Choice.APPROVE: "approved it",
    Choice.WAIVE: "waived it",
    Choice.RETAKE: "asked for a retake",
    Choice.RETURN: "sent it to the writer",
    Choice.REPLACE: "replaced it by a recording",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What a line's take is while somebody decides about it.

    Attributes:
        render_key: Of the take in force.
        status: Of that take.
        has_sound: Whether it can be heard.
        recording_key: Object key of the human recording that speaks the line, or "".
    """

    render_key: str
    status: TakeStatus
    has_sound: bool
    recording_key: str = ""

    @property
    def is_recorded(self) -> bool:
        """Whether a human recording speaks the line."""
        return self.recording_key != ""

    @classmethod
    def of(cls, take: Take) -> Standing:
        """Return the standing of a take."""
        result = take.result
        return cls(
            take.render_key.hex,
            take.status,
            result is not None and result.delivery is not None,
            take.request.recording_key,
        )


class Reception(StrEnum):
    """What became of a decision that was handed in."""

    RECORDED = "recorded"
    KNOWN = "known"  # it had been recorded before; nothing was done
    CONFLICT = "conflict"  # somebody else decided first, or the take is another; not recorded
    REFUSED = "refused"  # it may not be made, see the message; not recorded


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What became of one decision.

    Attributes:
        decision: As recorded, with its sequence; as handed in when it was not recorded.
        reception: What became of it.
        message: For people; of a conflict: who decided what and when.
    """

    decision: Decision
    reception: Reception
    message: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether it is recorded, now or before."""
        return self.reception in (Reception.RECORDED, Reception.KNOWN)

    @property
    def asks_for_import(self) -> bool:
        """Whether committed files changed, so that the line has to be imported and rendered."""
        is_file = self.decision.choice in (Choice.RETAKE, Choice.REPLACE)
        return self.reception is Reception.RECORDED and is_file


def in_force(history: Iterable[Decision]) -> list[Decision]:
    """Return the decisions of one line that nobody has undone, oldest first.

    Args:
        history: All decisions of the line, oldest first.
    """
    known = list(history)
    undone = {d.undoes for d in known}
    return [d for d in known if not d.is_undo and d.id not in undone]


def holding(history: Iterable[Decision], render_key: str) -> Decision | None:
    """Return the decision that holds for a line now, or None.

    A retake or replacement has been carried out once something was decided about the take it led
    to; a later one may lead back to the take it was asked about.

    Args:
        history: All decisions of the line, oldest first.
        render_key: Of the line's take in force: decisions about other takes have lapsed.
    """
    known = in_force(history)
    held = next((d for d in reversed(known) if d.render_key == render_key), None)
    if held is None or (held.choice in (Choice.RETAKE, Choice.REPLACE) and held != known[-1]):
        return None
    return held


def why_not(choice: Choice, standing: Standing) -> str:
    """Return why something may not be decided about a take, with what to do; "" when it may.

    >>> why_not(Choice.APPROVE, Standing("1" * 64, TakeStatus.REJECTED, has_sound=True))
    'The gate rejected it: waive it, with a reason.'
    """
    if choice is Choice.REPLACE:
        return ""
    if not standing.status.is_finished:
        return "Its take is not rendered yet: wait for it."
    if choice in (Choice.RETAKE, Choice.RETURN):
        is_moot = choice is Choice.RETAKE and standing.is_recorded
        return "A recording speaks it: replace the recording, or undo it." if is_moot else ""
    return _why_not_good(choice, standing)


def _why_not_good(choice: Choice, standing: Standing) -> str:
    """Return why nobody may call a finished take good."""
    if standing.status in (TakeStatus.FAILED, TakeStatus.QUARANTINED) or not standing.has_sound:
        return "Nobody can call it good or bad: it failed, or has no sound. Render it again."
    if choice is Choice.APPROVE and standing.status is TakeStatus.REJECTED:
        return "The gate rejected it: waive it, with a reason."
    if choice is Choice.WAIVE and standing.status is TakeStatus.APPROVED:
        return "The gate found nothing to waive: approve it."
    return ""


def why_held_back(decision: Decision | None, status: TakeStatus) -> str:
    """Return why a take may not be shipped, as far as the gate and QA say; "" when it may.

    Args:
        decision: The decision that holds for it, or None.
        status: Of the take.
    """
    choice = None if decision is None else decision.choice
    if decision is not None and choice is Choice.RETURN:
        return f"it is with the writer: {decision.note}"
    if decision is not None and choice in (Choice.RETAKE, Choice.REPLACE):
        return f"{decision.describe()}; run `barkline render`"
    if status is TakeStatus.APPROVED or (status is TakeStatus.REJECTED and choice is Choice.WAIVE):
        return ""
    return f"its take is {status.value}, not approved"


def follow(history: Sequence[Decision], decision: Decision) -> Decision:
    """Return a decision with the sequence that follows a history."""
    return replace(decision, sequence=(history[-1].sequence if history else 0) + 1)
