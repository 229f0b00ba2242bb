"""The processes of the compose file, natively: their commands and environment, read from it.

What differs from a container is told by `Machine`: host names, ports and where the secrets are.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

SECRETS = "/run/secrets"
PROBE_PORT = "9464"
SCENE = """\
scene: gate
locale: en-US
lines:
  - {id: halt, character: guard, text: "Halt!"}
  - {id: pass, character: guard, text: "Go on."}
"""
PROJECT = """\
name: composed
source_locale: en-US
locales: [en-US]
characters: {guard: {name: Guard, voice: formant#m3}}
"""


def expand(text: str) -> str:
    """Put the defaults in, as Compose does for variables that are not set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text).replace("$$", "$")


@dataclass
class Machine:
    """What stands where the containers' network would be."""

    services: dict[str, Any]
    secrets: Path
    store_port: int
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def environment(self, name: str, port: str) -> dict[str, str]:
        given = {k: expand(str(v)) for k, v in self.services[name]["environment"].items()}
        moved = {
            key: value.replace(SECRETS, str(self.secrets)).replace(
                "http://s3:7070", f"http://127.0.0.1:{self.store_port}"
            )
            for key, value in given.items()
        }
        moved |= {"BARKLINE_METRICS_PORT": port, "BARKLINE_METRICS_HOST": "127.0.0.1"}
        moved["BARKLINE_VOICES"] = str(self.secrets / "voices")
        return {k: os.environ[k] for k in ("PATH", "PYTHONPATH") if k in os.environ} | moved

    def command(self, name: str) -> list[str]:
        return [sys.executable, "-m", "renderer.cli", *map(expand, self.services[name]["command"])]

    def start(self, name: str, port: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(self.command(name), env=self.environment(name, port))
        self.running.append(process)
        return process

    def is_healthy(self, name: str, port: str) -> bool:
        """Ask as the container's own health check would."""
        kind, _python, *rest = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD"
        probe = [sys.executable, *(word.replace(PROBE_PORT, port) for word in rest)]
        return subprocess.run(probe, check=False, capture_output=True).returncode == 0


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@pytest.fixture
def machine(
    repository: Path, tmp_path: Path, postgres_server: Any, redis_url: str, s3_server: Any
) -> Iterator[Machine]:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    s3_server.new_bucket("barkline")
    (secrets / "database_url").write_text(postgres_server.new_database(), encoding="utf-8")
    (secrets / "queue_url").write_text(redis_url, encoding="utf-8")
    (secrets / "s3_credentials").write_text(
        "[default]\naws_access_key_id = key\naws_secret_access_key = hush\n", encoding="utf-8"
    )
    text = (repository / "docker-compose.yml").read_text(encoding="utf-8")
    made = Machine(yaml.safe_load(text)["services"], secrets, s3_server.port)
    yield made
    for process in made.running:
        if process.poll() is None:
            process.kill()
            process.wait()


def until(is_true: Any, what: str) -> None:
    for _ in range(600):
        if is_true():
            return
        time.sleep(0.2)
    pytest.fail(f"{what} did not happen")


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_what_the_compose_file_starts_renders_and_drains(machine: Machine, tmp_path: Path) -> None:
    assert machine.start("migrate", "0").wait(60) == 0
    relay_port, worker_port = free_port(), free_port()
    machine.services["worker-cpu"]["environment"]["BARKLINE_THREADS"] = "1"
    relay = machine.start("relay", relay_port)
    worker = machine.start("worker-cpu", worker_port)
    until(lambda: machine.is_healthy("relay", relay_port), "a healthy relay")
    until(lambda: machine.is_healthy("worker-cpu", worker_port), "a healthy worker")

    project = tmp_path / "project"
    (project / "scenes").mkdir(parents=True)
    (project / "project.yaml").write_text(PROJECT, encoding="utf-8")
    (project / "scenes/gate.yaml").write_text(SCENE, encoding="utf-8")
    render = [sys.executable, "-m", "renderer.cli", "render", str(project), "--no-report"]
    done = subprocess.run(
        [*render, "--build", str(tmp_path / "build"), "--json"],
        env=machine.environment("cli", "0"),
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert '"approved": 2' in done.stdout

    for process in (worker, relay):
        process.send_signal(signal.SIGTERM)
    assert [process.wait(60) for process in (worker, relay)] == [0, 0]
