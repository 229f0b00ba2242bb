from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from renderer.audio.waveform import Waveform
from renderer.errors import AudioError, ObjectMissingError
from renderer.report import pages
from renderer.report.gallery import Gallery
from renderer.report.markup import page_script
from renderer.report.pages import write_report
from renderer.report.picture import Pictures, draw_pictures

HOSTILE = (
    "</script><script>alert(1)</script>\u2028<!--<img src=x onerror=alert(2)>\u202e&amp;{{7*7}}"
)


def picture(_take: object) -> Pictures:
    return draw_pictures(Waveform.of([0.1, -0.1] * 400, 8_000))


def written(reading, into: Path, **more: object) -> str:
    more = {"sound": None, "pictures": picture, **more}
    return write_report(reading, into, **more).read_text("utf-8")  # type: ignore[arg-type]


def test_hostile_text_is_text_everywhere(make_line, make_reading, tmp_path: Path) -> None:
    line = make_line(
        HOSTILE, "rejected", text=HOSTILE, character=HOSTILE, locale=HOSTILE,
        character_name=HOSTILE, unpublishable=HOSTILE,
    )  # fmt: skip
    page = written(replace(make_reading(line), project=HOSTILE, version=HOSTILE), tmp_path)
    assert page.count("<script") == 2  # the data block and our own
    assert "alert(1)</script>" not in page
    assert "<img" not in page
    assert "49" not in re.findall(r"<h1>.*?</h1>", page, re.S)[0]
    for file in (tmp_path / "data").iterdir():
        content = file.read_text("utf-8")
        assert content.isascii()
        assert "<" not in content


def test_lone_surrogates_do_not_break_the_page(make_line, make_reading, tmp_path: Path) -> None:
    written(make_reading(make_line(text="\ud83d halt", status="rejected")), tmp_path)
    assert json.loads((tmp_path / "summary.json").read_text("utf-8"))["total"]["lines"] == 1


def test_the_policy_lets_only_the_written_script_and_style_run(
    make_line, make_reading, tmp_path: Path
) -> None:
    page = written(make_reading(make_line()), tmp_path)
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1])
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    for tag in ("script", "style"):
        content = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.S)
        assert len(content) == 1
        digest = base64.b64encode(hashlib.sha256(content[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_the_script_has_no_way_to_turn_text_into_markup_or_code() -> None:
    ways = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|setTimeout"
    )
    script = page_script()
    assert not re.search(ways, script)
    assert "</script" not in script.lower()
    assert "http" not in script.replace("http://www.w3.org/2000/svg", "")


def test_the_page_is_renamed_into_place_after_its_data(
    make_line, make_reading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    real = pages.write_whole

    def spy(path: Path, content: bytes) -> None:
        order.append(path.name)
        real(path, content)

    monkeypatch.setattr(pages, "write_whole", spy)
    written(make_reading(make_line()), tmp_path)
    assert order[-1] == "index.html"
    assert any(name.startswith("details-") for name in order)
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_report_that_fails_half_way_leaves_the_old_one_whole(
    make_line, make_reading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = written(make_reading(make_line(text="old")), tmp_path)
    kept = {file: file.read_bytes() for file in tmp_path.rglob("*.js")}

    def broken(*_: object, **more: object) -> str:
        raise OSError("disk full")

    monkeypatch.setattr(pages, "render_page", broken)
    with pytest.raises(OSError, match="disk full"):
        written(make_reading(make_line(text="new")), tmp_path)
    assert (tmp_path / "index.html").read_text("utf-8") == old
    assert all(file.read_bytes() == content for file, content in kept.items())


def test_data_and_pictures_of_an_older_report_are_removed(
    make_line, make_reading, tmp_path: Path
) -> None:
    written(make_reading(make_line("a"), make_line("b")), tmp_path)
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 2
    (tmp_path / "data" / "notes.txt").write_text("mine")
    page = written(make_reading(make_line("a", text="Stop!")), tmp_path)
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 1
    scripts = sorted(f"data/{file.name}" for file in (tmp_path / "data").glob("*.js"))
    boot = json.loads(re.search(r'id="boot">(.*?)</script>', page, re.S)[1])
    assert scripts == sorted(boot["rows"] + boot["details"])
    assert (tmp_path / "data" / "notes.txt").exists()  # only what a report wrote


def test_a_picture_is_drawn_once_and_drawn_again_when_it_is_lost(
    make_line, make_reading, tmp_path: Path
) -> None:
    drawn: list[str] = []

    def draw(take) -> Pictures:
        drawn.append(take.render_key)
        return picture(take)

    reading = make_reading(make_line("a"), make_line("b", previous=make_line("a").take))
    written(reading, tmp_path, pictures=draw)
    assert len(drawn) == 2  # the previous take of b is the take of a
    written(reading, tmp_path, pictures=draw)
    assert len(drawn) == 2
    next((tmp_path / "pictures").glob("*.png")).unlink()
    next(iter(sorted((tmp_path / "pictures").glob("*.json")))).write_text("{broken")
    written(reading, tmp_path, pictures=draw)
    assert len(drawn) in (3, 4)


def test_a_sound_that_cannot_be_drawn_is_said_on_its_line(make_line, tmp_path: Path) -> None:
    def draw(_take: object) -> Pictures:
        raise AudioError("halt_01.ogg is no sound; render it again.")

    assert Gallery(tmp_path, draw).hang(make_line().take) == {
        "problem": "halt_01.ogg is no sound; render it again."
    }


def test_takes_without_sound_are_not_drawn(make_line, make_reading, tmp_path: Path) -> None:
    def draw(_take: object) -> Pictures:
        raise AssertionError("there is nothing to draw")

    lines = [make_line("a", "failed"), make_line("b", None), make_line("c", "pending")]
    written(make_reading(*lines), tmp_path, pictures=draw)


def test_sounds_are_placed_inside_the_report_and_nowhere_else(
    make_line, make_reading, tmp_path: Path
) -> None:
    asked: list[str] = []

    def sound(path: str) -> bytes:
        asked.append(path)
        if "gone" in path:
            raise ObjectMissingError("no such object")
        return b"OggS"

    report = tmp_path / "build" / "report"
    paths = ["audio/a.ogg", "../voice/b.ogg", "audio/../../c.ogg", "/etc/d.ogg", "audio/gone.ogg"]
    lines = [make_line(f"l{i}", audio=path) for i, path in enumerate(paths)]
    written(make_reading(*lines), report, sound=sound)
    assert asked == ["audio/a.ogg", "audio/gone.ogg"]
    assert [p.name for p in tmp_path.rglob("*.ogg")] == ["a.ogg"]
    written(make_reading(*lines), report, sound=sound)
    assert asked[2:] == ["audio/gone.ogg"]  # what is there is not asked for again


def test_progress_counts_every_line(make_line, make_reading, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    lines = [make_line(f"l{i}") for i in range(45)]
    written(make_reading(*lines), tmp_path, progress=lambda done, total: told.append((done, total)))
    assert told == [(i, 45) for i in range(1, 46)]


def test_the_same_reading_gives_the_same_files(make_line, make_reading, tmp_path: Path) -> None:
    reading = make_reading(make_line("a"), make_line("b", "rejected"))
    for name in ("one", "two"):
        written(reading, tmp_path / name)
    one, two = (
        {f.relative_to(tmp_path / n): f.read_bytes() for f in (tmp_path / n).rglob("*.*")}
        for n in ("one", "two")
    )
    assert one == two


def test_an_empty_project_has_a_page(make_reading, tmp_path: Path) -> None:
    assert "No check failed" in written(make_reading(), tmp_path)


def test_the_static_list_is_bounded_and_says_what_it_leaves_out(
    make_line, make_reading, tmp_path: Path
) -> None:
    lines = [make_line(f"l{i}", "failed") for i in range(310)]
    page = written(make_reading(*lines), tmp_path)
    assert page.count('class="problem"') == 300
    assert "10 more are in summary.json" in page
    summary = json.loads((tmp_path / "summary.json").read_text("utf-8"))
    assert len(summary["problems"]) == 310
    assert summary["total"]["failed"] == 310
