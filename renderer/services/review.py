"""Records what people decide about takes, and changes the committed files it concerns.

Decisions are handed in with what their author has seen: the sequence of the last decision about
each line. Where somebody else has decided since, nothing is overwritten. Files change before the
transaction ends, and carry the decision's id: a crash in between leaves a file whose decision is
recorded when it is handed in again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace

from renderer.domain.decision_field import faults_of
from renderer.domain.events import LineReviewed
from renderer.domain.review import Choice, Decision, Reviewed
from renderer.domain.utterance import Utterance
from renderer.errors import DatabaseError, Fault, ReviewConflictError, ReviewError
from renderer.ports import LineKey, RecordingShelf, RetakeBook, RetakeEdit, UnitOfWork
from renderer.services.input_key import canonical_direction
from renderer.services.review_desk import Desk, LineDesk, Seen

TRIES = 5


class Review:
    """Decides about the takes of one project.

    Args:
        unit: Begins a transaction.
        reading: Begins one for reading, which waits for nobody.
        retakes: The committed file of retakes.
        recordings: The committed folder of recordings.
    """

    def __init__(
        self,
        unit: Callable[[], UnitOfWork],
        reading: Callable[[], UnitOfWork],
        retakes: RetakeBook,
        recordings: RecordingShelf,
    ) -> None:
        self._unit = unit
        self._reading = reading
        self._retakes = retakes
        self._recordings = recordings

    def decide(
        self, decisions: Sequence[Decision], seen: Seen, *, keeps_rest: bool = False
    ) -> list[Reviewed]:
        """Record decisions in one transaction: all or none, unless the rest is to be kept.

        Args:
            decisions: In the order they were made; one that was recorded before is passed over. A
                replacement is recorded by `replace` alone; here it is a fault.
            seen: Line to the sequence of the last decision its author saw, before the first of
                these; absent for none. Or, for each decision, the sequence its author saw.
            keeps_rest: Record what can be recorded, and return the rest as conflicts and refusals.

        Returns:
            What became of each, in their order.

        Raises:
            ReviewError: Some are wrong or may not be made; all faults are listed.
            ReviewConflictError: Somebody else decided first.
            DatabaseError: The database is away.
        """
        faults = [_no_upload(n) for n, d in enumerate(decisions) if _is_replacement(d)]
        return self._check(decisions, seen, faults, keeps_rest=keeps_rest)

    def undo(self, decision: Decision, seen: int) -> Reviewed:
        """Undo a decision; a retake leaves its file, a recording gives way to what was there.

        Args:
            decision: With the id of what it `undoes`; of the same line, key and choice.
            seen: Sequence of the last decision about the line its author saw.

        Raises:
            ReviewError: There is no such decision, or it is undone already.
            ReviewConflictError: Somebody else decided first.
        """
        return self.decide([decision], {decision.key: seen})[0]

    def replace(self, decision: Decision, seen: int, data: bytes) -> Reviewed:
        """Let an uploaded recording speak a line; it lies in the project's folder afterwards.

        Args:
            decision: To replace the take.
            seen: Sequence of the last decision about the line its author saw.
            data: A WAV, FLAC or Ogg file.

        Raises:
            AudioError: It is no sound, or beyond the limits.
            ReviewError: The decision is wrong.
            ReviewConflictError: Somebody else decided first.
        """
        change = {
            "recording": self._recordings.take_in(data),
            "before": self._recordings.current(decision.key),
        }
        made = replace(decision, change=change)
        return self._check([made], {decision.key: seen}, [], keeps_rest=False)[0]

    def history(self, line_id: str, locale: str) -> list[Decision]:
        """Return every decision about a line, oldest first, also those that lapsed."""
        with self._reading() as unit:
            line = unit.lines.find([(line_id, locale)]).get((line_id, locale))
            return [] if line is None else unit.decisions.of([line.pk]).get(line.pk, [])

    def log(self, limit: int | None = None) -> list[Decision]:
        """Return the project's decisions, the newest first."""
        with self._reading() as unit:
            return unit.decisions.log(limit)

    def _check(
        self,
        decisions: Sequence[Decision],
        seen: Seen,
        faults: list[Fault],
        *,
        keeps_rest: bool,
    ) -> list[Reviewed]:
        """Record decisions whose fields are right."""
        for n, decision in enumerate(decisions):
            faults += faults_of(decision, f"decisions.{n}")
        if faults:
            raise ReviewError(f"{len(faults)} faults; no decision was recorded", faults)
        return self._again(lambda: self._decide(decisions, seen, keeps_rest=keeps_rest))

    def _again(self, do: Callable[[], list[Reviewed] | None]) -> list[Reviewed]:
        """Decide anew while others are just deciding about the same lines."""
        for left in reversed(range(TRIES)):
            try:
                done = do()
            except DatabaseError as error:
                if not (error.is_transient and left):
                    raise
                continue
            if done is not None:
                return done
        raise DatabaseError(
            "others decide about the same lines again and again; try again.", is_transient=True
        )

    def _decide(
        self, decisions: Sequence[Decision], seen: Seen, *, keeps_rest: bool
    ) -> list[Reviewed] | None:
        """Return what became of the decisions; None when others decided meanwhile."""
        with self._unit() as unit, ExitStack() as held:
            desk = Desk(unit, decisions, seen)
            self._check_recordings(desk)
            edit = self._begin_edit(desk, held)
            _require_all(desk, keeps_rest=keeps_rest)
            new = [(line.pk, d) for line in desk.accepted for d in line.new]
            if not unit.decisions.add(new):
                return None
            unit.outbox.add([_told(d) for _, d in new])
            if edit is not None:
                edit.write()  # may find that it must not
            self._put_recordings(desk)
            unit.commit()
            return desk.results()

    def _begin_edit(self, desk: Desk, held: ExitStack) -> RetakeEdit | None:
        """Hold the retakes against their lines; those with faults are refused."""
        while wanted := _wanted(desk):
            attempt = held.enter_context(ExitStack())
            lines = {key: desk.lines[key].utterance for key in wanted}
            fresh = [key for key, now in wanted.items() if now in desk.lines[key].new]
            edit = attempt.enter_context(self._retakes.edit(wanted, lines, fresh))
            found, said = edit.try_out()
            for key, faults in found.items():
                desk.lines[key].faults += faults
            same = [k for k in fresh if k in said and _is_same_sound(said[k], lines[k])]
            for key in same:
                desk.lines[key].faults.append(_nothing_changed())
            if not found and not same:
                return edit
            attempt.close()
        return None

    def _check_recordings(self, desk: Desk) -> None:
        """Refuse to undo a replacement where what was there can no longer be had."""
        for line in desk.accepted:
            wanted = _recording(line)
            if wanted and not self._recordings.has(wanted):
                problem = "The recording that was there is no longer in the store."
                fix = "Upload it again."
                where = "change.before"
                line.faults.append(Fault("decisions", 0, where, problem, fix, "recording-gone"))

    def _put_recordings(self, desk: Desk) -> None:
        for line in desk.accepted:
            wanted = _recording(line)
            if wanted is not None:
                self._recordings.put(line.key, wanted)


def _wanted(desk: Desk) -> Mapping[LineKey, Decision | None]:
    """Return the retakes that change: line to what it is to have."""
    changes = {line.key: line.change_of(Choice.RETAKE) for line in desk.accepted}
    return {key: now for key, (then, now) in changes.items() if then != now}


def _is_replacement(decision: Decision) -> bool:
    return decision.choice is Choice.REPLACE and not decision.is_undo


def _no_upload(number: int) -> Fault:
    problem, fix = "A replacement comes with its recording.", "Upload it on the review page."
    return Fault("decisions", 0, f"decisions.{number}.choice", problem, fix, "no-upload")


def _is_same_sound(said: Utterance, before: Utterance) -> bool:
    """Whether a line would be asked for as it was: its take would be the one there is."""
    return _asked(said) == _asked(before)


def _asked(said: Utterance) -> tuple[object, ...]:
    return said.text, said.voice, said.hints, said.seed, canonical_direction(said.direction)


def _nothing_changed() -> Fault:
    problem = "The line is said like that already, so the retake changes nothing."
    fix = "Ask for something else; another take number (seed) gives another take."
    return Fault("decisions", 0, "change", problem, fix, "nothing-changed")


def _recording(line: LineDesk) -> str | None:
    """Return the object key of the recording a line is to have, "" for none; None: as it is."""
    then, now = line.change_of(Choice.REPLACE)
    if then == now:
        return None
    if now is not None:
        return str(now.change.get("recording", ""))
    return line.before_recordings()


def _require_all(desk: Desk, *, keeps_rest: bool) -> None:
    """Hold that every decision can be recorded, unless the rest is wanted all the same.

    Raises:
        ReviewError: Some may not be made.
        ReviewConflictError: Somebody else decided first.
    """
    if keeps_rest:
        return
    if faults := desk.faults():
        raise ReviewError(f"{len(faults)} faults; no decision was recorded", faults)
    if conflicts := desk.conflicts():
        line_id, locale, why = conflicts[0]
        more = f" (and {len(conflicts) - 1} more lines)" if len(conflicts) > 1 else ""
        raise ReviewConflictError(
            f"{line_id} ({locale}): {why}{more}. Nothing was recorded: look again, then decide.",
            conflicts,
        )


def _told(decision: Decision) -> LineReviewed:
    return LineReviewed(
        line_id=decision.line_id,
        locale=decision.locale,
        decision=decision.id,
        choice=decision.choice.value,
        who=decision.who,
        undoes=decision.undoes,
    )
