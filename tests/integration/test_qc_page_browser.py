"""The listening page of a corpus, opened from its folder in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from renderer.domain.verdict import Finding, Outcome
from renderer.training.corpus import Clip, Corpus, Speaker
from renderer.training.qc import ClipLimits
from renderer.training.qc_card import make_card
from renderer.training.qc_page import draw_page
from renderer.training.sound import write_sound
from tests.browser import open_browser

pytestmark = pytest.mark.browser
HOSTILE = '</td><img src=x onerror="document.title=1"><script>document.title=2</script>'


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    yield from open_browser()


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    folder = tmp_path / "a corpus, #1?"
    clips, findings = [], {}
    for number, text in enumerate(["Well met.", HOSTILE, "Halt!"]):
        clip = Clip(
            f"c{number}",
            "ann",
            "en",
            text,
            f"audio/c{number}.flac",
            86 * (3 - number),
            faults=("snr",) if number == 2 else (),
            checks={"snr_db": 30.0 - number, "loudness_lufs": -20.0, "phones_per_s": 12.0},
        )
        tone = 0.2 * np.sin(np.arange(clip.frames * 256) / 10)
        write_sound(folder / clip.audio, tone.astype(np.float32), 22_050)
        outcome = Outcome.FAIL if clip.faults else Outcome.PASS
        findings[clip.id] = (Finding("snr", outcome, 12.0, 20.0, ">=", "dB", HOSTILE),)
        clips.append(clip)
    corpus = Corpus(folder, {"ann": Speaker("ann")}, tuple(clips))
    path = folder / "qc.html"
    path.write_text(draw_page(make_card(corpus, findings, ClipLimits()), folder), "utf-8")
    return path


def test_the_page_plays_sorts_and_finds(browser, page_file: Path) -> None:
    page, said = browser.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(page_file.as_uri())
    assert page.title() == "a corpus, #1?: recordings"
    ids = "rows => rows.map(row => row.cells[2].dataset.sort)"
    assert page.eval_on_selector_all("#clips tbody tr", ids) == ["c2", "c0", "c1"]
    played = """async player => {
        player.preload = "auto"; player.load();
        await new Promise(done => { player.oncanplay = player.onerror = done; });
        return player.duration;
    }"""
    assert page.eval_on_selector("audio", played) == pytest.approx(86 * 256 / 22_050, abs=0.01)
    page.click("th button:text('Seconds')")
    assert page.eval_on_selector_all("#clips tbody tr", ids) == ["c0", "c1", "c2"]
    page.click("th button:text('Seconds')")
    assert page.eval_on_selector_all("#clips tbody tr", ids) == ["c2", "c1", "c0"]
    page.fill("#find", "well met")
    assert page.inner_text("#shown") == "1 of 3"
    page.fill("#find", "")
    page.check("#failed")
    assert page.inner_text("#shown") == "1 of 3"
    assert said == []
