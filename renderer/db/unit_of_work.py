"""One transaction with its repositories."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from renderer.db.decision import SqlDecisions
from renderer.db.history import SqlHistory
from renderer.db.lease import SqlLeases
from renderer.db.line_repository import SqlLines
from renderer.db.outbox import SqlOutbox
from renderer.db.record import SqlDeadLetters, SqlGates, SqlImports
from renderer.db.tables import project, voice_level, voice_score
from renderer.db.take_repository import SqlTakes
from renderer.db.upsert import insert_missing
from renderer.db.verdict_repository import SqlVerdicts
from renderer.errors import DatabaseError
from renderer.ports import (
    Clock,
    DeadLetters,
    Decisions,
    History,
    Imports,
    Leases,
    LineRepository,
    Outbox,
    ProjectGates,
    TakeRepository,
    Verdicts,
    VoiceLevels,
    VoiceScores,
)

NO_PROJECT = -1


class SqlLevels:
    """Implements `ports.VoiceLevels`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: str) -> float | None:
        """Return a voice's level in LUFS, or None when it was never measured."""
        query = select(voice_level.c.loudness_lufs).where(voice_level.c.key == key)
        return self._connection.execute(query).scalar()

    def put(self, key: str, voice: str, locale: str, loudness_lufs: float) -> None:
        """Store a level; the first one stored wins."""
        row = {"key": key, "voice": voice, "locale": locale, "loudness_lufs": loudness_lufs}
        insert_missing(self._connection, voice_level, [row], voice_level.c.key)


class SqlScores:
    """Implements `ports.VoiceScores`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: str) -> Mapping[str, float] | None:
        """Return what was measured of a voice, or None when it never was."""
        query = select(voice_score.c.scores).where(voice_score.c.key == key)
        found: Mapping[str, float] | None = self._connection.execute(query).scalar()
        return found

    def put(self, key: str, voice: str, locale: str, scores: Mapping[str, float]) -> None:
        """Store what was measured; what is stored first wins."""
        row = {"key": key, "voice": voice, "locale": locale, "scores": dict(scores)}
        insert_missing(self._connection, voice_score, [row], voice_score.c.key)


class SqlUnitOfWork:
    """Implements `ports.UnitOfWork`: enter to begin, `commit` to keep, leave to end.

    Args:
        engine: The database.
        project_name: Whose lines and events; "" for a worker or relay, which serves all projects.
        clock: The time.
        is_read_only: Whether nothing will be written.
    """

    lines: LineRepository
    takes: TakeRepository
    outbox: Outbox
    levels: VoiceLevels
    scores: VoiceScores
    leases: Leases
    dead_letters: DeadLetters
    gates: ProjectGates
    imports: Imports
    history: History
    verdicts: Verdicts
    decisions: Decisions

    def __init__(
        self, engine: Engine, project_name: str, clock: Clock, *, is_read_only: bool = False
    ) -> None:
        self._engine = engine.execution_options(**_reading(engine)) if is_read_only else engine
        self._project_name = project_name
        self._clock = clock

    def __enter__(self) -> Self:
        """Begin."""
        self._connection = _connect(self._engine)
        try:
            project_id = self._project_id()
        except BaseException:
            self._connection.close()
            raise
        self.lines = SqlLines(self._connection, project_id or NO_PROJECT, self._clock)
        self.takes = SqlTakes(self._connection, self._clock)
        self.outbox = SqlOutbox(self._connection, project_id, self._clock)
        self.levels = SqlLevels(self._connection)
        self.scores = SqlScores(self._connection)
        self.leases = SqlLeases(self._connection, self._clock)
        self.dead_letters = SqlDeadLetters(self._connection, self._clock)
        self.gates = SqlGates(self._connection, project_id)
        self.imports = SqlImports(self._connection)
        self.history = SqlHistory(self._connection, project_id)
        self.verdicts = SqlVerdicts(self._connection)
        self.decisions = SqlDecisions(self._connection, project_id or NO_PROJECT)
        return self

    def _project_id(self) -> int | None:
        if not self._project_name:
            return None
        query = select(project.c.id).where(project.c.name == self._project_name)
        known = self._connection.execute(query).scalar()
        if known is not None:
            return int(known)
        if self._connection.get_execution_options().get("read_only", False):
            return -1
        row = {"name": self._project_name}
        insert_missing(self._connection, project, [row], project.c.name)
        return int(self._connection.execute(query).scalar_one())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Roll back what was not committed."""
        self._connection.close()

    def commit(self) -> None:
        """Commit; the events become visible to the relay."""
        self._connection.commit()


def _connect(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except PoolTimeoutError as error:
        raise DatabaseError(
            "every database connection of this process is in use; run it with fewer threads.",
            is_transient=True,
        ) from error


def _reading(engine: Engine) -> dict[str, Any]:
    """Return the options under which a transaction sees one state and may write nothing."""
    if engine.dialect.name == "sqlite":
        return {"read_only": True}
    return {"read_only": True, "isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
