"""A relay and workers under load, watched by a Prometheus: every panel of every page has data."""

from __future__ import annotations

import json
import math
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from renderer.bootstrap import migrate_service
from renderer.config import Settings
from tests.servers.command import COMMAND, running, service_environment
from tests.servers.process import MissingServerError, free_port
from tests.servers.prometheus import PrometheusServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
PROJECT = """\
name: {name}
source_locale: en-US
locales: {{en-US: {{required: true}}}}
characters:
  guard: {{name: Guard, voice: formant#m3}}
targets:
  delivery: {{codec: {codec}}}
"""
LINES = ("Halt, who goes there?", "The road is closed.", "We leave at dawn.", "Bring the lamp.")
SECRET = "Bring the"  # dialogue, which no log may hold
# A page of the test's own rule: the panel of firing alerts has something to show.
FIRING = """\
groups:
  - name: test
    rules: [{alert: BarklineSeen, expr: 'up{job="barkline-worker"} == 1'}]
"""
INPUTS = {"$__rate_interval": "9m", "$__range": "9m", "$price_per_hour": "1.00"}
NEEDS_GPU = "barkline_gpu_memory_bytes"


@dataclass
class Watched:
    """A service that runs, and what asks it."""

    relay: str
    worker: str
    prometheus: PrometheusServer
    log: Path


def write_project(folder: Path, name: str, lines: int, codec: str = "ogg", gate: str = "") -> Path:
    (folder / "scenes").mkdir(parents=True, exist_ok=True)
    (folder / "project.yaml").write_text(PROJECT.format(name=name, codec=codec))
    said = [
        f'  - {{id: {name}_{i}, character: guard, text: "{name.title()} {i + 2}. {LINES[i % 4]}"}}'
        for i in range(lines)
    ]
    scene = "\n".join(["scene: gate", "locale: en-US", "lines:", *said, ""])
    (folder / "scenes/gate.yaml").write_text(scene)
    if gate:
        (folder / "gate.yaml").write_text(gate)
    return folder


def read(url: str) -> tuple[int, str]:
    try:
        with urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()
    except URLError:
        return 0, ""


def wait_for(is_so: Callable[[], bool], what: str, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, what
        time.sleep(0.2)


@pytest.fixture(scope="module")
def environment(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: Any,
    redis_server: Any,
    s3_server: Any,
    repository: Path,
) -> dict[str, str]:
    """The settings of a service of this test's own."""
    build = tmp_path_factory.mktemp("build")
    database, redis = postgres_server.new_database(), redis_server.url(15)
    env = service_environment(database, redis, s3_server, build, repository)
    return env | {"BARKLINE_LOG": "json", "BARKLINE_BATCH": "4"}


@pytest.fixture(scope="module")
def watched(
    tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str], repository: Path
) -> Iterator[Watched]:
    """A service that has rendered what passes, what is rejected, and what was known."""
    place = tmp_path_factory.mktemp("watched")
    ports = {"relay": free_port(), "worker": free_port()}
    rule = place / "firing.yml"
    rule.write_text(FIRING)
    targets = {f"barkline-{name}": [port] for name, port in ports.items()}
    try:
        prometheus = PrometheusServer(targets, [repository / "assets/monitoring/alerts.yml", rule])
    except MissingServerError as missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(missing))
    migrate_service(Settings.read(environment))
    log = place / "log"
    relay, worker = (
        environment | {"BARKLINE_METRICS_PORT": str(ports[name])} for name in ("relay", "worker")
    )
    with prometheus, running(log, relay, "relay"), running(log, worker, "worker"):
        service = Watched(*(f"http://127.0.0.1:{p}" for p in ports.values()), prometheus, log)
        await_measures(service)
        load(place, environment)
        wait_for(lambda: counted(prometheus, "key") > 0, "no import was counted")
        time.sleep(2.5)  # two more looks
        yield service


def barkline(env: dict[str, str], *argv: str) -> None:
    done = subprocess.run([*COMMAND, *argv], env=env, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr


def await_measures(service: Watched) -> None:
    """Wait until Prometheus has seen both processes before they had any work."""
    for address in (service.relay, service.worker):
        wait_for(lambda a=address: read(f"{a}/healthz")[0] == 200, "it is not well")  # type: ignore[misc]
    for metric in ("barkline_takes", "barkline_quarantined_total"):
        wait_for(lambda m=metric: bool(service.prometheus.query(m)), f"no {metric}")  # type: ignore[misc]


def load(place: Path, env: dict[str, str]) -> None:
    """Render what is rejected, what passes, what is known by its key and by its raw take."""
    gate = "defaults: {most_duration_s: 0.3}\n"
    strict, calm = place / "strict", place / "calm"
    barkline(env, "render", str(write_project(strict, "strict", 2, gate=gate)), "--no-report")
    for lines, codec in ((5, "ogg"), (6, "ogg"), (6, "flac")):
        barkline(env, "render", str(write_project(calm, "calm", lines, codec)), "--no-report")


def counted(prometheus: PrometheusServer, kind: str) -> float:
    found = prometheus.query(f'sum(barkline_cache_hits_total{{kind="{kind}"}})')
    return float(found[0]["value"][1]) if found else 0.0


def as_sent(expression: str) -> str:
    """The expression as Grafana sends it."""
    for name, value in INPUTS.items():
        expression = expression.replace(name, value)
    return expression


def pages(repository: Path) -> Iterator[tuple[str, str]]:
    for path in sorted((repository / "assets/monitoring/grafana/dashboards").glob("*.json")):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel["targets"]:
                yield f"{path.stem}: {panel['title']}", as_sent(target["expr"])


def test_every_panel_has_data(watched: Watched, repository: Path) -> None:
    empty = []
    declared = watched.prometheus.metadata()
    for where, expression in pages(repository):
        if NEEDS_GPU in expression:
            assert NEEDS_GPU in declared
            continue
        found = [float(series["value"][1]) for series in watched.prometheus.query(expression)]
        if not any(math.isfinite(value) for value in found):
            empty.append(f"{where}: {expression}")
    assert empty == []


def test_measures_say_what_happened(watched: Watched) -> None:
    def total(expression: str) -> float:
        return sum(float(series["value"][1]) for series in watched.prometheus.query(expression))

    def settles(expression: str, number: float) -> None:
        """Wait for the next look of Prometheus: it asks now and then."""
        for _ in range(150):
            if total(expression) == number:
                return
            time.sleep(0.2)
        assert total(expression) == number, expression

    settles('barkline_lines_total{status="approved",voice="formant#m3"}', 12)
    settles('barkline_lines_total{status="rejected",voice="formant#m3"}', 2)
    settles('barkline_attempts_total{number="2"}', 2)
    assert total('barkline_rejects_total{check="duration",character="guard"}') >= 2
    settles('barkline_cache_hits_total{kind="raw"}', 6)
    settles('barkline_cache_hits_total{kind="key"}', 5)
    settles('barkline_cache_misses_total{kind="model"}', 1)
    settles("barkline_relay_events_total", 14)
    settles("barkline_batch_lines_sum", 14)
    settles('barkline_takes{status="approved"}', 12)
    assert total('barkline_store_bytes_total{operation="put"}') > 100_000
    audio, work = total("barkline_audio_seconds_total"), total("barkline_work_seconds_total")
    assert audio > 10
    assert work > 0
    for stage in ("transcribe", "speak", "direct", "master", "encode", "measure", "judge", "store"):
        assert total(f'barkline_stage_seconds_count{{stage="{stage}"}}') > 0, stage


def test_logs_are_objects_with_the_line_and_its_trace_and_nothing_it_says(
    watched: Watched,
) -> None:
    text = watched.log.read_text(encoding="utf-8")
    events = [json.loads(line) for line in text.splitlines()]
    kept = [event for event in events if event["event"].startswith("take ")]
    assert len(kept) == 14
    names = {"project", "line", "locale", "take", "batch", "trace_id"}
    assert all(names <= event.keys() for event in kept)
    assert {event["project"] for event in kept} == {"strict", "calm"}
    assert all(len(event["trace_id"]) == 32 for event in kept)
    assert len({event["trace_id"] for event in kept}) == 4  # one for each import
    assert SECRET not in text


def test_nothing_but_two_pages_is_served(watched: Watched) -> None:
    assert read(f"{watched.worker}/")[0] == 404
    assert read(f"{watched.worker}/metrics/../")[0] == 404
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(f"{watched.relay}/metrics", data=b"x", method="POST"), timeout=5)
    assert refused.value.code in (405, 501)
