"""moto on a free loopback port, alone and behind a proxy that breaks things."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from renderer.storage.s3 import S3Store
from renderer.storage.s3_bucket import S3Server
from tests.servers.fault_proxy import FaultProxy

SECRET = "wJalrXUtnFEMI-not-for-logs"
REGION = "us-east-1"


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "absent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "absent")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def client(endpoint: str, credentials: None) -> Any:
    """A client of the test's own, past every proxy."""
    made = boto3.session.Session().client("s3", endpoint_url=endpoint, region_name=REGION)
    made.create_bucket(Bucket="voice")
    return made


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    """A prefix of the test's own."""
    return str(request.node.name).translate(str.maketrans("[]", "--"))


@pytest.fixture
def store(endpoint: str, client: Any, prefix: str) -> S3Store:
    return S3Store("voice", prefix, S3Server(endpoint, REGION))


@pytest.fixture
def proxy(endpoint: str) -> Iterator[FaultProxy]:
    with FaultProxy(endpoint) as made:
        yield made


@pytest.fixture
def through(proxy: FaultProxy, client: Any, prefix: str) -> Callable[..., S3Store]:
    """Open the test's store through the proxy."""

    def open_(attempts: int = 5, read_timeout_s: float = 60, **more: Any) -> S3Store:
        server = S3Server(proxy.url, REGION, "path", 10, read_timeout_s, attempts)
        return S3Store("voice", prefix, server, **more)

    return open_


@pytest.fixture
def local_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every *.localhost be this machine, as browsers and some resolvers have it."""
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **more: Any) -> Any:
        is_local = str(host).endswith(".localhost")
        return look_up("127.0.0.1" if is_local else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
