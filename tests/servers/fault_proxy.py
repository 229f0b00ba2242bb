"""An HTTP proxy on the loopback that breaks what goes through it, by rule.

with FaultProxy("http://127.0.0.1:9000") as proxy:
    proxy.add(Fault.answer(503, "SlowDown"), method="PUT", times=2)
    proxy.add(Fault.cut_after(), path="/objects/", skip=1)
    ...  # talk S3 to proxy.url
    assert [seen.fault for seen in proxy.log] == ["answer", "answer", ""]

Everything else goes through as it came, the Host header as well, so that signatures stay right: the
client has signed the proxy's address, and the server behind sees the same. Virtual-host names work
too where the client finds the way (`bucket.localhost`).
"""

from __future__ import annotations

import http.client
import random
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

Headers = list[tuple[str, str]]
_HOP = {"connection", "keep-alive", "transfer-encoding", "proxy-connection", "expect"}
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{}</Code><Message>{}</Message></Error>'
_PLAIN = {404: "NoSuchKey", 403: "AccessDenied", 500: "InternalError", 503: "SlowDown"}


@dataclass(frozen=True)
class Fault:
    """What is done to a request.

    kind           what happens
    answer         the proxy answers for the server, which never hears of it
    delay          it waits, then goes through
    cut_before     the connection is reset; the server never hears of it
    cut_after      the server has done it, and the connection is reset instead of its answer
    late           the server has done it, and its answer comes only after a while
    corrupt        one byte of the answer's body is another one
    truncate       half of the answer's body comes, then the connection ends
    """

    kind: str
    status: int = 0
    code: str = ""
    seconds: float = 0.0

    @classmethod
    def answer(cls, status: int, code: str = "") -> Fault:
        """Answer with an S3 error."""
        return cls("answer", status, code or _PLAIN.get(status, "InternalError"))

    @classmethod
    def expired(cls) -> Fault:
        """Answer as AWS does when credentials have expired."""
        return cls("answer", 400, "ExpiredToken")

    @classmethod
    def delay(cls, seconds: float) -> Fault:
        """Wait before the request goes through."""
        return cls("delay", seconds=seconds)

    @classmethod
    def late(cls, seconds: float) -> Fault:
        """Wait before the answer goes back: the server has done it by then."""
        return cls("late", seconds=seconds)

    @classmethod
    def cut_before(cls) -> Fault:
        """Reset the connection before the server hears of the request."""
        return cls("cut_before")

    @classmethod
    def cut_after(cls) -> Fault:
        """Reset the connection after the server has done what was asked."""
        return cls("cut_after")

    @classmethod
    def corrupt(cls) -> Fault:
        """Change one byte of the answer's body."""
        return cls("corrupt")

    @classmethod
    def truncate(cls) -> Fault:
        """End the connection in the middle of the answer's body."""
        return cls("truncate")


@dataclass
class Rule:
    """Which requests a fault is done to.

    Attributes:
        fault: What is done.
        method: `PUT`, `GET`…, or "" for all.
        path: Text that the path with its query holds, or "".
        skip: How many such requests go through first.
        times: How many such requests it is done to; None for all that follow.
        chance: How likely it is done to each of them, by the proxy's seed.
    """

    fault: Fault
    method: str = ""
    path: str = ""
    skip: int = 0
    times: int | None = None
    chance: float = 1.0

    def takes(self, method: str, path: str, dice: random.Random) -> bool:
        """Whether the fault is done to this request; counts it."""
        if self.method not in ("", method) or self.path not in path or self.times == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.chance < 1.0 and dice.random() >= self.chance:
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(frozen=True)
class Seen:
    """A request that came: what it was, what the server said (0: nothing), what was done to it."""

    method: str
    path: str
    size: int
    headers: dict[str, str] = field(repr=False)
    status: int
    fault: str = ""


class FaultProxy:
    """A proxy in front of one server, on a free loopback port.

    Args:
        upstream: The server's address, `http://host:port`.
        seed: For rules with a chance.

    Attributes:
        log: Every request, in the order in which they were done with.
    """

    def __init__(self, upstream: str, seed: int = 0) -> None:
        parts = urlsplit(upstream)
        self._upstream = str(parts.hostname), int(parts.port or 80)
        self._dice = random.Random(seed)
        self._rules: list[Rule] = []
        self._guard = threading.Lock()
        self.log: list[Seen] = []
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def port(self) -> int:
        """The port."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The address S3 clients talk to."""
        return f"http://127.0.0.1:{self.port}"

    def add(
        self,
        fault: Fault,
        *,
        method: str = "",
        path: str = "",
        skip: int = 0,
        times: int | None = 1,
        chance: float = 1.0,
    ) -> None:
        """Add a rule; the first one that takes a request is the one that counts."""
        with self._guard:
            self._rules.append(Rule(fault, method, path, skip, times, chance))

    def clear(self) -> None:
        """Forget every rule and the log."""
        with self._guard:
            self._rules.clear()
            self.log.clear()

    def seen(self, method: str = "", path: str = "") -> list[Seen]:
        """Return the requests of a method whose path holds a text."""
        with self._guard:
            return [s for s in self.log if method in ("", s.method) and path in s.path]

    def choose(self, method: str, path: str) -> Fault | None:
        """Return what is to be done to a request."""
        with self._guard:
            for rule in self._rules:
                if rule.takes(method, path, self._dice):
                    return rule.fault
        return None

    def note(self, seen: Seen) -> None:
        """Write a request into the log."""
        with self._guard:
            self.log.append(seen)

    def forward(
        self, method: str, path: str, headers: Headers, body: bytes
    ) -> tuple[int, Headers, bytes]:
        """Let the server do a request; returns status, headers and body of its answer."""
        connection = http.client.HTTPConnection(*self._upstream, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                if name.lower() not in _HOP:
                    connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a delayed answer holds up nobody
    request_queue_size = 64

    def __init__(self, proxy: FaultProxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that gave up are what is tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def handle_any(self) -> None:
        """Do what the rules say to one request."""
        proxy = self.server.proxy
        fault = proxy.choose(self.command, self.path) or Fault("")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer: _Answer | None = None
        status = 0
        try:
            answer, status = _DO.get(fault.kind, _pass)(self, fault, body)
        finally:  # before the answer goes out, so that who has it finds it in the log
            headers = {name.lower(): value for name, value in self.headers.items()}
            proxy.note(Seen(self.command, self.path, len(body), headers, status, fault.kind))
        if answer is None:
            self._cut()
        else:
            self._tell(answer)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any  # noqa: N815 - as http.server has it

    def ask(self, body: bytes) -> tuple[int, Headers, bytes]:
        """Let the server do it."""
        return self.server.proxy.forward(self.command, self.path, self.headers.items(), body)

    def _tell(self, answer: _Answer) -> None:
        is_head = self.command == "HEAD"
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in _HOP and (is_head or name.lower() != "content-length"):
                self.send_header(name, value)
        if not is_head and answer.status != 204:
            self.send_header("Content-Length", str(answer.promised))
        self.end_headers()
        self.wfile.write(b"" if is_head else answer.body)
        self.wfile.flush()
        self.close_connection |= len(answer.body) < answer.promised

    def _cut(self) -> None:
        """Reset the connection."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True

    def log_message(self, *_args: object) -> None:
        """Stay quiet."""


@dataclass(frozen=True)
class _Answer:
    """What goes back; `promised` is the length it claims."""

    status: int
    headers: Headers
    body: bytes
    promised: int


_Done = tuple[_Answer | None, int]


def _whole(status: int, headers: Headers, body: bytes) -> _Done:
    return _Answer(status, headers, body, len(body)), status


def _pass(handler: _Handler, fault: Fault, body: bytes) -> _Done:
    time.sleep(fault.seconds)
    return _whole(*handler.ask(body))


def _late(handler: _Handler, fault: Fault, body: bytes) -> _Done:
    answer = handler.ask(body)
    time.sleep(fault.seconds)
    return _whole(*answer)


def _answer(_handler: _Handler, fault: Fault, _body: bytes) -> _Done:
    document = _XML.format(fault.code, "as the rules say").encode()
    answer, _ = _whole(fault.status, [("Content-Type", "application/xml")], document)
    return answer, 0


def _cut_before(_handler: _Handler, _fault: Fault, _body: bytes) -> _Done:
    return None, 0


def _cut_after(handler: _Handler, _fault: Fault, body: bytes) -> _Done:
    return None, handler.ask(body)[0]


def _corrupt(handler: _Handler, _fault: Fault, body: bytes) -> _Done:
    status, headers, data = handler.ask(body)
    return _whole(status, headers, data[:-1] + bytes([data[-1] ^ 1]) if data else data)


def _truncate(handler: _Handler, _fault: Fault, body: bytes) -> _Done:
    status, headers, data = handler.ask(body)
    return _Answer(status, headers, data[: len(data) // 2], len(data)), status


_DO: dict[str, Callable[[_Handler, Fault, bytes], _Done]] = {
    "answer": _answer,
    "late": _late,
    "cut_before": _cut_before,
    "cut_after": _cut_after,
    "corrupt": _corrupt,
    "truncate": _truncate,
}
