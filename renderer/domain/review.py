"""What people decide about takes, and which decision holds.

A decision is bound to the render key of the take it was made on. When any input of the line
changes, its take has another key, and the decision lapses by itself. An approval and a waiver are
bound to the sound that was heard and to what the gate had found in it, too: limits and numbers of
attempts are no part of a key. Decisions are only ever added: what undoes one is a decision, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from renderer.domain.take import RenderResult, Take, TakeStatus


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
        sound: Of an approval or a waiver: SHA-256 of the delivered file that was heard; "" of
            others, of those from before sounds were recorded, and where the author does not say.
        checks: With a sound: the checks that spoke against it then, sorted.
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
    sound: str = ""
    checks: tuple[str, ...] = ()
    sequence: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """The pair that names the line: (line_id, locale)."""
        return self.line_id, self.locale

    @property
    def is_undo(self) -> bool:
        """Whether it undoes another decision."""
        return self.undoes != ""

    @property
    def is_about_sound(self) -> bool:
        """Whether it calls a sound good, and says nothing of any other."""
        return self.choice in (Choice.APPROVE, Choice.WAIVE) and not self.is_undo

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
        sound: SHA-256 of its delivered file, "" when there is nothing to hear.
        checks: The checks that speak against it, sorted.
        recording_key: Object key of the human recording that speaks the line, or "".
    """

    render_key: str
    status: TakeStatus
    sound: str = ""
    checks: tuple[str, ...] = ()
    recording_key: str = ""

    @property
    def has_sound(self) -> bool:
        """Whether it can be heard."""
        return self.sound != ""

    @property
    def is_recorded(self) -> bool:
        """Whether a human recording speaks the line."""
        return self.recording_key != ""

    @classmethod
    def of(cls, take: Take) -> Standing:
        """Return the standing of a take."""
        sound, checks = heard_of(take.result)
        return cls(take.render_key.hex, take.status, sound, checks, take.request.recording_key)


def heard_of(result: RenderResult | None) -> tuple[str, tuple[str, ...]]:
    """Return the hash of a result's sound, "" for none, and the checks that speak against it."""
    if result is None or result.delivery is None:
        return "", ()
    failed = result.verdict.failed if result.verdict else ()
    return result.delivery.sha256, tuple(sorted({finding.check for finding in failed}))


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


def holding(history: Iterable[Decision], standing: Standing) -> Decision | None:
    """Return the decision that holds for a line now, or None.

    A retake or replacement has been carried out once something was decided about the take it led
    to; a later one may lead back to the take it was asked about. What has lapsed lets no older
    decision hold again.

    Args:
        history: All decisions of the line, oldest first.
        standing: Of the line's take in force: decisions about other takes have lapsed, and so have
            approvals and waivers of another sound, or of one against which less was found.
    """
    held = _last_about(history, standing.render_key)
    return None if held is None or what_changed(held, *_heard(standing)) else held


def why_lapsed(history: Iterable[Decision], standing: Standing) -> str:
    """Return who called a line's take good, and what has changed since; "" when nothing has.

    Args:
        history: All decisions of the line, oldest first.
        standing: Of the line's take in force.
    """
    last = _last_about(history, standing.render_key)
    if last is None or not (changed := what_changed(last, *_heard(standing))):
        return ""
    return f"{last.describe()}, but {changed}: hear it again, then decide"


def what_changed(decision: Decision, sound: str, checks: Iterable[str]) -> str:
    """Return what of a take is not as a decision has it; "" when it still covers the take.

    Args:
        decision: About the take's render key.
        sound: SHA-256 of the take's delivered file; "" where there is none to compare.
        checks: Those that speak against the take.

    >>> made = Decision("0" * 32, "halt", "en-US", "1" * 64, Choice.WAIVE, "Ada",
    ...     datetime(2026, 5, 4, tzinfo=UTC), sound="2" * 64, checks=("level",))
    >>> what_changed(made, "2" * 64, ["gap", "level"]), what_changed(made, "2" * 64, [])
    ('gap fails now, which did not then', '')
    """
    if not decision.is_about_sound or not decision.sound or not sound:
        return ""
    if sound != decision.sound:
        return "the take sounds otherwise now"
    more = sorted(set(checks) - set(decision.checks))
    many = "fail now, which did not then" if len(more) > 1 else "fails now, which did not then"
    return f"{', '.join(more)} {many}" if more else ""


def _heard(standing: Standing) -> tuple[str, tuple[str, ...]]:
    return standing.sound, standing.checks


def _last_about(history: Iterable[Decision], render_key: str) -> Decision | None:
    """Return the last decision about a take in force, unless it has been carried out."""
    known = in_force(history)
    held = next((d for d in reversed(known) if d.render_key == render_key), None)
    if held is None or (held.choice in (Choice.RETAKE, Choice.REPLACE) and held != known[-1]):
        return None
    return held


def why_not(choice: Choice, standing: Standing) -> str:
    """Return why something may not be decided about a take, with what to do; "" when it may.

    >>> why_not(Choice.APPROVE, Standing("1" * 64, TakeStatus.REJECTED, "2" * 64))
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


def why_held_back(decision: Decision | None, status: TakeStatus, lapsed: str = "") -> str:
    """Return why a take may not be shipped, as far as the gate and QA say; "" when it may.

    Args:
        decision: The decision that holds for it, or None.
        status: Of the take.
        lapsed: Why what was decided about it does not hold any more, or "".
    """
    choice = None if decision is None else decision.choice
    if decision is not None and choice is Choice.RETURN:
        return f"it is with the writer: {decision.note}"
    if decision is not None and choice in (Choice.RETAKE, Choice.REPLACE):
        return f"{decision.describe()}; run `barkline render`"
    if status is TakeStatus.APPROVED or (status is TakeStatus.REJECTED and choice is Choice.WAIVE):
        return ""
    return f"its take is {status.value}, not approved" + (f"; {lapsed}" if lapsed else "")


def follow(history: Sequence[Decision], decision: Decision) -> Decision:
    """Return a decision with the sequence that follows a history."""
    return replace(decision, sequence=(history[-1].sequence if history else 0) + 1)
