"""Voice cards on disk: `card.yaml` (or `card.json`) beside the voice's files."""

from __future__ import annotations

import difflib
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from renderer.domain.voice import VoiceCard, VoiceRef
from renderer.errors import Fault, InputError

FILE_NAMES = ("card.yaml", "card.json")
_MOST_BYTES = 256 * 1024
_MOST_SPEAKERS = 65_536
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_SAMPLE_RATES = (8_000, 96_000)
_TEXTS = frozenset(
    {"name", "engine", "model_sha256", "licence", "source", "attribution", "consent_ref"}
)
_BREAKS = frozenset("\x85\u2028\u2029")
_REQUIRED = ("name", "engine", "model_sha256")
_KEYS = tuple(f.name for f in fields(VoiceCard) if f.name != "folder")

Rule = tuple[Callable[[Any], bool], str]


def _is_text(value: Any) -> bool:  # noqa: ANN401 - whatever YAML holds
    return isinstance(value, str) and value.isprintable()


def _is_prose(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, str) and value.replace("\n", " ").isprintable()


def _is_name(value: Any) -> bool:  # noqa: ANN401
    try:
        return isinstance(value, str) and VoiceRef.parse(value) == (value, "")
    except ValueError:
        return False


def _is_speakers(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, dict) and all(
        _is_name(name) and type(number) is int and 0 <= number < _MOST_SPEAKERS
        for name, number in value.items()
    )


def _is_languages(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, list) and all(
        isinstance(tag, str) and _TAG.fullmatch(tag) for tag in value
    )


_RULES: Mapping[str, Rule] = {
    "name": (_is_name, "letters, digits, `_`, `.` and `-`, at most 80"),
    "engine": (_is_name, "the name of an engine, such as `piper`"),
    "model_sha256": (
        lambda v: isinstance(v, str) and bool(_SHA256.fullmatch(v)),
        "64 lower-case hex digits",
    ),
    "languages": (_is_languages, "a list of language tags, such as `[en-US]`"),
    "speakers": (_is_speakers, "a mapping of speaker names to numbers from 0"),
    "sample_rate": (
        lambda v: type(v) is int and _SAMPLE_RATES[0] <= v <= _SAMPLE_RATES[1],
        f"a whole number of Hz from {_SAMPLE_RATES[0]} to {_SAMPLE_RATES[1]}",
    ),
    "licence": (_is_text, "an SPDX expression or a short name in one line"),
    "may_publish": (lambda v: type(v) is bool, "true or false"),
    "source": (_is_prose, "text"),
    "attribution": (_is_prose, "text"),
    "consent_ref": (_is_text, "text in one line"),
    "consent_expires": (
        lambda v: v is None or (isinstance(v, date) and not isinstance(v, datetime)),
        "a day, such as 2027-12-31",
    ),
    "batchable": (lambda v: type(v) is bool, "true or false"),
    "has_durations": (lambda v: type(v) is bool, "true or false"),
}


class _Reader:
    """Reads one card and collects its faults."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[Fault] = []
        self.lines: dict[str, int] = {}

    def fault(self, field: str, problem: str, fix: str, code: str) -> None:
        line = self.lines.get(field, 0)
        self.faults.append(Fault(self.path.as_posix(), line, field, problem, fix, code))

    def read(self) -> VoiceCard | None:
        values = self._load()
        if values is None:
            return None
        self._check_keys(values)
        good = {key: value for key, value in values.items() if self._holds(key, value)}
        self._check_together(good)
        if self.faults:
            return None
        if isinstance(good.get("languages"), list):
            good["languages"] = tuple(good["languages"])
        return VoiceCard(**good, folder=str(self.path.parent))

    def _load(self) -> dict[str, Any] | None:
        try:
            if self.path.stat().st_size > _MOST_BYTES:
                self.fault(
                    "", "The card is too big.", f"Keep it under {_MOST_BYTES} bytes.", "size"
                )
                return None
            node = yaml.compose(self.path.read_text("utf-8"), Loader=yaml.SafeLoader)
            return self._plain(node)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            self.lines[""] = line
            self.fault("", f"This is no YAML: {error.problem}.", "Correct the syntax.", "syntax")
        except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError) as error:
            self.fault("", f"The card cannot be read: {error}.", "Write it again.", "unreadable")
        return None

    def _plain(self, node: yaml.Node | None) -> dict[str, Any] | None:
        if not isinstance(node, yaml.MappingNode):
            self.fault("", "The card is no mapping.", "Write `name: …` and so on.", "syntax")
            return None
        constructor = yaml.constructor.SafeConstructor()
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
            self.lines[key] = key_node.start_mark.line + 1
            if key in values:
                self.fault(key, f"`{key}` is there twice.", "Keep one.", "duplicate-key")
            if key in _TEXTS and isinstance(value_node, yaml.ScalarNode):
                values[key] = value_node.value  # a name may look like a number
                continue
            values[key] = constructor.construct_document(value_node)
        return values

    def _check_keys(self, values: Mapping[str, Any]) -> None:
        for key in values:
            if key not in _KEYS:
                near = difflib.get_close_matches(key, _KEYS, 1)
                fix = f"Did you mean `{near[0]}`?" if near else f"Known are {', '.join(_KEYS)}."
                self.fault(key, f"A card has no field `{key}`.", fix, "unknown-field")
        for key in _REQUIRED:
            if key not in values:
                self.fault(key, f"`{key}` is missing.", f"Give {_RULES[key][1]}.", "missing-field")

    def _holds(self, key: str, value: Any) -> bool:  # noqa: ANN401
        if key not in _RULES:
            return False
        holds, wanted = _RULES[key]
        if not holds(value):
            shown = repr(value)[:40]
            self.fault(key, f"{shown} is no valid `{key}`.", f"Give {wanted}.", "bad-value")
            return False
        return True

    def _check_together(self, good: Mapping[str, Any]) -> None:
        if good.get("may_publish") and not good.get("licence", "").strip():
            self.fault(
                "may_publish",
                "A voice without a licence may not be published.",
                "Name the licence, or set `may_publish: false`.",
                "no-licence",
            )
        if "name" in good and good["name"] != self.path.parent.name:
            self.fault(
                "name",
                f"The voice {good['name']!r} lies in a folder named {self.path.parent.name!r}.",
                "Give the folder the voice's name.",
                "wrong-folder",
            )


def read_card(path: Path) -> VoiceCard:
    """Read one card.

    Raises:
        InputError: The card is wrong; all of its faults.
    """
    reader = _Reader(path)
    card = reader.read()
    if card is None:
        raise InputError(_message(reader.faults), reader.faults)
    return card


def _message(faults: Sequence[Fault]) -> str:
    return f"{len(faults)} {'fault' if len(faults) == 1 else 'faults'} in voice cards."


def card_paths(folders: Sequence[Path]) -> Iterator[Path]:
    """Yield the card of every voice in some folders."""
    for folder in folders:
        for inner in sorted(folder.iterdir()) if folder.is_dir() else ():
            found = [inner / name for name in FILE_NAMES if (inner / name).is_file()]
            if found and not inner.name.startswith("."):
                yield found[0]


def read_folders(folders: Sequence[Path]) -> dict[str, VoiceCard]:
    """Read every card of some folders; of two voices of one name the first folder's counts.

    Raises:
        InputError: Cards are wrong; all faults of all cards.
    """
    cards: dict[str, VoiceCard] = {}
    faults: list[Fault] = []
    for path in card_paths(folders):
        reader = _Reader(path)
        card = reader.read()
        faults += reader.faults
        if card is not None:
            cards.setdefault(card.name, card)
    if faults:
        raise InputError(_message(faults), faults)
    return cards


def card_text(card: VoiceCard) -> str:
    """Return a card as YAML, in the order of `VoiceCard`."""
    values = card.plain()
    # Breaks of YAML's that are none of ours: escaped, they are read back and refused.
    has_breaks = any(_BREAKS & set(value) for value in values.values() if isinstance(value, str))
    text: str = yaml.safe_dump(values, sort_keys=False, allow_unicode=not has_breaks, width=100)
    return text


def write_card(card: VoiceCard, folder: Path) -> Path:
    """Write `card.yaml` into a folder, at once or not at all.

    Returns:
        The file.
    """
    path = folder / FILE_NAMES[0]
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".card-")
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(card_text(card))
    Path(temporary).replace(path)
    return path
