"""What is held before any route runs, and the headers of every answer."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser

from renderer.web.door import Door
from renderer.web.problem import Problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

WORD_HEADER = "x-barkline-word"
MOST_JSON = 4 << 20
SAFE = frozenset({"GET", "HEAD"})
ENTER = "/enter"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
_LOG = logging.getLogger(__name__)
_DENY_ALL = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


class Guard:
    """Lets through what names this server, comes from its own page and is not too large.

    Sets `scope["state"]["visitor"]` for the routes.

    Args:
        app: What is guarded.
        door: Who may come in.
        most_bytes: Path to the largest body it takes; others take `MOST_JSON`.
    """

    def __init__(self, app: App, door: Door, most_bytes: dict[str, int]) -> None:
        self._app = app
        self._door = door
        self._most = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        guarded, begun = _with_headers(send)
        try:
            self._admit(scope)
            most = self._most.get(scope["path"], MOST_JSON)
            await self._app(scope, _bounded(scope, receive, most), guarded)
        except Problem as problem:
            await problem.answer()(scope, receive, guarded)
        except Exception as error:
            _LOG.exception("the review page failed")
            if begun():
                raise
            await _bug(error).answer()(scope, receive, guarded)

    def _admit(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        if not self._door.is_named(headers.get("host", "")):
            raise Problem(
                421,
                "host",
                "This server does not answer to that name. Open the address that "
                "`barkline review` printed.",
            )
        is_change = scope["method"] not in SAFE
        if is_change:
            _hold_origin(headers)
        visitor = self._door.visitor(_cookie(headers, self._door.cookie))
        scope.setdefault("state", {})["visitor"] = visitor
        if scope["path"] == ENTER or (scope["path"] == "/" and not is_change):
            return
        if visitor is None:
            raise Problem(
                401,
                "session",
                "This page belongs to a server that was restarted. Reload it; what was decided is "
                "kept.",
            )
        if is_change and not _is_same(headers.get(WORD_HEADER, ""), visitor.word):
            raise Problem(
                403,
                "word",
                "This change did not come from the review page. Reload it.",
            )


def _is_same(one: str, other: str) -> bool:
    import hmac

    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def _cookie(headers: Headers, name: str) -> str:
    return cookie_parser(headers.get("cookie", "")).get(name, "")


def _hold_origin(headers: Headers) -> None:
    """Hold that a change comes from a page of this very server.

    Raises:
        Problem: It comes from another site, or from a page that hides where it is from.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "same-origin")
    is_own = origin is None or urlsplit(origin).netloc.casefold() == headers["host"].casefold()
    if not is_own or site not in ("same-origin", "none"):
        raise Problem(403, "origin", "This change came from another site, so nothing was changed.")


def _bounded(scope: Scope, receive: Receive, most: int) -> Receive:
    """Return a `receive` that ends a body that is too large."""
    said = Headers(scope=scope).get("content-length", "0")
    if not said.isdecimal() or int(said) > most:
        raise _too_large(most)
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise _too_large(most)
        return message

    return bounded


def _too_large(most: int) -> Problem:
    return Problem(
        413, "size", f"That is more than {most // (1 << 20)} MiB. Send a shorter or smaller file."
    )


def _bug(error: Exception) -> Problem:
    return Problem(
        500,
        "bug",
        f"This is a fault of Barkline ({type(error).__name__}); its server says more. What was "
        "decided is kept.",
    )


def _with_headers(send: Send) -> tuple[Send, Callable[[], bool]]:
    """Return a `send` that adds our headers, and what says whether an answer has begun."""
    is_begun = False

    async def with_headers(message: Message) -> None:
        nonlocal is_begun
        if message["type"] == "http.response.start":
            is_begun = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", _DENY_ALL)
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return with_headers, lambda: is_begun
