"""Errors as a page gets them: what happened, and what to do."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

from renderer.errors import (
    AudioError,
    BarklineError,
    DatabaseError,
    InputError,
    ObjectMissingError,
    StorageError,
)


class Problem(Exception):  # noqa: N818 - it is what RFC 9457 calls one
    """A request that is answered with an error.

    Args:
        status: HTTP status.
        code: Stable kebab-case name for the page's script.
        message: What happened and what to do, for people.
        more: Whatever else the script needs.

    References:
        RFC 9110, section 15; RFC 9457 for the idea.
    """

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:  # noqa: ANN401
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.more = more

    def answer(self) -> JSONResponse:
        """Return the answer."""
        return answer(self.status, self.code, self.message, **self.more)


def answer(status: int, code: str, message: str, **more: Any) -> JSONResponse:  # noqa: ANN401
    """Return an error as JSON."""
    headers = {"Cache-Control": "no-store"}
    return JSONResponse({"code": code, "message": message, **more}, status, headers)


_STATUS: tuple[tuple[type[BarklineError], int, str], ...] = (
    (ObjectMissingError, 404, "gone"),
    (AudioError, 422, "no-sound"),
    (InputError, 422, "input"),
    (DatabaseError, 503, "database"),
    (StorageError, 503, "store"),
)


def of_error(error: BarklineError) -> Problem:
    """Return the problem an error of ours is to a page."""
    faults = [str(f) for f in error.faults] if isinstance(error, InputError) else []
    for kind, status, code in _STATUS:
        if isinstance(error, kind):
            return Problem(status, code, str(error), faults=faults)
    return Problem(500, "failed", str(error))
