"""A game to review, and the page's side of a `barkline review` that runs."""

from __future__ import annotations

import json
import os
import re
import time
import urllib.request
from collections.abc import Callable
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, TypeVar

PATIENCE_S = 240.0
PROJECT = """\
name: tiny
source_locale: en-US
locales:
  en-US:
characters:
  guard: {name: Guard, voice: formant}
"""
SCENE = """\
scene: gate
locale: en-US
lines:
  - {id: halt_01, character: guard, text: "Halt!"}
  - {id: halt_02, character: guard, text: "Who goes there, at this hour?"}
"""
T = TypeVar("T")
SETTLED = ("approved", "rejected")


class Page:
    """The page's side of a running server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        found = re.search(r'"word":"([0-9a-f]{64})"', self.get("").decode())
        assert found
        self._word = found[1]

    def get(self, path: str) -> bytes:
        with self._opener.open(self.url + path, timeout=60) as answer:
            return bytes(answer.read())

    def line(self, line_id: str) -> dict[str, Any]:
        return dict(json.loads(self.get(f"api/line?locale=en-US&line_id={line_id}")))

    def decide(
        self, line_id: str, choice: str, seen: dict[str, Any] | None = None, **more: Any
    ) -> dict[str, Any]:
        """Decide about a line as it is now, or as it was seen."""
        line = seen or self.line(line_id)
        one = {
            "id": os.urandom(16).hex(), "line_id": line_id, "locale": "en-US", "choice": choice,
            "render_key": line["take"]["key"], "decided": line["decided"], **more,
        }  # fmt: skip
        request = urllib.request.Request(
            self.url + "api/decisions",
            json.dumps({"decisions": [one]}).encode(),
            {"Content-Type": "application/json", "X-Barkline-Word": self._word},
        )
        with self._opener.open(request, timeout=60) as answer:
            return dict(json.loads(answer.read())["reviewed"][0])

    def retaken(self, line_id: str, before: str) -> dict[str, Any]:
        """Wait for another take of a line."""

        def other() -> dict[str, Any] | None:
            line = self.line(line_id)
            take = line["take"]
            return line if take["status"] in SETTLED and take["key"] != before else None

        return until(other)


def write_game(folder: Path) -> Path:
    """Write a game of two lines, which no model judges."""
    (folder / "scenes").mkdir(parents=True)
    (folder / "project.yaml").write_text(PROJECT, encoding="utf-8")
    (folder / "scenes" / "gate.yaml").write_text(SCENE, encoding="utf-8")
    (folder / "gate.yaml").write_text("metrics: exact\n", encoding="utf-8")
    return folder


def page_told_in(said: str) -> str:
    """Return the address that `barkline review` tells, "" before it does."""
    found = re.search(r"http://127\.0\.0\.1:\d+/", said)
    return found[0] if found else ""


def wait_for_page(url: str) -> Page:
    """Return the page of a server that is about to listen."""

    def answers() -> Page | None:
        try:
            return Page(url)
        except OSError:
            return None

    return until(answers)


def until(found: Callable[[], T | None]) -> T:
    """Return what is found at last."""
    deadline = time.monotonic() + PATIENCE_S
    while (one := found()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.3)
    return one
