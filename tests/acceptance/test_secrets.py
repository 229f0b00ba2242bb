"""Passwords never stand in what commands say: not when they are wrong, nor when a URL is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from renderer.config import Settings
from tests.servers.fault_proxy import Fault, FaultProxy
from tests.servers.postgres import PostgresServer
from tests.servers.process import account, new_folder
from tests.servers.redis import RedisServer
from tests.servers.s3 import MotoServer

SECRET = "hunter2swordfish"
PATIENCE_S = 90.0


class Shell:
    """Runs commands as processes of their own, and keeps everything they say."""

    def __init__(self, folder: Path, repository: Path) -> None:
        self._folder = folder
        plain = {k: v for k, v in os.environ.items() if not k.startswith(("BARKLINE_", "AWS_"))}
        self.env = {**plain, **MotoServer.environment(), "PYTHONPATH": str(repository)}
        self.said = ""

    def run(self, *words: str, **settings: str) -> int:
        process = self._start(words, settings)
        out, _ = process.communicate(timeout=PATIENCE_S)
        self.said += out
        return process.returncode

    def watch(self, *words: str, until: str, **settings: str) -> None:
        """Run a command that goes on for ever until it says something."""
        log = self._folder / "log"
        with log.open("w") as file:
            process = self._start(words, settings, file)
            end = time.monotonic() + PATIENCE_S
            while until not in log.read_text() and process.poll() is None:
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.1)
            process.terminate()
            process.wait(PATIENCE_S)
        self.said += log.read_text()
        assert until in log.read_text()

    def _start(self, words, settings, out=subprocess.PIPE) -> subprocess.Popen[str]:
        named = {f"BARKLINE_{k}" if k.isupper() else k.upper(): v for k, v in settings.items()}
        return subprocess.Popen(
            [sys.executable, "-m", "renderer.cli", *words],
            cwd=self._folder,
            env=self.env | named,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture
def shell(tmp_path: Path, repository: Path) -> Iterator[Shell]:
    """The test holds that what is wrong was said, and the secret was not."""
    made = Shell(tmp_path, repository)
    yield made
    assert made.said
    assert SECRET not in made.said
    assert SECRET[:6] not in made.said


@pytest.fixture
def locked_database(own_postgres_server: PostgresServer) -> Iterator[str]:
    """URL with a wrong password for a server that asks for one."""
    folder = new_folder("hba", account("postgres"))
    rules = folder / "pg_hba.conf"
    rules.write_text(
        "host all barkline 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
    )
    rules.chmod(0o644)
    own_postgres_server.restart(hba_file=rules)
    own_postgres_server.execute("CREATE ROLE stranger LOGIN PASSWORD 'right'")
    yield own_postgres_server.url().replace("barkline@", f"stranger:{SECRET}@")
    shutil.rmtree(folder)


@pytest.fixture
def locked_queue(own_redis_server: RedisServer) -> str:
    """URL with a wrong password for a server that asks for one."""
    with own_redis_server.client() as client:
        client.execute_command("ACL", "SETUSER", "stranger", "on", ">right", "~*", "&*", "+@all")
    return own_redis_server.url().replace("redis://", f"redis://stranger:{SECRET}@")


def test_a_wrong_password_of_the_database(
    shell: Shell, locked_database: str, redis_url: str, tmp_path: Path
) -> None:
    service = {
        "DATABASE_URL": locked_database,
        "REDIS_URL": redis_url,
        "STORE": str(tmp_path / "store"),
    }
    assert shell.run("doctor", **service) == 1
    assert "authentication failed" in shell.said
    for words in (("migrate",), ("usage",), ("--debug", "relay"), ("--debug", "gc", "--no-lock")):
        assert shell.run(*words, **service) != 0
    assert shell.said.count("authentication failed") >= 5


def test_a_wrong_password_of_the_queue(
    shell: Shell, locked_queue: str, postgres_url: str, tmp_path: Path
) -> None:
    service = {
        "DATABASE_URL": postgres_url,
        "REDIS_URL": locked_queue,
        "STORE": str(tmp_path / "store"),
    }
    assert shell.run("migrate", **service) == 0
    assert shell.run("doctor", "--json", **service) == 1
    assert "the queue does not answer as it should" in shell.said
    shell.watch("relay", until="the queue does not answer", **service)


def test_a_wrong_secret_of_the_store(
    shell: Shell, s3_server: MotoServer, postgres_url: str, tmp_path: Path
) -> None:
    with FaultProxy(s3_server.endpoint) as proxy:
        proxy.add(Fault.answer(403, "SignatureDoesNotMatch"), times=1000)
        store = f"s3://voice?endpoint={proxy.url}&region=us-east-1"
        service = {"DATABASE_URL": postgres_url, "STORE": store, "aws_secret_access_key": SECRET}
        assert shell.run("migrate", **service) == 0
        assert shell.run("doctor", **service) == 1
        assert "access refused" in shell.said
        assert shell.run("--debug", "gc", "--no-lock", **service) != 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", f"postgresql+psycopg://barkline:{SECRET}/more@127.0.0.1/voice"),
        ("DATABASE_URL", f"postgresql+psycopg://barkline:{SECRET}@127.0.0.1:none/voice"),
        ("DATABASE_URL", f"mysql://barkline:{SECRET}@127.0.0.1/voice"),
        ("REDIS_URL", f"redis://:{SECRET}/more@127.0.0.1:6379/0"),
        ("REDIS_URL", f"redis://:{SECRET}[@127.0.0.1:6379/0"),
        ("REDIS_URL", f"http://:{SECRET}@127.0.0.1/0"),
        ("STORE", f"s3://key:{SECRET}@voice"),
        ("STORE", f"s3://key:{SECRET}[@voice"),
        ("STORE", f"s3://voice?endpoint=http://key:{SECRET}@127.0.0.1"),
    ],
)
def test_an_address_that_is_none(shell: Shell, tmp_path: Path, name: str, value: str) -> None:
    service = {
        "DATABASE_URL": "postgresql+psycopg://barkline@127.0.0.1:1/voice",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "STORE": str(tmp_path / "store"),
        name: value,
    }
    assert shell.run("--debug", "doctor", **service) == 1
    assert "unforeseen" not in shell.said


def test_settings_show_no_address() -> None:
    settings = Settings.read(
        {
            "BARKLINE_DATABASE_URL": f"postgresql+psycopg://barkline:{SECRET}@127.0.0.1/voice",
            "BARKLINE_REDIS_URL": f"redis://:{SECRET}@127.0.0.1/0",
            "BARKLINE_STORE": f"s3://voice?endpoint={SECRET}",
        }
    )
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings)
