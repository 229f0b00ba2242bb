"""The small server behind /metrics and /healthz: GET of these two pages and nothing else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from renderer.errors import ConfigError

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
TEXT_TYPE = "text/plain; charset=utf-8"
PATIENCE_S = 5.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: its bytes, status and type."""

    body: bytes
    status: HTTPStatus = HTTPStatus.OK
    media_type: str = TEXT_TYPE


Pages = Mapping[str, Callable[[], Page]]


def health_page(why_not: str) -> Page:
    """Return 200, or 503 with what is wrong."""
    if not why_not:
        return Page(b"ok\n")
    return Page(f"{why_not}\n".encode(), HTTPStatus.SERVICE_UNAVAILABLE)


def watch_pages(metrics: Callable[[], bytes], why_unwell: Callable[[], str]) -> Pages:
    """Return the two pages every process of the service has.

    Args:
        metrics: Returns Prometheus' text format.
        why_unwell: Returns what is wrong, or "".
    """
    return {
        "/metrics": lambda: Page(metrics(), media_type=METRICS_TYPE),
        "/healthz": lambda: health_page(why_unwell()),
    }


class WatchServer:
    """Answers in threads of its own until it is closed.

    Args:
        host: Address to listen on.
        port: Port; 0 for any that is free.
        pages: Path to what it answers.

    Attributes:
        port: Where it listens.

    Raises:
        ConfigError: The port is taken, or the address is not this machine's.
    """

    def __init__(self, host: str, port: int, pages: Pages) -> None:
        try:
            self._server = _Server((host, port), _handler(pages))
        except OSError as error:
            raise ConfigError(
                f"metrics cannot be served on {host}:{port}: {error.strerror or error}. Set "
                "BARKLINE_METRICS_PORT to a free port (0: none), BARKLINE_METRICS_HOST to an "
                "address of this machine."
            ) from error
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that hangs up is no event."""
        log.debug("a reader of metrics went away", exc_info=True)


def _handler(pages: Pages) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE_S
        server_version = "barkline"
        sys_version = ""

        def do_GET(self) -> None:
            make = pages.get(self.path.partition("?")[0])
            page = _made(make) if make else Page(b"not found\n", HTTPStatus.NOT_FOUND)
            self.send_response(page.status)
            self.send_header("Content-Type", page.media_type)
            self.send_header("Content-Length", str(len(page.body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(page.body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: somebody asks every few seconds."""

    return Handler


def _made(make: Callable[[], Page]) -> Page:
    try:
        return make()
    except Exception:
        log.exception("a page of the metrics could not be made")
        return Page(b"see the log\n", HTTPStatus.INTERNAL_SERVER_ERROR)
