"""One round of decisions held against what is known: of each line all of them, or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from renderer.domain.decision_field import STAMP
from renderer.domain.review import (
    Choice,
    Decision,
    Reception,
    Reviewed,
    Standing,
    follow,
    in_force,
    what_changed,
    why_not,
)
from renderer.domain.utterance import Utterance, text_hash
from renderer.errors import Fault
from renderer.ports import LineKey, StoredLine, UnitOfWork

Seen = Mapping[LineKey, int] | Sequence[int]
"""Line to the sequence of the last decision about it that its author saw, absent for none; or that
sequence for each of the decisions, in their order. The first that is not known yet counts."""
OTHER_TAKE = "the line has another take by now: hear it again, then decide"


@dataclass(slots=True)
class LineDesk:
    """The decisions about one line.

    Attributes:
        key: The line.
        expected: Sequence of the last decision their author has seen, his own among them.
        stored: The line, or None when there is none.
        standing: Of its take, or None.
        history: What was decided before, oldest first.
        new: What is to be recorded.
        faults: What is wrong or not allowed.
        conflict: Who decided first; "" for nobody.
        lapsed: Id of a decision about another take, or another sound, to what has changed since.
    """

    key: LineKey
    expected: int = 0
    stored: StoredLine | None = None
    standing: Standing | None = None
    history: list[Decision] = field(default_factory=list)
    new: list[Decision] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    conflict: str = ""
    lapsed: dict[str, str] = field(default_factory=dict)

    @property
    def pk(self) -> int:
        """Row id of the line."""
        if self.stored is None:
            raise ValueError(f"{self.key} is no line")  # it has a fault, and is not accepted
        return self.stored.pk

    @property
    def utterance(self) -> Utterance:
        """The line as last imported."""
        if self.stored is None:
            raise ValueError(f"{self.key} is no line")
        return self.stored.utterance

    @property
    def is_sound(self) -> bool:
        """Whether the new decisions may be recorded."""
        return not self.faults and not self.conflict

    def receive(self, decision: Decision, seen: int, place: str) -> None:
        """Hold a new decision against the line.

        One that has lapsed is set aside, and says nothing of the others.

        Args:
            decision: Not known yet.
            seen: Sequence of the last decision its author saw.
            place: How faults name it.
        """
        if self.stored is None or self.standing is None:
            self._refuse(place, "line_id", "There is no such line.", "Correct it.", "unknown-line")
            return
        if lapsed := _lapse(decision, self.standing):
            newer = [made for made in self.history if made.sequence > seen]
            quicker = f"{newer[-1].describe()}; " if newer else ""
            self.lapsed[decision.id] = quicker + lapsed
            return
        before = [*self.history, *self.new]
        last = before[-1].sequence if before else 0
        if not self.new:
            self.expected = max(self.expected, seen)
        if last != self.expected:
            self.conflict = before[-1].describe() if before else "its decisions are gone"
            return
        if decision.is_undo:
            self._undo(decision, before, place)
        elif why := why_not(decision.choice, self.standing):
            self._refuse(place, "choice", why, "Decide otherwise.", "not-allowed")
        decision = self._filled(before, decision, self.standing, place)
        self.new.append(follow(before, decision))
        self.expected += 1

    def _filled(
        self, before: Sequence[Decision], decision: Decision, standing: Standing, place: str
    ) -> Decision:
        """Return a decision with all that is recorded with it, whatever its author says of it."""
        if decision.is_about_sound:
            return replace(decision, sound=standing.sound, checks=standing.checks)
        decision = replace(decision, sound="", checks=())
        if decision.choice is Choice.RETAKE and not decision.is_undo:
            return replace(decision, change=self._whole(before, decision))
        if decision.choice is Choice.REPLACE and not decision.is_undo:
            return self._replaced(decision, standing.recording_key, place)
        return decision

    def _whole(self, before: Sequence[Decision], retake: Decision) -> dict[str, object]:
        """Return all that a retake asks for, and of which text.

        A new take number alone leaves the rest as the retake before it had it, unless that was
        asked of another text.
        """
        stamp = text_hash(self.utterance.written)
        last = _last(in_force(before), Choice.RETAKE)
        is_kept = last is not None and last.change.get(STAMP) == stamp
        kept = last.change if last and is_kept and retake.change.keys() == {"seed"} else {}
        return {**kept, **retake.change, STAMP: stamp}

    def _replaced(self, decision: Decision, spoken: str, place: str) -> Decision:
        """Return a replacement that an undo can take back.

        A recording that lies in the folder already was put there by an attempt that broke off:
        what speaks the line by its last import is what was there before.
        """
        recording = decision.change.get("recording")
        if recording == spoken:
            problem = "The line is spoken by this very recording."
            self._refuse(place, "change", problem, "Choose another one.", "nothing-changed")
        if decision.change.get("before") != recording:
            return decision
        return replace(decision, change={**decision.change, "before": spoken})

    def _undo(self, decision: Decision, before: Sequence[Decision], place: str) -> None:
        found = next((d for d in in_force(before) if d.id == decision.undoes), None)
        if found is None:
            fix = "Look at the line's history."
            problem = "There is no such decision about this line, or it is undone already."
            self._refuse(place, "undoes", problem, fix, "nothing-to-undo")
        elif (found.choice, found.render_key) != (decision.choice, decision.render_key):
            fix = "Take choice and render key of the decision that is undone."
            problem = "It was another choice, or about another take."
            self._refuse(place, "undoes", problem, fix, "not-allowed")

    def _refuse(self, place: str, name: str, problem: str, fix: str, code: str) -> None:
        self.faults.append(Fault("decisions", 0, f"{place}.{name}", problem, fix, code))

    def change_of(self, choice: Choice) -> tuple[Decision | None, Decision | None]:
        """Return the last decision of a choice that was in force before and that is now."""
        then, now = in_force(self.history), in_force([*self.history, *self.new])
        return _last(then, choice), _last(now, choice)

    def before_recordings(self) -> str:
        """Return the object key of what spoke the line before replacements that are undone now.

        They may be undone in any order: what one of them replaced may be another's, which is
        withdrawn as well. An earlier run of them that was undone whole is none of these.
        """
        run: list[Decision] = []
        alive: set[str] = set()
        for made in [*self.history, *self.new]:
            if made.choice is not Choice.REPLACE:
                continue
            if made.is_undo:
                alive.discard(made.undoes)
                continue
            run = [*run, made] if alive else [made]
            alive.add(made.id)
        wanted: object = run[-1].change.get("before", "") if run else ""
        for made in reversed(run[:-1]):
            if made.change.get("recording") == wanted:
                wanted = made.change.get("before", "")
        return str(wanted)


def _lapse(decision: Decision, standing: Standing) -> str:
    """Return why a decision is not about what there is to hear now, or ""."""
    if decision.is_undo:
        return ""
    if decision.render_key != standing.render_key:
        return OTHER_TAKE
    changed = what_changed(decision, standing.sound, standing.checks)
    return f"{changed}: hear it again, then decide" if changed else ""


def _last(decisions: Iterable[Decision], choice: Choice) -> Decision | None:
    return next((d for d in reversed([*decisions]) if d.choice is choice), None)


def _each(decisions: Sequence[Decision], seen: Seen) -> list[int]:
    """Return for each decision the sequence of the last one its author had seen."""
    return [seen.get(d.key, 0) for d in decisions] if isinstance(seen, Mapping) else list(seen)


class Desk:
    """The decisions of one round.

    Args:
        unit: A transaction.
        decisions: In the order they were made.
        seen: What their author has seen.

    Attributes:
        lines: By line.
    """

    def __init__(self, unit: UnitOfWork, decisions: Sequence[Decision], seen: Seen) -> None:
        self._decisions = decisions
        self._seen = _each(decisions, seen)
        keys = list(dict.fromkeys(d.key for d in decisions))
        self.lines = {key: LineDesk(key) for key in keys}
        self._look_up(unit, keys)
        # After the histories: what another hand records in between is then known, and no conflict.
        self._known = unit.decisions.find([d.id for d in decisions])
        self._receive()

    def _look_up(self, unit: UnitOfWork, keys: Sequence[LineKey]) -> None:
        stored = {k: row for k, row in unit.lines.find(keys).items() if not row.is_orphaned}
        takes = {t.id: t for t in unit.takes.get(sorted({r.take_id for r in stored.values()}))}
        histories = unit.decisions.of([row.pk for row in stored.values()])
        for key, row in stored.items():
            line = self.lines[key]
            line.stored, line.standing = row, Standing.of(takes[row.take_id])
            line.history = histories.get(row.pk, [])

    def _receive(self) -> None:
        met: dict[str, Decision] = dict(self._known)
        for n, decision in enumerate(self._decisions):
            line, known = self.lines[decision.key], met.get(decision.id)
            if known is None:
                met[decision.id] = decision
                line.receive(decision, self._seen[n], f"decisions.{n}")
            elif not _is_same(known, decision):
                fix = "Every decision has an id of its own."
                problem = f"The id belongs to another decision: {known.describe()}."
                place = f"decisions.{n}.id"
                line.faults.append(Fault("decisions", 0, place, problem, fix, "id-taken"))
            else:
                line.expected = max(line.expected, known.sequence)

    @property
    def accepted(self) -> list[LineDesk]:
        """The lines whose new decisions may be recorded."""
        return [line for line in self.lines.values() if line.new and line.is_sound]

    def faults(self) -> list[Fault]:
        """Return everything that is wrong or not allowed."""
        return [fault for line in self.lines.values() for fault in line.faults]

    def conflicts(self) -> list[tuple[str, str, str]]:
        """Return (line_id, locale, why) of the lines that are not as the author saw them."""
        return [
            (*line.key, why)
            for line in self.lines.values()
            if (why := line.conflict or next(iter(line.lapsed.values()), ""))
        ]

    def results(self) -> list[Reviewed]:
        """Return what becomes of the decisions, in the order they were handed in."""
        return [self._result(decision) for decision in self._decisions]

    def _result(self, decision: Decision) -> Reviewed:
        known = self._known.get(decision.id)
        if known is not None and _is_same(known, decision):
            return Reviewed(known, Reception.KNOWN, "it was recorded before")
        line = self.lines[decision.key]
        if lapsed := line.lapsed.get(decision.id):
            return Reviewed(decision, Reception.CONFLICT, lapsed)
        if line.faults:
            text = "; ".join(f"{f.problem} {f.fix}" for f in line.faults)
            return Reviewed(decision, Reception.REFUSED, text)
        if line.conflict:
            return Reviewed(decision, Reception.CONFLICT, line.conflict)
        return Reviewed(next(d for d in line.new if d.id == decision.id), Reception.RECORDED)


def _is_same(known: Decision, decision: Decision) -> bool:
    """Whether two decisions of one id are one: a line may have got another id since."""
    return (known.choice, known.render_key, known.undoes) == (
        decision.choice,
        decision.render_key,
        decision.undoes,
    )
