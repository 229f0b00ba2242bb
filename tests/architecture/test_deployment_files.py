"""The compose file and the Dockerfile hold what docs/service.md promises."""

from __future__ import annotations

import importlib.util
import math
import re
import stat
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from renderer import config

Run = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
EXACT_TAG = re.compile(r"^[a-z0-9./-]+:v?\d+\.\d+[\w.-]*$")
VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")
ONCE = {"migrate", "bucket", "cli"}  # end by themselves: nothing to probe, nothing to restart


def plain() -> dict[str, Any]:
    """The compose file with its anchors resolved and every variable at its default."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    resolved = yaml.safe_load(VARIABLE.sub(lambda found: found[2], text))
    return {key: part for key, part in resolved.items() if not key.startswith("x-")}


COMPOSE = plain()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
BARKLINE = {"migrate", "relay", "worker-gpu", "worker-cpu", "cli"}
each_service = pytest.mark.parametrize("name", SERVICES)


def seconds(text: str) -> float:
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
    found = re.fullmatch(r"(\d+)(ms|s|m|h)", text)
    assert found, text
    return int(found[1]) * units[found[2]]


def test_compose_file_follows_the_specification() -> None:
    from compose_spec import PyCompose

    understood = PyCompose.from_yaml(yaml.safe_dump(COMPOSE))
    assert sorted(understood.service_names()) == sorted(SERVICES)


def test_docker_compose_understands_the_file(run_program: Run) -> None:
    # Compose 1.29 in Debian knows neither a project's name nor `pids` below `deploy`. Newer ones
    # refuse the older way to say the latter, so these two words are taken out for it.
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    older = re.sub(r", pids: \d+", "", text).replace("name: barkline\n", "")
    done = run_program(
        "docker-compose", "-f", "-", "--project-directory", str(ROOT), "config", text=older
    )
    assert done.returncode == 0, done.stderr
    shown = yaml.safe_load(done.stdout)["services"]
    (device,) = shown["worker-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], str(device["count"])) == ("nvidia", "1")
    assert device["capabilities"] == ["gpu"]
    assert set(shown) == set(SERVICES)
    assert [name for name in shown if "profiles" in shown[name]] == ["cli"]  # not started by `up`


@each_service
def test_images_have_an_exact_version(name: str) -> None:
    image = SERVICES[name]["image"]
    assert EXACT_TAG.match(image), image
    if image.startswith("barkline:"):
        version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.M)
        assert version is not None
        target = SERVICES[name]["build"]["target"]
        assert image == f"barkline:{version[1]}-{target}"


@each_service
def test_no_service_may_do_more_than_it_has_to(name: str) -> None:
    service = SERVICES[name]
    uid = str(service["user"]).partition(":")[0]
    assert uid.isdigit(), "a number: the host knows no names of containers"
    assert int(uid) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "devices", "pid", "ipc"} & set(service)
    assert not [v for v in service.get("volumes", []) if "docker.sock" in v]


@each_service
def test_every_service_is_bounded(name: str) -> None:
    service = SERVICES[name]
    limits = service["deploy"]["resources"]["limits"]
    assert set(limits) == {"cpus", "memory", "pids"}
    # Compose refuses a file that bounds processes in both ways, even where one is not written.
    assert "pids_limit" not in service
    assert service["logging"]["options"]["max-size"]


@each_service
def test_what_stays_up_is_probed_and_restarted(name: str) -> None:
    service = SERVICES[name]
    if name in ONCE:
        assert service["restart"] == "no"
        assert service["healthcheck"] == {"disable": True}
        return
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert set(service["healthcheck"]) == {"test", "interval", "timeout", "retries", "start_period"}


def test_workers_get_longer_to_end_than_they_take() -> None:
    last_word_s = 5  # the parent of the workers waits so much longer before it kills
    for name in ("worker-gpu", "worker-cpu", "relay"):
        service = SERVICES[name]
        grace_s = int(service["environment"]["BARKLINE_GRACE_S"])
        assert seconds(service["stop_grace_period"]) > grace_s + last_word_s


@pytest.mark.parametrize("name", sorted(BARKLINE))
def test_settings_of_the_containers_are_taken(name: str, tmp_path: Path) -> None:
    script("service_secrets").write_secrets(tmp_path)
    environment = {
        key: str(value).replace("/run/secrets", str(tmp_path))
        for key, value in SERVICES[name]["environment"].items()
    }
    settings = config.Settings.read(environment)
    assert config.unknown_variables(environment) == []
    assert settings.is_service
    watched = name in {"relay", "worker-gpu", "worker-cpu"}
    assert bool(settings.service.metrics_port) is watched or name == "migrate"
    if watched:  # Prometheus asks from another container
        assert settings.service.metrics_host == "0.0.0.0"


@each_service
def test_every_setting_is_one_barkline_knows(name: str) -> None:
    asked = {key for key in SERVICES[name].get("environment", {}) if key.startswith("BARKLINE_")}
    assert asked - config._KNOWN == set()


def test_secrets_come_from_files_that_git_ignores() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN|_URL|CREDENTIALS", key):
                assert str(value).startswith("/run/secrets/"), f"{name}: {key}"
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    assert re.findall(r"://[^/\s]*:[^/\s]*@|requirepass\s", text) == []
    folders = {Path(secret["file"]).parent.name for secret in COMPOSE["secrets"].values()}
    assert folders == {".secrets"}
    assert ".secrets/" in (ROOT / ".gitignore").read_text().split()


def test_what_holds_state_cannot_be_reached_from_outside() -> None:
    networks = COMPOSE["networks"]
    assert networks["backend"]["internal"] is True
    assert networks["metrics"]["internal"] is True
    for name in ("postgres", "queue", "s3"):
        assert SERVICES[name]["networks"] == ["backend"]
        assert "ports" not in SERVICES[name]
    for service in SERVICES.values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")
            assert "front" in service["networks"]


def test_work_begins_after_the_schema_and_the_servers_are_there() -> None:
    for name in ("relay", "worker-gpu", "worker-cpu", "cli"):
        after = SERVICES[name]["depends_on"]
        assert after["migrate"]["condition"] == "service_completed_successfully"
        assert {after[other]["condition"] for other in ("queue", "s3")} == {"service_healthy"}


def test_containers_can_load_the_library_phonemizer_copies() -> None:
    for name, service in SERVICES.items():
        if service["image"].startswith("barkline:") and name != "bucket":
            options = service["tmpfs"][0].partition(":")[2].split(",")
            assert "exec" in options, f"{name}: Docker's /tmp is noexec"


def test_dockerfile_has_no_faults(run_program: Run) -> None:
    done = run_program("hadolint", str(ROOT / "Dockerfile"))
    assert done.returncode == 0, done.stdout + done.stderr


def dockerfile() -> dict[str, list[str]]:
    """Each stage's instructions, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    stages: dict[str, list[str]] = {}
    stage = ""
    for line in filter(None, (line.strip() for line in text.splitlines())):
        if found := re.match(r"FROM \S+ AS (\S+)$", line):
            stage = found[1]
        if not line.startswith("#"):
            stages.setdefault(stage, []).append(line)
    return stages


@pytest.mark.parametrize("target", ["cpu", "gpu"])
def test_images_run_as_nobody_special_and_build_nothing(target: str) -> None:
    lines = dockerfile()[target]
    assert "USER 10001:10001" in lines
    assert [line for line in lines if line.startswith("HEALTHCHECK")]
    assert [line for line in lines if re.search(r"\bpip\b|gcc|build-essential|-dev\b", line)] == []
    assert [line for line in lines if line.startswith("COPY")] == [
        f"COPY --from={target}-environment /opt/barkline /opt/barkline"
    ]
    installs = " ".join(dockerfile()[f"{target}-environment"])
    assert f"[{target},service]" in installs
    assert "--only-binary :all:" in installs


def test_bases_have_an_exact_version() -> None:
    bases = [line.partition("=")[2] for line in dockerfile()[""] if line.startswith("ARG")]
    assert len(bases) == 2
    assert all(EXACT_TAG.match(base) for base in bases), bases


def test_the_build_gets_what_the_wheel_is_made_of_and_no_more() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    copied = {
        word
        for line in dockerfile()["wheel"]
        if line.startswith("COPY")
        for word in line.split()[1:-1]
    }
    assert let_in == copied
    shipped = {"renderer", "workers", "assets", "migrations", "LICENSE", "NOTICE", "README.md"}
    assert all(name in project for name in shipped)
    assert let_in == shipped | {"pyproject.toml"}


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_secrets_are_random_complete_and_kept(tmp_path: Path) -> None:
    write = script("service_secrets").write_secrets
    folder = tmp_path / "secrets"
    assert len(write(folder)) == 5
    first = {file.name: file.read_text() for file in folder.iterdir()}
    assert set(first) == {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    assert write(folder) == []
    assert {file.name: file.read_text() for file in folder.iterdir()} == first
    write(tmp_path / "other")
    assert (tmp_path / "other/database_password").read_text() != first["database_password"]
    for name in ("database_password", "queue_password", "grafana_password", "s3_secret_key"):
        assert len(first[name]) * math.log2(64) > 200
    assert first["database_password"] in first["database_url"]
    assert first["queue_password"] in first["queue_url"]


def test_secrets_can_be_read_by_containers_and_reached_by_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    script("service_secrets").write_secrets(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o444}
