"""The pages of an analysis and of an upgrade in a real Chromium, opened from disk."""

from __future__ import annotations

import io
import time
from pathlib import Path

import numpy as np
import pytest

from renderer.analysis.canvas import style_sheet
from renderer.analysis.cast import Spoken
from renderer.analysis.sound_print import BANDS, BINS, SoundPrint
from renderer.analysis.study import study
from renderer.bootstrap.plate import draw_plates
from renderer.report.analysis_page import AnalysisPage, write_analysis
from renderer.report.upgrade_page import UpgradePage, write_upgrade
from tests.browser import open_browser
from tests.integration.test_report_browser import SOUND

pytestmark = pytest.mark.browser
HOSTILE = "</style><script>window.hacked=1</script><img src=x onerror=window.hacked=2>"


def takes() -> list[Spoken]:
    random = np.random.default_rng(3)
    made = []
    for number in range(14):
        centre = random.normal(size=64)
        counts = np.zeros(BINS, np.float32)
        counts[10 + 4 * number : 16 + 4 * number] = 9
        for line in range(8):
            voice = (centre + 0.3 * random.normal(size=64)).astype(np.float32)
            sound = SoundPrint(voice / np.linalg.norm(voice), np.zeros(BANDS, np.float32), counts)
            name = f"character_{number}"
            made.append(Spoken(f"l{line}", "en-US", name, "calm", sound, 9 + number / 3, 2.0))
    return made


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = study(
        takes(), {"character_3": HOSTILE, "character_4": "Ysolde, Keeper of the Hearth"}, {}
    )
    plates = [plate for plate, _ in draw_plates(found, HOSTILE)]
    page = AnalysisPage(HOSTILE, "2026-01-02T03:04:05", "1", [("14", "characters")], [HOSTILE],
                        plates, style_sheet())  # fmt: skip
    return write_analysis(page, tmp_path_factory.mktemp("analysis"))


@pytest.fixture(scope="module")
def upgrade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import soundfile

    folder = tmp_path_factory.mktemp("upgrade")
    held = io.BytesIO()
    soundfile.write(held, SOUND.samples, SOUND.sample_rate, format="OGG", subtype="VORBIS")
    for side in ("old", "new"):
        (folder / side).mkdir()
        (folder / side / "a.ogg").write_bytes(held.getvalue())

    def side(name: str) -> dict[str, object]:
        return {"audio": f"{name}/a.ogg", "failed": [HOSTILE], "error": ""}

    row = {"line_id": "halt", "locale": "en-US", "character": "kara", "text": HOSTILE,
           "emotion": "angry", "worse_by": 2.0, "deltas": {"dnsmos_ovrl": -0.6, "cosine": 0.8},
           "old": side("old"), "new": side("new")}  # fmt: skip
    rows = [row, row | {"line_id": "run"}]
    page = UpgradePage("tiny", "2026-01-02T03:04:05", "a#1", "b#2", [("2", "lines")], rows,
                       {"kara": "barkline analyse promote . --character kara"})  # fmt: skip
    return write_upgrade(page, folder)


@pytest.fixture(scope="module")
def browser():
    yield from open_browser()


def watched(browser, index: Path, width: int, scheme: str = "light"):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.told = []
    page.on("console", lambda message: page.told.append(message.text))
    page.on("pageerror", lambda error: page.told.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith(("file:", "data:"))
            else page.told.append(asked.url))  # fmt: skip
    page.goto(index.as_uri())
    return page


def until(page, expression: str) -> None:
    """Wait for an expression; the page's policy forbids playwright's own way, which evals."""
    deadline = time.monotonic() + 20.0
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(50)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1920, "dark"), (800, "light")])
def test_the_pictures_are_readable_and_nothing_is_fetched(
    browser, analysis: Path, width: int, scheme: str
) -> None:
    page = watched(browser, analysis, width, scheme)
    assert page.told == []
    assert page.evaluate("window.hacked") is None
    pane = "document.querySelector('.pane')"
    assert page.evaluate(f"{pane}.scrollWidth <= {pane}.clientWidth")
    assert page.locator("svg[role=img]").count() == 7
    small = page.evaluate(
        "[...document.querySelectorAll('.plate svg')].map(s => s.getBoundingClientRect().width /"
        " s.viewBox.baseVal.width * Math.min(...[...s.querySelectorAll('text')]"
        ".map(t => Number(t.getAttribute('font-size')))))"
    )
    assert min(small) >= (11 if width > 1000 else 7)
    ink = page.evaluate("getComputedStyle(document.querySelector('.k-ink')).fill")
    assert ink == ("rgb(24, 32, 43)" if scheme == "light" else "rgb(231, 235, 240)")
    page.close()


def test_old_and_new_are_heard_in_turn(browser, upgrade: Path) -> None:
    page = watched(browser, upgrade, 1280)
    playing = (
        "[...document.querySelectorAll('audio')].filter(a => !a.paused).map(a => a.dataset.side)"
    )
    page.keyboard.press("j")
    page.keyboard.press("a")
    until(page, f"({playing}).join() === 'old'")
    page.keyboard.press("b")
    until(page, f"({playing}).join() === 'new'")
    assert page.locator("[aria-pressed=true]").inner_text() == "B new"
    page.keyboard.press("s")
    until(page, f"({playing}).length === 0")
    page.locator(".compared").nth(1).locator("button").first.click()
    until(page, f"({playing}).join() === 'old'")
    assert page.told == []
    assert page.evaluate("window.hacked") is None
    page.close()
