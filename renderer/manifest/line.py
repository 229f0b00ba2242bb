"""One line of a scene file, whatever its format: a table becomes an Utterance, or faults."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace

from renderer.domain.direction import Direction
from renderer.domain.project import Character, Project
from renderer.domain.utterance import Origin, Utterance
from renderer.manifest.charset import looks_garbled
from renderer.manifest.field import (
    clean_text,
    is_absent,
    near,
    read_note,
    read_row,
    read_text,
    read_whole_number,
    refuse_unknown,
    shown,
)
from renderer.manifest.identifier import ID_FIX, is_id
from renderer.manifest.markup import parse
from renderer.manifest.performance import out_of_range, read_direction
from renderer.manifest.tree import FaultLog, Place, Table
from renderer.manifest.word_edit import read_hints, read_words

MAX_TEXT = 1_000
MAX_WRITTEN = 4_000
MAX_SEED = 2**31 - 1
MAX_TAG = 50
LINE_FIELDS = frozenset(
    {
        "id", "character", "text", "emotion", "delivery", "prosody", "words", "hints", "scene",
        "locale", "notes", "tags", "seed", "was", "source_hash",
    }
)  # fmt: skip
_HASH = re.compile(r"[0-9a-f]{12}")
_SPEAKABLE = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class FileDefaults:
    """What a scene file says once for all of its lines.

    Attributes:
        scene: Scene id.
        locale: Locale.
        character: Character id, or "".
        tags: Tags of every line.
    """

    scene: str
    locale: str
    character: str = ""
    tags: tuple[str, ...] = ()


class LineReader:
    """Reads the lines of one file."""

    def __init__(
        self,
        project: Project,
        defaults: FileDefaults,
        log: FaultLog,
        voice_fault: Callable[[Character, str], str],
    ) -> None:
        """Prepare for one file.

        Args:
            project: The project.
            defaults: What the file says for all of its lines.
            log: Where faults go.
            voice_fault: Returns why a character's voice for a locale is unusable, or "".
        """
        self._project = project
        self._defaults = defaults
        self._log = log
        self._voice_fault = voice_fault

    def read(self, table: Table) -> Utterance | None:
        """Return the utterance of a line, or None when anything in it is wrong."""
        log = self._log
        before = log.errors
        if not (table.keys() <= LINE_FIELDS):
            refuse_unknown(table, LINE_FIELDS, log)
        line_id = self._id(table)
        locale = self._locale(table)
        character = self._character(table)
        written = self._written(table)
        direction, text = self._directed(table, character, written)
        utterance = Utterance(
            line_id=line_id,
            locale=locale,
            character=character.id if character else "",
            scene=self._scene(table),
            text=text,
            written=written,
            voice=self._voice(table, character, locale),
            direction=direction,
            hints=read_hints(table, text, log) if "hints" in table else (),
            seed=read_whole_number(table, "seed", (0, MAX_SEED), log) or 0,
            notes=read_note(table, "notes", log) if "notes" in table else "",
            tags=self._tags(table),
            was=self._was(table, line_id) if "was" in table else (),
            source_hash=self._source_hash(table, locale) if "source_hash" in table else "",
            origin=Origin(log.path, table.place[0]),
        )
        return utterance if log.errors == before and not table.is_broken else None

    def _id(self, table: Table) -> str:
        before = self._log.errors
        line_id = read_text(table, "id", self._log).strip()
        if not line_id:
            if self._log.errors == before:
                fix = f"Add 'id:'. {ID_FIX}"
                self._log.error(table.place, "id", "missing-field", "The line has no id.", fix)
            return ""
        if not is_id(line_id):
            problem = f"{shown(line_id)} cannot be an id: it could not be a file name everywhere."
            self._log.error(table.where("id"), "id", "unsafe-id", problem, ID_FIX)
        return line_id

    def _locale(self, table: Table) -> str:
        if "locale" not in table:
            return self._defaults.locale
        locale = read_text(table, "locale", self._log).strip() or self._defaults.locale
        check_locale(locale, self._project, self._log, table.where("locale"))
        return locale

    def _scene(self, table: Table) -> str:
        if "scene" not in table:
            return self._defaults.scene
        scene = read_text(table, "scene", self._log).strip() or self._defaults.scene
        check_scene(scene, self._log, table.where("scene"))
        return scene

    def _character(self, table: Table) -> Character | None:
        before = self._log.errors
        name = read_text(table, "character", self._log).strip() or self._defaults.character
        character = self._project.characters.get(name)
        if character is not None:
            return character
        if name:
            check_character(name, self._project, self._log, table.where("character"))
        elif self._log.errors == before:
            fix = "Add 'character:' here or at the top of the file."
            problem = "Nobody is named who speaks the line."
            self._log.error(table.place, "character", "missing-field", problem, fix)
        return None

    def _voice(self, table: Table, character: Character | None, locale: str) -> str:
        if character is None:
            return ""
        if problem := self._voice_fault(character, locale):
            fix = f"Correct the voice of {character.id!r} in {self._project.path.name}."
            place = table.where("character")
            self._log.error(place, "character", "unknown-voice", problem, fix)
        return character.voice_for(locale)

    def _written(self, table: Table) -> str:
        log = self._log
        value = table.get("text")
        place = table.where("text")
        if is_absent(value):
            code = "missing-field" if "text" not in table else "empty-text"
            fix = "Write what is said, or delete the line."
            log.error(place, "text", code, "The line has no text.", fix)
            return ""
        written = clean_text(value, log, place, "text").strip()
        if len(written) > MAX_WRITTEN:
            self._too_long(place, len(written))
            return ""
        if not written and isinstance(value, str) and not value.strip():
            fix = "Write what is said, or delete the line."
            log.error(place, "text", "empty-text", "The text is empty.", fix)
        if not written.isascii() and looks_garbled(written):
            problem = f"{shown(written)} looks like UTF-8 that was read in another encoding."
            fix = "Type the garbled characters again and save the file as UTF-8."
            log.warning(place, "text", "garbled-text", problem, fix)
        return written

    def _too_long(self, place: Place, length: int) -> None:
        problem = f"The text has {length:,} characters; a line has at most {MAX_TEXT:,}."
        fix = "Split it into several lines with ids of their own."
        self._log.error(place, "text", "text-too-long", problem, fix)

    def _directed(
        self, table: Table, character: Character | None, written: str
    ) -> tuple[Direction, str]:
        log = self._log
        place = table.where("text")
        text, words, problems = parse(written)
        for problem in problems:
            log.error(place, "text", problem.code, problem.problem, problem.fix)
        if len(text) > MAX_TEXT:
            self._too_long(place, len(text))
        elif written and not problems and not _SPEAKABLE.search(text):
            fix = "Write at least one word; for silence use [pause 0.5] in a neighbouring line."
            log.error(
                place, "text", "nothing-to-say", f"{shown(text)} holds no word to speak.", fix
            )
        if "words" in table and written:
            words = read_words(table, text, words, log)
        direction = read_direction(table, character.direction if character else Direction(), log)
        if "prosody" in table and (bad := out_of_range(direction.prosody)):
            problem_text = f"Together with the character's own prosody, {bad}."
            fix = "Change the line's prosody or the character's."
            log.error(table.where("prosody"), "prosody", "out-of-range", problem_text, fix)
        return (replace(direction, words=words) if words else direction), text

    def _tags(self, table: Table) -> tuple[str, ...]:
        if "tags" not in table:
            return self._defaults.tags
        return tuple(dict.fromkeys((*self._defaults.tags, *read_tags(table, self._log))))

    def _was(self, table: Table, line_id: str) -> tuple[str, ...]:
        row = read_row(table, "was", self._log)
        ids = [clean_text(v, self._log, row.where(n), "was").strip() for n, v in enumerate(row)]
        for old in ids:
            if old and (not is_id(old) or old == line_id):
                why = "the line's own id" if old == line_id else "no id"
                fix = "Name the id the line had before, or delete 'was'."
                self._log.error(
                    table.where("was"), "was", "bad-was", f"{shown(old)} is {why}.", fix
                )
        return tuple(dict.fromkeys(i for i in ids if i))

    def _source_hash(self, table: Table, locale: str) -> str:
        place = table.where("source_hash")
        found = read_text(table, "source_hash", self._log).strip().lower()
        if found and not _HASH.fullmatch(found):
            problem = f"{shown(found)} is no source hash (12 hex digits)."
            fix = "Delete it; 'barkline check' then says the right one."
            self._log.error(place, "source_hash", "bad-source-hash", problem, fix)
        if found and locale == self._project.source_locale:
            problem = f"A line in {locale}, the source locale, is no translation."
            fix = "Delete 'source_hash' or correct the locale."
            self._log.error(place, "source_hash", "bad-source-hash", problem, fix)
        return found


def read_tags(table: Table, log: FaultLog) -> tuple[str, ...]:
    """Return the tags of a table, each once."""
    row = read_row(table, "tags", log)
    tags = []
    for n, value in enumerate(row):
        tag = clean_text(value, log, row.where(n), "tags").strip()
        if len(tag) > MAX_TAG:
            problem = f"The tag {shown(tag)} is longer than {MAX_TAG} characters."
            log.error(row.where(n), "tags", "tag-too-long", problem, "Shorten it; use 'notes'.")
        elif tag:
            tags.append(tag)
    return tuple(dict.fromkeys(tags))


def check_locale(locale: str, project: Project, log: FaultLog, place: Place) -> None:
    """Report a locale that is not the project's."""
    if locale not in project.locales:
        guess = near(locale, project.locales)
        fix = f"Use one of {', '.join(project.locales)}, or add it to {project.path.name}."
        problem = f"The project has no locale {shown(locale)}.{guess}"
        log.error(place, "locale", "unknown-locale", problem, fix)


def check_scene(scene: str, log: FaultLog, place: Place) -> None:
    """Report a scene id that is unsafe."""
    if not is_id(scene):
        log.error(place, "scene", "unsafe-id", f"{shown(scene)} cannot be a scene's id.", ID_FIX)


def check_character(name: str, project: Project, log: FaultLog, place: Place) -> None:
    """Report a character that is not in the project's cast."""
    if unicodedata.normalize("NFC", name) not in project.characters:
        problem = f"There is no character {shown(name)}.{near(name, project.characters)}"
        fix = f"Add the character to {project.path.name} or correct the name."
        log.error(place, "character", "unknown-character", problem, fix)
