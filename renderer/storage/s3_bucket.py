"""One bucket at one server: the only maker of boto3 clients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from renderer.domain.object_key import is_key
from renderer.errors import ConfigError, StorageError
from renderer.storage.s3_error import explain, why_unsent

MAX_CONNECTIONS = 32
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class S3Server:
    """Where a bucket is and how it is talked to.

    Attributes:
        endpoint_url: Server other than AWS, or None.
        region: Region of the bucket, or None for the profile's.
        addressing_style: `path` (host/bucket), `virtual` (bucket.host) or `auto`.
        connect_timeout_s: Seconds to wait for a connection.
        read_timeout_s: Seconds to wait for the next bytes of an answer.
        attempts: How often a request is sent at most, with growing pauses of at most 20 s.
    """

    endpoint_url: str | None = None
    region: str | None = None
    addressing_style: str = "auto"
    connect_timeout_s: float = 10
    read_timeout_s: float = 60
    attempts: int = 5


class S3Bucket:
    """A client, the names of objects in its bucket, and errors in words.

    Attributes:
        client: The boto3 client; safe to use from many threads.
        where: The store as messages name it.
    """

    def __init__(self, bucket: str, prefix: str, server: S3Server) -> None:
        """Make the client; nothing is sent.

        Args:
            bucket: Name of the bucket.
            prefix: Put before every key; slashes at its ends do not matter.
            server: Where it is.

        Raises:
            ConfigError: boto3 is not installed, or the settings are none.
        """
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.where = f"s3://{bucket}/{self._prefix}"
        if server.endpoint_url:
            self.where += f" at {urlsplit(server.endpoint_url).hostname}"
        self.client = _client(server)

    def name(self, key: str) -> dict[str, str]:
        """Return how S3 calls an object.

        Raises:
            StorageError: The key is none: nothing but hashes ever becomes a name there.
        """
        if not is_key(key):
            raise StorageError(f"{key!r} is no object key.")
        return {"Bucket": self._bucket, "Key": self._prefix + key}

    def below(self, prefix: str) -> dict[str, str]:
        """Return how S3 calls everything below a prefix of the store."""
        return {"Bucket": self._bucket, "Prefix": self._prefix + prefix}

    def key_of(self, name: str) -> str:
        """Return the key of an object by its name in the bucket, or "" when it is none of ours."""
        key = name.removeprefix(self._prefix)
        return key if is_key(key) else ""

    def ask(self, call: Callable[[], _Answer]) -> _Answer:
        """Run a call.

        Raises:
            ObjectMissingError: There is no such object.
            StorageError: Whatever boto3 raised, as one sentence that says what to do.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return call()
        except ClientError as error:
            raise explain(error, self.where, self._bucket) from error
        except BotoCoreError as error:
            raise StorageError(f"{self.where}: {why_unsent(error)}") from error


def _client(server: S3Server) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError as error:
        raise ConfigError("an s3:// store needs boto3: pip install 'barkline[s3]'") from error
    config = Config(
        connect_timeout=server.connect_timeout_s,
        read_timeout=server.read_timeout_s,
        retries={"total_max_attempts": server.attempts, "mode": "standard"},
        max_pool_connections=MAX_CONNECTIONS,
        # Servers other than AWS refuse the CRC headers boto3 sends by default since 1.36. The
        # signed payload makes every server that checks signatures check the SHA-256 as well.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": server.addressing_style, "payload_signing_enabled": True},
    )
    try:
        # A session of its own: the default one is shared and not safe to build in threads.
        return boto3.session.Session().client(
            "s3", endpoint_url=server.endpoint_url, region_name=server.region or None, config=config
        )
    except (BotoCoreError, ValueError) as error:
        raise ConfigError(f"the s3:// store cannot be used: {why_unsent(error)}") from error
