"""The review page on a real socket, in a thread."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from renderer.web.app import create_app
from renderer.web.serve import Server, address_of, open_socket
from tests.review.fakes import Studio


class ReviewServer:
    """Serves a studio until the block ends."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self._listener = open_socket("127.0.0.1", 0)
        self.url = address_of(self._listener, "127.0.0.1")
        self._ready = threading.Event()
        app = create_app(studio.reviewing, studio.door, studio.clock)
        self._server = Server(app, studio.feed, self._ready.set)
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(20.0), "the server did not start"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join(20.0)
        self._listener.close()
