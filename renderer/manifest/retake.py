"""`retakes.yaml`: what QA wants to be said another way, laid over what writers commit.

An entry names a line and a locale and gives fields of the line anew. Emotion, delivery and seed
take the place of the line's; prosody and words come on top of them. An entry may hold the hash of
the text it was asked for: when the writer changes the text, it is left out, with a warning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from renderer.domain.decision_field import CHANGE_FIELDS, STAMP
from renderer.domain.direction import Emphasis, WordEdit
from renderer.domain.project import Project
from renderer.domain.utterance import Utterance, text_hash
from renderer.domain.words import find_words, fold
from renderer.errors import Fault, Level
from renderer.manifest.charset import decode
from renderer.manifest.field import (
    read_note,
    read_text,
    read_whole_number,
    refuse_unknown,
    shown,
)
from renderer.manifest.identifier import ID_FIX, id_form, is_id
from renderer.manifest.line import MAX_SEED, check_locale
from renderer.manifest.performance import out_of_range, read_direction
from renderer.manifest.source import read_bytes
from renderer.manifest.tree import FaultLog, Row, Table, Unreadable
from renderer.manifest.word_edit import read_words
from renderer.manifest.yaml_tree import load_yaml

RETAKES_FILE = "retakes.yaml"
ENTRY_FIELDS = ("line", "locale", STAMP, *CHANGE_FIELDS, "who", "at", "note", "decision")
UNKNOWN_LINE = "unknown-retake"
_HASH = re.compile(r"[0-9a-f]{12}")


class Retakes:
    """The entries of one project.

    Args:
        entries: By `id_form` of line and locale.
        log: Where faults go.

    Attributes:
        entries: By `id_form` of line and locale.
    """

    def __init__(self, entries: Mapping[str, Table], log: FaultLog) -> None:
        self.entries = entries
        self._log = log
        self._met: set[str] = set()

    def lay(self, said: Utterance) -> Utterance:
        """Return a line as it is to be said; faults of its entry go into the log."""
        for line_id in (said.line_id, *said.was):
            form = id_form(line_id, said.locale)
            entry = self.entries.get(form)
            if entry is not None:
                self._met.add(form)
                return said if entry.is_broken else self._laid(entry, said)
        return said

    def _laid(self, entry: Table, said: Utterance) -> Utterance:
        log, now = self._log, text_hash(said.written)
        asked_for = read_text(entry, "text_hash", log).strip().lower()
        if asked_for and asked_for != now:
            problem = (
                f"The text of {said.line_id!r} ({said.locale}) changed since this retake was asked "
                "for; it is left out."
            )
            fix = f"Hear the line, then delete the entry or write 'text_hash: {now}'."
            log.warning(entry.where("text_hash"), "text_hash", "stale-retake", problem, fix)
            return said
        before = log.errors
        direction = read_direction(entry, replace(said.direction, words=()), log)
        if bad := out_of_range(direction.prosody):
            problem = f"Together with the line's own prosody, {bad}."
            fix = "Ask for less: the retake comes on top of the line."
            log.error(entry.where("prosody"), "prosody", "out-of-range", problem, fix)
        words = said.direction.words
        if "words" in entry:
            words = _merged(said, read_words(entry, said.text, (), log), entry, log)
        seed = read_whole_number(entry, "seed", (0, MAX_SEED), log)
        if log.errors != before:
            return said
        return replace(
            said,
            direction=replace(direction, words=words),
            seed=said.seed if seed is None else seed,
        )

    def finish(self, taken: Mapping[str, str]) -> None:
        """Report entries whose line is nowhere, and close the log.

        Args:
            taken: `id_form` of every line that is known from files not read now, to its file.
        """
        gone = [form for form in self.entries if form not in self._met and form not in taken]
        if gone and not any(f.level is Level.ERROR for f in self._log.faults):
            for form in gone:
                self._report_unknown(self.entries[form])
        self._log.close()

    def _report_unknown(self, entry: Table) -> None:
        line_id, locale = entry.get("line"), entry.get("locale")
        problem = f"There is no line {shown(line_id)} in {locale}."
        fix = "Correct the id, or delete the entry."
        self._log.error(entry.where("line"), "line", UNKNOWN_LINE, problem, fix)


def _merged(
    said: Utterance, edits: tuple[WordEdit, ...], entry: Table, log: FaultLog
) -> tuple[WordEdit, ...]:
    """Return a line's word edits with a retake's on top, in the order of the words."""
    order = {(fold(w.text), w.occurrence): n for n, w in enumerate(find_words(said.text))}
    merged = {(fold(e.word), e.occurrence): e for e in said.direction.words}
    for edit in edits:
        key = fold(edit.word), edit.occurrence
        merged[key] = _on_top(merged.get(key), edit)
        if bad := out_of_range(merged[key].prosody):
            problem = f"Together with the line's own prosody, {bad} at {shown(edit.word)}."
            fix = "Ask for less: the retake comes on top of the line."
            log.error(entry.where("words"), "words", "out-of-range", problem, fix)
    return tuple(merged[key] for key in sorted(merged, key=lambda k: order.get(k, 0)))


def _on_top(old: WordEdit | None, new: WordEdit) -> WordEdit:
    if old is None:
        return new
    return WordEdit(
        old.word,
        old.occurrence,
        old.prosody.then(new.prosody),
        old.emphasis if new.emphasis is Emphasis.NONE else new.emphasis,
        new.phonemes or old.phonemes,
        new.phones or old.phones,
    )


def read_retakes(project: Project, faults: list[Fault]) -> Retakes:
    """Read a project's retakes; a project without the file has none.

    Args:
        project: The project.
        faults: What is wrong is appended here, now and while lines are laid.
    """
    log = FaultLog(RETAKES_FILE, faults)
    path = project.root / RETAKES_FILE
    if not path.exists() and not path.is_symlink():
        return Retakes({}, log)
    try:
        _refuse_escape(path, project.root, log)
        return parse_retakes(decode(read_bytes(path, log), log), project, log)
    except Unreadable:
        return Retakes({}, log)


def _refuse_escape(path: Path, root: Path, log: FaultLog) -> None:
    if not path.resolve().is_relative_to(root.resolve()):
        problem = "The file is a link that leads out of the project folder."
        raise log.fatal((0, 0), "escaping-link", problem, "Copy the file into the project.")


def parse_retakes(text: str, project: Project, log: FaultLog) -> Retakes:
    """Read the text of the file.

    Raises:
        Unreadable: It is no YAML; the reason is in the log.
    """
    tree = load_yaml(text, log)
    if tree is None:
        return Retakes({}, log)
    rows = tree.get("retakes") if isinstance(tree, Table) else None
    if not isinstance(tree, Table) or not isinstance(rows, Row):
        fix = "Write 'retakes:' and below it one '- line: …' per retake."
        raise log.fatal((1, 0), "wrong-type", "The file has no list of retakes.", fix)
    refuse_unknown(tree, ("retakes", "$schema"), log)
    entries: dict[str, Table] = {}
    for n, item in enumerate(rows):
        if not isinstance(item, Table):
            fix = "Write its fields as 'name: value', beginning with '- line: …'."
            log.error(rows.where(n), "retakes", "wrong-type", f"{shown(item)} is no mapping.", fix)
        else:
            _enter(item, entries, project, log)
    return Retakes(entries, log)


def _enter(entry: Table, entries: dict[str, Table], project: Project, log: FaultLog) -> None:
    """Check what an entry says of itself, and keep it under its line."""
    before = log.errors
    refuse_unknown(entry, ENTRY_FIELDS, log)
    line_id = read_text(entry, "line", log).strip()
    locale = read_text(entry, "locale", log).strip()
    if not is_id(line_id):
        problem = f"{shown(line_id)} is no line's id."
        log.error(entry.where("line"), "line", "missing-field", problem, f"Name a line. {ID_FIX}")
    check_locale(locale, project, log, entry.where("locale"))
    for name in ("who", "at", "decision", "note"):
        read_note(entry, name, log)
    found = read_text(entry, "text_hash", log).strip().lower()
    if found and not _HASH.fullmatch(found):
        fix = "Delete it, or write the 12 hex digits `barkline check` names."
        problem = f"{shown(found)} is no text hash."
        log.error(entry.where("text_hash"), "text_hash", "bad-text-hash", problem, fix)
    if not entry.keys() & set(CHANGE_FIELDS):
        fix = f"Give one of {', '.join(CHANGE_FIELDS)}, or delete the entry."
        log.error(entry.place, "", "nothing-changed", "The retake changes nothing.", fix)
    form = id_form(line_id, locale)
    if form in entries:
        problem = f"There is another retake of {shown(line_id)} in {locale}."
        log.error(entry.where("line"), "line", "duplicate-id", problem, "Join the two.")
    entry.is_broken = entry.is_broken or log.errors != before
    entries.setdefault(form, entry)
