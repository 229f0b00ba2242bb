"""Take the pictures of docs/review.md from a running review page.

    barkline review PROJECT --no-open --port 8123 &
    python scripts/review_pictures.py http://127.0.0.1:8123/ docs/pictures

Needs the extra `dev` and a Chromium.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image

SHOTS = (
    ("review-light", "light", 1280, 820, ()),
    ("review-retake-dark", "dark", 1280, 820, ("r",)),
)


def main(url: str, folder: Path) -> None:
    """Take every picture."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for name, scheme, width, height, keys in SHOTS:
            size = {"width": width, "height": height}
            page = browser.new_page(viewport=size, color_scheme=scheme)
            _shoot(page, url, keys, folder / f"{name}.png")
            page.close()
        browser.close()


def _shoot(page: Any, url: str, keys: tuple[str, ...], path: Path) -> None:  # noqa: ANN401 - playwright
    page.set_default_timeout(120_000)
    page.goto(url)
    page.wait_for_selector("html[data-ready]", state="attached")
    page.keyboard.press("j")
    page.wait_for_selector("#decide-buttons button")
    page.wait_for_selector("#detail .spectrum img")
    page.wait_for_timeout(3_000)
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_timeout(1_000)
    page.screenshot(path=path)
    with Image.open(path) as shot:  # 256 colours: a third of the size, and none is missed
        shot.convert("RGB").quantize(256).save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
