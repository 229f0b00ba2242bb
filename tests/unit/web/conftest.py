from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from renderer.web.app import create_app
from tests.review.fakes import Studio


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


Visit = Callable[..., TestClient]


@pytest.fixture
def visit(studio: Studio) -> Visit:
    """A browser in front of the page; with `enter` it has opened it and knows the word."""

    def made(*, enter: bool = True, base: str = "http://127.0.0.1:8000") -> TestClient:
        app = create_app(studio.reviewing, studio.door, studio.clock)
        client = TestClient(
            app, base_url=base, follow_redirects=False, raise_server_exceptions=False
        )
        if enter:
            page = client.get("/")
            assert page.status_code == 200
            word = re.search(r'"word":"([0-9a-f]{64})"', page.text)
            assert word
            client.headers["X-Barkline-Word"] = word[1]
        return client

    return made


@pytest.fixture
def asked(studio: Studio) -> Callable[..., dict[str, Any]]:
    """A decision as the page hands it in."""
    count = iter(range(1, 1_000))

    def made(line_id: str = "line_0002", choice: str = "waive", **more: Any) -> dict[str, Any]:
        locale = more.pop("locale", "en-US")
        found = studio.lines[line_id, locale]
        note = "meant to" if choice in ("waive", "return") else ""
        return {
            "id": f"{next(count):032x}", "line_id": line_id, "locale": locale,
            "render_key": found.take.render_key if found.take else "0" * 64, "choice": choice,
            "note": note, "decided": found.decided, **more,
        }  # fmt: skip

    return made
