"""The fields of a decision: what each may hold, with every fault at once."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

from renderer.domain.object_key import content_hash, is_hash
from renderer.domain.review import Choice, Decision
from renderer.domain.voice_lock import is_safe_segment
from renderer.errors import Fault

MAX_NOTE = 2_000
MAX_WHO = 120
MAX_LOCALE = 35
MAX_CHANGE = 20_000
MAX_CHANGE_DEPTH = 8  # `words` with `phones` needs five; `retakes.yaml` takes twelve in all
MAX_CHECKS = 200
FIRST_YEAR = 2000
CHANGE_FIELDS = ("emotion", "delivery", "prosody", "words", "seed")
STAMP = "text_hash"  # of the text a retake was asked for; set when it is recorded
RECORDING_FIELDS = ("recording", "before")
_CHECK = re.compile(r"[a-z0-9_]{1,60}")
_ID = re.compile(r"[0-9a-f]{32}")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")  # emoji and several scripts need them


def is_id(text: str) -> bool:
    """Whether a text is a decision's id: 32 lower-case hex digits."""
    return _ID.fullmatch(text) is not None


def hidden_character(text: str, allowed: str = "") -> str:
    """Return the first character that cannot be seen or turns text around; "" for none.

    >>> hidden_character("fine"), hidden_character("a\u202eb") == "\u202e"
    ('', True)
    """
    known = _JOINERS | set(allowed)
    found = (c for c in text if c not in known and unicodedata.category(c) in _HIDDEN)
    return next(found, "")


def faults_of(decision: Decision, place: str, path: str = "decisions") -> list[Fault]:
    """Return everything that is wrong with the fields of a decision.

    Args:
        decision: As it was handed in.
        place: How its fields are named in faults (`decisions.3`).
        path: The file it came from.
    """
    said = [*_named(decision), *_written(decision), *_heard(decision), *_changed(decision)]
    return [
        Fault(path, 0, f"{place}.{name}", problem, fix, code) for name, problem, fix, code in said
    ]


_Found = tuple[str, str, str, str]


def _named(decision: Decision) -> Iterator[_Found]:
    """Yield faults of what names the decision, its line and its take."""
    fix = "Use 32 lower-case hex digits, new for every decision (a uuid4)."
    if not is_id(decision.id):
        yield "id", f"{_shown(decision.id)} is no id.", fix, "bad-id"
    if decision.undoes and not is_id(decision.undoes):
        yield "undoes", f"{_shown(decision.undoes)} is no id.", "Name a decision's id.", "bad-id"
    if not is_safe_segment(decision.line_id):
        yield "line_id", f"{_shown(decision.line_id)} is no line id.", "Correct it.", "bad-line"
    if not (is_safe_segment(decision.locale) and len(decision.locale) <= MAX_LOCALE):
        yield "locale", f"{_shown(decision.locale)} is no locale.", "Correct it.", "bad-locale"
    if not is_hash(decision.render_key):
        fix = "Take it from the report or the page that was decided on."
        yield "render_key", f"{_shown(decision.render_key)} is no render key.", fix, "bad-key"


def _written(decision: Decision) -> Iterator[_Found]:
    """Yield faults of what a person wrote."""
    who = decision.who.strip()
    if not who or len(who) > MAX_WHO or hidden_character(decision.who):
        fix = f"Give a name of 1 to {MAX_WHO} characters that can be seen."
        yield "who", f"{_shown(decision.who)} is no name.", fix, "bad-name"
    if decision.at.tzinfo is None or decision.at.year < FIRST_YEAR:
        fix = "Write it as ISO 8601 with a zone: 2026-05-04T09:30:00Z."
        yield "at", f"{_shown(str(decision.at))} is no time.", fix, "bad-time"
    if len(decision.note) > MAX_NOTE:
        fix = f"Use at most {MAX_NOTE:,}."
        yield "note", f"The note has {len(decision.note):,} characters.", fix, "note-too-long"
    if hidden := hidden_character(decision.note, "\n\t"):
        problem = f"The note holds the character U+{ord(hidden):04X}, which cannot be seen."
        yield "note", problem, "Delete it.", "hidden-character"
    needs_note = decision.choice in (Choice.WAIVE, Choice.RETURN) and not decision.is_undo
    if needs_note and not decision.note.strip():
        why = "Why is it good enough?" if decision.choice is Choice.WAIVE else "What is wrong?"
        yield "note", f"To {decision.choice.value} it, a note is required.", why, "missing-note"


def _heard(decision: Decision) -> Iterator[_Found]:
    """Yield faults of what an author says to have heard."""
    if decision.sound and not is_hash(decision.sound):
        fix = "Take it from the report or the page that was decided on, or leave it out."
        yield "sound", f"{_shown(decision.sound)} is no SHA-256.", fix, "bad-sound"
    if decision.checks and not decision.sound:
        yield "checks", "They are of no sound.", "Name the sound as well.", "no-sound"
    if len(decision.checks) > MAX_CHECKS or not all(map(_is_check, decision.checks)):
        fix = f"List at most {MAX_CHECKS} names of checks."
        yield "checks", "These are no checks.", fix, "bad-checks"


def _is_check(name: str) -> bool:
    return _CHECK.fullmatch(name) is not None


def _changed(decision: Decision) -> Iterator[_Found]:
    """Yield faults of what is to change; the fields of a retake are held against the line later."""
    change = decision.change
    known: tuple[str, ...] = ()
    if not decision.is_undo:
        known = {
            Choice.RETAKE: (*CHANGE_FIELDS, STAMP),
            Choice.REPLACE: RECORDING_FIELDS,
        }.get(decision.choice, ())
    for name in sorted(map(str, change.keys() - set(known))):
        fix = f"Known here are {', '.join(known)}." if known else "Leave 'change' empty."
        yield f"change.{name[:60]}", "There is no such field here.", fix, "unknown-field"
    if decision.is_undo:
        return
    if decision.choice is Choice.RETAKE and not change.keys() & set(CHANGE_FIELDS):
        fix = f"Change one of {', '.join(CHANGE_FIELDS)}; another seed gives another take."
        yield "change", "The retake changes nothing.", fix, "nothing-changed"
    if not _is_flat(change) or _size(change) > MAX_CHANGE:
        problem = "It is too large, nested too deeply, or no JSON."
        yield "change", problem, "Change less.", "change-too-large"
    if decision.choice is Choice.REPLACE:
        yield from _recorded(change)


def _recorded(change: Mapping[str, object]) -> Iterator[_Found]:
    """Yield faults of a replacement: what it names is what uploads are kept as."""
    fix = "Upload the recording in `barkline review`."
    if not is_recording(change.get("recording")):
        yield "change.recording", "There is no recording.", fix, "no-recording"
    if change.get("before", "") != "" and not is_recording(change["before"]):
        yield "change.before", "What was there before is no recording.", fix, "no-recording"


def is_recording(key: object) -> bool:
    """Whether something is the object key of a recording: a WAV file in the store.

    >>> is_recording("objects/ab/" + "ab" * 32 + ".wav"), is_recording("keys/ab/x.json")
    (True, False)
    """
    return isinstance(key, str) and key.endswith(".wav") and content_hash(key) != ""


def _is_flat(change: object) -> bool:
    """Whether nothing is nested more deeply than `MAX_CHANGE_DEPTH`, without going deeper."""
    level = [change]
    for _ in range(MAX_CHANGE_DEPTH):
        held = [v.values() if isinstance(v, Mapping) else v for v in level if _holds(v)]
        level = [value for values in held for value in values]
    return not any(map(_holds, level))


def _holds(value: object) -> TypeGuard[Mapping[str, object] | Sequence[object]]:
    return isinstance(value, Mapping | list | tuple)


def _size(change: object) -> int:
    """Return the length of a JSON document, or more than is allowed when it is none."""
    try:
        return len(
            json.dumps(dict(change) if isinstance(change, dict) else change, allow_nan=False)
        )
    except (TypeError, ValueError, RecursionError):
        return MAX_CHANGE + 1


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}…")  # noqa: PLR2004 - fits a line
