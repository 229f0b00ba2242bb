"""What the compose file starts its servers with, tried on the programs themselves."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

SERVER = "redis-server"  # Valkey's parent: the same options, the same protocol


def services(repository: Path) -> dict[str, dict[str, Any]]:
    text = (repository / "docker-compose.yml").read_text(encoding="utf-8")
    named: dict[str, dict[str, Any]] = yaml.safe_load(text)["services"]
    return named


@pytest.fixture(scope="module")
def secrets(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = importlib.util.spec_from_file_location("s", repository / "scripts/service_secrets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("secrets")
    module.write_secrets(folder)
    return folder


def inside(text: str, secrets: Path) -> str:
    """What a container would see: Compose's doubled dollars, the mounted secrets."""
    return text.replace("$$", "$").replace("/run/secrets", str(secrets))


@pytest.fixture(scope="module")
def port(
    repository: Path, secrets: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    if shutil.which(SERVER) is None:
        tell = pytest.fail if os.environ.get("CI") else pytest.skip
        tell(f"{SERVER} is not installed; .ci/run says how")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    _, *options = (inside(word, secrets) for word in services(repository)["queue"]["command"])
    place = [
        "--port",
        str(number),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(tmp_path_factory.mktemp("q")),
    ]
    process = subprocess.Popen([SERVER, *options, *place], stdout=subprocess.DEVNULL)
    try:
        yield number
    finally:
        process.terminate()
        process.wait(timeout=20)


def ask(port: int, *words: str, password: str = "") -> str:
    environment = {"PATH": os.environ["PATH"]} | ({"REDISCLI_AUTH": password} if password else {})
    argv = ["redis-cli", "-p", str(port), *words]
    for _ in range(50):
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
        if "Connection refused" not in done.stdout + done.stderr:
            break
        time.sleep(0.1)
    return done.stdout + done.stderr


def test_the_queue_refuses_whoever_has_no_password(port: int) -> None:
    assert "NOAUTH" in ask(port, "ping")


def test_the_queue_keeps_every_message_it_took(port: int, secrets: Path) -> None:
    password = (secrets / "queue_password").read_text()
    said = {
        name: ask(port, "config", "get", name, password=password).split()[-1]
        for name in ("maxmemory-policy", "appendonly", "appendfsync", "maxmemory")
    }
    assert said == {
        "maxmemory-policy": "noeviction",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory": str(384 * 1024**2),
    }
    assert ask(port, "config", "get", "save", password=password).split() == ["save"]


def test_the_queue_is_healthy_only_with_its_password(
    repository: Path, port: int, secrets: Path, tmp_path: Path
) -> None:
    kind, probe = services(repository)["queue"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    probe = inside(probe, secrets).replace("valkey-cli", f"redis-cli -p {port}")
    ask(port, "ping")  # it is up
    assert subprocess.run(["/bin/sh", "-c", probe], check=False).returncode == 0
    (tmp_path / "queue_password").write_text("wrong")
    wrong = probe.replace(str(secrets), str(tmp_path))
    quiet = subprocess.run(["/bin/sh", "-c", wrong], check=False, capture_output=True)
    assert quiet.returncode != 0


def test_the_store_gets_its_keys_from_the_files_alone(
    repository: Path, secrets: Path, tmp_path: Path
) -> None:
    shell, flags, text = services(repository)["s3"]["entrypoint"]
    gateway = tmp_path / "versitygw"
    gateway.write_text('#!/bin/sh\necho "$ROOT_ACCESS_KEY $ROOT_SECRET_KEY $*"\n')
    gateway.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    started = subprocess.run(
        [shell, flags, inside(text, secrets)],
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    access, secret = ((secrets / f"s3_{name}").read_text() for name in ("access_key", "secret_key"))
    assert started[:2] == [access, secret]
    assert started[-2:] == ["posix", "/data"]
    credentials = (secrets / "s3_credentials").read_text()
    assert re.findall(r"= (\S+)", credentials) == [access, secret]


def test_the_store_says_so_when_a_key_is_missing(repository: Path, tmp_path: Path) -> None:
    shell, flags, text = services(repository)["s3"]["entrypoint"]
    done = subprocess.run(
        [shell, flags, inside(text, tmp_path / "nothing")], capture_output=True, check=False
    )
    assert done.returncode != 0
