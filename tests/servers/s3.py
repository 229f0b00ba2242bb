"""An S3 server of our own: moto, in a process of its own, with its objects in memory.

with MotoServer() as server:
    store = server.new_bucket()

moto is fast, and its conditional puts are atomic; it asks for no authentication and accepts wrong
checksums. A restart forgets every object.
"""

from __future__ import annotations

import importlib.util
import itertools
import shutil
import signal
import socket
import sys
from typing import Any
from urllib.parse import quote

from tests.servers.process import MissingServerError, ServerProcess, Standing, free_port, new_folder

REGION = "us-east-1"
ACCESS_KEY = "AKIABARKLINETEST"
SECRET_KEY = "barkline-test-secret"


class MotoServer(Standing):
    """moto on a free loopback port."""

    access_key = ACCESS_KEY
    secret_key = SECRET_KEY

    def __init__(self) -> None:
        if importlib.util.find_spec("moto") is None or importlib.util.find_spec("flask") is None:
            raise MissingServerError("not installed: pip install 'moto[server]' boto3")
        self.port = free_port()
        self._folder = new_folder("s3")
        self._buckets = itertools.count(1)
        self._server = ServerProcess(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            self._folder / "log",
            self._is_ready,
        )

    @property
    def endpoint(self) -> str:
        """The address S3 clients talk to."""
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def environment(cls) -> dict[str, str]:
        """Return the variables that let an S3 client of another process in, and nothing else."""
        return {
            "AWS_ACCESS_KEY_ID": cls.access_key,
            "AWS_SECRET_ACCESS_KEY": cls.secret_key,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "absent",
            "AWS_SHARED_CREDENTIALS_FILE": "absent",
        }

    def client(self) -> Any:
        """Return a client, for what a test looks at or breaks."""
        import boto3

        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
        )

    def new_bucket(self, name: str = "") -> str:
        """Create a bucket; return its address as BARKLINE_STORE has it."""
        bucket = name or f"voice{next(self._buckets)}"
        self.client().create_bucket(Bucket=bucket)
        return self.store_url(bucket)

    def store_url(self, bucket: str) -> str:
        """Return the address of a bucket as BARKLINE_STORE has it."""
        return f"s3://{bucket}?endpoint={quote(self.endpoint, safe='')}&region={REGION}"

    def start(self) -> None:
        """Start on the same port, with no buckets."""
        self._server.start()

    def stop(self) -> None:
        """End at once; every object is forgotten."""
        self._server.stop(signal.SIGKILL)

    def pause(self) -> None:
        """Let it stand still: it accepts connections and answers nothing."""
        self._server.pause()

    def resume(self) -> None:
        """Let it go on."""
        self._server.resume()

    def _is_ready(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Stop and remove everything."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
