"""A real walk on S3 by four roles: each is allowed what it asks for, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import pytest
from moto.server import ThreadedMotoServer

from renderer.bootstrap.clock import SystemClock
from renderer.domain.object_key import is_key
from renderer.errors import StorageError
from renderer.storage.s3 import S3Store
from renderer.storage.s3_bucket import S3Server
from tests.servers.fault_proxy import Fault, FaultProxy, Seen

ROLES = ("worker", "publisher", "game_build", "gc")
BUCKET, PREFIX = "roles", "tiny/store"  # a bucket of its own: servers in one process share them
# HEAD of what is not there is answered 404 with this right, and 403 without: nobody lists by it.
UNASKED = {"worker": {"s3:ListBucket"}, "publisher": {"s3:ListBucket"}}
Call = tuple[str, str, str]


def policy(repository: Path, role: str) -> list[dict[str, Any]]:
    """The statements of a role's policy, its placeholders filled in."""
    text = (repository / "assets/policies" / f"{role}.json").read_text(encoding="utf-8")
    document = json.loads(text.replace("BUCKET", BUCKET).replace("PREFIX", PREFIX))
    assert document["Version"] == "2012-10-17"
    return list(document["Statement"])


def call_of(seen: Seen) -> Call:
    """The action of a request, what it is done to, and the prefix it lists."""
    parts = urlsplit(seen.path)
    asked = parse_qs(parts.query, keep_blank_values=True)
    resource = f"arn:aws:s3:::{unquote(parts.path).strip('/')}"
    if "list-type" in asked:
        return "s3:ListBucket", resource, asked["prefix"][0]
    if seen.method == "DELETE":
        action = "AbortMultipartUpload" if "uploadId" in asked else "DeleteObject"
        return f"s3:{action}", resource, ""
    actions = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "POST": "PutObject"}
    return f"s3:{actions[seen.method]}", resource, ""


def allows(statements: list[dict[str, Any]], call: Call) -> bool:
    action, resource, prefix = call
    for statement in statements:
        prefixes = statement.get("Condition", {}).get("StringLikeIfExists", {}).get("s3:prefix")
        if (
            action in statement["Action"]
            and any(fnmatchcase(resource, r) for r in statement["Resource"])
            and (not prefix or any(fnmatchcase(prefix, p) for p in prefixes or ()))
        ):
            return True
    return False


class LaterClock(SystemClock):
    """Two days on: what was just rendered is old."""

    def now(self) -> datetime:
        return super().now() + timedelta(days=2)


@pytest.fixture(scope="module")
def bucket() -> Iterator[tuple[FaultProxy, Any]]:
    """A proxy that sees every request, and a client past it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"aws_access_key_id": "AKIATEST", "aws_secret_access_key": "secret"}
    client = boto3.session.Session().client(
        "s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1", **keys
    )
    client.create_bucket(Bucket=BUCKET)
    with FaultProxy(f"http://{host}:{port}") as proxy:
        yield proxy, client
    server.stop()


def drain(proxy: FaultProxy) -> set[Call]:
    calls = {call_of(seen) for seen in proxy.log}
    proxy.clear()
    return calls


@pytest.fixture(scope="module")
def walked(new_game: Callable[[], Any], bucket: tuple[FaultProxy, Any]) -> dict[str, Any]:
    """Render, publish, pull and sweep; the calls each role made."""
    proxy, client = bucket
    game = new_game()
    game.env |= {
        "BARKLINE_STORE": f"s3://{BUCKET}/{PREFIX}?endpoint={proxy.url}&region=us-east-1&style=path",
        "AWS_ACCESS_KEY_ID": "AKIATEST",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    calls: dict[str, Any] = {"game": game, "keys": {}}

    def run(role: str, *argv: object) -> None:
        done = game.call(*argv)
        assert done.code == 0, done.err
        calls[role] = drain(proxy)

    at = (game.project, "--build", game.build)
    run("worker", "render", *at, "--no-report")
    run("publisher", "publish", *at)
    run("game_build", "pull", "--lock", game.lock_path, "--into", game.root / "voice", "--metadata")
    listing = client.list_objects_v2(Bucket=BUCKET)
    calls["keys"] = [item["Key"] for item in listing["Contents"]]
    client.put_object(Bucket=BUCKET, Key=f"{PREFIX}/objects/ab/{'ab' * 32}.wav", Body=b"orphan")
    client.put_object(Bucket=BUCKET, Key=f"{PREFIX}/keys/cd/{'cd' * 32}.json", Body=b"{}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("renderer.bootstrap.garbage.SystemClock", LaterClock)
        run("gc", "gc", *at, "--apply", "--pointers")
    return calls


@pytest.mark.parametrize("role", ROLES)
def test_a_policy_names_nothing_but_the_store(repository: Path, role: str) -> None:
    allowed = {
        f"arn:aws:s3:::{BUCKET}/{PREFIX}/objects/*",
        f"arn:aws:s3:::{BUCKET}/{PREFIX}/objects/*.json",
        f"arn:aws:s3:::{BUCKET}/{PREFIX}/keys/*",
    }
    for statement in policy(repository, role):
        assert statement["Effect"] == "Allow"
        assert not [a for a in statement["Action"] if "*" in a]
        if statement["Action"] == ["s3:ListBucket"]:
            assert statement["Resource"] == [f"arn:aws:s3:::{BUCKET}"]
            prefixes = statement["Condition"]["StringLikeIfExists"]["s3:prefix"]
            assert set(prefixes) <= {f"{PREFIX}/objects/*", f"{PREFIX}/keys/*"}
        else:
            assert set(statement["Resource"]) <= allowed


@pytest.mark.parametrize("role", ROLES)
def test_a_role_asks_for_what_its_policy_allows(
    repository: Path, walked: dict[str, Any], role: str
) -> None:
    statements = policy(repository, role)
    refused = [call for call in sorted(walked[role]) if not allows(statements, call)]
    assert walked[role]
    assert refused == []


@pytest.mark.parametrize("role", ROLES)
def test_a_policy_allows_what_its_role_asks_for(
    repository: Path, walked: dict[str, Any], role: str, bucket: tuple[FaultProxy, Any]
) -> None:
    calls = set(walked[role])
    if role == "worker":
        calls |= fail_halfway(bucket[0])
    asked = {action for action, _, _ in calls}
    given = {a for s in policy(repository, role) for a in s["Action"]}
    assert given - UNASKED.get(role, set()) == asked


def fail_halfway(proxy: FaultProxy) -> set[Call]:
    """Let an upload in parts fail, as a worker's may."""
    proxy.add(Fault.answer(403), path="partNumber=2", times=None)
    keys = pytest.MonkeyPatch()
    keys.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    keys.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    server = S3Server(proxy.url, "us-east-1", "path")
    store = S3Store(BUCKET, PREFIX, server, multipart_bytes=1, part_bytes=5 << 20)
    with keys.context(), pytest.raises(StorageError, match="assets/policies"):
        store.put(bytes(6 << 20), ".wav", "audio/wav")
    keys.undo()
    return drain(proxy)


@pytest.mark.parametrize("role", ["worker", "publisher", "game_build"])
def test_nobody_but_the_sweep_may_delete(repository: Path, role: str) -> None:
    given = {a for s in policy(repository, role) for a in s["Action"]}
    assert "s3:DeleteObject" not in given


def test_the_sweep_found_what_nothing_names(walked: dict[str, Any]) -> None:
    deleted = sorted(
        resource.removeprefix(f"arn:aws:s3:::{BUCKET}/{PREFIX}/")
        for action, resource, _ in walked["gc"]
        if action == "s3:DeleteObject"
    )
    assert deleted == [f"keys/cd/{'cd' * 32}.json", f"objects/ab/{'ab' * 32}.wav"]


def test_keys_hold_hashes_and_nothing_people_wrote(walked: dict[str, Any]) -> None:
    """No line id, character, scene, locale or word of the dialogue is in any key of the bucket."""
    assert len(walked["keys"]) > 20
    for name in walked["keys"]:
        assert name.startswith(f"{PREFIX}/")
        assert is_key(name.removeprefix(f"{PREFIX}/"))
    said = set(
        re.findall(r"[a-zA-Zäöüß-]{4,}", json.dumps(walked["game"].read("scenes/gate.yaml")))
    )
    assert not [n for n in walked["keys"] if any(word in n for word in said)]
