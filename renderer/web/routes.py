"""Addresses to calls."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response, StreamingResponse

from renderer.domain.review import Choice, Reviewed
from renderer.ports import Clock
from renderer.report.record import decision_record
from renderer.web.asked import AskedDecision, AskedDecisions, seen_by
from renderer.web.door import Door, Visitor
from renderer.web.page import enter_page, review_page
from renderer.web.problem import Problem
from renderer.web.reviewing import Reviewing
from renderer.web.sound import FOREVER, object_key, sound_response

RECORDING = "/api/recording"
WRONG_TOKEN_S = 0.5
_PNG = re.compile(r"[0-9a-f]{32}")
_Name = Annotated[str, Query(min_length=1, max_length=200)]
_Hash = Annotated[str, Query(pattern=r"^[0-9a-f]{64}$")]


def _visitor(request: Request) -> Visitor:
    visitor: Visitor = request.state.visitor
    return visitor


def entrance(door: Door, reviewing: Reviewing) -> APIRouter:
    """Return the ways in: the page, and the question for a token."""
    router = APIRouter()

    @router.get("/")
    def page(request: Request) -> Response:
        visitor: Visitor | None = request.state.visitor
        if visitor is not None:
            return review_page(reviewing.board, visitor)
        if door.asks_token:
            return RedirectResponse("/enter", 303)
        cookie = door.open_session(door.who)
        opened = door.visitor(cookie)
        if opened is None:
            raise RuntimeError("a session that was just opened is none")
        return _with_session(review_page(reviewing.board, opened), door, cookie)

    @router.get("/enter")
    async def enter(token: Annotated[str, Query(max_length=200)] = "") -> Response:
        return await _let_in(door, token) if token else enter_page()

    @router.post("/enter")
    async def hand_in_token(request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=4)
        return await _let_in(door, str(form.get("token", ""))[:200])

    return router


async def _let_in(door: Door, token: str) -> Response:
    who = door.holder(token.strip())
    if who is None:
        await asyncio.sleep(WRONG_TOKEN_S)  # guessing takes its time
        return enter_page("That is not the token. Copy it whole from where it was printed.", 403)
    return _with_session(RedirectResponse("/", 303), door, door.open_session(who))


def _with_session(response: Response, door: Door, cookie: str) -> Response:
    response.set_cookie(door.cookie, cookie, httponly=True, samesite="strict", path="/")
    return response


def reading_routes(reviewing: Reviewing, state: Callable[[], dict[str, Any]]) -> APIRouter:
    """Return what only looks."""
    router = APIRouter()

    @router.get("/api/lines")
    def lines(
        start: Annotated[int, Query(ge=0)] = 0, count: Annotated[int, Query(ge=1, le=5_000)] = 2_000
    ) -> Any:  # noqa: ANN401 - JSON
        return reviewing.board.rows(start, count).plain()

    @router.get("/api/line")
    def line(locale: _Name, line_id: _Name) -> Any:  # noqa: ANN401 - JSON
        return reviewing.line((line_id, locale))

    @router.get("/api/picture")
    def picture(take: _Hash) -> Any:  # noqa: ANN401 - JSON
        return reviewing.picture(take)

    @router.get("/audio/{name}")
    def sound(name: str, request: Request) -> Response:
        key, media = object_key(name)
        return sound_response(reviewing.sound(key), media, request.headers.get("range", ""))

    @router.get("/pictures/{name}.png")
    def png(name: str) -> Response:
        if not _PNG.fullmatch(name):
            raise Problem(404, "no-picture", "There is no such picture.")
        headers = {"Cache-Control": FOREVER}
        return Response(reviewing.png(name), media_type="image/png", headers=headers)

    @router.get("/api/events")
    async def events() -> StreamingResponse:
        return StreamingResponse(reviewing.feed.listen(state()), media_type="text/event-stream")

    return router


def deciding_routes(reviewing: Reviewing, clock: Clock) -> APIRouter:
    """Return what changes something."""
    router = APIRouter()

    @router.post("/api/decisions")
    def decide(asked: AskedDecisions, request: Request) -> Any:  # noqa: ANN401 - JSON
        if any(one.choice is Choice.REPLACE and not one.undoes for one in asked.decisions):
            raise Problem(422, "input", "A replacement comes with its recording: choose a file.")
        who, at = _visitor(request).who, clock.now()
        decisions = [one.by(who, at) for one in asked.decisions]
        return {"reviewed": _said(reviewing.decide(decisions, seen_by(asked.decisions)))}

    @router.post(RECORDING)
    async def hand_in_recording(request: Request, asked: Annotated[AskedDecision, Query()]) -> Any:  # noqa: ANN401 - JSON
        data = await request.body()
        if not data:
            raise Problem(422, "no-sound", "The file is empty. Choose a WAV file.")
        if asked.choice is not Choice.REPLACE:
            raise Problem(422, "input", "Only a replacement comes with a recording.")
        decision = asked.by(_visitor(request).who, clock.now())
        done = await run_in_threadpool(reviewing.replace, decision, asked.decided, data)
        return {"reviewed": _said([done])}

    return router


def _said(reviewed: list[Reviewed]) -> list[dict[str, Any]]:
    return [
        {
            "decision": decision_record(one.decision),
            "reception": one.reception.value,
            "message": one.message,
        }
        for one in reviewed
    ]
