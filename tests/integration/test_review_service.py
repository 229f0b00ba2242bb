"""The review page of a service: workers elsewhere render what a reviewer asks for."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from renderer.bootstrap import migrate_service
from renderer.config import Settings
from tests.review.page import Page, page_told_in, until, wait_for_page, write_game
from tests.servers.command import COMMAND, running, service_environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def environment(
    tmp_path: Path, postgres_server: Any, redis_server: Any, s3_server: Any, repository: Path
) -> dict[str, str]:
    """The settings of a service of this test's own."""
    database, redis = postgres_server.new_database(), redis_server.url(14)
    return service_environment(database, redis, s3_server, tmp_path / "build", repository)


def page_of(log: Path) -> Page:
    """Return the page whose address a server has told."""
    return wait_for_page(until(lambda: page_told_in(log.read_text()) or None))


def test_a_retake_is_said_by_a_worker_elsewhere_and_every_page_sees_it(
    environment: dict[str, str], tmp_path: Path
) -> None:
    migrate_service(Settings.read(environment))
    game = write_game(tmp_path / "game")
    logs = {name: tmp_path / f"{name}.log" for name in ("relay", "worker", "ada", "grace")}
    with ExitStack() as open_:
        open_.enter_context(running(logs["relay"], environment, "relay"))
        open_.enter_context(running(logs["worker"], environment, "worker", "--processes", "1"))
        done = subprocess.run(
            [*COMMAND, "render", str(game), "--no-report"],
            env=environment, capture_output=True, text=True, check=False, timeout=240,
        )  # fmt: skip
        assert done.returncode in (0, 1), done.stderr + logs["worker"].read_text()
        for who in ("ada", "grace"):
            serve = ("review", game, "--no-open", "--as", who)
            open_.enter_context(running(logs[who], environment, *serve))
        ada, grace = page_of(logs["ada"]), page_of(logs["grace"])
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
