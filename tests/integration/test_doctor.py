"""`barkline doctor` beside real servers, well ones and ones that are broken on purpose."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from renderer import config
from renderer.db.engine import open_database
from renderer.db.migrate import migrate
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer
from tests.servers.s3 import MotoServer

Doctor = Callable[..., tuple[int, dict[str, dict[str, str]]]]


@pytest.fixture
def doctor(tmp_path: Path, repository: Path) -> Doctor:
    """Run the command with some settings; returns its exit code and what it found by check."""

    def run(**settings: str) -> tuple[int, dict[str, dict[str, str]]]:
        plain = {k: v for k, v in os.environ.items() if not k.startswith("BARKLINE_")}
        done = subprocess.run(
            [sys.executable, "-m", "renderer.cli", "doctor", "--json"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
            text=True,
            timeout=200,
            env={
                **plain,
                "PYTHONPATH": str(repository),
                "BARKLINE_VOICES": str(tmp_path / "voices"),
                **{f"BARKLINE_{name}": value for name, value in settings.items()},
            },
        )
        assert done.stdout, done.stderr
        return done.returncode, {one["check"]: one for one in json.loads(done.stdout)["checks"]}

    return run


@pytest.fixture
def service(postgres_url: str, redis_url: str, s3_store_url: str) -> dict[str, str]:
    """Settings of a service that is well."""
    engine = open_database(postgres_url)
    migrate(engine, config.migrations_dir())
    engine.dispose()
    return {"DATABASE_URL": postgres_url, "REDIS_URL": redis_url, "STORE": s3_store_url}


def test_a_service_that_is_well(
    doctor: Doctor, service: dict[str, str], s3_server: MotoServer
) -> None:
    code, found = doctor(**service)

    assert code == 0, found
    assert {name for name, one in found.items() if one["health"] == "failed"} == set()
    assert found["database"]["found"].startswith("PostgreSQL ")
    assert found["queue"]["found"].startswith(("Redis ", "Valkey "))
    assert found["store"]["found"] == "written, read and deleted"
    assert found["conditional writes"]["health"] == "ok"
    assert found["outbox"]["found"].startswith("0 wait")
    assert found["clock of the database"]["health"] == "ok"
    assert found["clock of the queue"]["health"] == "ok"
    bucket = service["STORE"].removeprefix("s3://").partition("?")[0]
    assert "Contents" not in s3_server.client().list_objects_v2(Bucket=bucket)


def test_everything_is_looked_at_whatever_is_broken(
    doctor: Doctor,
    postgres_server: PostgresServer,
    own_redis_server: RedisServer,
    s3_server: MotoServer,
    s3_credentials: None,
) -> None:
    """No schema, no queue, no bucket: three failures at once, and the rest all the same."""
    url = postgres_server.new_database()
    own_redis_server.kill()

    code, found = doctor(
        DATABASE_URL=url,
        REDIS_URL=own_redis_server.url(),
        STORE=s3_server.store_url("nobody-made-it"),
    )

    assert code == 1
    assert found["database"]["health"] == "ok"
    assert found["schema"]["health"] == "failed"
    assert "barkline migrate" in found["schema"]["fix"]
    assert found["queue"]["health"] == "failed"
    assert "Check that Redis runs" in found["queue"]["found"]
    assert found["store"]["health"] == "failed"
    assert "'nobody-made-it' does not exist" in found["store"]["found"]
    assert found["espeak"]["health"] == "ok"
    postgres_server.drop_database(url)


def test_a_queue_that_throws_away_and_a_database_that_is_gone(
    doctor: Doctor, own_redis_server: RedisServer, own_postgres_server: PostgresServer, tmp_path
) -> None:
    own_redis_server.restart(maxmemory="64mb", maxmemory_policy="allkeys-lru")
    own_postgres_server.stop("immediate")

    code, found = doctor(
        DATABASE_URL=own_postgres_server.url(),
        REDIS_URL=own_redis_server.url(),
        STORE=str(tmp_path / "not-mounted"),
    )

    assert code == 1
    assert found["queue policy"]["health"] == "failed"
    assert "allkeys-lru" in found["queue policy"]["found"]
    assert "noeviction" in found["queue policy"]["fix"]
    assert found["queue memory"]["found"].endswith("of 67 MB")
    assert found["database"]["health"] == "failed"
    assert "Check that its server runs" in found["database"]["found"]
    assert "is not there. Make it, or mount it." in found["store"]["found"]
    assert not (tmp_path / "not-mounted").exists()


def test_a_store_that_may_not_be_swept_and_ignores_conditions(
    monkeypatch: pytest.MonkeyPatch, s3_store_url: str
) -> None:
    from renderer.errors import StorageError
    from renderer.storage import probe
    from renderer.storage.s3 import S3Store
    from renderer.storage.s3_upload import S3Upload

    def refuse(self: Any, key: str) -> None:
        raise StorageError("access refused")

    send = S3Upload.send
    monkeypatch.setattr(S3Store, "delete", refuse)
    monkeypatch.setattr(
        S3Upload,
        "send",
        lambda self, key, data, kind, *, replace: send(self, key, data, kind, replace=True),
    )

    facts = probe.probe(s3_store_url)

    assert not facts.is_deleted
    assert facts.keeps_first is False
    assert facts.key.startswith("objects/")


def test_voices_whose_files_are_missing_or_changed(
    doctor: Doctor, tmp_path: Path, repository: Path
) -> None:
    shipped = sorted((repository / "assets/voices").glob("*/voice.json"))
    assert shipped, "no voice is shipped"
    changed = tmp_path / "voices" / shipped[0].parent.name
    shutil.copytree(shipped[0].parent, changed)
    graph = next(changed.glob("*.onnx"))
    graph.write_bytes(graph.read_bytes()[:-1] + b"?")
    gone = tmp_path / "voices" / "gone"
    gone.mkdir()
    (gone / "card.yaml").write_text(
        f"name: gone\nengine: piper\nmodel_sha256: {'0' * 64}\n", encoding="utf-8"
    )
    unreadable = tmp_path / "voices" / "unreadable"
    unreadable.mkdir()
    (unreadable / "card.yaml").write_text("name: [", encoding="utf-8")

    code, found = doctor()

    assert code == 1
    said = found["voices"]["found"]
    assert "gone: model.onnx.json is missing" in said
    assert f"{graph.name} is another file than its card was made for" in said
    assert "unreadable/card.yaml" in said
    assert said.startswith("3 of 4: ")


def test_settings_that_are_wrong_do_not_end_the_examination(doctor: Doctor) -> None:
    code, found = doctor(REDIS_URL="redis://127.0.0.1:1/0", LEASE_S="soon")

    assert code == 1
    assert found["settings"]["health"] == "failed"
    assert "BARKLINE_LEASE_S" in found["settings"]["found"]
    assert found["espeak"]["health"] == "ok"


def test_a_folder_without_a_whisper_model_is_told_with_the_way_out(
    doctor: Doctor, tmp_path: Path
) -> None:
    code, found = doctor(ASR_MODEL=str(tmp_path))

    assert code == 1
    assert found["asr model"]["health"] == "failed"
    assert "no model.bin and no tokenizer.json" in found["asr model"]["found"]
    assert "unset BARKLINE_ASR_MODEL" in found["asr model"]["fix"]
    assert "asr model" not in doctor()[1]
