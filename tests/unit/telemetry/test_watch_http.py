"""The pages of a process: two, for reading, and honest about its health."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from renderer.errors import ConfigError
from renderer.telemetry.http import WatchServer, watch_pages


class Process:
    why = ""
    is_broken = False

    def text(self) -> bytes:
        if self.is_broken:
            raise RuntimeError("a secret of the inside")
        return b"up 1\n"


@pytest.fixture
def process() -> Process:
    return Process()


@pytest.fixture
def server(process: Process) -> Iterator[WatchServer]:
    server = WatchServer("127.0.0.1", 0, watch_pages(process.text, lambda: process.why))
    yield server
    server.close()


def ask(server: WatchServer, path: str, method: str = "GET") -> tuple[int, str, str]:
    request = Request(f"http://127.0.0.1:{server.port}{path}", method=method)
    try:
        with urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode(), answer.headers["Content-Type"]
    except HTTPError as error:
        return error.code, error.read().decode(), error.headers["Content-Type"]


def test_metrics_and_health_are_served(server: WatchServer, process: Process) -> None:
    assert ask(server, "/metrics") == (200, "up 1\n", "text/plain; version=0.0.4; charset=utf-8")
    assert ask(server, "/healthz")[:2] == (200, "ok\n")
    process.why = "worker 1 is not running"
    assert ask(server, "/healthz")[:2] == (503, "worker 1 is not running\n")


@pytest.mark.parametrize("path", ["/", "/metrics/", "/../etc/passwd", "/healthz/x"])
def test_nothing_else_is_there(server: WatchServer, path: str) -> None:
    assert ask(server, path)[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_nothing_but_get_is_understood(server: WatchServer, method: str) -> None:
    assert ask(server, "/metrics", method)[0] == 501


def test_a_page_that_breaks_tells_nothing_of_the_inside(
    server: WatchServer, process: Process
) -> None:
    process.is_broken = True
    assert ask(server, "/metrics")[:2] == (500, "see the log\n")


def test_a_port_that_is_taken_is_said_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match="BARKLINE_METRICS_PORT"):
            WatchServer("127.0.0.1", port, {})
