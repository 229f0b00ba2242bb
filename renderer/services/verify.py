"""The proof that a lock can be shipped: offline, from the lock and the manifests alone.

Every required line in every required locale has an asset that was approved, was made from what is
committed now, and may be published. With a pulled folder, the files are what the lock says, too.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path

from renderer.domain.project import Project
from renderer.domain.render_key import INPUT_PARTS, OWN_PARTS, Part, RenderKey
from renderer.domain.utterance import Origin, Utterance
from renderer.domain.voice_lock import (
    AUDIO_EXTENSIONS,
    LockEntry,
    VoiceLock,
    fold_path,
    is_safe_segment,
)
from renderer.errors import Level, LockError
from renderer.services.input_key import InputKeyer

NOWHERE = Origin("", 0)
_CHUNK = 1 << 20


class Kind(StrEnum):
    """What is wrong with one line, or one file."""

    MISSING = "missing"  # a line without an asset
    UNTRANSLATED = "untranslated"  # a line of the source locale without a translation
    STALE = "stale"  # the asset was made from something else than what is committed
    UNPUBLISHABLE = "unpublishable"  # the voice may not be shipped
    ABSENT = "absent"  # the file is not in the pulled folder
    CORRUPT = "corrupt"  # the file in the pulled folder is another one
    ORPHANED = "orphaned"  # an asset or file no line asks for


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that stands against shipping, or is only odd.

    Attributes:
        kind: What it is.
        level: An error stops the build, a warning does not.
        line_id: The line, or "" when a stray file is meant.
        locale: Its locale.
        message: What is wrong and what to do, for people.
        origin: Where the line is written, or an empty place.
        changed: For a stale line: which inputs changed.
        path: The file in the pulled folder, or "".
    """

    kind: Kind
    level: Level
    line_id: str
    locale: str
    message: str
    origin: Origin = NOWHERE
    changed: tuple[Part, ...] = ()
    path: str = ""


@dataclass(slots=True)
class VerifyReport:
    """What a verification found.

    Attributes:
        required: Lines that have to be there, over all required locales.
        proven: Those of them that are approved, current and publishable.
        frozen: Lines that are pinned to an older take on purpose.
        waived: Lines whose take the gate rejected and a person ships all the same.
        files: Files whose bytes were compared.
        problems: Everything that was found, in the order of the manifests.
    """

    required: int = 0
    proven: int = 0
    frozen: int = 0
    waived: int = 0
    files: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def errors(self) -> list[Problem]:
        """The problems that stop the build."""
        return [p for p in self.problems if p.level is Level.ERROR]

    @property
    def is_shippable(self) -> bool:
        """Whether nothing stands against shipping."""
        return not self.errors


def verify(
    project: Project,
    utterances: Iterable[Utterance],
    lock: VoiceLock,
    keyer: InputKeyer,
    assets_dir: Path | None = None,
    *,
    today: date | None = None,
) -> VerifyReport:
    """Hold a lock against what is committed.

    Args:
        project: The project; says which locales are required.
        utterances: Every line in every locale.
        lock: The voice lock.
        keyer: Digests of what people commit.
        assets_dir: A pulled folder whose files are hashed, or None.
        today: For consents that expire; None to leave them out.

    Raises:
        LockError: The lock is of another project.
    """
    if lock.project != project.name:
        raise LockError(
            f"the lock is of project {lock.project!r}, the manifests of {project.name!r}. "
            "Name the right one with --lock."
        )
    return _Proof(project, lock, keyer, today).run(utterances, assets_dir)


class _Proof:
    """One verification under way."""

    def __init__(
        self, project: Project, lock: VoiceLock, keyer: InputKeyer, today: date | None
    ) -> None:
        self._project = project
        self._lock = lock
        self._entries = lock.by_key()
        self._keyer = keyer
        self._today = today
        self._report = VerifyReport()

    def run(self, utterances: Iterable[Utterance], assets_dir: Path | None) -> VerifyReport:
        written: set[tuple[str, str]] = set()
        source: dict[str, Origin] = {}
        for utterance in utterances:
            written.add(utterance.key)
            if utterance.locale == self._project.source_locale:
                source[utterance.line_id] = utterance.origin
            self._judge(utterance)
        self._find_untranslated(source, written)
        for entry in self._lock.entries:
            if (entry.line_id, entry.locale) not in written:
                text = "is in the lock, but no manifest has it. Run `barkline publish`."
                self._note(Kind.ORPHANED, Level.WARNING, entry, text)
        if assets_dir is not None:
            self._check_files(assets_dir)
        return self._report

    def _is_required(self, locale: str) -> bool:
        return self._project.required.get(locale, True)

    def _judge(self, utterance: Utterance) -> None:
        entry = self._entries.get(utterance.key)
        is_required = self._is_required(utterance.locale)
        self._report.required += is_required
        if entry is None:
            level = Level.ERROR if is_required else Level.WARNING
            self._problem(
                Kind.MISSING,
                level,
                utterance,
                "has no approved asset in the lock. Run `barkline render` and `barkline publish`, "
                "and see the report when it was rejected.",
            )
            return
        is_current = self._is_current(utterance, entry)
        is_publishable = self._is_publishable(utterance, entry)
        self._report.proven += is_required and is_current and is_publishable
        self._report.waived += bool(entry.waived)

    def _is_current(self, utterance: Utterance, entry: LockEntry) -> bool:
        key = RenderKey(self._keyer.parts(utterance))
        if key.input_digest == entry.input_digest:
            self._report.frozen += entry.frozen
            return True
        changed = tuple(p for p in key.changed(entry.parts) if p in INPUT_PARTS)
        if entry.frozen and not OWN_PARTS & set(changed) and entry.parts:
            self._report.frozen += 1
            return True
        what = ", ".join(p.value.replace("_", " ") for p in changed) or "an input"
        self._problem(
            Kind.STALE,
            Level.ERROR,
            utterance,
            f"is not what is committed: {what} changed since it was rendered. Run "
            "`barkline render` and `barkline publish`.",
            changed,
        )
        return False

    def _is_publishable(self, utterance: Utterance, entry: LockEntry) -> bool:
        is_over = (
            self._today is not None
            and entry.consent_expires != ""
            and date.fromisoformat(entry.consent_expires) < self._today
        )
        if entry.publishable and not is_over:
            return True
        why = (
            f"the speaker's consent for voice {entry.voice!r} ended on {entry.consent_expires}"
            if is_over
            else f"voice {entry.voice!r} may not be published"
        )
        text = f"cannot be shipped: {why}. Choose another voice, or renew what its card says."
        self._problem(Kind.UNPUBLISHABLE, Level.ERROR, utterance, text)
        return False

    def _find_untranslated(self, source: dict[str, Origin], written: set[tuple[str, str]]) -> None:
        for locale in self._project.locales:
            if locale == self._project.source_locale or not self._is_required(locale):
                continue
            for line_id, origin in source.items():
                if (line_id, locale) not in written:
                    self._report.required += 1
                    text = f"{line_id} ({locale}) is not translated, and {locale} is required."
                    self._report.problems.append(
                        Problem(Kind.UNTRANSLATED, Level.ERROR, line_id, locale, text, origin)
                    )

    def _check_files(self, folder: Path) -> None:
        for entry in self._lock.entries:
            self._report.files += 1
            kind, text = _file_problem(folder, entry)
            if kind is not None:
                self._note(kind, Level.ERROR, entry, text)
        wanted = {fold_path(e.path) for e in self._lock.entries}
        for path in _sounds(folder, self._lock.locales()):
            if fold_path(path) not in wanted:
                locale, name = path.split("/")
                text = f"{path} is in no lock. Run `barkline pull --remove-orphans`."
                self._report.problems.append(
                    Problem(Kind.ORPHANED, Level.WARNING, Path(name).stem, locale, text, path=path)
                )

    def _problem(
        self,
        kind: Kind,
        level: Level,
        utterance: Utterance,
        text: str,
        changed: tuple[Part, ...] = (),
    ) -> None:
        line_id, locale = utterance.key
        message = f"{line_id} ({locale}) {text}"
        self._report.problems.append(
            Problem(kind, level, line_id, locale, message, utterance.origin, changed)
        )

    def _note(self, kind: Kind, level: Level, entry: LockEntry, text: str) -> None:
        message = f"{entry.line_id} ({entry.locale}) {text}"
        self._report.problems.append(
            Problem(kind, level, entry.line_id, entry.locale, message, path=entry.path)
        )


def _file_problem(folder: Path, entry: LockEntry) -> tuple[Kind | None, str]:
    """Return what is wrong with one pulled file."""
    path = folder / entry.locale / f"{entry.line_id}{entry.extension}"
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            return Kind.CORRUPT, f"is a link or folder at {path}. Pull again."
        if status.st_size == entry.size and _hash(path) == entry.sha256:
            return None, ""
    except FileNotFoundError:
        return Kind.ABSENT, f"is not at {path}. Run `barkline pull`."
    except OSError as error:
        return Kind.CORRUPT, f"cannot be read at {path}: {error.strerror or error}."
    return Kind.CORRUPT, f"is another file at {path} than the lock says. Pull again."


def _hash(path: Path) -> str:
    total = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            total.update(chunk)
    return total.hexdigest()


def _sounds(folder: Path, locales: Iterable[str]) -> Iterator[str]:
    for locale in locales:
        inner = folder / locale
        if not inner.is_dir():
            continue
        for path in sorted(inner.iterdir()):
            if path.suffix.casefold() in AUDIO_EXTENSIONS and is_safe_segment(path.name):
                yield f"{locale}/{path.name}"
