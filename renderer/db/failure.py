"""What a database's own errors mean, what to do, and whether to try again."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from renderer.errors import DatabaseError

_BUGS = (IntegrityError, ProgrammingError)
_MAY_NOT = "42501"
_TOO_MANY = "53300"
# Classes of SQLSTATE that pass: connection exception, transaction rollback, too few resources,
# operator intervention.
_PASSING_CLASSES = ("08", "40", "53", "57")
_PASSING = ("25P03", "55P03")  # idle in a transaction for too long, lock not available
_LASTING = ("53100",)  # disk full
# A refused connection has no SQLSTATE; these say that it will be refused the next time too.
_REFUSED = (
    "authentication failed",
    "does not exist",
    "no pg_hba.conf entry",
    "no password supplied",
    "permission denied",
    "could not translate host name",
    "certificate",
)


def explained(error: DBAPIError, database: str, *, is_file: bool) -> DatabaseError | None:
    """Return what the world did to a database as DatabaseError; None for a bug of ours.

    Args:
        error: What SQLAlchemy made of the driver's error.
        database: Path of the file, or name of the database on its server.
        is_file: Whether it is a file of SQLite.
    """
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if isinstance(error, _BUGS) and state != _MAY_NOT:
        return None
    problem = str(error.orig)
    if is_file:
        return DatabaseError(_of_file(problem, database), is_transient="locked" in problem)
    is_lost = error.connection_invalidated
    return DatabaseError(
        _of_server(problem, state, database),
        is_transient=is_lost or _passes(state, problem),
    )


def _passes(state: str, problem: str) -> bool:
    """Whether the same work may succeed when it is simply done again a little later."""
    if not state:
        return not any(sign in problem for sign in _REFUSED)
    return (state[:2] in _PASSING_CLASSES or state in _PASSING) and state not in _LASTING


def _of_server(problem: str, state: str, database: str) -> str:
    said = " ".join(problem.split()).rstrip(".")
    if "connection slots" in said or "too many clients" in said:
        state = _TOO_MANY  # a refused connection has none
    advice = _ADVICE.get(state, _ADVICE[""])
    return f"the database {database!r} failed: {said}. {advice}"


_AGAIN = "Nothing was changed by this attempt: run the command again."
_ADVICE = {
    "": (
        "Check that its server runs and what BARKLINE_DATABASE_URL says, then run the command "
        "again."
    ),
    "40001": _AGAIN,
    "40P01": _AGAIN,
    "55P03": (
        "Another process holds what this one needs, an import or a migration perhaps: wait until "
        "it is done, and run the command again."
    ),
    "57014": "The server is too busy or a lock is held for too long: run the command again later.",
    "22001": "Shorten the longest path of a manifest file, and run the command again.",
    "25P03": "The process stood still in a transaction for too long: run the command again.",
    _TOO_MANY: (
        "Run fewer workers, or raise max_connections of the server: each process holds up to ten."
    ),
    "53100": "Free some space on the server's disk, and run the command again.",
    "25006": "The server is a standby: name the primary in BARKLINE_DATABASE_URL.",
    _MAY_NOT: "Grant the account what it lacks: it needs to own the tables of Barkline.",
}


def _of_file(problem: str, database: str) -> str:
    for sign, text in _SIGNS.items():
        if sign in problem:
            return text.format(path=database)
    return f"the database {database} failed: {problem}. Run the command again."


_DAMAGED = (
    "the database {path} is damaged. Delete it together with its -wal and -shm files and run "
    "`barkline render`: what is in the store is not rendered again, only freezes are forgotten "
    "(with a committed lock, `--against` it keeps those as well)."
)
_SIGNS = {
    "malformed": _DAMAGED,
    "not a database": _DAMAGED,
    "no such table": _DAMAGED,
    "no such column": _DAMAGED,
    "locked": (
        "another process holds the database {path}. Wait until it is done, or end it, and run "
        "the command again; nothing is lost."
    ),
    "is full": (
        "the disk of {path} is full. Free some space and run the command again; nothing is lost."
    ),
    "disk I/O error": (
        "the disk of {path} cannot be read or written. Check that it is there and has space, "
        "and run the command again; nothing is lost."
    ),
    "readonly": (
        "the database {path} may not be written. Check the permissions of the file and its folder."
    ),
    "unable to open": (
        "the database {path} cannot be opened. Check that it is a file, and the permissions of "
        "its folder."
    ),
}
