"""The QA page in a real Chromium, opened from disk."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from renderer.domain.direction import Direction, Emotion, Emphasis, Prosody, WordEdit
from renderer.domain.reading import LineReading, ProjectReading, TakeReading
from renderer.domain.take import Alignment, Attempt, WordSpan
from renderer.domain.utterance import Origin, Utterance
from renderer.domain.verdict import Finding, Outcome, Verdict
from renderer.report.pages import write_report
from renderer.report.picture import draw_sound
from tests import browser as browser_tab
from tests.browser import open_browser
from tests.review.fakes import HOSTILE, voice
from tests.review.fakes import ogg as encoded

pytestmark = pytest.mark.browser

GAP = Finding(
    "inner_gap", Outcome.FAIL, 0.62, 0.4, "<=", "s", "A silence.", "Use a comma.", start_s=0.5
)
LEVEL = Finding("level", Outcome.PASS, -23.0, -60.0, ">=", "LUFS", "Loud enough.")


SOUND = voice(2.0, pause=0.4)
PICTURE = draw_sound(SOUND)


def ogg(_path: str) -> bytes:
    return encoded(SOUND)


def take(key: str, status: str, text: str, **more: object) -> TakeReading:
    words = text.split()[:6] or ["–"]
    spans = tuple(WordSpan(w, 0.1 + 0.3 * i, 0.35 + 0.3 * i) for i, w in enumerate(words))
    plain = TakeReading(
        render_key=key * 8,
        status=status,
        attempt=1,
        audio="audio/voice #1.ogg",
        duration_s=2.0,
        loudness_lufs=-23.0,
        findings=(LEVEL,),
        alignment=Alignment(words=spans, source="engine"),
        voice="en_US-kristin",
        text=text,
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def line(number: int, text: str, status: str | None, **more: object) -> LineReading:
    locale = str(more.pop("locale", "en-US"))
    character = str(more.pop("character", "kara"))
    direction = Direction(Emotion.ANGRY if number % 2 else Emotion.SAD, 0.8)
    direction = more.pop("direction", direction)  # type: ignore[assignment]
    spoken = Utterance(
        f"line_{number:04d}",
        locale,
        character,
        "gate",
        text,
        text,
        "v",
        direction,
        tags=("bark",) if number % 5 == 0 else (),
        origin=Origin("scenes/gate.yaml", number + 1),
    )
    kept = take(f"{number:08x}", status, text) if status else None
    kept = more.pop("take", kept)  # type: ignore[assignment]
    return LineReading(spoken, character.title(), kept, **more)  # type: ignore[arg-type]


def small_project() -> ProjectReading:
    tried = (
        Attempt(1, "", Verdict.of((GAP,))),
        Attempt(2, "rate × 0.96, another seed", Verdict.of((LEVEL,))),
    )
    bad = take(
        "bad00000", "rejected", "Halt! Who goes there?",
        findings=(GAP, LEVEL), attempt=2, tried=tried, tried_audio=("audio/first.ogg",),
    )  # fmt: skip
    asked = Direction(
        Emotion.ANGRY, 0.8, prosody=Prosody(pitch_st=2.0),
        words=(WordEdit("Halt", 1, Prosody(energy_db=3.0), Emphasis.STRONG, "hɔlt"),),
    )  # fmt: skip
    return ProjectReading(
        "emberfall",
        "2026-05-02T10:11:12+00:00",
        (
            line(0, "The embers remember.", "approved"),
            line(1, "Café at the gate.", "approved", character="tomas"),
            line(
                2, "Halt! Who goes there?", "rejected",
                take=bad, previous=take("0ld00000", "approved", "Halt. Who is there?"),
                direction=asked,
            ),
            line(3, HOSTILE, "approved", character="<b>x</b>", is_frozen=True),
            line(4, "Ich gehe nicht.", "approved", locale="de-DE", is_stale_translation=True),
            line(
                5, "Broken.", "failed", unpublishable="en_US-amy names no licence",
                take=take("bb", "failed", "", audio="", error="SynthesisError: <b>no rows</b>"),
            ),
            line(6, "Not yet.", None),
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    yield from open_browser()


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a report, #1?")
    return write_report(small_project(), folder, ogg, lambda _take: PICTURE)


@pytest.fixture(scope="module")
def big_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    statuses = ["rejected", *["approved"] * 9]
    lines = tuple(
        line(i, f"Sentence number {i} of the night.", statuses[i % 10], character=f"c{i % 12}")
        for i in range(5_000)
    )
    project = ProjectReading("big", "2026-05-02T10:11:12+00:00", lines)
    return write_report(project, tmp_path_factory.mktemp("big"), ogg, lambda _take: None)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and tells nobody."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Tab(browser_tab.Tab):
    """A report from disk; what it cannot load is a complaint too."""

    def __init__(self, browser: object, **options: object) -> None:
        super().__init__(browser, **options)
        self.page.on("requestfailed", lambda r: self.complaints.append(r.url))

    def open(self, index: Path, where: str = "") -> object:
        return super().open(index.as_uri() + where)

    def shown(self) -> str:
        """The id of the line in the detail pane, once its take is there."""
        return self.shown_with("#detail .take, #detail .callout")


@pytest.fixture
def tab(browser: object) -> Iterator[Tab]:
    opened = Tab(browser)
    yield opened
    opened.close()
    assert opened.complaints == []
    assert [url for url in opened.asked if not url.startswith("file://")] == []


def test_it_opens_from_disk_with_rejected_lines_first(tab: Tab, index: Path) -> None:
    page = tab.open(index)
    assert page.is_visible("#overview")
    assert page.inner_text("#groups").split() == [
        "All", "7", "rejected", "1", "failed", "1", "pending", "1", "approved", "4",
    ]  # fmt: skip
    assert tab.texts()[:3] == ["Halt! Who goes there?", "Broken.", "Not yet."]


def test_a_rejected_line_shows_all_a_listener_needs(tab: Tab, index: Path) -> None:
    page = tab.open(index)
    tab.press("j")
    assert tab.shown() == "line_0002"
    text = page.inner_text("#detail")
    for wanted in (
        "Halt! Who goes there?", "angry", "pitch +2 st", "hɔlt", "strong", "energy +3 dB",
        "inner gap", "0.62 s", "≤ 0.4 s", "Use a comma.", "as asked", "rate × 0.96", "2 · kept",
        "Previous approved take", "Halt. Who is there?", "−23 LUFS", "scenes/gate.yaml:3",
    ):  # fmt: skip
        assert wanted in text, wanted
    assert page.locator("#detail .take").count() == 2
    assert page.locator("#detail .wave path").first.get_attribute("d").startswith("M0 ")
    assert len(page.locator("#detail .f0-line").first.get_attribute("d")) > 100
    assert page.locator("#detail .tier.words span").count() == 8
    tab.until("document.querySelector('.spectrum img').naturalWidth > 100")


def test_the_sound_really_plays_and_pauses_by_space(tab: Tab, index: Path) -> None:
    page = tab.open(index)
    tab.press("j")
    tab.shown()
    tab.press(" ")
    tab.until("document.querySelector('audio').currentTime > 0.2")
    assert page.locator(".take.active").count() == 1
    tab.press(" ")
    assert page.evaluate("document.querySelector('audio').paused")
    stopped = page.evaluate("document.querySelector('audio').currentTime")
    tab.press("ArrowRight")
    tab.until(f"document.querySelector('audio').currentTime > {stopped} + 0.4")


def test_the_previous_take_plays_beside_it_and_only_one_at_a_time(tab: Tab, index: Path) -> None:
    page = tab.open(index)
    tab.press("j")
    tab.shown()
    tab.press("a")
    tab.until("document.querySelectorAll('audio')[0].currentTime > 0.1")
    tab.press("x")
    tab.until("document.querySelectorAll('audio')[1].currentTime > 0.15")
    assert page.evaluate("document.querySelectorAll('audio')[0].paused")
    assert page.locator(".take").nth(1).get_attribute("class") == "take active"
    tab.press("j")
    tab.until("[...document.querySelectorAll('audio')].every((a) => a.paused)")


def test_play_on_move_plays_the_next_line(tab: Tab, index: Path) -> None:
    page = tab.open(index)
    page.check("#autoplay")
    page.focus("#list")
    tab.press("j")
    tab.until("document.querySelector('audio')?.currentTime > 0.1")


def test_a_finding_jumps_to_its_place(tab: Tab, index: Path) -> None:
    page = tab.open(index)
    tab.press("j")
    tab.shown()
    page.click(".findings button")
    tab.until("document.querySelector('audio').currentTime > 0.4")


def test_the_waveform_seeks_where_it_is_clicked(tab: Tab, index: Path) -> None:
    page = tab.open(index)
    tab.press("j")
    tab.shown()
    tab.until("document.querySelector('audio').readyState >= 1")
    box = page.locator(".stage").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    at = page.evaluate("document.querySelector('audio').currentTime")
    assert at == pytest.approx(1.0, abs=0.1)


def test_hostile_text_stays_text(tab: Tab, index: Path) -> None:
    page = tab.open(index)
    page.fill("#search", "hacked")
    tab.press("Enter")
    assert tab.shown() == "line_0003"
    assert page.inner_text("#line-title").startswith("</script><script>window.hacked=1")
    assert page.locator("#detail img:not([alt=Spectrogram]), #rows img, b").count() == 0
    assert page.evaluate("window.hacked") is None
    tab.press("o")
    assert page.evaluate("window.hacked") is None


def test_the_policy_stops_code_that_got_in_all_the_same(browser: object, index: Path) -> None:
    tab = Tab(browser)
    page = tab.open(index)
    page.evaluate(
        "() => { const holder = document.createElement('div');"
        " holder.innerHTML = '<img src=x onerror=\"window.hacked=1\">';"
        " document.body.append(holder); location.href = 'javascript:window.hacked=2'; }"
    )
    refused = page.evaluate("fetch('https://example.invalid/').then(() => false, () => true)")
    page.wait_for_timeout(200)
    assert refused
    assert page.evaluate("window.hacked") is None
    assert any("Content Security Policy" in text for text in tab.complaints)
    assert not [url for url in tab.asked if url.startswith("http")]
    page.close()


def test_search_ignores_case_and_accents_and_looks_at_ids_and_tags(tab: Tab, index: Path) -> None:
    page = tab.open(index)
    tab.press("/")
    page.keyboard.type("cafe TOMAS")
    assert tab.texts() == ["Café at the gate."]
    page.fill("#search", "line_0004")
    assert tab.texts() == ["Ich gehe nicht."]
    page.fill("#search", "bark")
    assert len(tab.texts()) == 2
    page.fill("#search", "nothing like this")
    assert "No line matches" in page.inner_text("#rows")
    page.click("#clear")
    assert len(tab.texts()) == 7


def test_keys_typed_into_the_search_do_not_steer(tab: Tab, index: Path) -> None:
    page = tab.open(index)
    tab.press("/")
    page.keyboard.type("j k o ?")
    assert page.input_value("#search") == "j k o ?"
    assert page.is_visible("#overview")
    assert not page.is_visible("#help")


@pytest.mark.parametrize(
    ("facet", "value", "expected"),
    [
        ("character", "tomas", ["Café at the gate."]),
        ("locale", "de-DE", ["Ich gehe nicht."]),
        ("check", "inner_gap", ["Halt! Who goes there?"]),
        ("flag", "unpublishable", ["Broken."]),
    ],
)
def test_filters(tab: Tab, index: Path, facet: str, value: str, expected: list[str]) -> None:
    page = tab.open(index)
    page.select_option(f"#filter-{facet}", value)
    assert tab.texts() == expected
    assert f"{facet}={value}" in page.url


def test_status_filter_and_counts_follow_the_other_filters(tab: Tab, index: Path) -> None:
    page = tab.open(index)
    page.select_option("#filter-emotion", "angry")
    assert page.inner_text("#matches span").startswith("4 of 7 lines")
    page.click("[data-group=approved]")
    assert len(tab.texts()) == 2


def test_the_overview_filters_the_list(tab: Tab, index: Path) -> None:
    page = tab.open(index)
    page.click("#overview button[data-value='de-DE']")
    assert tab.texts() == ["Ich gehe nicht."]


def test_a_link_opens_its_line_and_filter_again(tab: Tab, index: Path) -> None:
    page = tab.open(index, "#line=de-DE%2Fline_0004&locale=de-DE")
    assert tab.shown() == "line_0004"
    assert "stale translation" in page.inner_text("#detail .facts")
    assert len(tab.texts()) == 1
    tab.press("o")
    assert page.is_visible("#overview")
    page.evaluate("location.hash = 'line=en-US%2Fline_0001'")
    tab.until("document.querySelector('#detail .facts .id')?.textContent === 'line_0001'")


def test_a_link_to_a_line_that_is_gone_opens_the_overview(tab: Tab, index: Path) -> None:
    assert tab.open(index, "#line=xx%2Fgone&group=__proto__").is_visible("#overview")
    assert len(tab.texts()) == 7


def test_keys_move_and_the_list_follows(tab: Tab, index: Path) -> None:
    page = tab.open(index)
    seen = []
    for key in ("j", "ArrowDown", "k", "End", "Home", "n"):
        tab.press(key)
        page.wait_for_timeout(120)
        seen.append(tab.shown())
    assert seen == ["line_0002", "line_0005", "line_0002", "line_0003", "line_0002", "line_0005"]
    assert page.locator("#rows .row[aria-selected=true]").count() == 1
    chosen = page.get_attribute("#list", "aria-activedescendant")
    assert page.locator(f"#{chosen}").get_attribute("aria-selected") == "true"


def test_an_error_and_a_voice_without_licence_are_said(tab: Tab, index: Path) -> None:
    page = tab.open(index, "#line=en-US%2Fline_0005")
    tab.shown()
    text = page.inner_text("#detail")
    assert "SynthesisError: <b>no rows</b>" in text
    assert "en_US-amy names no licence" in text
    assert "There is no sound to play." in text


def test_help_opens_and_closes_by_key(tab: Tab, index: Path) -> None:
    page = tab.open(index)
    tab.press("?")
    assert page.is_visible("#help")
    tab.press("Escape")
    assert not page.is_visible("#help")


def test_a_missing_sound_is_said_where_it_should_play(
    browser: object, index: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(index.parent, tmp_path / "report")
    shutil.rmtree(copy / "audio")
    tab = Tab(browser)
    page = tab.open(copy / "index.html")
    tab.press("j")
    page.wait_for_selector("text=The sound could not be loaded")
    page.close()


def test_missing_data_is_said_and_not_a_blank_page(
    browser: object, index: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(index.parent, tmp_path / "report")
    for file in (copy / "data").glob("details-*.js"):
        file.unlink()
    tab = Tab(browser)
    page = tab.open(copy / "index.html")
    tab.press("j")
    page.wait_for_selector("#detail .callout.error")
    assert "Keep the files of the report together" in page.inner_text("#detail")
    page.close()


def test_five_thousand_lines_are_usable(tab: Tab, big_index: Path) -> None:
    page = tab.open(big_index)
    assert page.inner_text("#matches span") == "5,000 lines"
    assert page.locator("#rows .row").count() < 40  # only what is in sight
    tab.press("End")
    assert tab.shown() == "line_4999"
    page.fill("#search", "number 4321 of")
    assert tab.texts() == ["Sentence number 4321 of the night."]
    page.fill("#search", "")
    page.evaluate("document.getElementById('list').scrollTop = 150000")
    tab.until("document.querySelector('.row')?.getAttribute('aria-posinset') > 2000")
    assert page.locator("#rows .row").count() < 40
    loaded = [url for url in tab.asked if "/details-" in url]
    assert len(loaded) <= 2  # details come with the line that needs them


def test_without_script_the_overview_and_the_problems_are_there(
    browser: object, index: Path
) -> None:
    context = browser.new_context(java_script_enabled=False)  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(index.as_uri())
    text = page.inner_text("body")
    assert "By character" in text
    assert "Use a comma." in text
    assert not page.is_visible("#list")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_colour_scheme(browser: object, index: Path, scheme: str) -> None:
    tab = Tab(browser, color_scheme=scheme)
    page = tab.open(index)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(part) for part in ground[4:-1].split(","))
    assert (brightness < 150) == (scheme == "dark")
    page.close()


@pytest.mark.parametrize("width", [600, 1280, 1920])
def test_nothing_sticks_out_sideways(tab: Tab, index: Path, width: int) -> None:
    page = tab.open(index)
    page.set_viewport_size({"width": width, "height": 800})
    tab.press("j")
    tab.shown()
    for place in ("document.documentElement", "document.getElementById('pane')"):
        assert page.evaluate(f"{place}.scrollWidth <= {place}.clientWidth")


def test_every_control_has_a_name(tab: Tab, index: Path) -> None:
    page = tab.open(index)
    tab.press("j")
    tab.shown()
    nameless = page.evaluate(
        "[...document.querySelectorAll('button, input, select,"
        " [role]:not([role=presentation], [role=status], [role=alert])')]"
        ".filter((e) => e.getClientRects().length && !(e.getAttribute('aria-label') || e.innerText"
        " || e.labels?.length || e.alt)).map((e) => e.outerHTML)"
    )
    assert nameless == []


def test_the_print_holds_the_problems(tab: Tab, index: Path) -> None:
    page = tab.open(index)
    page.emulate_media(media="print")
    assert page.is_visible("#problems")
    assert not page.is_visible("#list")


def test_it_works_from_a_web_server_too(browser: object, index: Path) -> None:
    handler = functools.partial(QuietHandler, directory=str(index.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        tab = Tab(browser)
        tab.page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        tab.page.wait_for_selector("html[data-ready]", state="attached")
        tab.press("j")
        tab.shown()
        tab.press(" ")
        tab.until("document.querySelector('audio').currentTime > 0.1")
        tab.until("document.querySelector('.spectrum img').naturalWidth > 100")
        tab.page.close()
        server.shutdown()
        thread.join()
    assert tab.complaints == []
