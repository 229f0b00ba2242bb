"""Every error Barkline raises on purpose, as one tree.

    BarklineError                  anything a command reports without a traceback
    ├── InputError                 what a person wrote is wrong; carries every fault at once
    │   ├── ManifestError          a project, scene, translation or lexicon file
    │   ├── LockError              a voice lock that cannot be read or trusted
    │   └── ReviewError            decisions about takes that cannot be recorded
    ├── ReviewConflictError        somebody else decided first; says who, what and when
    ├── ConfigError                settings or flags that contradict each other
    ├── VoiceError                 a voice that cannot be used
    │   ├── UnknownVoiceError      no card of that name
    │   ├── ModelRefusedError      a model file that is broken, changed or hostile
    │   └── LicenceError           a voice whose licence does not allow what was asked
    ├── TextError                  text that cannot be normalised or phonemised
    ├── AnalysisError              there is nothing to compare, or it cannot be compared
    ├── TrainingError              a training that cannot begin, go on or be exported
    ├── SynthesisError             an engine failed on a line (the line fails, not the batch)
    │   └── OutOfMemoryError       it had too little memory; fewer lines at once may be said
    ├── AudioError                 samples or bytes that are no usable sound
    ├── JudgeError                 a metric could not be computed: an ERROR finding, never a pass
    ├── DatabaseError              the database is damaged, locked, full or away
    ├── MisfitError                this worker is not what a take was planned for; another one is
    ├── QueueError                 the queue is away, full or refuses
    └── StorageError               the object store
        ├── ObjectMissingError     no object under that key
        ├── ObjectCorruptError     the bytes are not what their key says
        └── PullError              files of a voice lock that could not be fetched, all of them
    LeaseLostError                 another worker took this take over; drop the result, harmless

Errors say what happened and what to do next. `exit_code` follows sysexits.h.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a fault is: an error stops the import, a warning is only shown."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong in one place of one file.

    Attributes:
        path: File, relative to the project folder, with forward slashes.
        line: 1-based line number, 0 when the whole file is meant.
        field: Dotted field name (`prosody.rate`), or "" when no field is meant.
        problem: What is wrong, in one sentence.
        fix: What to do about it, in one sentence.
        code: Stable kebab-case name of the rule (`duplicate-id`).
        level: Error or warning.
        column: 1-based column, 0 when unknown.
    """

    path: str
    line: int
    field: str
    problem: str
    fix: str
    code: str
    level: Level = Level.ERROR
    column: int = 0

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        what = f" [{self.field}]" if self.field else ""
        return f"{where}:{what} {self.problem} {self.fix}"


class BarklineError(Exception):
    """Anything a command reports without a traceback."""

    exit_code = 1


class InputError(BarklineError):
    """What a person wrote is wrong; `faults` holds all of it."""

    exit_code = 65

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class ManifestError(InputError):
    """A project, scene, translation or lexicon file is wrong."""


class LockError(InputError):
    """A voice lock cannot be read or trusted."""


class ReviewError(InputError):
    """Decisions about takes are wrong, or may not be made; nothing was recorded."""


class ReviewConflictError(BarklineError):
    """Somebody else decided first; nothing was recorded.

    Attributes:
        lines: (line_id, locale, who decided what and when) of every line that is concerned.
    """

    def __init__(self, message: str, lines: Sequence[tuple[str, str, str]] = ()) -> None:
        super().__init__(message)
        self.lines = tuple(lines)


class ConfigError(BarklineError):
    """Settings or flags are wrong or contradict each other."""

    exit_code = 78


class VoiceError(BarklineError):
    """A voice cannot be used."""

    exit_code = 69


class UnknownVoiceError(VoiceError):
    """No voice card of that name is installed."""


class ModelRefusedError(VoiceError):
    """A model file is broken, changed or hostile."""


class LicenceError(VoiceError):
    """The voice's licence does not allow what was asked."""


class TextError(BarklineError):
    """Text cannot be normalised or phonemised."""


class AnalysisError(BarklineError):
    """There is nothing to compare, or what there is cannot be compared."""


class TrainingError(BarklineError):
    """A training cannot begin, go on or be exported; says what to change."""


class SynthesisError(BarklineError):
    """An engine failed on a line; the line fails, not its batch."""


class OutOfMemoryError(SynthesisError):
    """An engine had too little memory for what it was to say at once."""


class AudioError(BarklineError):
    """Samples or bytes are no usable sound."""


class JudgeError(BarklineError):
    """A metric could not be computed."""


class UnhearableError(JudgeError):
    """A judge works, but can say nothing about this sound or text: no failure, and no answer."""


class DatabaseError(BarklineError):
    """The database is damaged, locked, full or away.

    Attributes:
        is_transient: Whether the same transaction may succeed when it is done again: two got in
            each other's way, a lock was held for too long, or the connection was lost.
    """

    exit_code = 74

    def __init__(self, message: str, *, is_transient: bool = False) -> None:
        super().__init__(message)
        self.is_transient = is_transient


class MisfitError(BarklineError):
    """This worker has other models or another release than a take was planned with."""

    exit_code = 69


class QueueError(BarklineError):
    """The queue is away, full or refuses; what is owed stays in the database."""

    exit_code = 74


class StorageError(BarklineError):
    """The object store failed."""

    exit_code = 74


class ObjectMissingError(StorageError):
    """No object is stored under that key."""


class ObjectCorruptError(StorageError):
    """An object's bytes are not what its key says."""


class PullError(StorageError):
    """Files of a voice lock could not be fetched; `failures` tells each one's path and reason."""

    def __init__(self, message: str, failures: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.failures = tuple(failures)


class LeaseLostError(Exception):
    """Another worker holds the take now; the late result is dropped."""
