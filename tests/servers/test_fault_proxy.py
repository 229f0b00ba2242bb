"""The proxy in front of a small server: what goes through is untouched, faults are exact."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.servers.fault_proxy import Fault, FaultProxy


class Upstream(ThreadingHTTPServer):
    """Keeps what is put, and answers with it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.kept: dict[str, bytes] = {}
        self.hosts: list[str] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Upstream

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.kept[self.path] = body
        self.server.hosts.append(self.headers["Host"])
        self.answer(200, b"")

    def do_GET(self) -> None:
        found = self.server.kept.get(self.path)
        self.answer(404 if found is None else 200, found or b"")

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"abc"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Stay quiet."""


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    server = Upstream()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def proxy(upstream: Upstream) -> Iterator[FaultProxy]:
    with FaultProxy(f"http://127.0.0.1:{upstream.server_address[1]}", seed=7) as made:
        yield made


def ask(proxy: FaultProxy, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)
    try:
        connection.request(method, path, body, {"Host": "voice.example"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_what_no_rule_names_goes_through_untouched(proxy: FaultProxy, upstream: Upstream) -> None:
    proxy.add(Fault.answer(500), method="DELETE", times=None)
    assert ask(proxy, "PUT", "/voice/a?x=%20y", b"sound") == (200, b"")
    assert ask(proxy, "GET", "/voice/a?x=%20y") == (200, b"sound")
    assert upstream.hosts == ["voice.example"]
    assert [(s.method, s.size, s.status, s.fault) for s in proxy.log] == [
        ("PUT", 5, 200, ""),
        ("GET", 0, 200, ""),
    ]
    assert proxy.log[0].headers["host"] == "voice.example"


def test_rules_count_and_skip(proxy: FaultProxy, upstream: Upstream) -> None:
    proxy.add(Fault.answer(503, "SlowDown"), method="PUT", path="/a", skip=1, times=2)
    answers = [ask(proxy, "PUT", "/a", b"1")[0] for _ in range(4)]
    assert answers == [200, 503, 503, 200]
    assert ask(proxy, "PUT", "/b", b"1")[0] == 200
    assert len(proxy.seen("PUT", "/a")) == 4
    assert [s.status for s in proxy.seen("PUT", "/a")] == [200, 0, 0, 200]


def test_an_error_is_one_s3_clients_read(proxy: FaultProxy) -> None:
    proxy.add(Fault.expired())
    status, body = ask(proxy, "GET", "/a")
    assert status == 400
    assert b"<Code>ExpiredToken</Code>" in body


def test_a_cut_is_before_or_after_the_server_has_done_it(
    proxy: FaultProxy, upstream: Upstream
) -> None:
    proxy.add(Fault.cut_before(), path="/before")
    proxy.add(Fault.cut_after(), path="/after")
    for path in ("/before", "/after"):
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            ask(proxy, "PUT", path, b"1")
    assert list(upstream.kept) == ["/after"]
    assert [s.status for s in proxy.log] == [0, 200]


def test_bodies_are_damaged_on_the_way_down(proxy: FaultProxy, upstream: Upstream) -> None:
    upstream.kept["/a"] = b"sounds"
    proxy.add(Fault.corrupt(), method="GET")
    proxy.add(Fault.truncate(), method="GET")
    status, body = ask(proxy, "GET", "/a")
    assert (status, len(body)) == (200, 6)
    assert body != b"sounds"
    with pytest.raises(http.client.IncompleteRead):
        ask(proxy, "GET", "/a")
    assert ask(proxy, "GET", "/a") == (200, b"sounds")
    assert upstream.kept["/a"] == b"sounds"


def test_a_chance_follows_the_seed(upstream: Upstream) -> None:
    def answers() -> list[int]:
        address = f"http://127.0.0.1:{upstream.server_address[1]}"
        with FaultProxy(address, seed=3) as made:
            made.add(Fault.answer(500), times=None, chance=0.5)
            return [ask(made, "PUT", "/a", b"1")[0] for _ in range(12)]

    first = answers()
    assert set(first) == {200, 500}
    assert answers() == first


def test_a_delayed_answer_comes_all_the_same(proxy: FaultProxy, upstream: Upstream) -> None:
    proxy.add(Fault.delay(0.05), method="PUT")
    proxy.add(Fault.late(0.05), method="GET")
    assert ask(proxy, "PUT", "/a", b"1") == (200, b"")
    assert ask(proxy, "GET", "/a") == (200, b"1")
    assert [s.fault for s in proxy.log] == ["delay", "late"]
