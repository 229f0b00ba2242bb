"""The review page in a real Chromium, in front of a real server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from renderer.domain.reading import ProjectReading
from renderer.domain.review import Choice
from renderer.report.pages import write_report
from renderer.services.decision_file import load_decisions
from renderer.web.problem import Problem
from tests.browser import Tab, open_browser
from tests.review.fakes import HOSTILE, PACE, Studio, many_lines, take, voice, wav
from tests.review.server import ReviewServer

pytestmark = pytest.mark.browser
HALT = "#line=en-US%2Fline_0002"
HALT_KEY = ("line_0002", "en-US")
EMBERS, EMBERS_KEY = "#line=en-US%2Fline_0000", ("line_0000", "en-US")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    yield from open_browser()


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "pictures")


@pytest.fixture
def server(studio: Studio) -> Iterator[ReviewServer]:
    with ReviewServer(studio) as running:
        yield running


@pytest.fixture
def tab(browser: Any, server: ReviewServer) -> Iterator[Tab]:
    opened = Tab(browser)
    yield opened
    opened.close()
    assert opened.complaints == []
    assert [url for url in opened.asked if not url.startswith((server.url, "blob:", "data:"))] == []


def choices(studio: Studio) -> list[tuple[str, str]]:
    return [
        (d.line_id, f"undo {d.choice}" if d.undoes else d.choice.value) for d in studio.review.made
    ]


def told(tab: Tab, text: str) -> None:
    tab.until(f"document.getElementById('told').innerText.includes({json.dumps(text)})")


def at_halt(tab: Tab, server: ReviewServer, *, stays: bool = False) -> Any:
    """Open the page at a rejected line; `stays`: also after it is decided about."""
    page = tab.open(server.url + HALT)
    tab.shown()
    if stays:
        page.uncheck("#advance")
    return page


def go_to(tab: Tab, line_id: str) -> None:
    tab.page.evaluate(f"location.hash = 'line=en-US%2F{line_id}'")
    tab.until(f"document.querySelector('#detail .facts .id')?.textContent === '{line_id}'")
    tab.shown()


def notice(tab: Tab, text: str) -> None:
    tab.until(f"document.getElementById('decide-notice').innerText.includes({json.dumps(text)})")


def standing(tab: Tab, text: str) -> None:
    tab.until(f"document.getElementById('standing').innerText.startsWith({json.dumps(text)})")


def current_key(studio: Studio, key: tuple[str, str] = HALT_KEY) -> str:
    found = studio.lines[key].take
    assert found
    return found.render_key


def shows_take(tab: Tab, key: str) -> None:
    tab.until(f"document.querySelector('#detail .take [title=\"{key}\"]') !== null")


def test_a_rejected_line_is_heard_and_seen(tab: Tab, server: ReviewServer) -> None:
    page = tab.open(server.url)
    assert tab.texts()[0] == "Halt! Who goes there, at this hour?"
    tab.press("j")
    assert tab.shown() == "line_0002"
    tab.until("document.querySelector('.spectrum img')?.naturalWidth > 100")
    assert len(page.locator("#detail .f0-line").first.get_attribute("d")) > 100
    # Words of more than one take: the one before is drawn when its picture has come.
    tab.until("document.querySelectorAll('#detail .take .tier.words span').length > 8")
    tab.press(" ")
    tab.until("document.querySelector('audio').currentTime > 0.2")
    tab.press("x")
    tab.until("document.querySelectorAll('audio')[1].currentTime > 0.25")
    tab.press("1")
    tab.until("document.querySelectorAll('audio')[2].currentTime > 0.1")
    assert page.evaluate("document.querySelectorAll('audio')[1].paused")


def test_a_waiver_with_the_keyboard_alone(tab: Tab, server: ReviewServer, studio: Studio) -> None:
    page = tab.open(server.url)
    tab.press("Tab")  # the way past the head of the page
    assert page.evaluate("document.activeElement.textContent") == "Skip to the lines"
    tab.press("Enter", "j")
    tab.shown()
    tab.press("w")
    page.keyboard.type("the pause is meant: jn?")
    tab.press("Control+Enter")
    told(tab, "Waive: line_0002")
    [made] = studio.review.made
    assert (made.choice.value, made.note, made.who) == ("waive", "the pause is meant: jn?", "Ada")
    tab.until("document.querySelector('#detail .facts .id')?.textContent !== 'line_0002'")
    tab.press("u")
    told(tab, "Undone: line_0002")
    assert choices(studio) == [("line_0002", "waive"), ("line_0002", "undo waive")]
    tab.until("document.querySelector('#detail .facts .id')?.textContent === 'line_0002'")
    tab.until("document.getElementById('standing').innerText === 'Not decided yet.'")
    assert "undid: waived" in page.inner_text("#history")


def test_a_decision_is_there_after_a_reload(tab: Tab, server: ReviewServer) -> None:
    page = tab.open(server.url + "#line=en-US%2Fline_0000")
    page.uncheck("#advance")
    tab.shown()
    page.click("[data-choice=approve]")
    tab.until("document.getElementById('standing').innerText.startsWith('approved by Ada')")
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    tab.shown()
    assert page.inner_text("#standing").startswith("approved by Ada")
    page.select_option("#filter-decision", "approve")
    assert tab.texts() == ["The embers remember."]


def test_what_may_not_be_decided_says_why(tab: Tab, server: ReviewServer, studio: Studio) -> None:
    page = at_halt(tab, server)
    tab.press("y")
    assert "waive it, with a reason" in page.inner_text("#decide-notice")
    tab.press("w", "Control+Enter")
    assert "needs a reason" in page.inner_text("#decide-notice")
    assert studio.review.made == []
    tab.press("Escape")
    assert page.locator("#decide-form form").count() == 0


def test_a_retake_opens_the_field_that_helps_and_arrives(
    tab: Tab, server: ReviewServer, studio: Studio
) -> None:
    page = tab.open(server.url + "#line=en-US%2Fline_0007")
    tab.shown()
    tab.press("r")
    assert page.evaluate("document.activeElement.id") == "retake-rate"  # it was too slow
    page.keyboard.type("1.25")
    page.select_option("#retake-emotion", "happy")
    page.select_option("#retake-word", label="\u2068bridge\u2069")
    page.fill("#retake-phonemes", "bɹɪdʒ")
    page.click("#decide-form button[type=submit]")
    told(tab, "Retake: line_0007")
    [made] = studio.review.made
    assert made.change == {
        "emotion": {"name": "happy", "intensity": 0.8},
        "prosody": {"rate": 1.25},
        "words": [{"word": "bridge", "phonemes": "bɹɪdʒ"}],
    }
    assert studio.renders.asked == [("line_0007", "en-US")]
    studio.arrive(("line_0007", "en-US"))
    tab.until("document.querySelector('#detail .chip.approved') !== null")
    assert page.locator("#detail .take h3").all_inner_texts() == ["Current take", "Earlier take"]
    tab.press("a")
    tab.until("document.querySelectorAll('audio')[0].currentTime > 0.1")
    tab.press("x")
    tab.until("document.querySelectorAll('audio')[1].currentTime > 0.15")
    assert "rate × 1.25" in page.inner_text("#history")


def test_a_later_retake_keeps_words_and_asks_for_another_take(
    tab: Tab, server: ReviewServer, studio: Studio
) -> None:
    page = tab.open(server.url + "#line=en-US%2Fline_0007")

    def retake(*words: tuple[str, str]) -> Any:
        count = len(studio.review.made)
        tab.shown()
        tab.press("r")
        for word, phonemes in words:
            page.select_option("#retake-word", label=f"\u2068{word}\u2069")
            page.fill("#retake-phonemes", phonemes)
        page.click("#decide-form button[type=submit]")
        tab.until(f"document.querySelectorAll('#history li').length === {count + 1}")
        return studio.review.made[-1].change

    bridge, dawn = {"word": "bridge", "phonemes": "bɹɪdʒ"}, {"word": "dawn", "phonemes": "dɔn"}
    assert retake(("bridge", "bɹɪdʒ")) == {"words": [bridge]}
    assert retake(("dawn", "dɔn")) == {"words": [bridge, dawn]}
    assert retake(("bridge", "brɪdʒ")) == {"words": [dawn, bridge | {"phonemes": "brɪdʒ"}]}
    assert retake(("bridge", "")) == {"words": [dawn]}
    assert retake() == {"words": [dawn], "seed": 1}  # nothing differs: another take


def test_a_retake_with_a_wrong_number_is_not_sent(
    tab: Tab, server: ReviewServer, studio: Studio
) -> None:
    page = at_halt(tab, server)
    tab.press("r")
    page.fill("#retake-rate", "9")
    page.click("#decide-form button[type=submit]")
    tab.until("document.getElementById('decide-notice').innerText.startsWith('Rate')")
    assert studio.review.made == []


def test_a_note_goes_to_the_writer(tab: Tab, server: ReviewServer, studio: Studio) -> None:
    page = at_halt(tab, server)
    tab.press("t")
    page.keyboard.type("Nobody says “at this hour”.")
    tab.press("Control+Enter")
    told(tab, "To the writer: line_0002")
    assert studio.review.made[0].note == "Nobody says “at this hour”."


def test_a_recording_is_handed_in(
    tab: Tab, server: ReviewServer, studio: Studio, tmp_path: Path
) -> None:
    file = tmp_path / "mira <b>.wav"
    file.write_bytes(wav(voice(2.0, 150)))
    page = at_halt(tab, server)
    tab.press("e")
    page.set_input_files("#recording", file)
    page.fill("#note", "Mira, studio B")
    tab.press("Control+Enter")
    told(tab, "Replace: line_0002")
    assert studio.review.recordings == [file.read_bytes()]


def test_a_file_that_is_no_sound_is_refused_in_words(
    browser: Any, server: ReviewServer, studio: Studio, tmp_path: Path
) -> None:
    tab = Tab(browser)
    file = tmp_path / "notes.wav"
    file.write_bytes(b"<script>alert(1)</script>")
    page = at_halt(tab, server)
    tab.press("e")
    page.set_input_files("#recording", file)
    page.click("#decide-form button[type=submit]")
    tab.until("document.getElementById('decide-notice').innerText.includes('hand in a WAV')")
    assert studio.review.made == []
    tab.close()


def test_two_tabs_see_each_other_and_do_not_overwrite(
    browser: Any, tab: Tab, server: ReviewServer, studio: Studio
) -> None:
    one, other = tab, Tab(browser)
    for each in (one, other):
        each.open(server.url + HALT)
        each.shown()
        each.page.uncheck("#advance")
        each.press("w")
    one.page.keyboard.type("it is meant")
    other.page.keyboard.type("nobody hears it")
    one.press("Control+Enter")
    told(one, "Waive")
    other.until("document.querySelector('.row .decided')?.innerText === 'waived'")  # seen live
    other.page.evaluate("0")
    held = studio.review.made[0]
    other.until("document.getElementById('standing').innerText.startsWith('waived by Ada')")
    assert other.page.input_value("#note") == "nobody hears it"  # what is typed stays
    notice(other, "Ada waived (it is meant) meanwhile")
    assert studio.review.made == [held]
    other.press("Control+Enter")  # handed in as it was opened: before the other waiver
    notice(other, "was not recorded")
    assert other.page.input_value("#note") == "nobody hears it"
    assert studio.review.made == [held]
    other.press("Control+Enter")  # having seen it, and all the same
    told(other, "Waive: line_0002")
    assert [d.note for d in studio.review.made] == ["it is meant", "nobody hears it"]
    other.close()
    assert other.complaints == []


def test_a_take_that_came_while_somebody_typed_is_not_decided_about_unheard(
    tab: Tab, server: ReviewServer, studio: Studio
) -> None:
    page = at_halt(tab, server, stays=True)
    heard = current_key(studio)
    tab.press("w")
    page.keyboard.type("the pause ")
    studio.arrive(HALT_KEY, "rejected", 210)
    notice(tab, "Another take")
    shows_take(tab, current_key(studio))  # it can be heard at once
    page.keyboard.type("is meant")  # and typing goes on
    assert page.input_value("#note") == "the pause is meant"
    tab.press("Control+Enter")
    notice(tab, "was not recorded")
    assert studio.review.made == []
    assert page.input_value("#note") == "the pause is meant"
    tab.press("Control+Enter")
    told(tab, "Waive: line_0002")
    assert [d.render_key for d in studio.review.made] == [current_key(studio)]
    assert current_key(studio) != heard


def test_a_sound_that_was_rendered_anew_under_the_same_key_is_not_waived_unheard(
    tab: Tab, server: ReviewServer, studio: Studio
) -> None:
    page = at_halt(tab, server, stays=True)
    found = studio.lines[HALT_KEY]
    assert found.take
    studio.lines[HALT_KEY] = replace(found, take=replace(found.take, sound="0" * 64))
    tab.press("w")
    page.keyboard.type("it is meant")
    tab.press("Control+Enter")
    notice(tab, "sounds otherwise now")
    assert studio.review.made == []
    tab.press("Control+Enter")  # the page has the new one by now
    told(tab, "Waive: line_0002")
    assert [(d.sound, d.checks) for d in studio.review.made] == [("0" * 64, ("level",))]


def test_after_a_form_is_closed_the_take_that_came_is_the_one_that_plays(
    tab: Tab, server: ReviewServer, studio: Studio
) -> None:
    page = at_halt(tab, server, stays=True)
    tab.press("w")
    page.keyboard.type("x")
    studio.arrive(HALT_KEY, "approved", 210)
    notice(tab, "Another take")
    tab.press("Escape")
    shows_take(tab, current_key(studio))
    sound = studio.lines[HALT_KEY].take
    assert sound
    source = page.evaluate("document.querySelector('#detail .take audio').src")
    assert source.endswith(sound.audio)
    tab.press("a")
    tab.until("document.querySelector('#detail .take audio').currentTime > 0.1")
    tab.press("y")
    told(tab, "Approve: line_0002")
    assert [d.render_key for d in studio.review.made] == [current_key(studio)]


def test_a_colleague_who_decided_meanwhile_is_not_overwritten(
    tab: Tab, server: ReviewServer, studio: Studio
) -> None:
    page = at_halt(tab, server)
    tab.press("w")
    page.keyboard.type("ship it")
    studio.decide("Mira", HALT_KEY, Choice.RETURN, note="slur in the text")
    notice(tab, "Mira sent to the writer")
    tab.press("Control+Enter")
    notice(tab, "Mira sent it to the writer")
    assert choices(studio) == [("line_0002", "return")]
    assert page.input_value("#note") == "ship it"


def test_who_was_slower_is_told_who_was_quicker(
    tab: Tab, server: ReviewServer, studio: Studio
) -> None:
    page = at_halt(tab, server)
    tab.press("w")
    page.keyboard.type("nobody hears it")
    # Somebody decides in another process: this page has not been told yet.
    studio.feed._loop, loop = None, studio.feed._loop
    waived = studio.lines["line_0002", "en-US"]
    from renderer.domain.review import Choice, Decision

    mira = Decision(
        "9" * 32, "line_0002", "en-US", waived.take.render_key, Choice.RETURN, "Mira",
        studio.clock.at, note="rewrite it",
    )  # fmt: skip
    studio.review.decide([mira], {}, keeps_rest=True)
    tab.press("Control+Enter")
    tab.until("document.getElementById('decide-notice').innerText.includes('Mira sent it')")
    studio.feed._loop = loop
    assert "not recorded" in page.inner_text("#decide-notice")
    assert page.input_value("#note") == "nobody hears it"
    assert choices(studio) == [("line_0002", "return")]
    tab.press("Control+Enter")  # having seen it, and all the same
    told(tab, "Waive")
    assert choices(studio) == [("line_0002", "return"), ("line_0002", "waive")]


def test_many_lines_are_decided_at_once(tab: Tab, server: ReviewServer, studio: Studio) -> None:
    page = tab.open(server.url)
    page.click("[data-group=rejected]")
    tab.press("M")
    assert page.inner_text("#bulk strong") == "3 marked"
    page.click("#bulk button:has-text('Waive')")
    page.keyboard.type("all of them are meant")
    tab.press("Control+Enter")
    told(tab, "Waive: 3 lines")
    assert sorted(choices(studio)) == [(f"line_000{n}", "waive") for n in (2, 3, 7)]
    page.click("[data-group='']")
    tab.press("M")
    page.click("#bulk button:has-text('Approve')")
    told(tab, "Approve: 3 lines")
    assert "5 lines left out" in page.inner_text("#bulk .callout")
    assert page.inner_text("#bulk strong") == "5 marked"


def test_more_lines_than_a_request_holds_are_decided_in_parts(browser: Any, tmp_path: Path) -> None:
    studio = Studio(tmp_path, many_lines(5_200))
    sizes: list[int] = []
    decide = studio.reviewing.decide

    def counted(decisions: Any, seen: Any) -> Any:
        sizes.append(len(decisions))
        return decide(decisions, seen)

    studio.reviewing.decide = counted  # type: ignore[method-assign]
    tab = Tab(browser)
    with ReviewServer(studio) as server:
        page = tab.open(server.url)
        tab.press("M")
        page.click("#bulk button:has-text('To the writer')")
        page.fill("#bulk-note", "不" * 800)  # three bytes each: some 14 MiB in all
        tab.press("Control+Enter")
        tab.until("/ of 5,200/.test(document.getElementById('bulk').innerText)")  # progress
        tab.until("document.getElementById('bulk').hidden")
        told(tab, "To the writer: 5,200 lines")
        assert len(studio.review.made) == 5_200
        assert max(sizes) <= 500
        tab.close()
    assert tab.complaints == []


def test_many_lines_whose_answer_fails_keep_their_note_and_are_not_decided_twice(
    browser: Any, tmp_path: Path
) -> None:
    studio = Studio(tmp_path, many_lines(1_200))
    decide = studio.reviewing.decide
    calls: list[int] = []

    def failing(decisions: Any, seen: Any) -> Any:
        calls.append(len(decisions))
        made = decide(decisions, seen)
        if len(calls) == 2:  # recorded, but nobody is told
            raise Problem(503, "database", "The database is away. Try again.")
        return made

    studio.reviewing.decide = failing  # type: ignore[method-assign]
    tab = Tab(browser)
    with ReviewServer(studio) as server:
        page = tab.open(server.url)
        tab.press("M")
        page.click("#bulk button:has-text('To the writer')")
        page.keyboard.type("all of them anew")
        tab.press("Control+Enter")
        tab.until("document.querySelector('#bulk .callout')?.innerText.includes('is away')")
        assert page.input_value("#bulk-note") == "all of them anew"
        assert page.inner_text("#bulk strong") == "700 marked"
        assert page.inner_text("#bulk form button[type=submit]") == "To the writer 700 lines"
        page.focus("#bulk-note")
        tab.press("Control+Enter")
        told(tab, "To the writer: 700 lines")
        assert len(studio.review.made) == len({d.key for d in studio.review.made}) == 1_200
        tab.close()


def test_marking_another_line_keeps_the_note_for_many(
    tab: Tab, server: ReviewServer, studio: Studio
) -> None:
    page = at_halt(tab, server)
    tab.press("m")
    page.click("#bulk button:has-text('Waive')")
    page.keyboard.type("meant")
    tab.press("Escape")
    page.click("#row-1 .tick")
    assert page.input_value("#bulk-note") == "meant"
    assert page.inner_text("#bulk form button[type=submit]") == "Waive 2 lines"
    page.click("#bulk form button:has-text('Cancel')")
    assert page.locator("#bulk form").count() == 0
    assert page.inner_text("#bulk strong") == "2 marked"
    assert studio.review.made == []


def test_lines_marked_before_others_decided_are_left_to_look_at(
    tab: Tab, server: ReviewServer, studio: Studio
) -> None:
    page = at_halt(tab, server)
    tab.press("m")
    page.click("#bulk button:has-text('Waive')")
    page.keyboard.type("meant")
    studio.decide("Mira", HALT_KEY, Choice.RETURN, note="slur")
    tab.until("document.querySelector('.row .decided')?.innerText === 'sent to the writer'")
    tab.press("Control+Enter")
    tab.until("document.querySelector('#bulk .callout')?.innerText.includes('Mira sent it')")
    assert page.input_value("#bulk-note") == "meant"
    assert choices(studio) == [("line_0002", "return")]
    page.focus("#bulk-note")
    tab.press("Control+Enter")
    told(tab, "Waive: 1 line")
    assert choices(studio) == [("line_0002", "return"), ("line_0002", "waive")]


def test_a_key_that_is_held_or_hit_twice_decides_once(
    tab: Tab, server: ReviewServer, studio: Studio
) -> None:
    page = tab.open(server.url + EMBERS)
    tab.shown()
    tab.press("y", "y")
    told(tab, "Approve: line_0000")
    tab.until("document.querySelector('#detail .facts .id')?.textContent !== 'line_0000'")
    tab.shown()
    page.wait_for_timeout(300)
    assert page.inner_text("#decide-notice") == ""
    assert choices(studio) == [("line_0000", "approve")]
    page.uncheck("#advance")
    go_to(tab, "line_0001")
    for _ in range(8):  # repeats, as of a key that is held
        page.keyboard.down("y")
        page.wait_for_timeout(40)
    page.keyboard.up("y")
    standing(tab, "approved by Ada")
    page.wait_for_timeout(300)
    assert choices(studio) == [("line_0000", "approve"), ("line_0001", "approve")]
    assert page.inner_text("#decide-notice") == ""


def test_the_answer_about_another_line_is_not_shown_as_this_ones(
    tab: Tab, server: ReviewServer, studio: Studio
) -> None:
    page = tab.open(server.url + EMBERS)
    tab.shown()
    studio.decide("Mira", EMBERS_KEY, Choice.RETURN, is_told=False, note="slur")
    page.evaluate(
        "() => { const ask = window.fetch; window.fetch = async (...given) => {"
        " const answer = await ask(...given);"
        " const late = String(given[0]).includes('decisions');"
        " if (late) await new Promise((go) => setTimeout(go, 700));"
        " return answer; }; }"
    )
    tab.press("y")
    go_to(tab, "line_0001")
    told(tab, "line_0000")
    assert "Mira sent it to the writer" in page.inner_text("#told")
    assert page.inner_text("#decide-notice") == ""


def test_an_answer_that_is_lost_is_no_conflict_with_oneself(
    browser: Any, server: ReviewServer, studio: Studio
) -> None:
    tab = Tab(browser)
    page = at_halt(tab, server, stays=True)

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/api/decisions", lose)
    tab.press("w")
    page.keyboard.type("meant")
    tab.press("Control+Enter")
    notice(tab, "does not answer")
    page.unroute("**/api/decisions")
    assert page.input_value("#note") == "meant"
    tab.press("Control+Enter")
    told(tab, "Waive: line_0002")
    assert page.inner_text("#decide-notice") == ""
    standing(tab, "waived by Ada")
    assert choices(studio) == [("line_0002", "waive")]
    tab.close()


@pytest.mark.parametrize("choice", [Choice.RETAKE, Choice.REPLACE])
def test_what_led_to_another_take_is_undone_by_whoever_sees_it(
    tab: Tab, server: ReviewServer, studio: Studio, choice: Choice
) -> None:
    made = studio.decide("Mira", HALT_KEY, choice, change={"seed": 3})
    studio.arrive(HALT_KEY)
    page = at_halt(tab, server)  # another reviewer, and after a reload
    assert page.inner_text("#standing") == "Not decided yet."
    page.click("#history button:has-text('Undo')")
    told(tab, "Undone: line_0002")
    assert studio.review.made[-1].undoes == made.id
    tab.until("document.querySelector('#history .undone') !== null")
    assert page.locator("#history button").count() == 0


def test_of_several_retakes_the_last_is_undone_first(
    tab: Tab, server: ReviewServer, studio: Studio
) -> None:
    for seed in (3, 4):
        studio.decide("Mira", HALT_KEY, Choice.RETAKE, change={"seed": seed})
        studio.arrive(HALT_KEY, hertz=180.0 + seed)
    studio.decide("Mira", HALT_KEY, Choice.APPROVE)
    page = at_halt(tab, server)
    entry = "#history li:has(button)"
    assert [t.split("\n")[0][17:] for t in page.locator(entry).all_inner_texts()] == [
        "Mira approved Undo", "Mira asked for a retake (of an earlier take) Undo",
    ]  # fmt: skip
    page.click(f"{entry}:has-text('take number 4') button")
    told(tab, "Undone: line_0002")
    tab.until("document.querySelector('#history .undone') !== null")
    assert "take number 3" in page.locator(entry).all_inner_texts()[-1]


def test_what_somebody_else_undid_does_not_stop_the_undo_before_it(
    tab: Tab, server: ReviewServer, studio: Studio
) -> None:
    page = tab.open(server.url + EMBERS)
    tab.shown()
    page.uncheck("#advance")
    tab.press("y")
    told(tab, "Approve: line_0000")
    go_to(tab, "line_0001")
    tab.press("y")
    told(tab, "Approve: line_0001")
    last = studio.review.made[-1]
    studio.decide("Mira", last.key, Choice.APPROVE, undoes=last.id)
    tab.press("u")
    told(tab, "undone already")
    tab.press("u")
    told(tab, "Undone: line_0000")
    assert choices(studio)[2:] == [("line_0001", "undo approve"), ("line_0000", "undo approve")]


def test_lines_that_an_import_dropped_are_gone(
    tab: Tab, server: ReviewServer, studio: Studio
) -> None:
    page = at_halt(tab, server)
    tab.press("M", "w")
    page.keyboard.type("typed")
    assert page.inner_text("#bulk strong") == "8 marked"
    del studio.lines[HALT_KEY]
    studio.reviewing.reload()
    tab.until("document.querySelector('#matches span').innerText === '7 lines'")
    assert "Halt! Who goes there, at this hour?" not in tab.texts()
    assert page.inner_text("#bulk strong") == "7 marked"
    notice(tab, "no longer in the manifests")
    assert page.input_value("#note") == "typed"
    page.click("#rows .row >> nth=0")  # rows still lead to their lines
    tab.until("document.querySelector('#detail .facts .id')?.textContent === 'line_0003'")


@pytest.mark.parametrize("hangs", [False, True], ids=["", "after a question that hangs"])
def test_a_server_that_was_restarted_is_said_and_the_page_can_be_reloaded(
    browser: Any, studio: Studio, monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    from renderer.web.door import Door
    from renderer.web.feed import Feed
    from tests.review import server as servers

    tab = Tab(browser)
    with ReviewServer(studio) as running:
        page = tab.open(running.url + HALT)
        tab.shown()
    asked: list[Any] = []
    if hangs:  # the first one is never answered
        hang_once = lambda route: asked.append(route) if not asked else route.continue_()  # noqa: E731
        page.route("**/api/lines?count=1", hang_once)
    tab.until("!document.getElementById('connection').hidden")
    port = int(running.url.rsplit(":", 1)[1].strip("/"))
    open_socket = servers.open_socket
    monkeypatch.setattr(servers, "open_socket", lambda host, _port: open_socket(host, port))
    studio.door, studio.feed = Door("Ada"), Feed()
    studio.reviewing.feed = studio.feed
    with ReviewServer(studio):
        tab.until("document.getElementById('connection').innerText.includes('restarted')")
        assert "tried again" not in page.inner_text("#connection")
        page.click("#connection button")
        page.wait_for_selector("html[data-ready]", state="attached")
        tab.until("document.getElementById('connection').hidden")
        tab.shown()
        tab.close()


def test_hostile_text_stays_text(tab: Tab, server: ReviewServer, studio: Studio) -> None:
    page = tab.open(server.url + "#line=en-US%2Fline_0003")
    tab.shown()
    tab.press("w")
    page.keyboard.insert_text(HOSTILE.replace("\u2028", "").replace("\u202e", ""))
    tab.press("Control+Enter")
    told(tab, "Waive")
    tab.press("o")
    page.evaluate("location.hash = 'line=en-US%2Fline_0003'")
    tab.until("document.querySelector('#history li') !== null")
    assert "window.hacked=1" in page.inner_text("#history")
    assert page.evaluate("window.hacked") is None
    assert page.locator("#detail img:not([alt=Spectrogram])").count() == 0


def test_a_server_that_is_gone_is_said_and_nothing_is_lost(browser: Any, studio: Studio) -> None:
    tab = Tab(browser)
    with ReviewServer(studio) as running:
        page = tab.open(running.url + HALT)
        tab.shown()
        tab.press("w")
        page.keyboard.type("meant")
    tab.until("!document.getElementById('connection').hidden")
    tab.press("Control+Enter")
    tab.until("document.getElementById('decide-notice').innerText.includes('does not answer')")
    assert page.input_value("#note") == "meant"
    tab.close()


def test_another_site_can_neither_frame_nor_change_anything(
    browser: Any, server: ReviewServer, studio: Studio
) -> None:
    tab = Tab(browser)
    tab.open(server.url)
    other = tab.page.context.new_page()
    other.goto(server.url.replace("127.0.0.1", "localhost"))  # another site for a browser
    sent = other.evaluate(
        "(url) => fetch(url + 'api/decisions', {method: 'POST', mode: 'no-cors', credentials:"
        " 'include', body: '{}'}).then(() => 'sent', () => 'refused')",
        server.url,
    )
    assert sent in ("sent", "refused")
    assert studio.review.made == []
    framed = other.evaluate(
        "(url) => new Promise((done) => { const f = document.createElement('iframe'); f.src = url;"
        " f.onload = () => { try { done(f.contentDocument?.title || 'closed'); } catch {"
        " done('closed'); } }; document.body.append(f); })",
        server.url,
    )
    assert framed == "closed"
    other.close()
    tab.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Any, server: ReviewServer, studio: Studio, scheme: str) -> None:
    tab = Tab(browser, color_scheme=scheme, bypass_csp=True)
    page = tab.open(server.url)
    assert tab.axe() == []
    tab.press("j")
    tab.shown()
    tab.until("document.querySelector('.spectrum img')?.naturalWidth > 100")
    assert tab.axe() == []
    for key in ("w", "r", "e"):
        tab.press("Escape", key)
        assert tab.axe() == [], key
    tab.press("Escape", "m")
    page.click("#bulk button:has-text('Waive')")
    assert tab.axe() == []
    tab.press("Escape")
    page.focus("#list")
    tab.press("?")
    assert tab.axe() == []
    page.goto(server.url + "enter")
    assert tab.axe() == []
    tab.close()


@pytest.mark.parametrize("width", [600, 1280, 1920])
def test_nothing_sticks_out_sideways(tab: Tab, server: ReviewServer, width: int) -> None:
    page = tab.open(server.url + HALT)
    page.set_viewport_size({"width": width, "height": 800})
    tab.shown()
    for key in ("w", "r"):
        tab.press("Escape", key)
        for place in ("document.documentElement", "document.getElementById('pane')"):
            assert page.evaluate(f"{place}.scrollWidth <= {place}.clientWidth"), (key, place)


def test_five_thousand_lines_are_usable(browser: Any, tmp_path: Path) -> None:
    studio = Studio(tmp_path, many_lines())
    tab = Tab(browser)
    with ReviewServer(studio) as server:
        page = tab.open(server.url)
        assert page.inner_text("#matches span") == "5,000 lines"
        assert page.locator("#rows .row").count() < 40
        tab.press("End")
        assert tab.shown() == "line_4999"
        page.evaluate("document.getElementById('list').scrollTop = 150000")
        tab.until("document.querySelector('.row')?.getAttribute('aria-posinset') > 2000")
        page.fill("#search", "number 4320 of")
        assert tab.texts() == ["Sentence number 4320 of the night."]
        page.fill("#search", "")
        page.click("[data-group=rejected]")
        tab.press("M")
        page.click("#bulk button:has-text('To the writer')")
        page.keyboard.type("rewrite all of them")
        tab.press("Control+Enter")
        told(tab, "500 lines")
        assert len(studio.review.made) == 500
        tab.close()
    assert tab.complaints == []


class TestStatic:
    """The same panel in a report opened from disk."""

    @pytest.fixture
    def index(self, studio: Studio, tmp_path: Path) -> Path:
        reading = ProjectReading("emberfall", "2026-05-02", tuple(studio.lines.values()))
        return write_report(reading, tmp_path / "report", studio.store.get, studio.store.draw)

    @pytest.fixture
    def disk(self, browser: Any) -> Iterator[Tab]:
        opened = Tab(browser, accept_downloads=True)
        yield opened
        opened.close()
        assert opened.complaints == []
        assert [
            url for url in opened.asked if not url.startswith(("file:", "blob:", "data:"))
        ] == []

    def test_decisions_are_kept_and_exported(
        self, disk: Tab, index: Path, studio: Studio, tmp_path: Path
    ) -> None:
        page = disk.open(index.as_uri() + HALT)
        disk.shown()
        disk.press("w")
        page.keyboard.type("meant")
        page.fill("#who", "Mira")
        disk.press("Control+Enter")
        told(disk, "Waive")
        page.evaluate("location.hash = 'line=en-US%2Fline_0000'")
        disk.until("document.querySelector('#detail .facts .id')?.textContent === 'line_0000'")
        disk.press("y")
        told(disk, "Approve")
        page.reload()
        page.wait_for_selector("html[data-ready]", state="attached")
        assert page.inner_text("#export") == "Export 2 decisions"
        with page.expect_download() as download:
            page.click("#export")
        file = Path(download.value.path()).read_bytes()
        read = load_decisions(file, "decisions.json")  # what `barkline review apply` reads
        assert (read.project, [d.who for d in read.decisions]) == ("emberfall", ["Mira", "Mira"])
        document = json.loads(file)
        assert (document["format"], document["version"]) == ("barkline-decisions", 1)
        waive, approve = document["decisions"]
        assert (waive["choice"], waive["note"], waive["who"]) == ("waive", "meant", "Mira")
        assert waive["render_key"] == studio.lines["line_0002", "en-US"].take.render_key
        assert re.fullmatch("[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}", waive["id"])
        assert approve["choice"] == "approve"

    def test_an_undo_leaves_no_trace(self, disk: Tab, index: Path) -> None:
        page = disk.open(index.as_uri() + "#line=en-US%2Fline_0000")
        disk.shown()
        page.evaluate("localStorage.setItem('barkline-who', 'Mira')")
        page.uncheck("#advance")
        disk.press("y")
        disk.until("document.getElementById('standing').innerText.startsWith('approved by Mira')")
        disk.press("u")
        disk.until("document.getElementById('standing').innerText === 'Not decided yet.'")
        assert not page.is_visible("#export")

    def again(self, index: Path, studio: Studio) -> None:
        """Write the report anew."""
        reading = ProjectReading("emberfall", "2026-05-03", tuple(studio.lines.values()))
        write_report(reading, index.parent, studio.store.get, studio.store.draw)

    def exported(self, tab: Tab) -> list[dict[str, Any]]:
        with tab.page.expect_download() as download:
            tab.page.click("#export")
        return list(json.loads(Path(download.value.path()).read_bytes())["decisions"])

    def waive(self, tab: Tab, index: Path, note: str) -> None:
        tab.page.goto("about:blank")
        page = tab.open(index.as_uri() + HALT)
        tab.shown()
        page.evaluate("localStorage.setItem('barkline-who', 'Ada')")
        page.uncheck("#advance")
        tab.press("w")
        page.keyboard.type(note)
        tab.press("Control+Enter")
        standing(tab, "waived by Ada")

    def test_a_decision_whose_take_is_gone_lapses_and_is_forgotten(
        self, disk: Tab, index: Path, studio: Studio
    ) -> None:
        self.waive(disk, index, "meant")
        found = studio.lines[HALT_KEY]
        fresh = take("Halt!", "rejected", studio.store.add(210), findings=(PACE,))
        studio.lines[HALT_KEY] = replace(found, take=fresh)
        self.again(index, studio)
        self.waive(disk, index, "also fine")
        page = disk.page
        assert page.inner_text("#export") == "Export 1 decision"
        [one] = self.exported(disk)
        assert (one["note"], one["render_key"]) == ("also fine", fresh.render_key)
        assert "lapsed" in page.inner_text("#history li:has-text('meant')")
        assert "1 kept decision" in page.inner_text("#lapsed")
        page.click("#history li:has-text('meant') button:has-text('Forget')")
        disk.until("document.getElementById('lapsed').hidden")
        assert page.locator("#history li").count() == 1
        page.reload()
        page.wait_for_selector("html[data-ready]", state="attached")
        assert page.inner_text("#export") == "Export 1 decision"
        assert not page.is_visible("#lapsed")

    def test_decisions_that_are_recorded_or_whose_line_is_gone_are_left_out(
        self, disk: Tab, index: Path, studio: Studio
    ) -> None:
        self.waive(disk, index, "meant")
        [kept] = self.exported(disk)
        go_to(disk, "line_0007")
        disk.press("w")
        disk.page.keyboard.type("slow is right")
        disk.press("Control+Enter")
        standing(disk, "waived by Ada")
        studio.decide("Ada", HALT_KEY, Choice.WAIVE, id=kept["id"], note="meant")  # applied
        del studio.lines["line_0007", "en-US"]
        self.again(index, studio)
        disk.page.goto("about:blank")
        page = disk.open(index.as_uri() + HALT)
        disk.shown()
        assert page.locator("#history li").count() == 1  # once, as recorded
        assert not page.is_visible("#export")
        assert "2 kept decisions" in page.inner_text("#lapsed")
        page.click("#lapsed button")
        assert not page.is_visible("#lapsed")
        assert page.evaluate("localStorage.getItem('barkline-decisions emberfall')") == "[]"

    def test_a_recorded_decision_is_undone_by_the_file(
        self, disk: Tab, index: Path, studio: Studio
    ) -> None:
        made = studio.decide("Mira", HALT_KEY, Choice.WAIVE, note="meant")
        self.again(index, studio)
        page = disk.open(index.as_uri() + HALT)
        disk.shown()
        page.evaluate("localStorage.setItem('barkline-who', 'Ada')")
        standing(disk, "waived by Mira")
        disk.press("u")
        standing(disk, "Not decided yet.")
        assert page.locator(".row .decided").count() == 0
        [undo] = self.exported(disk)
        assert (undo["undoes"], undo["choice"], undo["seen"]) == (made.id, "waive", 1)
        assert undo["who"] == "Ada"
        page.click("#history button:has-text('Forget')")
        standing(disk, "waived by Mira")
        assert not page.is_visible("#export")

    def test_two_reports_in_one_browser_lose_nothing(self, disk: Tab, index: Path) -> None:
        page = disk.open(index.as_uri() + EMBERS)
        disk.shown()
        page.evaluate("localStorage.setItem('barkline-who', 'Ada')")
        other = page.context.new_page()
        other.goto(index.as_uri() + HALT)
        other.wait_for_selector("#decide-buttons button")
        other.keyboard.press("w")
        other.keyboard.type("meant")
        other.keyboard.press("Control+Enter")
        other.wait_for_selector("#export:has-text('Export 1 decision')")
        disk.press("y")
        told(disk, "Approve")
        assert page.inner_text("#export") == "Export 2 decisions"
        assert len(self.exported(disk)) == 2

    def test_there_is_nothing_to_hand_a_recording_to(self, disk: Tab, index: Path) -> None:
        page = disk.open(index.as_uri() + HALT)
        disk.shown()
        assert page.locator("[data-choice=replace]").count() == 0
