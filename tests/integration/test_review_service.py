"""The review page of a service: workers elsewhere render what a reviewer asks for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from renderer.bootstrap import migrate_service
from renderer.config import Settings
from tests.review.page import Page, until, wait_for_page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
COMMAND = (sys.executable, "-c", "from renderer.cli import main; main()")
PROJECT = """\
name: gatehouse
source_locale: en-US
locales: {en-US: {required: true}}
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


@contextmanager
def running(log: Path, env: dict[str, str], *argv: object) -> Iterator[Path]:
    """Run a command until the end; yield what it says."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*COMMAND, *map(str, argv)], env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        yield log
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def environment(
    tmp_path: Path, postgres_server: Any, redis_server: Any, s3_server: Any, repository: Path
) -> dict[str, str]:
    """The settings of a service of this test's own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("BARKLINE_")}
    return env | {
        **s3_server.environment(),
        "PYTHONPATH": str(repository),
        "BARKLINE_DATABASE_URL": postgres_server.new_database(),
        "BARKLINE_REDIS_URL": redis_server.url(14),
        "BARKLINE_STORE": s3_server.new_bucket(),
        "BARKLINE_BUILD": str(tmp_path / "build"),
        "BARKLINE_WORKERS": "1",
        "BARKLINE_THREADS": "1",
    }


@pytest.fixture
def game(tmp_path: Path) -> Path:
    folder = tmp_path / "game"
    (folder / "scenes").mkdir(parents=True)
    (folder / "project.yaml").write_text(PROJECT, encoding="utf-8")
    (folder / "scenes" / "gate.yaml").write_text(SCENE, encoding="utf-8")
    (folder / "gate.yaml").write_text("metrics: exact\n", encoding="utf-8")
    return folder


def page_of(log: Path) -> Page:
    """Return the page whose address a server has told."""
    found = until(lambda: re.search(r"http://127\.0\.0\.1:\d+/", log.read_text()))
    return wait_for_page(found[0])


def test_a_retake_is_said_by_a_worker_elsewhere_and_every_page_sees_it(
    environment: dict[str, str], game: Path, tmp_path: Path
) -> None:
    migrate_service(Settings.read(environment))
    logs = {name: tmp_path / f"{name}.log" for name in ("relay", "worker", "ada", "grace")}
    with ExitStack() as open_:
        open_.enter_context(running(logs["relay"], environment, "relay"))
        open_.enter_context(running(logs["worker"], environment, "worker", "--processes", "1"))
        done = subprocess.run(
            [*COMMAND, "render", str(game), "--no-report"],
            env=environment, capture_output=True, text=True, check=False, timeout=240,
        )  # fmt: skip
        assert done.returncode in (0, 1), done.stderr + logs["worker"].read_text()
        ada, grace = (
            page_of(
                open_.enter_context(
                    running(logs[who], environment, "review", game, "--no-open", "--as", who)
                )
            )
            for who in ("ada", "grace")
        )
        before = ada.line("halt_01")["take"]["key"]
        seen = grace.line("halt_01")
        said = ada.decide("halt_01", "retake", change={"prosody": {"rate": 0.8}})
        assert said["reception"] == "recorded", said
        line = ada.retaken("halt_01", before)
        assert ada.get(line["take"]["audio"]).startswith(b"OggS")
        assert grace.retaken("halt_01", before)["history"][0]["who"] == "ada"
        late = grace.decide("halt_01", "approve", seen=seen)
        assert late["reception"] == "conflict", late
        assert late["message"].startswith("ada asked for a retake"), late
