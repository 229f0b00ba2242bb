"""`barkline review` as a process: it serves, decides, renders a retake at once, and is stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.review.page import PATIENCE_S, Page, page_told_in, wait_for_page, write_game


def barkline(*args: object, **options: Any) -> list[str]:
    return [sys.executable, "-m", "renderer.cli", *map(str, args)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tiny")
    write_game(root / "game")
    done = subprocess.run(
        barkline("render", root / "game", "--build", root / "build", "--no-report"),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return root


@pytest.fixture(scope="module")
def page(project: Path) -> Iterator[Page]:
    argv = barkline(
        "review", project / "game", "--build", project / "build", "--no-open", "--as", "Mira"
    )
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        assert running.stdout
        said = running.stdout.readline()
        url = page_told_in(said)
        assert url, said + running.stdout.read()
        yield wait_for_page(url)
        running.terminate()
        assert running.wait(60) in (0, -15, 143)


def test_lines_sounds_and_pictures_come_from_the_project(page: Page) -> None:
    assert json.loads(page.get("api/lines"))["total"] == 2
    take = page.line("halt_01")["take"]
    assert page.get(take["audio"]).startswith(b"OggS")
    picture = json.loads(page.get(f"api/picture?take={take['key']}"))
    assert page.get(picture["png"]).startswith(b"\x89PNG")


def test_a_retake_is_rendered_at_once(page: Page, project: Path) -> None:
    before = page.line("halt_01")["take"]["key"]
    done = page.decide("halt_01", "retake", change={"prosody": {"rate": 0.8}})
    assert done["reception"] == "recorded", done
    assert "rate: 0.8" in (project / "game" / "retakes.yaml").read_text("utf-8")
    line = page.retaken("halt_01", before)
    assert [one["key"] for one in line["others"] or [line["previous"]]] == [before]
    assert page.get(line["take"]["audio"]).startswith(b"OggS")
    assert line["history"][0]["who"] == "Mira"


def test_another_address_needs_a_token_that_is_long_enough(project: Path) -> None:
    done = subprocess.run(
        barkline("review", project / "game", "--build", project / "build", "--host", "0.0.0.0"),
        env={**os.environ, "BARKLINE_REVIEW_TOKEN": "short"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 78
    assert "fewer than 16 characters" in done.stderr


def test_the_token_of_a_reviewer_is_neither_printed_nor_linked(
    project: Path, tmp_path: Path
) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf "%s" "$1" > {opened}.part\nmv {opened}.part {opened}\n')
    browser.chmod(0o755)
    argv = barkline("review", project / "game", "--build", project / "build", "--host", "0.0.0.0")
    env = {
        **os.environ, "BARKLINE_REVIEW_TOKEN": "Mira=the-token-of-mira", "BROWSER": str(browser),
    }  # fmt: skip
    with subprocess.Popen(
        argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        assert running.stdout
        said = running.stdout.readline()
        deadline = time.monotonic() + PATIENCE_S
        while not opened.exists():
            assert time.monotonic() < deadline
            time.sleep(0.2)
        running.terminate()
        said += running.stdout.read()
    assert opened.read_text().startswith("http://")
    assert "the-token-of-mira" not in said + opened.read_text()
