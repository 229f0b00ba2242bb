"""The application: routes behind the guard, errors as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from renderer.errors import BarklineError, ReviewConflictError
from renderer.ports import Clock
from renderer.web.door import Door
from renderer.web.guard import Guard
from renderer.web.problem import Problem, answer, of_error
from renderer.web.reviewing import Reviewing
from renderer.web.routes import RECORDING, deciding_routes, entrance, reading_routes

MOST_RECORDING = 64 << 20


def create_app(
    reviewing: Reviewing,
    door: Door,
    clock: Clock,
    state: Callable[[], dict[str, Any]] = lambda: {"renders": {"waiting": 0, "message": ""}},
) -> FastAPI:
    """Return the application.

    Args:
        reviewing: What the routes call.
        door: Who may come in.
        clock: When a decision is made.
        state: What a page that connects is told of renders under way.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        reviewing.feed.bind(asyncio.get_running_loop())
        yield
        reviewing.feed.close()

    app = FastAPI(
        title="Barkline review", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    app.include_router(entrance(door, reviewing))
    app.include_router(reading_routes(reviewing, state))
    app.include_router(deciding_routes(reviewing, clock))
    app.add_middleware(Guard, door=door, most_bytes={RECORDING: MOST_RECORDING})
    _explain_errors(app)
    return app


def _explain_errors(app: FastAPI) -> None:
    @app.exception_handler(Problem)
    async def problem(_request: Request, error: Problem) -> Response:
        return error.answer()

    @app.exception_handler(ReviewConflictError)
    async def conflict(_request: Request, error: ReviewConflictError) -> Response:
        lines = [list(line) for line in error.lines]
        return answer(409, "conflict", str(error), lines=lines)

    @app.exception_handler(BarklineError)
    async def ours(_request: Request, error: BarklineError) -> Response:
        return of_error(error).answer()

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc'][1:])}: {fault['msg']}"
            for fault in error.errors()[:20]
        ]
        return answer(422, "input", "The page sent something odd. Reload it.", faults=faults)

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> Response:
        return answer(error.status_code, "http", f"{error.detail}. Go back to the page.")
