"""The web store against a server on the loopback that misbehaves as real ones do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from renderer.domain.object_key import object_key, pointer_key, sha256_hex
from renderer.errors import ObjectCorruptError, ObjectMissingError, StorageError
from renderer.storage.http import HttpStore

SOUND = b"sound" * 100
KEY = object_key(sha256_hex(SOUND), ".ogg")
RENDER_KEY = "ab" * 32


class Server(ThreadingHTTPServer):
    """Answers each path with the next of its planned answers; the last one stays."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.plan: dict[str, list[tuple[int, bytes, dict[str, str]]]] = {}
        self.seen: list[tuple[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/voice"

    def answer(self, key: str, *answers: tuple[int, bytes, dict[str, str]]) -> None:
        self.plan[f"/voice/{key}"] = list(answers)


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.seen.append((self.command, self.path))
        answers = self.server.plan.get(self.path, [(404, b"", {})])
        status, body, headers = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - as http.server has it

    def log_message(self, *_args: object) -> None:
        """Stay quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def _store(server: Server) -> HttpStore:
    return HttpStore(server.url + "/", timeout_s=5, pause_s=0.001)


def test_an_object_is_fetched_and_verified(server: Server) -> None:
    server.answer(KEY, (200, SOUND, {}))
    assert _store(server).get(KEY) == SOUND
    assert _store(server).has(KEY)
    assert server.seen == [("GET", f"/voice/{KEY}"), ("HEAD", f"/voice/{KEY}")]


def test_a_missing_object_is_told_at_once(server: Server) -> None:
    with pytest.raises(ObjectMissingError):
        _store(server).get(KEY)
    assert not _store(server).has(KEY)
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(server: Server, status: int) -> None:
    server.answer(KEY, (status, b"", {}), (status, b"", {}), (200, SOUND, {}))
    assert _store(server).get(KEY) == SOUND


def test_a_server_that_stays_down_is_an_error(server: Server) -> None:
    server.answer(KEY, (503, b"", {}))
    with pytest.raises(StorageError, match="503"):
        _store(server).get(KEY)
    assert len(server.seen) == 4


def test_a_cut_transfer_is_fetched_again(server: Server) -> None:
    server.answer(KEY, (200, SOUND[:50], {"Content-Length": "500"}), (200, SOUND, {}))
    assert _store(server).get(KEY) == SOUND


def test_wrong_bytes_are_fetched_once_more_and_then_refused(server: Server) -> None:
    server.answer(KEY, (200, b"<html>Sign in</html>", {}), (200, SOUND, {}))
    assert _store(server).get(KEY) == SOUND
    server.answer(KEY, (200, b"<html>Sign in</html>", {}))
    with pytest.raises(ObjectCorruptError):
        _store(server).get(KEY)


def test_a_refusal_is_not_repeated(server: Server) -> None:
    server.answer(KEY, (403, b"", {}))
    with pytest.raises(StorageError, match="refused"):
        _store(server).get(KEY)
    assert len(server.seen) == 1


def test_a_redirect_is_followed(server: Server) -> None:
    server.answer(KEY, (302, b"", {"Location": "/voice/elsewhere"}))
    server.answer("elsewhere", (200, SOUND, {}))
    assert _store(server).get(KEY) == SOUND


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"])
def test_a_redirect_to_anything_but_the_web_is_refused(server: Server, place: str) -> None:
    server.answer(KEY, (302, b"", {"Location": place}))
    with pytest.raises(StorageError):
        _store(server).get(KEY)


def test_pointers_are_read(server: Server) -> None:
    assert _store(server).pointed(RENDER_KEY) is None
    server.answer(pointer_key(RENDER_KEY), (200, b"{}", {}))
    assert _store(server).pointed(RENDER_KEY) == b"{}"


def test_it_is_read_only(server: Server) -> None:
    with pytest.raises(StorageError, match="read-only"):
        _store(server).put(b"x", ".ogg", "audio/ogg")
    with pytest.raises(StorageError, match="read-only"):
        _store(server).point(RENDER_KEY, b"{}")


@pytest.mark.parametrize("key", ["../secret", "", "http://other/x"])
def test_no_key_leads_elsewhere(server: Server, key: str) -> None:
    with pytest.raises(StorageError, match="no object key"):
        _store(server).get(key)
    assert server.seen == []


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(StorageError, match=r"127\.0\.0\.1:9"):
        HttpStore("http://127.0.0.1:9", timeout_s=1, pause_s=0).get(KEY)
