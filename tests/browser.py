"""A Chromium, and tabs that remember what they complained about and asked the network for."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
PATIENCE_S = 30.0


def find_chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    if os.environ.get("CI") == "true":
        pytest.fail("no Chromium on this machine: install one (Debian: apt install chromium)")
    pytest.skip("no Chromium on this machine")


def open_browser() -> Iterator[Any]:
    """Yield a running Chromium."""
    found = find_chromium()
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield opened
        opened.close()


class Tab:
    """A page in a context of its own."""

    def __init__(self, browser: Any, **options: object) -> None:
        options = {"viewport": {"width": 1280, "height": 800}, **options}
        self._context = browser.new_context(**options)
        self.page = self._context.new_page()
        self.page.set_default_timeout(PATIENCE_S * 1_000)
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda m: self.complaints.append(m.text))
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on("request", lambda r: self.asked.append(r.url))

    def close(self) -> None:
        self._context.close()

    def open(self, url: str) -> Any:
        self.page.goto(url)
        self.page.wait_for_selector("html[data-ready]", state="attached")
        return self.page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def shown(self) -> str:
        """The id of the line in the detail pane, once its panel is there."""
        return self.shown_with("#decide-buttons button")

    def shown_with(self, selector: str) -> str:
        """The id of the line in the detail pane, once something is there."""
        self.page.wait_for_selector(selector)
        return str(self.page.inner_text("#detail .facts .id"))

    def until(self, expression: str) -> None:
        """Wait for an expression; the page's policy forbids playwright's own way, which evals."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.page.evaluate(expression):
            assert time.monotonic() < deadline, f"never true: {expression}"
            self.page.wait_for_timeout(20)

    def texts(self) -> list[str]:
        return list(self.page.locator("#rows .row .text").all_inner_texts())

    def axe(self) -> list[str]:
        """What axe-core objects to."""
        sync = pytest.importorskip("axe_playwright_python.sync_playwright")
        found = sync.Axe().run(self.page).response["violations"]
        return [
            f"{v['id']}: {v['help']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
            for v in found
            for node in v["nodes"]
        ]
