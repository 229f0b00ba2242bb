"""Settings: every fault at once, secrets in files, and a service that machines can share."""

from __future__ import annotations

from pathlib import Path

import pytest

from renderer.config import Settings, unknown_variables
from renderer.domain.route import Queue
from renderer.errors import ConfigError

SERVICE = {
    "BARKLINE_DATABASE_URL": "postgresql+psycopg://barkline:hush@db/barkline",
    "BARKLINE_REDIS_URL": "redis://:hush@queue:6379/0",
    "BARKLINE_STORE": "s3://voices/game",
}


def test_nothing_set_is_the_embedded_mode() -> None:
    settings = Settings.read({})
    assert not settings.is_service
    assert settings.database_url == settings.store == ""
    assert settings.service.queues == (Queue.GPU, Queue.CPU)


def test_a_service_with_its_own_numbers() -> None:
    env = SERVICE | {"BARKLINE_LEASE_S": "7.5", "BARKLINE_QUEUES": "cpu", "BARKLINE_LOG": "json"}
    settings = Settings.read(env)
    assert settings.is_service
    assert settings.service.lease_s == 7.5
    assert settings.service.queues == (Queue.CPU,)
    assert settings.service.logs_json


def test_every_wrong_variable_is_named_at_once() -> None:
    wrong = {
        "BARKLINE_THREADS": "0",
        "BARKLINE_CUDA": "maybe",
        "BARKLINE_ASR_MODEL": "/nowhere",
        "BARKLINE_REDIS_URL": "http://queue",
        "BARKLINE_LEASE_S": "a while",
        "BARKLINE_QUEUES": "gpu,tpu",
        "BARKLINE_METRICS_PORT": "70000",
    }
    with pytest.raises(ConfigError) as caught:
        Settings.read(wrong)
    said = str(caught.value)
    assert all(name in said for name in wrong), said
    assert "is not auto, on or off" in said


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("BARKLINE_DATABASE_URL", "set BARKLINE_DATABASE_URL to postgresql"),
        ("BARKLINE_STORE", "set BARKLINE_STORE to s3://"),
    ],
)
def test_workers_cannot_share_what_is_only_here(missing: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Settings.read({k: v for k, v in SERVICE.items() if k != missing})
    with pytest.raises(ConfigError, match="workers share a database"):
        Settings.read(SERVICE | {"BARKLINE_DATABASE_URL": "sqlite:////tmp/barkline.db"})


def test_secrets_come_from_files_and_show_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "redis"
    secret.write_text("redis://:hush@queue:6379/0\n", encoding="utf-8")
    env = {k: v for k, v in SERVICE.items() if k != "BARKLINE_REDIS_URL"}
    settings = Settings.read(env | {"BARKLINE_REDIS_URL_FILE": str(secret)})
    assert settings.service.redis_url == "redis://:hush@queue:6379/0"
    assert "hush" not in repr(settings)


def test_a_secret_that_cannot_be_read_or_is_given_twice(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"BARKLINE_REDIS_URL_FILE=.*cannot be read: No such"):
        Settings.read({"BARKLINE_REDIS_URL_FILE": str(tmp_path / "none")})
    given = tmp_path / "given"
    given.write_text(SERVICE["BARKLINE_REDIS_URL"], encoding="utf-8")
    with pytest.raises(ConfigError, match="both set; unset one"):
        Settings.read(SERVICE | {"BARKLINE_REDIS_URL_FILE": str(given)})


def test_a_misspelt_variable_is_noticed() -> None:
    assert unknown_variables({"BARKLINE_REDIS": "x", "BARKLINE_STORE_FILE": "y"}) == [
        "BARKLINE_REDIS"
    ]
