"""Readings as plain values: what the page's script reads.

Two sizes: a row per line, loaded at once and small, and a detail per line, loaded when a listener
opens it. Keys are always ours; what a writer typed is only ever a value.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC
from pathlib import PurePosixPath
from typing import Any

from renderer.domain.direction import Direction, PhoneEdit, Prosody
from renderer.domain.reading import LineReading, TakeReading
from renderer.domain.review import Choice, Decision
from renderer.domain.verdict import Finding, Outcome
from renderer.report.tally import (
    FLAGS,
    GROUPS,
    failed_checks_of,
    flags_of,
    group_of,
    status_of,
)

Plain = dict[str, Any]


def script_json(value: Any) -> str:  # noqa: ANN401 - anything JSON can hold
    r"""Return JSON that may stand inside a script element or a script file.

    Everything beyond ASCII and every character HTML knows is escaped, so no text can end the
    element, open a comment or break a line (U+2028).

    >>> script_json({"text": "</script>\u2028"})
    '{"text":"\\u003c/script\\u003e\\u2028"}'
    """
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


class Names:
    """A table of repeated strings; rows hold their indices."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._index: dict[str, int] = {}
        for name in names:
            self.index(name)

    def index(self, name: str) -> int:
        """Return the index of a name, adding it when it is new."""
        return self._index.setdefault(name, len(self._index))

    def plain(self) -> list[str]:
        """Return the names in the order of their indices."""
        return list(self._index)


class Tables:
    """The string tables of one report."""

    def __init__(self) -> None:
        self.groups = Names(GROUPS)
        self.flags = Names(FLAGS)
        self.decisions = Names(("", *Choice))
        self.statuses, self.locales, self.characters = Names(), Names(), Names()
        self.scenes, self.emotions, self.checks = Names(), Names(), Names()
        self._character_names: dict[str, str] = {}

    def row(self, line: LineReading, place: int) -> list[Any]:
        """Return the row of one line.

        Args:
            line: The line.
            place: Its index in manifest order.
        """
        spoken = line.utterance
        self._character_names.setdefault(spoken.character, line.character_name or spoken.character)
        return [
            place,
            spoken.line_id,
            spoken.text,
            self.locales.index(spoken.locale),
            self.characters.index(spoken.character),
            self.scenes.index(spoken.scene),
            self.emotions.index(spoken.direction.emotion.value),
            self.statuses.index(status_of(line)),
            self.groups.index(group_of(line)),
            [self.flags.index(flag) for flag in flags_of(line)],
            [self.checks.index(check) for check in failed_checks_of(line)],
            round(line.take.duration_s, 2) if line.take else 0,
            " ".join(spoken.tags),
            self.decisions.index(line.decision.choice if line.decision else ""),
            line.decided,
            line.take.render_key if line.take else "",
        ]

    def plain(self) -> Plain:
        """Return every table, complete once every line had its row."""
        characters = self.characters.plain()
        return {
            "groups": self.groups.plain(),
            "flags": self.flags.plain(),
            "decisions": self.decisions.plain(),
            "statuses": self.statuses.plain(),
            "locales": self.locales.plain(),
            "characters": characters,
            "characterNames": [self._character_names[c] for c in characters],
            "scenes": self.scenes.plain(),
            "emotions": self.emotions.plain(),
            "checks": self.checks.plain(),
        }


def detail(line: LineReading, picture: Plain | None, previous_picture: Plain | None) -> Plain:
    """Return what the page shows of one line once it is opened."""
    spoken = line.utterance
    return {
        "written": spoken.written,
        "notes": spoken.notes,
        "tags": list(spoken.tags),
        "was": list(spoken.was),
        "hints": [list(hint) for hint in spoken.hints],
        "seed": spoken.seed,
        "origin": f"{spoken.origin.path}:{spoken.origin.line}" if spoken.origin.path else "",
        "voice": spoken.voice,
        "unpublishable": line.unpublishable,
        "direction": _direction(spoken.direction),
        "decision": decision_record(line.decision) if line.decision else None,
        "lapsed": line.lapsed,
        "decided": line.decided,
        "take": take_record(line.take, picture) if line.take else None,
        "previous": take_record(line.previous, previous_picture) if line.previous else None,
    }


def decision_record(decision: Decision) -> Plain:
    """Return a decision as the page shows it and `review log --json` prints it."""
    return {
        "id": decision.id,
        "line_id": decision.line_id,
        "locale": decision.locale,
        "render_key": decision.render_key,
        "choice": decision.choice.value,
        "who": decision.who,
        "at": decision.at.astimezone(UTC).isoformat(timespec="seconds"),
        "note": decision.note,
        "change": dict(decision.change),
        "undoes": decision.undoes,
        "sound": decision.sound,
        "checks": list(decision.checks),
        "sequence": decision.sequence,
    }


def _direction(direction: Direction) -> Plain:
    return {
        "emotion": direction.emotion.value,
        "intensity": _number(direction.intensity),
        "delivery": direction.delivery.value,
        "prosody": _prosody(direction.prosody),
        "words": [
            {
                "word": edit.word,
                "occurrence": edit.occurrence,
                "emphasis": edit.emphasis.value,
                "phonemes": edit.phonemes,
                "prosody": _prosody(edit.prosody),
                "phones": [_phone(phone) for phone in edit.phones],
            }
            for edit in direction.words
        ],
    }


def _phone(edit: PhoneEdit) -> Plain:
    asked = Prosody(rate=edit.rate, pitch_st=edit.pitch_st, energy_db=edit.energy_db)
    return {"phone": edit.phone, "occurrence": edit.occurrence, "prosody": _prosody(asked)}


def _prosody(prosody: Prosody) -> Plain:
    """Return what differs from the voice's own way."""
    own = Prosody()
    named = ((f.name, getattr(prosody, f.name)) for f in fields(Prosody))
    return {name: _number(value) for name, value in named if value != getattr(own, name)}


def take_record(take: TakeReading, picture: Plain | None) -> Plain:
    """Return what the page shows of one take."""
    return {
        "key": take.render_key,
        "status": take.status,
        "attempt": take.attempt,
        "audio": local_path(take.audio),
        "duration": _number(take.duration_s),
        "lufs": _number(take.loudness_lufs),
        "dbtp": _number(take.true_peak_dbtp),
        "findings": [_finding(f) for f in sorted(take.findings, key=_urgency)],
        "tried": _tried(take),
        "words": [[w.word, _number(w.start_s), _number(w.end_s)] for w in take.alignment.words],
        "phones": [
            [p.phoneme, _number(p.start_s), _number(p.end_s)]
            for p in take.alignment.phones
            if p.phoneme != "_"
        ],
        "source": take.alignment.source,
        "sound": take.sound,
        "against": list(take.against),
        "error": take.error,
        "voice": take.voice,
        "text": take.text,
        "finished": take.finished_at,
        "picture": picture,
    }


_URGENCY = (Outcome.ERROR, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS)


def _urgency(finding: Finding) -> int:
    return _URGENCY.index(finding.outcome)


def _finding(finding: Finding) -> Plain:
    return {
        "check": finding.check,
        "outcome": finding.outcome.value,
        "value": _number(finding.value),
        "limit": _number(finding.limit),
        "relation": finding.relation,
        "unit": finding.unit,
        "message": finding.message,
        "hint": finding.hint,
        "start": _number(finding.start_s),
    }


def _tried(take: TakeReading) -> list[Plain]:
    sounds = (*take.tried_audio, *[""] * len(take.tried))
    return [
        {
            "number": attempt.number,
            "change": attempt.change,
            "decision": attempt.verdict.decision.value,
            "failed": [_finding(f) for f in attempt.verdict.failed],
            "audio": local_path(sound),
        }
        for attempt, sound in zip(take.tried, sounds, strict=False)
    ]


def _number(value: float | None) -> float | str | None:
    """Return a number JSON can hold; what is not finite is spelt out."""
    if value is None or math.isfinite(value):
        return value if value is None else round(float(value), 5)
    return "not a number" if math.isnan(value) else ("∞" if value > 0 else "−∞")


def local_path(path: str) -> str:
    r"""Return a path relative to the report, or "" when it is anything else.

    >>> local_path("../voice/en-US/halt_01.ogg")
    '../voice/en-US/halt_01.ogg'
    >>> [local_path(p) for p in ("/etc/x", "https://x/y", "a\\b", "javascript:x", "")]
    ['', '', '', '', '']
    """
    first = path.partition("/")[0]
    is_local = not path.startswith("/") and "\\" not in path and ":" not in first
    return str(PurePosixPath(path)) if path and is_local else ""


def problem(line: LineReading) -> Mapping[str, Any]:
    """Return a line that wants attention, for the static list and the summary."""
    findings = line.take.findings if line.take else ()
    return {
        "line_id": line.utterance.line_id,
        "locale": line.utterance.locale,
        "character": line.utterance.character,
        "scene": line.utterance.scene,
        "text": line.utterance.text,
        "status": status_of(line),
        "flags": list(flags_of(line)),
        "findings": [_finding(f) for f in findings if f.outcome in (Outcome.FAIL, Outcome.ERROR)],
        "error": line.take.error if line.take else "",
    }
